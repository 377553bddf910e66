"""A recorder with two cameras and their footage, the database that knows of it, a console and whoever makes exports."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
from recorded_camera import at_ns
from waiting import wait_until

from console.exports.exporter import serve
from console.exports.settings import ExportSettings

Work = Callable[[httpx.AsyncClient], Awaitable[Any]]
NOW_S = at_ns(1_000) / 1e9
SECONDS = 6


@dataclass(frozen=True)
class Site:
    """Cameras c-1 (with sound) and c-2, six seconds of footage each. `ask` runs work with a client of a console."""

    dsn: str
    folder: Path
    settings: ExportSettings
    run: Callable[..., Any]

    def ask(self, work: Work, now_s: float = NOW_S) -> Any:
        return self.run(work, clock=lambda: now_s, export_settings=self.settings)

    def get(self, path: str, now_s: float = NOW_S, **options: Any) -> httpx.Response:
        return self.ask(lambda client: client.get(f"/api/v1{path}", **options), now_s)

    def post(self, path: str, now_s: float = NOW_S, **body: Any) -> httpx.Response:
        return self.ask(lambda client: client.post(f"/api/v1{path}", json=body), now_s)

    def request(self, **changed: Any) -> httpx.Response:
        """Asks for five seconds of c-1."""
        told = {"cameras": ["c-1"], "from": moment(0.5), "to": moment(5.5), "case_number": "A-1", "reason": "投诉"}
        return self.post("/exports", **(told | {"requested_by": "甲"} | changed))

    def approved(self, **changed: Any) -> str:
        """The id of an export that is approved."""
        export = self.request(**changed).json()["id"]
        assert self.post(f"/exports/{export}/approve", approved_by="乙").status_code == 200
        return str(export)

    def row(self, export: str) -> dict[str, Any]:
        row: dict[str, Any] = self.get(f"/exports/{export}").json()
        return row

    @contextmanager
    def exporter(self, now_s: float = NOW_S) -> Iterator[None]:
        """Somebody makes exports."""
        stop = Event()
        thread = Thread(target=serve, args=(self.dsn, self.settings, stop, lambda: now_s))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(60)
            assert not thread.is_alive()

    def made(self, export: str, state: str = "ready") -> dict[str, Any]:
        """The row of an export when it is in a state that lasts."""
        with self.exporter():
            wait_until(lambda: self.row(export)["state"] == state, 60, state, lambda: self.row(export))
        return self.row(export)


def moment(second: float) -> str:
    """So many seconds after the footage begins, as the API takes it."""
    return f"{at_ns(second) / 1e9:.6f}"
