"""The embedded broker, and terminals that speak to it."""

from collections.abc import Iterator

import pytest
from ingest_examples import Terminal
from running_ingest import Ingest

from ingest.broker import EmbeddedBroker


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    """A broker of its own for one test: sessions and retained messages end with it."""
    with EmbeddedBroker() as running:
        yield running


@pytest.fixture
def terminal(broker: EmbeddedBroker) -> Iterator[Terminal]:
    """A device that publishes through `broker`."""
    with Terminal(broker.host, broker.port) as connected:
        yield connected


@pytest.fixture
def ingest(postgres_uri: str, broker: EmbeddedBroker) -> Ingest:
    return Ingest(postgres_uri, broker)
