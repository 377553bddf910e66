"""Interrogations: which room, who is in as what, opened and closed. What the rules about rooms rest on."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from analytics.interrogations import Role
from analytics.video.rooms import Procedure
from console.api.context import ACTOR, Limit, NowS, Store
from console.api.shapes import Page, SessionRow
from store import interrogations

router = APIRouter(prefix="/sessions", tags=["sessions"])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Opening(_Body):
    """What is told when a session is opened. `standard_place`: a standard, managed case-handling place."""

    room: str
    kind: Procedure
    case_number: str | None = None
    standard_place: bool = False


class SigningIn(_Body):
    """Who comes in, as what."""

    name: str
    role: Role


class SigningOut(_Body):
    """Who goes out."""

    name: str


@router.get("", response_model=Page[SessionRow])
async def list_sessions(
    store: Store, room: str | None = None, open: bool = False, cursor: str | None = None, limit: Limit = 50
) -> Any:
    """Sessions, newest opened first; `open=true` leaves out those that are over."""
    page = await interrogations.page(store, room=room, only_open=open, cursor=cursor, limit=limit)
    return {"items": page.items, "next": page.next}


@router.post("", response_model=SessionRow, status_code=201)
async def open_session(store: Store, now_s: NowS, body: Opening) -> Any:
    """Opens a session in a room; 409 while the room has another."""
    return await interrogations.begin(
        store,
        body.room,
        body.kind,
        case_number=body.case_number,
        standard_place=body.standard_place,
        actor=ACTOR,
        now_s=now_s,
    )


@router.get("/{session}", response_model=SessionRow)
async def read_session(store: Store, session: str) -> Any:
    """One session with everybody who was in."""
    return await interrogations.read(store, session)


@router.post("/{session}/sign-in", response_model=SessionRow)
async def sign_in(store: Store, now_s: NowS, session: str, body: SigningIn) -> Any:
    """Somebody comes in."""
    return await interrogations.sign_in(store, session, body.name, body.role, actor=ACTOR, now_s=now_s)


@router.post("/{session}/sign-out", response_model=SessionRow)
async def sign_out(store: Store, now_s: NowS, session: str, body: SigningOut) -> Any:
    """Somebody goes out."""
    return await interrogations.sign_out(store, session, body.name, actor=ACTOR, now_s=now_s)


@router.post("/{session}/close", response_model=SessionRow)
async def close_session(store: Store, now_s: NowS, session: str) -> Any:
    """The session is over."""
    return await interrogations.close(store, session, actor=ACTOR, now_s=now_s)
