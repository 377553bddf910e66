"""What every request passes: the name it was sent to, the site it comes from, its size; and what every answer carries.

While there are no accounts, the network is the lock: the console listens on this machine only. A foreign web page open
in the same browser is on this machine too, so a name that is not ours (DNS rebinding) and a change asked for by another
site are refused.
"""

import re
import time
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.api.headers import SECURITY_HEADERS
from console.api.metrics import Metrics
from console.api.problems import problem
from console.problem_kinds import Kind

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
API = "/api/v1"
PLAN_BYTES = 20_000_000
BODY_BYTES = 64 * 1024

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_WRITTEN_DOWN = "/download"  # whoever takes something is written down: a change, though it is a GET
_PORT = re.compile(r":\d*$")


class Guard:
    """ASGI middleware. `hosts` are the names it answers to, without port; None for every name."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None, metrics: Metrics) -> None:
        self._app = app
        self._hosts = None if hosts is None else {host.lower() for host in hosts}
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = PLAN_BYTES if scope["path"] == API + "/plan" else BODY_BYTES
        status = 500  # until an answer begins
        began_s = time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    told.setdefault(name, value)
            await send(message)

        try:
            changes = scope["method"] not in _SAFE or scope["path"].endswith(_WRITTEN_DOWN)
            refusal = self._refusal(changes, headers, limit)
            if refusal is not None:
                await refusal(scope, receive, answer)
            else:
                await self._app(scope, _bounded(receive, limit), answer)
        finally:
            self._metrics.answered(scope["method"], _route(scope), status, time.perf_counter() - began_s)

    def _refusal(self, changes: bool, headers: Headers, limit: int) -> Response | None:
        host = headers.get("host", "")
        if self._hosts is not None and _PORT.sub("", host.lower()) not in self._hosts:
            expected = "one of " + ", ".join(sorted(self._hosts))
            detail = f"host {host!r}: expected {expected}"
            return problem(421, Kind.FOREIGN_HOST, detail, where="host", expected=expected)
        if changes and _is_foreign(headers, host):
            return problem(403, Kind.CROSS_ORIGIN, "a change may only be asked for by this console's own pages")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > limit:
            return problem(413, Kind.TOO_LARGE, f"the body has {length} bytes; expected at most {limit}")
        return None


def _route(scope: Scope) -> str:
    """The route's pattern, never the path asked for: metrics may not grow with what people think of asking.

    Of a route in an included router, FastAPI tells the pattern with or without the prefix, depending on its version.
    """
    pattern: str = getattr(scope.get("route"), "path", None) or "other"
    if scope["path"].startswith(API) and pattern != "other":
        return API + pattern.removeprefix(API)
    return pattern


def _is_foreign(headers: Headers, host: str) -> bool:
    """Whether a browser says that the request comes from another site. What is no browser says nothing."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != host.lower()


def _bounded(receive: Receive, limit: int) -> Receive:
    """`receive` that ends in 413 when a body without a declared length turns out too large."""
    taken = 0

    async def take() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > limit:
                raise HTTPException(413, f"the body has more than {limit} bytes")
        return message

    return take
