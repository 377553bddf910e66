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
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.api.bodies import (
    BodyError,
    BodyTooLarge,
    BodyTooSlow,
    BodyUnreadable,
    ClientGone,
    Replay,
    check_json,
    read_body,
)
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
_CLOSE = {"connection": "close"}  # what follows on this connection can't be told from the rest of the body


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
            elif scope["method"] in _SAFE:
                await self._app(scope, receive, answer)
            else:
                await self._take(scope, receive, answer, headers, limit)
        finally:
            self._metrics.answered(scope["method"], _route(scope), status, time.perf_counter() - began_s)

    async def _take(self, scope: Scope, receive: Receive, answer: Send, headers: Headers, limit: int) -> None:
        """Answers a request that has a body."""
        try:
            body = await read_body(receive, limit)
            check_json(headers, body)
        except ClientGone:
            return
        except BodyError as error:
            await _unread(error, scope["path"])(scope, receive, answer)
            return
        await self._app(scope, Replay(body, receive), answer)

    def _refusal(self, changes: bool, headers: Headers, limit: int) -> Response | None:
        host = headers.get("host", "")
        if self._hosts is not None and _PORT.sub("", host.lower()) not in self._hosts:
            expected = "one of " + ", ".join(sorted(self._hosts))
            detail = f"host {host!r}: expected {expected}"
            return problem(421, Kind.FOREIGN_HOST, detail, where="host", expected=expected)
        if changes and _is_foreign(headers, host):
            return problem(403, Kind.CROSS_ORIGIN, "a change may only be asked for by this console's own pages")
        if "transfer-encoding" in headers and "content-length" in headers:
            detail = "the request has both Content-Length and Transfer-Encoding; expected one of them"
            return problem(400, Kind.INVALID_REQUEST, detail, where="content-length", headers=_CLOSE)
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > limit:
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
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != host.lower()
    except ValueError:  # it is no address at all
        return True


def _unread(error: BodyError, path: str) -> Response:
    """The answer to a body that no route is to see. What is left of it may still come, so the connection ends."""
    match error:
        case BodyTooLarge():
            return problem(413, Kind.TOO_LARGE, str(error), instance=path, headers=_CLOSE)
        case BodyTooSlow():
            return problem(408, Kind.TOO_SLOW, str(error), instance=path, headers=_CLOSE)
        case BodyUnreadable():
            return problem(422, Kind.INVALID_REQUEST, str(error), instance=path, where="body")
    return problem(400, Kind.INVALID_REQUEST, str(error), instance=path, headers=_CLOSE)
