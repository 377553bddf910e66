"""A whole console that listens on a free port, for a while; and what it says of itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import httpx
import psycopg
from waiting import wait_until

from console import server


@contextmanager
def serving(dsn: str, **options: Any) -> Iterator[str]:
    """Its address; `options` are those of `console.server.run`."""
    listening, stop, told = Event(), Event(), list[str]()

    def started(url: str) -> None:
        told.append(url)
        listening.set()

    thread = Thread(
        target=lambda: server.run(dsn, port=0, sweep=False, listening=started, stop=stop, **options), daemon=True
    )
    thread.start()
    try:
        assert listening.wait(60)
        yield told[0]
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def metric(url: str, name: str) -> float:
    """A figure of the console at `url`; 0 where it has not told one yet."""
    text = httpx.get(f"{url}/metrics", timeout=60, verify=False).text  # no certificates are loaded
    return float(text.partition(f"\n{name} ")[2].partition("\n")[0] or 0)


def wait_until_it_hears(url: str, dsn: str) -> None:
    """Return when the console at `url` hears what its database calls out: it ends the event streams opened before."""

    def hears() -> bool:
        connection.execute("""NOTIFY ducha, '{"rooms": true}'""")
        return metric(url, 'ducha_console_events_total{kind="rooms"}') > 0

    with psycopg.connect(dsn, autocommit=True) as connection:
        wait_until(hears, 60, "the console hears its database")
