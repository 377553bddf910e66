"""Retention with a real database: nothing held is ever deleted, what is not held is, and without an answer nothing."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.cameras.metrics import CameraMetrics
from ingest.cameras.packs import packs_of
from ingest.cameras.retention import Retention
from store import holds
from store.evidence.leaf import StartBody
from store.evidence.log import EvidenceLog
from store.evidence.signer import FileSigner
from store.held import Held
from store.pool import make_pool
from store.recordings import CameraRow, Recordings

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
STREAM = "c-1.video"
PACK_S, LONGEST_S, PACKS = 300, 330.0, 12
KEEP_DAYS = 2
OLD = NOW - timedelta(days=3)  # when the first pack began: all are older than what is kept


@pytest.fixture
def held(postgres_uri: str) -> Iterator[Held]:
    row = CameraRow(
        id="c-1",
        name="c-1",
        kind="window",
        unit=None,
        room=None,
        lon=None,
        lat=None,
        recorder="r",
        folder="/r",
        tap="/tap",
        state="live",
        reason=None,
        since_s=0,
        codec=None,
        width=None,
        height=None,
        audio=None,
        recorded=True,
        seen_s=0,
    )
    with Recordings(postgres_uri) as recordings:
        recordings.write_cameras([row], notify=False)
    held = Held(postgres_uri)
    yield held
    held.close()


def begins(number: int) -> datetime:
    return OLD + timedelta(seconds=number * PACK_S)


def kept_after_a_look(held: Held) -> set[int]:
    """Which of the old packs are there after retention looked once."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with EvidenceLog(folder / "r", "r", FileSigner.open_or_create(folder / "key.pem")) as evidence:
            now_ns = round(NOW.timestamp() * 1e9)
            evidence.append(STREAM, "s", now_ns, 0, StartBody(reason="recording"))
            for number in range(PACKS):
                path = folder / "r" / STREAM / f"{begins(number):%Y%m%d}" / f"{begins(number):%H%M%S}-{number}.mp4"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"footage")
            retention = Retention(folder / "r", evidence, KEEP_DAYS, LONGEST_S, CameraMetrics(), held.deleting)
            retention.look([STREAM], now_ns, time.monotonic_ns())
            return {pack.seq for pack in packs_of(folder / "r", STREAM)}


def place(dsn: str, spans: list[tuple[int, int]], released: list[bool]) -> None:
    async def work() -> None:
        async with make_pool(dsn) as pool:
            async with pool.connection() as connection:
                await connection.execute(
                    "UPDATE holds SET released_at = now(), released_by = 'x', release_reason = 'x' "
                    "WHERE released_at IS NULL"
                )
            for (offset_s, length_s), over in zip(spans, released, strict=True):
                from_s = OLD.timestamp() + offset_s
                placed = await holds.place(
                    pool,
                    cameras=["c-1"],
                    from_s=from_s,
                    to_s=from_s + length_s,
                    reason="投诉",
                    case_number="A-1",
                    by="甲",
                    now_s=from_s,
                )
                if over:
                    await holds.release(pool, placed["id"], by="乙", reason="结案", now_s=from_s)

    asyncio.run(work())


SPANS = st.lists(
    st.tuples(st.tuples(st.integers(-600, PACKS * PACK_S + 600), st.integers(1, 900)), st.booleans()), max_size=3
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(SPANS)
def test_nothing_held_is_ever_deleted_and_everything_else_is(postgres_uri: str, held: Held, given) -> None:
    place(postgres_uri, [span for span, _ in given], [over for _, over in given])
    in_force = [(offset, offset + length) for (offset, length), over in given if not over]
    expected = {
        number
        for number in range(PACKS)
        if any(number * PACK_S < end and number * PACK_S + LONGEST_S > begin for begin, end in in_force)
    }
    assert kept_after_a_look(held) == expected


def test_while_the_database_can_not_be_asked_nothing_is_deleted(tmp_path: Path) -> None:
    assert kept_after_a_look(Held(f"host={tmp_path} dbname=x")) == set(range(PACKS))
