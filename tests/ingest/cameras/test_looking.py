"""What the machine sees in a real camera's picture, and what of it is stored."""

import asyncio
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from virtual_cameras import QUICK, address
from waiting import wait_until

from analytics.catalogue import all_rules
from hardware.cameras import CameraServer, CameraSpec, Fault
from hardware.cameras.places import service_window
from hardware.cameras.scene import Scene
from ingest.cameras.config import CameraSettings, Kind, RecorderSettings, Settings
from ingest.cameras.detectors import DEFAULT_WEIGHTS
from ingest.cameras.fanout import Fanout
from ingest.cameras.lookout import Lookout
from ingest.cameras.source import Source
from ingest.config import DatabaseSettings
from store import rules
from store.ledger import Ledger
from store.pool import make_pool

pytestmark = pytest.mark.skipif(not DEFAULT_WEIGHTS.is_file(), reason="built with DUCHA_SKIP_MODEL: no detector")

RULES = {"camera-tampered": {"seconds": 5}, "stream-lost": {"seconds": 5}}


@pytest.fixture
def server() -> Iterator[CameraServer]:
    window = CameraSpec(
        name="win-1",
        view=Scene(service_window(1, 1), {}, {}, []),
        size=(640, 360),
        fps=8,
        keyframe_every_s=0.5,
        audio=None,
    )
    with CameraServer([window]) as running:
        yield running


@pytest.fixture
def looked_at(server: CameraServer, postgres_uri: str, tmp_path: Path) -> Iterator[str]:
    """The database of a camera that is looked at."""
    camera = CameraSettings(id="win-1", url=server.url("win-1"), kind=Kind.WINDOW, record=False)
    settings = Settings(
        database=DatabaseSettings(url=postgres_uri),
        recorder=RecorderSettings(recorder="r", folder=str(tmp_path)),
        cameras=(camera,),
    )
    with Ledger(postgres_uri) as ledger, psycopg.connect(postgres_uri, autocommit=True) as connection:
        ledger.seed_rules(all_rules().amended(RULES, "test"), now_s=time.time())
        connection.execute(
            "INSERT INTO cameras (id, name, kind, recorder, folder, tap, state, since, recorded, seen_at)"
            " VALUES ('win-1', '', 'window', 'r', '', '', 'live', now(), false, now())"
        )
    fanout = Fanout()
    source = Source("win-1", address(server.url("win-1")), fanout, lambda _condition: None, QUICK)
    lookout = Lookout(settings, {"win-1": fanout}, lambda _stream: None)
    source.start()
    lookout.start()
    try:
        yield postgres_uri
    finally:
        source.stop()
        assert lookout.stop(5), "it must stop within 5 s"
        assert source.join(5)


def alerts(uri: str, rule: str) -> list[tuple[str, bool]]:
    with psycopg.connect(uri) as connection:
        rows = connection.execute("SELECT id::text, ended IS NOT NULL FROM alerts WHERE rule = %s", (rule,)).fetchall()
    return [(str(identity), bool(ended)) for identity, ended in rows]


async def switch_off(uri: str, rule: str) -> None:
    async with make_pool(uri) as pool:
        await rules.edit(pool, rule, {"enabled": False}, author="ann", now_s=time.time())


def wait_until_familiar(uri: str) -> None:
    """Return when the usual picture has been seen often enough for another to be noticed."""
    looks: set[object] = set()

    def familiar() -> bool:
        with psycopg.connect(uri) as connection:
            row = connection.execute("SELECT looked_at FROM cameras WHERE picture = 'ok'").fetchone()
        looks.update(row or ())
        return len(looks) >= 5

    wait_until(familiar, 90, "five good pictures")


@pytest.mark.parametrize(("fault", "kind"), [(Fault.BLACK, "black"), (Fault.COVERED, "covered")])
def test_a_picture_without_a_view_raises_one_alert_that_keeps_its_pictures_and_ends(
    server: CameraServer, looked_at: str, tmp_path: Path, fault: Fault, kind: str
) -> None:
    wait_until_familiar(looked_at)
    server.camera("win-1").fault(fault)
    wait_until(lambda: alerts(looked_at, "camera-tampered"), 90, "the alert is raised")
    server.camera("win-1").mend()
    wait_until(lambda: alerts(looked_at, "camera-tampered")[0][1], 90, "the alert ends")
    assert len(alerts(looked_at, "camera-tampered")) == 1
    with psycopg.connect(looked_at) as connection:
        told = connection.execute("SELECT detail->>'kind' FROM alerts WHERE rule = 'camera-tampered'").fetchone()
        assert told == (kind,)
        pictures = connection.execute("SELECT folder, file, sha256 FROM alert_pictures").fetchall()
    assert pictures
    for folder, file, digest in pictures:
        data = (Path(folder) / file).read_bytes()
        assert data[:2] == b"\xff\xd8"
        assert hashlib.sha256(data).digest() == digest
        assert Path(folder) == tmp_path


def test_when_the_rule_is_switched_off_its_alert_ends_and_says_why(server: CameraServer, looked_at: str) -> None:
    wait_until_familiar(looked_at)
    server.camera("win-1").fault(Fault.BLACK)
    wait_until(lambda: alerts(looked_at, "camera-tampered"), 90, "the alert is raised")
    asyncio.run(switch_off(looked_at, "camera-tampered"))
    wait_until(lambda: alerts(looked_at, "camera-tampered")[0][1], 90, "the alert ends")
    with psycopg.connect(looked_at) as connection:
        why = connection.execute(
            "SELECT detail->>'ended_because' FROM alerts WHERE rule = 'camera-tampered'"
        ).fetchone()
    assert why == ("rule-off",)


def test_a_cut_cable_is_a_lost_stream_until_it_comes_back(server: CameraServer, looked_at: str) -> None:
    wait_until_familiar(looked_at)
    server.camera("win-1").fault(Fault.DIE)
    wait_until(lambda: alerts(looked_at, "stream-lost"), 90, "the alert is raised")
    server.camera("win-1").mend()
    wait_until(lambda: alerts(looked_at, "stream-lost")[0][1], 90, "the alert ends")
    assert alerts(looked_at, "camera-tampered") == []
