"""What is let go of, and what never is."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from analytics.fixes import FixBatch
from ingest.metrics import Metrics
from ingest.retention import Retention
from store.ledger import Ledger

DAY_S = 86_400.0


@pytest.fixture
def ledger(postgres_uri: str) -> Iterator[Ledger]:
    """A ledger with fixes of 50 and 45 days ago, of three days ago and of now."""
    now_s = time.time()
    with Ledger(postgres_uri) as ledger:
        ledger.register(["car-01"])
        t_s = now_s - DAY_S * np.array([50, 45, 3, 0])
        ledger.commit(FixBatch.build([0] * 4, t_s, [120.0] * 4, [30.0] * 4), received_s=now_s)
        yield ledger


def test_days_older_than_what_is_kept_are_dropped(ledger: Ledger) -> None:
    metrics = Metrics()
    Retention(ledger, 40, metrics).look(time.time())
    assert len(ledger.fixes_since(0.0)) == 2
    assert metrics.registry.get_sample_value("ducha_ingest_dropped_days_total") == 2


def test_a_clock_that_leaps_ahead_costs_no_history(ledger: Ledger) -> None:
    Retention(ledger, 60, Metrics()).look(time.time() + 3650 * DAY_S)
    assert len(ledger.fixes_since(0.0)) == 4


def test_an_empty_database_has_nothing_to_drop(postgres_uri: str) -> None:
    with Ledger(postgres_uri) as ledger:
        Retention(ledger, 40, Metrics()).look(time.time())
        assert len(ledger.fixes_since(0.0)) == 0


def test_a_database_that_is_away_stops_nothing() -> None:
    with Ledger("postgresql://localhost:1/nowhere") as ledger:
        Retention(ledger, 40, Metrics()).look(time.time())
