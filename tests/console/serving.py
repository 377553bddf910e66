"""A whole console that listens on a free port, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

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
        assert listening.wait(30)
        yield told[0]
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()
