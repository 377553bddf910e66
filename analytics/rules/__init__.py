"""The GPS rules: one file each, with its row of the catalogue (`RULE`), the state it keeps (`STATE`) and its step."""
