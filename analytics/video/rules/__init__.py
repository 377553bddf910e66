"""The video rules: one file each, with its row of the catalogue (`RULE`) and its step over samples."""
