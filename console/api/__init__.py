"""The console over HTTP: what people and other systems may read and do, and what is pushed to them."""
