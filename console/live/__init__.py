"""Pictures out of the console: live by WHEP from the tap, single pictures, and playback of what was recorded."""
