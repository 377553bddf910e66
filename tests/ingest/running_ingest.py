"""An ingest that runs, between a real broker and a real database to look into."""

import asyncio
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from ingest_examples import location, wait_until

from ingest.broker import EmbeddedBroker
from ingest.config import BrokerSettings, DatabaseSettings, Settings, WorkerSettings
from ingest.metrics import Metrics
from ingest.service import serve
from ingest.unknown import Unknown
from store.ledger import Ledger
from store.pool import Pool, make_pool

POST = (120.0, 30.0)
AWAY = (120.01, 30.0)  # 960 m east
BEFORE_S = 3600.0


class Clock:
    """A clock that the test sets."""

    def __init__(self, t_s: float) -> None:
        self.t_s = t_s

    def __call__(self) -> float:
        return self.t_s


def at(t_s: float) -> str:
    return datetime.fromtimestamp(t_s, UTC).isoformat()


def post_plan(now_s: float, device: str = "off-12", **rules: Any) -> dict[str, Any]:
    """`device` is to stay at one post, from an hour ago until an hour from now."""
    post = {"type": "Point", "coordinates": list(POST)}
    duty = {"id": "d1", "device": device, "kind": "post", "post": "p1"}
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "id": "p1", "geometry": post, "properties": {"kind": "post", "radius_m": 80}}],
        "duties": [duty | {"from": at(now_s - BEFORE_S), "to": at(now_s + 3600)}],
        "rules": rules,
    }


def walk(from_s: float, to_s: float, place: tuple[float, float]) -> list[dict[str, Any]]:
    """A fix every 10 s at `place`."""
    count = int((to_s - from_s) // 10)
    return [location(tst=int(from_s) + 10 * i, lon=place[0], lat=place[1], vel=0, acc=5) for i in range(count)]


def asked(uri: str, work: Callable[[Pool], Awaitable[Any]]) -> Any:
    """What the console's side of the store answers."""

    async def ask() -> Any:
        async with make_pool(uri) as pool:
            return await work(pool)

    return asyncio.run(ask())


class Ingest:
    """A database to look into, and workers that fill it."""

    def __init__(self, uri: str, broker: EmbeddedBroker) -> None:
        self.uri = uri
        self._broker = broker

    def settings(self, **changes: Any) -> Settings:
        quick: dict[str, Any] = {
            "tick_s": 0.05,
            "mark_s": 0.05,
            "plan_poll_s": 0.1,
            "settle_s": 0.0,
            "listen_s": 0.0,
            "checkpoint_s": 0.2,
        }
        quick |= {"unknown": Unknown.ACCEPT} | changes
        return Settings(
            database=DatabaseSettings(url=self.uri),
            broker=BrokerSettings(host=self._broker.host, port=self._broker.port, **self._filters(quick)),
            ingest=WorkerSettings(**quick),
        )

    @staticmethod
    def _filters(settings: dict[str, Any]) -> dict[str, Any]:
        """Of a shard with units: those, and a session of its own."""
        if "units" not in settings:
            return {}
        filters = tuple(f"ducha/{unit}/+/fix" for unit in settings["units"])
        return {"client_id": f"ducha-{settings['shard']}", "filters": filters}

    @contextmanager
    def running(
        self, clock: Callable[[], float] = time.time, steady: Callable[[], float] | None = None, **settings: Any
    ) -> Iterator[Metrics]:
        everything = self.settings(**settings)
        metrics, stop = Metrics(), threading.Event()
        failures: list[BaseException] = []

        def work() -> None:
            try:
                serve(everything, stop, clock=clock, steady=steady, metrics=metrics)
            except BaseException as error:
                traceback.print_exc()
                failures.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            wait_until(lambda: failures or metrics.registry.get_sample_value("ducha_ingest_broker_connected"))
            yield metrics
        finally:
            began_s = time.monotonic()
            stop.set()
            thread.join(60)
            assert not failures
            assert time.monotonic() - began_s < 5, "it must stop within 5 s"

    def rows(self, query: str) -> list[Any]:
        with psycopg.connect(self.uri) as connection:
            return connection.execute(query.encode()).fetchall()

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    def alerts(self, rule: str) -> list[Any]:
        return self.rows(
            "SELECT device, extract(epoch FROM began)::float8, ended IS NULL, withdrawn FROM alerts "
            f"WHERE rule = '{rule}' ORDER BY began"
        )

    def as_if_killed(self) -> Callable[[], None]:
        """Puts back what a running worker has noted for its successor so far: what it notes as it ends is undone."""
        tables = ("checkpoints", "late_history")
        noted = {table: self.rows(f"SELECT to_jsonb({table})::text FROM {table}") for table in tables}

        def put_back() -> None:
            with psycopg.connect(self.uri) as connection:
                for table, rows in noted.items():
                    connection.execute(f"DELETE FROM {table}".encode())
                    for (row,) in rows:
                        insert = f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s::jsonb)"
                        connection.execute(insert.encode(), (row,))

        return put_back

    def introduce(self, *devices: str) -> None:
        """Somebody names them."""
        with Ledger(self.uri) as ledger:
            ledger.register(devices)

    def save_plan(self, document: dict[str, Any]) -> None:
        with Ledger(self.uri) as ledger:
            ledger.save_plan(document, "test", now_s=time.time())
