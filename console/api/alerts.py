"""Alerts: the queue, one with all that belongs to it, and what people do about it."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import FileResponse, Response

from console.api.context import ACTOR, Limit, NowS, Store, Time, seconds_of
from console.api.looks import caching, expect_purpose
from console.api.shapes import AlertDetail, AlertRow, FalseCode, Finding, Grade, Page
from console.live.playlist import Outside, inside
from store import alert_actions, alerts
from store.errors import NotFound
from store.workflow import Action, Step

router = APIRouter(prefix="/alerts", tags=["alerts"])


async def _kept(request: Request, store: Store, now_s: NowS, alert: str, number: int) -> alerts.Kept:
    kept = await alerts.picture(store, alert, number)
    await expect_purpose(request, store, now_s, kept.sight)
    return kept


Kept = Annotated[alerts.Kept, Depends(_kept)]
"""The picture in the path, which whoever asks may see."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OptionalNote(_Body):
    """What is said along with it, if anything."""

    note: str | None = None


class Note(_Body):
    """What is said along with it."""

    note: str


class Resolution(_Body):
    """A person's finding, and why."""

    finding: Finding
    note: str


class Shelf(_Body):
    """For how many minutes, and why."""

    minutes: float
    reason: str


class FalseAlarm(_Body):
    """Why it was none; `other` needs a note."""

    code: FalseCode
    note: str | None = None


@router.get("", response_model=Page[AlertRow])
async def list_alerts(
    store: Store,
    state: str = "open",
    grade: Grade | None = None,
    rule: str | None = None,
    device: str | None = None,
    unit: str | None = None,
    since: Time | None = None,
    until: Time | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Any:
    """Alerts, newest raised first. `state` is `open`, `all` or one state; since ≤ the state's beginning < until."""
    page = await alerts.page(
        store,
        state=state,
        grade=grade,
        rule=rule,
        device=device,
        unit=unit,
        since_s=seconds_of(since),
        until_s=seconds_of(until),
        cursor=cursor,
        limit=limit,
    )
    return {"items": page.items, "next": page.next}


@router.get("/{alert}", response_model=AlertDetail)
async def read_alert(store: Store, alert: str) -> Any:
    """One alert with its history, amendments, rule, duty, and the device's alerts of the week before."""
    return await alerts.read(store, alert)


@router.get(
    "/{alert}/pictures/{number}",
    response_class=FileResponse,
    responses={200: {"description": "the picture", "content": {"image/jpeg": {}}}},
)
async def read_picture(kept: Kept) -> Response:
    """A picture that the alert rests on."""
    try:
        path = await asyncio.to_thread(inside, Path(kept.folder), kept.file)
    except Outside as error:
        raise NotFound(str(error)) from error
    return FileResponse(path, media_type="image/jpeg", headers=caching(kept.sight, 86_400))


@router.post("/{alert}/ack", response_model=AlertDetail)
async def acknowledge(store: Store, now_s: NowS, alert: str, body: OptionalNote | None = None) -> Any:
    """Somebody has seen it."""
    return await _act(store, now_s, alert, Step(Action.ACK, note=body.note if body else None))


@router.post("/{alert}/dispatch", response_model=AlertDetail)
async def dispatch(store: Store, now_s: NowS, alert: str, body: OptionalNote | None = None) -> Any:
    """Somebody was asked or sent."""
    return await _act(store, now_s, alert, Step(Action.DISPATCH, note=body.note if body else None))


@router.post("/{alert}/explain", response_model=AlertDetail)
async def explain(store: Store, now_s: NowS, alert: str, body: Note) -> Any:
    """The officer's own explanation."""
    return await _act(store, now_s, alert, Step(Action.EXPLAIN, note=body.note))


@router.post("/{alert}/resolve", response_model=AlertDetail)
async def resolve(store: Store, now_s: NowS, alert: str, body: Resolution) -> Any:
    """Closes it with a finding."""
    return await _act(store, now_s, alert, Step(Action.RESOLVE, note=body.note, finding=body.finding))


@router.post("/{alert}/shelve", response_model=AlertDetail)
async def shelve(store: Store, now_s: NowS, alert: str, body: Shelf) -> Any:
    """Puts it aside for some minutes; it comes back by itself. Never grade A."""
    return await _act(store, now_s, alert, Step(Action.SHELVE, note=body.reason, minutes=body.minutes))


@router.post("/{alert}/note", response_model=AlertDetail)
async def note(store: Store, now_s: NowS, alert: str, body: Note) -> Any:
    """Adds a line to its history."""
    return await _act(store, now_s, alert, Step(Action.NOTE, note=body.note))


@router.post("/{alert}/false-alarm", response_model=AlertDetail)
async def false_alarm(store: Store, now_s: NowS, alert: str, body: FalseAlarm) -> Any:
    """Says that it should not have been raised."""
    return await _act(store, now_s, alert, Step(Action.FALSE_ALARM, note=body.note, code=body.code))


@router.post("/{alert}/reopen", response_model=AlertDetail)
async def reopen(store: Store, now_s: NowS, alert: str, body: Note) -> Any:
    """Takes it up again."""
    return await _act(store, now_s, alert, Step(Action.REOPEN, note=body.note))


async def _act(store: Store, now_s: float, alert: str, step: Step) -> dict[str, Any]:
    await alert_actions.act(store, alert, step, actor=ACTOR, now_s=now_s)
    return await alerts.read(store, alert)
