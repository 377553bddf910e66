"""The servers of the demo as processes of their own; what they need to start is little, so they are soon back."""

from pathlib import Path

from ingest.broker.configuration import BrokerFolder, Listening
from ingest.broker.server import become
from ingest.stopping import stopper
from store.embedded import EmbeddedPostgres


def keep_database(data: Path) -> None:
    """Start the database of `data` again whenever it has gone. The demo started it, and stops it in the end."""
    with EmbeddedPostgres(data) as server:
        server.keep(stopper())


def serve_broker(path: Path, port: int) -> None:
    """Become the broker that is kept in `path`, with the users written there."""
    folder = BrokerFolder(path)
    folder.write(Listening(port=port))
    become(folder)
