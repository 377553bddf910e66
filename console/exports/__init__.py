"""Exports as a process makes them: a playable clip of each camera, the ZIP, one after the other."""
