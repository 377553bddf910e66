"""Where is a fix relative to the shapes that matter: vectorised geometry over arrays; no I/O, no clock."""
