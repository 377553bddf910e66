"""What can go wrong at the edge, as types."""


class IngestError(Exception):
    """Anything that ingest refuses; the message says what, where, and what was expected."""


class ConfigError(IngestError):
    """A setting that can't be used: names the key and the expectation."""


class DetectorUnavailable(IngestError):  # noqa: N818  (a state of the installation, not a fault of the caller)
    """There is no usable detector of people: says which file and how to get it."""
