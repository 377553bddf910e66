"""kill -9 of each part in the middle of the stream: nothing acknowledged is lost, nothing doubled, and it goes on.

The county's clock runs 60 times as fast as ours, so that minutes away from a post are seconds of a test. When the
stream is over, the stored fixes must be those published, and the alerts those that the engine finds in them offline.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any, Literal

import psycopg
import pytest
from mosquitto_server import ABSENT, PROGRAM, Mosquitto
from nats_server import NatsServer
from waiting import wait_until

from analytics.alerts import Alert, Change
from analytics.catalogue import default_rules
from analytics.engine import Engine
from analytics.planning import parse_plan
from store.embedded import EmbeddedPostgres
from store.ledger import Ledger
from store.migrate import migrate

KILLS = int(os.environ.get("DUCHA_KILLS", "3"))
RECOVERY_S = float(os.environ.get("DUCHA_RECOVERY_S", "10"))
PATIENCE_S = 4 * RECOVERY_S
SPEED = 60.0
DEVICES = 60
STEP_S = 10
POST, AWAY = (120.0, 30.0), (120.0026, 30.0)  # 250 m
GATEWAY = "gateway-west"  # speaks for all terminals of its unit

Found = tuple[str, str, float, float | None]  # rule, device, from, to

INGEST = """
import sys, time
from pathlib import Path
from ingest.__main__ import log_to_stderr
from ingest.config import load_settings
from ingest.service import serve
from ingest.stopping import stopper
log_to_stderr()
stop = stopper()
start_s, began_s, speed = map(float, sys.argv[2:])
serve(load_settings(Path(sys.argv[1]), {}), stop, clock=lambda: start_s + (time.time() - began_s) * speed)
"""


class County:
    """A database, a broker, an ingestor, and terminals that publish without pause."""

    def __init__(self, folder: Path, kind: Literal["nats", "mosquitto"]) -> None:
        self.folder = folder
        self.start_s = float(int(time.time()) - 86_400)
        self.began_s = time.time()
        self.published: set[tuple[str, int]] = set()
        self._answered = 0
        self._over = Event()
        self._ingest: subprocess.Popen[bytes] | None = None

        (folder / "broker").mkdir()
        self.broker = NatsServer(folder / "broker") if kind == "nats" else Mosquitto(folder / "broker")
        if isinstance(self.broker, NatsServer):
            self.broker.add(GATEWAY, options=("--unit", "west"))
        self.database = EmbeddedPostgres(folder / "database")
        self.uri = self.database.uri()
        self.plan = self._plan()

    def clock(self) -> float:
        return self.start_s + (time.time() - self.began_s) * SPEED

    def start(self) -> None:
        self.database.start()
        migrate(self.uri)
        with Ledger(self.uri) as ledger:
            ledger.save_plan(self.plan, "test", now_s=self.start_s)
        self.broker.start()
        (self.folder / "ducha.toml").write_text(
            f'[database]\nurl = "{self.uri}"\n{self.broker.settings()}'
            '[ingest]\ncheckpoint_s = 1.0\nunknown = "accept"\n'
        )
        self.start_ingest()
        # before its first subscription there is no session in which the broker could keep anything
        wait_until(lambda: '"listening"' in (self.folder / "ingest.log").read_text(), 60, "ingest listens")
        self._publisher = Thread(target=self._publish)
        self._publisher.start()

    def start_ingest(self) -> None:
        clock = (str(self.start_s), str(self.began_s), str(SPEED))
        with (self.folder / "ingest.log").open("ab") as log:
            self._ingest = subprocess.Popen(
                [sys.executable, "-c", INGEST, str(self.folder / "ducha.toml"), *clock], stdout=log, stderr=log
            )

    def kill_ingest(self) -> None:
        self._end_ingest()
        self.start_ingest()

    def kill_broker(self) -> None:
        self.broker.kill()
        self.broker.start()

    def kill_broker_while_ingest_is_away(self) -> None:
        self._end_ingest()
        kept = self._answered + 5 * DEVICES
        wait_until(lambda: self._answered >= kept, PATIENCE_S, "the broker has taken what waits for ingest")
        self.kill_broker()
        self.start_ingest()

    def kill_database(self) -> None:
        pid = self.database.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self.database.start()

    def _end_ingest(self) -> None:
        assert self._ingest is not None
        assert self._ingest.poll() is None, (self.folder / "ingest.log").read_text()[-3000:]
        self._ingest.kill()
        self._ingest.wait(10)

    def finish_stream(self) -> None:
        """No more fixes; returns when the broker has taken all."""
        self._over.set()
        self._publisher.join(120)
        assert not self._publisher.is_alive()

    def stop(self) -> None:
        self._over.set()
        if self._ingest is not None and self._ingest.poll() is None:
            self._ingest.terminate()
            began_s = time.monotonic()
            assert self._ingest.wait(60) == 0
            assert time.monotonic() - began_s < 5, "it must stop within 5 s of SIGTERM"

    def rows(self, query: str) -> list[Any]:
        with psycopg.connect(self.uri, connect_timeout=5) as connection:
            return connection.execute(query.encode()).fetchall()

    def newest_s(self) -> float:
        """The newest fix stored; none while the database is away."""
        try:
            return float(self.rows("SELECT coalesce(max(extract(epoch FROM t)), 0) FROM fixes")[0][0])
        except psycopg.OperationalError:
            return 0.0

    def _publish(self) -> None:
        client = self.broker.client(GATEWAY, GATEWAY, clean_session=False)
        client.max_inflight_messages_set(1000)
        client.max_queued_messages_set(0)
        client.reconnect_delay_set(1, 1)
        client.on_publish = self._count_answer
        client.connect(self.broker.host, self.broker.port)
        client.loop_start()
        t_s = int(self.clock())
        try:
            while not self._over.wait(max(0.0, (t_s - self.clock()) / SPEED)):
                for number in range(DEVICES):
                    name, own_t_s = f"off-{number}", t_s + number % STEP_S
                    payload = {"_type": "location", "tst": own_t_s, "vel": 0, "acc": 5}
                    lon, lat = where(number, own_t_s - self.start_s)
                    topic, data = f"ducha/west/{name}/fix", json.dumps(payload | {"lon": lon, "lat": lat})
                    client.publish(topic, data, qos=1)  # kept by the client until the broker has answered
                    self.published.add((name, own_t_s))
                t_s += STEP_S
            wait_until(lambda: self._answered >= len(self.published), 100, "the broker has taken all")
        finally:
            client.disconnect()
            client.loop_stop()

    def _count_answer(self, *_: object) -> None:
        self._answered += 1

    def _plan(self) -> dict[str, Any]:
        """Everybody is to stay at the one post, all day."""
        times = [datetime.fromtimestamp(t, UTC).isoformat() for t in (self.start_s - 60, self.start_s + 86_400)]
        post = {"type": "Point", "coordinates": list(POST)}
        return {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "id": "p", "geometry": post, "properties": {"kind": "post"}}],
            "duties": [
                {"id": f"d{n}", "device": f"off-{n}", "kind": "post", "post": "p", "from": times[0], "to": times[1]}
                for n in range(DEVICES)
            ],
        }


def where(number: int, after_s: float) -> tuple[float, float]:
    """Each officer leaves the post for 7 minutes in every 10, each at a time of his own."""
    return AWAY if (after_s + 97 * number) % 600 >= 180 else POST


def found_offline(county: County, until_s: float) -> list[Found]:
    """The alerts in the stored fixes, as one engine finds them that sees all of them in order."""
    with Ledger(county.uri) as ledger:
        devices, fixes = ledger.devices(), ledger.fixes_since(county.start_s - 1)
    engine = Engine(parse_plan(county.plan), default_rules(), devices, began_s=float(fixes.t_s.min()))
    alerts: dict[str, Alert] = {}
    for change in (*engine.advance(fixes, until_s).changes, *engine.tick(until_s).changes):
        alerts[change.alert.id] = change.alert
        if change.change is Change.WITHDRAWN:
            del alerts[change.alert.id]
    return [(a.rule, a.device, a.start_s, a.end_s) for a in alerts.values()]


def differences(live: list[Found], offline: list[Found]) -> list[str]:
    """What differs, in words; nothing where both are the same, once each."""
    return [f"live only: {f}" for f in (Counter(live) - Counter(offline)).elements()] + [
        f"offline only: {f}" for f in (Counter(offline) - Counter(live)).elements()
    ]


def found_live(county: County, until_s: float) -> list[Found]:
    """The alerts that the county stored, but for the silence after its end."""
    return county.rows(
        "SELECT rule, device, extract(epoch FROM began)::float8, extract(epoch FROM ended)::float8 FROM alerts "
        f"WHERE NOT withdrawn AND NOT (rule = 'signal-lost' AND extract(epoch FROM began) > {until_s - 60})"
    )


@pytest.fixture
def county(request: pytest.FixtureRequest) -> Iterator[County]:
    # not pytest's own folder, which the database's user may not enter
    with tempfile.TemporaryDirectory(prefix="ducha-kill-") as folder:
        county = County(Path(folder), request.param)
        try:
            county.start()
            yield county
        finally:
            county.stop()
            county.broker.__exit__()
            county.database.stop()


@pytest.mark.timeout(120 + (20 + PATIENCE_S) * (KILLS + 2))
@pytest.mark.parametrize(
    ("county", "kill"),
    [
        ("nats", County.kill_ingest),
        ("nats", County.kill_broker),
        ("nats", County.kill_broker_while_ingest_is_away),
        ("nats", County.kill_database),
        pytest.param(
            "mosquitto",
            County.kill_ingest,
            marks=[pytest.mark.mosquitto, pytest.mark.skipif(not PROGRAM, reason=ABSENT)],
        ),
    ],
    indirect=["county"],
)
def test_a_kill_in_mid_stream_loses_and_doubles_nothing(county: County, kill: Callable[[County], None]) -> None:
    wait_until(lambda: county.newest_s() > county.start_s, 60, "the first fixes are stored")
    recoveries = []
    for _ in range(KILLS):
        settled_s = county.clock() + 90
        wait_until(lambda t_s=settled_s: county.newest_s() >= t_s, PATIENCE_S, "the stream flows")
        killed_s, began_s = county.clock(), time.monotonic()
        kill(county)
        wait_until(
            lambda t_s=killed_s: county.newest_s() > t_s + STEP_S, PATIENCE_S, "fixes from after the kill are stored"
        )
        recoveries.append(time.monotonic() - began_s)
    minutes_away_s = county.clock() + 600
    wait_until(lambda: county.clock() > minutes_away_s, 30)
    county.finish_stream()
    until_s = max(t_s for _, t_s in county.published)

    def stored() -> set[tuple[str, int]]:
        rows = county.rows("SELECT name, extract(epoch FROM t)::int8 FROM fixes JOIN devices ON id = device")
        assert len(rows) == len(set(rows))
        return set(rows)

    wait_until(
        lambda: stored() >= county.published,
        PATIENCE_S,
        "every fix that the broker took is stored; missing:",
        lambda: sorted(county.published - stored())[:10],
    )
    assert stored() == county.published
    expected = found_offline(county, until_s)
    assert len([found for found in expected if found[0] == "off-post"]) > DEVICES / 2
    wait_until(
        lambda: not differences(found_live(county, until_s), expected),
        PATIENCE_S,
        "the same alerts as offline",
        lambda: differences(found_live(county, until_s), expected),
    )
    assert max(recoveries) < RECOVERY_S
    print(f"{kill.__name__}: recovered in {', '.join(f'{r:.1f}' for r in recoveries)} s; {len(county.published)} fixes")
