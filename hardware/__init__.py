"""Virtual devices that speak only the wire protocols; imports nothing of ours, so it could be a real county."""
