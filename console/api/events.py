"""The event stream (server-sent events): alerts at once, positions and cameras at most twice a second, the system
every 2 s."""

import asyncio

from fastapi import APIRouter
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from console.api.context import Console
from console.api.hub import Client, Hub, TooManyClients
from console.api.problems import problem
from console.problem_kinds import Kind

REOPEN_MS = 1000  # what a client waits before it opens the stream anew
SEND_S = 20.0  # a client that takes nothing for so long is gone
QUIET = b": quiet\n\n"
QUIET_S = 5.0  # if nothing else comes, a comment: so that a dead connection is noticed

router = APIRouter(tags=["events"])


@router.get(
    "/events",
    response_class=Response,
    responses={
        200: {
            "description": "events alert, positions, stream, rooms, system, refetch",
            "content": {"text/event-stream": {}},
        }
    },
)
async def events(console: Console) -> Response:
    """`alert`: a row of /alerts. `positions`: {at, items: [[device, t, lon, lat, speed, heading, accuracy]], statuses:
    {device: online | offline}, heard: {device: t of its last ping}}, only what changed. `stream`: a row of /cameras
    that changed. `rooms`: a session or who is in it changed, read /rooms anew. `system`: as /system, every 2 s.
    `refetch`: more changed than is told; the stream ends, open it anew."""
    first = b"retry: %d\n\n" % REOPEN_MS
    if console.state is not None:
        first += console.hub.encode("system", console.state)
    return EventStream(console.hub, first)


class EventStream(Response):
    """An answer that lasts as long as the client listens."""

    def __init__(self, hub: Hub, first: bytes) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        self.headers["content-type"] = "text/event-stream"
        del self.headers["content-length"]
        self._hub = hub
        self._first = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self._hub.client() as client:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                pump = asyncio.create_task(self._pump(client, send))
                gone = asyncio.create_task(_disconnected(receive))
                try:
                    await asyncio.wait((pump, gone), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    pump.cancel()
                    gone.cancel()
                    await asyncio.gather(pump, gone, return_exceptions=True)
        except TooManyClients as error:
            refusal = problem(503, Kind.TOO_MANY_STREAMS, str(error), headers={"retry-after": "10"})
            await refusal(scope, receive, send)

    async def _pump(self, client: Client, send: Send) -> None:
        event: bytes | None = self._first
        while event is not None:
            async with asyncio.timeout(SEND_S):
                await send({"type": "http.response.body", "body": event, "more_body": True})
            try:
                async with asyncio.timeout(QUIET_S):
                    event = await client.next()
            except TimeoutError:
                event = QUIET
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
