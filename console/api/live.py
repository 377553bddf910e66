"""What runs beside the requests: hearing what the store calls out, pushing it, and what only the clock does."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime

import structlog

from console.api.context import Context
from console.api.watch import look
from store import alert_actions, alerts, cameras, notices, positions
from store.errors import StoreError
from store.times import moment, rfc3339, seconds

log = structlog.get_logger("console")

SYSTEM_S = 2.0
SWEEP_S = 2.0
POSITIONS_S = 0.5  # positions are pushed at most this often
CAMERAS_S = 0.5  # so are cameras
CAMERAS_LOOK_S = 5.0  # nobody calls out that a camera's worker fell silent
OVERLAP_S = 10.0  # a commit may become visible after one that was received later
CANCEL_S = 0.2  # until a cancellation is repeated
REMEMBERED = 4096  # alerts whose way to the client was measured


class Live:
    """The tasks of one console: `start` them in a task group, and `stop` them before it ends."""

    def __init__(self, console: Context) -> None:
        self._console = console
        self._moved = asyncio.Event()
        self._cameras_changed = asyncio.Event()
        self._cameras: dict[str, object] = {}
        self._since_s = 0.0
        self._sent: dict[str, list[object]] = {}
        self._said: dict[str, tuple[str, float]] = {}
        self._heard: dict[str, float] = {}
        self._measured: OrderedDict[str, None] = OrderedDict()

    def start(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Starts everything."""
        console = self._console
        work: list[tuple[str, Callable[[], Awaitable[None]], float]] = [
            ("listen", self._listen, 0.0),
            ("positions", self._push_positions, POSITIONS_S),
            ("cameras", self._push_cameras, CAMERAS_S),
            ("system", self._push_system, SYSTEM_S),
        ]
        if console.sweeps:
            work.append(("sweep", self._sweep, SWEEP_S))
        return [group.create_task(self._for_ever(*entry), name=entry[0]) for entry in work]

    async def stop(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Ends them. A cancellation can get lost: under Python 3.11 `asyncio.wait_for`, which the database's driver
        waits with, swallows one that comes together with its result. So it is repeated until it is heeded."""
        waiting = set(tasks)
        while waiting:
            for task in waiting:
                task.cancel()
            _, waiting = await asyncio.wait(waiting, timeout=CANCEL_S)

    async def _for_ever(self, name: str, work: Callable[[], Awaitable[None]], every_s: float) -> None:
        """Repeats `work`; a failure is told and counted, and does not end the others."""
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            try:
                await work()
            except StoreError as error:
                self._console.metrics.faults.labels(name).inc()
                log.warning("task failed", task=name, problem=str(error))
            except Exception:
                self._console.metrics.faults.labels(name).inc()
                log.exception("task failed", task=name)
            # At least a moment, so that a failure that comes at once can't fill the log.
            await asyncio.sleep(max(0.2, began_s + every_s - loop.time()))

    async def _listen(self) -> None:
        console = self._console
        async for notice in notices.listen(console.dsn):
            if notice.positions:
                self._moved.set()
            if notice.cameras:
                self._cameras_changed.set()
            if notice.rooms:
                console.hub.push("rooms", {})
            if notice.refetch or notice.plan is not None or notice.rules:
                console.hub.refetch()
            elif notice.alerts:
                await self._push_alerts(notice.alerts)

    async def _push_alerts(self, ids: Sequence[str]) -> None:
        console = self._console
        try:
            rows = await alerts.by_ids(console.pool, ids)
        except StoreError:
            console.hub.refetch()  # what changed can't be told now: every client is to fetch it
            raise
        for row in reversed(rows):
            console.hub.push("alert", row)
            self._measure(row["id"], row["state"], row["raised_at"])

    def _measure(self, alert: str, state: str, raised_at: str) -> None:
        """Notes how long a new alert took from its being raised; only the first time it is pushed."""
        if state != "NEW" or alert in self._measured:
            return
        self._measured[alert] = None
        if len(self._measured) > REMEMBERED:
            self._measured.popitem(last=False)
        self._console.metrics.alert_push_s.observe(
            max(0.0, self._console.clock() - seconds(datetime.fromisoformat(raised_at)))
        )

    async def _push_positions(self) -> None:
        await self._moved.wait()
        self._moved.clear()
        try:
            moved = await positions.changed(self._console.pool, self._since_s)
        except StoreError:
            self._moved.set()
            raise
        self._since_s = max(self._since_s, moved.until_s - OVERLAP_S)
        fresh = [item for item in moved.items if self._sent.get(item[0]) != item]
        self._sent |= {item[0]: item for item in fresh}
        said = {device: word for device, word in moved.said.items() if self._said.get(device) != word}
        self._said |= said
        heard = {device: t_s for device, t_s in moved.heard.items() if self._heard.get(device) != t_s}
        self._heard |= heard
        if fresh or said or heard:
            at = rfc3339(moment(self._console.clock()))
            statuses = {device: word for device, (word, _) in said.items()}
            self._console.hub.push("positions", {"at": at, "items": fresh, "statuses": statuses, "heard": heard})

    async def _push_cameras(self) -> None:
        """Tells each camera whose row changed; that its worker was heard again is no change."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CAMERAS_LOOK_S):
                await self._cameras_changed.wait()
        self._cameras_changed.clear()
        rows = await cameras.cameras(self._console.pool)
        known, self._cameras = self._cameras, {row["id"]: row | {"seen_at": None} for row in rows}
        for row in rows:
            if known.get(row["id"]) != self._cameras[row["id"]]:
                self._console.hub.push("stream", row)

    async def _push_system(self) -> None:
        console = self._console
        console.state = await look(console)
        console.hub.push("system", console.state)

    async def _sweep(self) -> None:
        changed = await alert_actions.sweep(self._console.pool, self._console.clock())
        self._console.metrics.swept.inc(len(changed))
