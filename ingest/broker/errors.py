"""What can be wrong with the broker of our own."""

from ingest.errors import IngestError


class BrokerError(IngestError):
    """The broker can't be configured or started as asked: what is wrong, and what was expected."""
