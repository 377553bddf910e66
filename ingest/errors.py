"""What can go wrong at the edge, as types."""


class IngestError(Exception):
    """Anything that ingest refuses; the message says what, where, and what was expected."""


class ConfigError(IngestError):
    """A setting that can't be used: names the key and the expectation."""
