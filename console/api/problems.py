"""Errors as RFC 9457 problem documents: what, where, what was expected. One table says which error is which status."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from analytics.rulebook import RuleError
from console.api.headers import SECURITY_HEADERS
from console.live.offer import Refused
from console.live.snapshot import NoPicture
from console.problem_kinds import Kind
from geofence.features import PlanError
from store.errors import Conflict, InvalidRecord, NotFound, StoreUnavailable
from store.evidence.errors import TooLong, Unreadable
from store.looks import PurposeNeeded
from store.times import rfc3339_or_none
from store.workflow import IllegalTransition, InvalidAction

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = "2"

TITLES = {
    400: "The request can't be read",
    403: "Not allowed",
    404: "There is no such thing",
    405: "Not possible here",
    406: "Not to be had in that form",
    408: "The request did not come in time",
    409: "The present state does not allow this",
    413: "The body is too large",
    415: "Another content type is expected",
    421: "This server does not answer to that name",
    422: "A value is not as expected",
    500: "A fault of the server",
    503: "Not available at the moment",
}


class FieldProblem(BaseModel):
    """One value that is not as expected."""

    where: str
    detail: str


class Problem(BaseModel):
    """RFC 9457. `kind` is what `type` ends in; `where` names the member, feature or field; `expected` what should stand
    there. `ended`, of kind `purpose`: when the purpose that was given ended."""

    type: str
    title: str
    status: int
    detail: str
    kind: str | None = None
    instance: str | None = None
    where: str | None = None
    problem: str | None = None
    expected: str | None = None
    ended: str | None = None
    errors: list[FieldProblem] | None = None


_KINDS = {404: Kind.NOT_FOUND, 405: Kind.METHOD, 408: Kind.TOO_SLOW, 413: Kind.TOO_LARGE, 415: Kind.CONTENT_TYPE}

RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem document (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema(ref_template="#/components/schemas/{model}")}},
    }
}
RESPONSES["default"]["content"][MEDIA_TYPE]["schema"].pop("$defs", None)
RESPONSES["default"]["content"][MEDIA_TYPE]["schema"]["properties"]["errors"] = {
    "anyOf": [{"type": "array", "items": FieldProblem.model_json_schema()}, {"type": "null"}]
}


def problem(
    status: int,
    kind: Kind,
    detail: str,
    *,
    instance: str | None = None,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> Response:
    """The response that tells of a problem of `kind`."""
    document = {
        "type": f"urn:ducha:problem:{kind}",
        "title": TITLES.get(status, "The request could not be done"),
        "status": status,
        "detail": detail,
        "kind": kind,
    }
    told = {name: value for name, value in {"instance": instance, **members}.items() if value is not None}
    content = msgspec.json.encode(document | told)
    return Response(content, status, {"cache-control": "no-store", **(headers or {})}, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Makes `app` answer every error with a problem document."""

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        kind = _KINDS.get(error.status_code, Kind.HTTP)
        return problem(
            error.status_code, kind, str(error.detail), instance=request.url.path, headers=error.headers or {}
        )

    @app.exception_handler(RequestValidationError)
    async def invalid_request(request: Request, error: RequestValidationError) -> Response:
        errors = [{"where": _place(e["loc"]), "detail": str(e["msg"])} for e in error.errors()]
        detail = "; ".join(f"{e['where']}: {e['detail']}" for e in errors)
        where = errors[0]["where"] if errors else None
        return problem(422, Kind.INVALID_REQUEST, detail, instance=request.url.path, where=where, errors=errors)

    @app.exception_handler(PlanError)
    async def invalid_plan(request: Request, error: PlanError) -> Response:
        return _refused(request, Kind.INVALID_PLAN, error)

    @app.exception_handler(RuleError)
    async def invalid_rule(request: Request, error: RuleError) -> Response:
        return _refused(request, Kind.INVALID_RULE, error)

    @app.exception_handler(InvalidAction)
    async def invalid_action(request: Request, error: InvalidAction) -> Response:
        return problem(422, Kind.INVALID_ACTION, str(error), instance=request.url.path, where=error.field)

    @app.exception_handler(IllegalTransition)
    async def illegal(request: Request, error: IllegalTransition) -> Response:
        state, action = error.state.value, error.action.value
        return problem(409, Kind.ILLEGAL_TRANSITION, str(error), instance=request.url.path, state=state, action=action)

    @app.exception_handler(Conflict)
    async def conflict(request: Request, error: Conflict) -> Response:
        return problem(409, Kind(error.kind), str(error), instance=request.url.path)

    @app.exception_handler(InvalidRecord)
    async def invalid_record(request: Request, error: InvalidRecord) -> Response:
        return problem(422, Kind(error.kind), str(error), instance=request.url.path, where=error.where)

    @app.exception_handler(NotFound)
    async def not_found(request: Request, error: NotFound) -> Response:
        return problem(404, Kind.NOT_FOUND, str(error), instance=request.url.path)

    @app.exception_handler(PurposeNeeded)
    async def purpose(request: Request, error: PurposeNeeded) -> Response:
        ended = rfc3339_or_none(error.ended)
        return problem(403, Kind.PURPOSE, str(error), instance=request.url.path, ended=ended)

    @app.exception_handler(Refused)
    async def no_video(request: Request, error: Refused) -> Response:
        headers = {"retry-after": RETRY_AFTER_S} if error.status == 503 else None
        return problem(error.status, error.kind, str(error), instance=request.url.path, headers=headers)

    @app.exception_handler(NoPicture)
    async def no_picture(request: Request, error: NoPicture) -> Response:
        headers = {"retry-after": RETRY_AFTER_S}
        return problem(503, Kind.NO_PICTURE, str(error), instance=request.url.path, headers=headers)

    @app.exception_handler(TooLong)
    @app.exception_handler(Unreadable)
    async def unverifiable(request: Request, error: Exception) -> Response:
        # The message names a folder of the server.
        why = "its log is too long for that" if isinstance(error, TooLong) else "the recorder's folder can't be read"
        detail = f"the recording can't be verified here: {why}; `ducha evidence verify` on its machine verifies it"
        return problem(503, Kind.UNVERIFIABLE, detail, instance=request.url.path)

    @app.exception_handler(StoreUnavailable)
    async def unavailable(request: Request, _error: StoreUnavailable) -> Response:
        # What the database said may name hosts and users: it is for the log and /readyz, not for everybody.
        detail = "the database does not answer; repeat the request"
        headers = {"retry-after": RETRY_AFTER_S}
        return problem(503, Kind.STORE_UNAVAILABLE, detail, instance=request.url.path, headers=headers)

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> Response:
        # Answered outside of every middleware, so it brings the headers itself. The server logs the traceback.
        detail = f"{type(error).__name__}; the server's log tells more"
        return problem(500, Kind.FAULT, detail, instance=request.url.path, headers=SECURITY_HEADERS)


def _refused(request: Request, kind: Kind, error: PlanError | RuleError) -> Response:
    document: dict[str, Any] = {"where": error.where, "problem": error.problem, "expected": error.expected}
    return problem(422, kind, str(error), instance=request.url.path, **document)


def _place(location: Sequence[str | int]) -> str:
    """`body.note` as `note`, `query.limit` as `limit`: the name that the caller used."""
    names = [str(part) for part in location]
    return ".".join(names[1:] or names)
