"""The event stream of a console that listens, as a client reads it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

Event = tuple[str, Any]


@contextmanager
def stream(address: str) -> Iterator[Iterator[Event]]:
    """The events of a new stream; the state of the system has been read, the first where it is known."""
    with httpx.stream("GET", f"{address}/api/v1/events", timeout=60) as response:
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["x-accel-buffering"] == "no"
        events = _events(response)
        until(events, "system")
        yield events


def _events(response: httpx.Response) -> Iterator[Event]:
    kind = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))


def until(events: Iterator[Event], kind: str) -> Any:
    return next(data for name, data in events if name == kind)
