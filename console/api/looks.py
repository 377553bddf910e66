"""Looks into interrogation rooms: said why, written down, and only then is a picture given.

While there are no accounts, a viewer is a browser, known by a cookie; a system keeps the one that `POST /looks` answers
with.
"""

import hashlib
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict

from console.api.context import ACTOR, Console, NowS, Store, whole
from console.api.shapes import LookRow, Rows
from console.live.right import Right
from store import cameras, looks
from store.cameras import Place
from store.looks import SHIFT_S, Sight
from store.pool import Pool

COOKIE = "ducha-viewer"

router = APIRouter(prefix="/looks", tags=["looks"])


class Looking(BaseModel):
    """A room, or a camera that stands for its room; why somebody looks, and the number of the case if there is one."""

    model_config = ConfigDict(extra="forbid")

    camera: str | None = None
    room: str | None = None
    purpose: str
    case: str | None = None


def _viewer(request: Request) -> bytes:
    """Who asks, as the store knows them; what can't be read there opens nothing here."""
    return hashlib.sha256(request.cookies.get(COOKIE, "").encode()).digest()


async def expect_purpose(request: Request, store: Pool, now_s: float, sight: Sight) -> float | None:
    """Until when whoever asks may see pictures of `sight`, None for without end; PurposeNeeded where they may not."""
    return await looks.expect(store, _viewer(request), sight, now_s=now_s)


async def _shown(request: Request, store: Store, now_s: NowS, camera: str) -> Place:
    place = await cameras.place(store, camera)
    await expect_purpose(request, store, now_s, place.sight)
    return place


Shown = Annotated[Place, Depends(_shown)]
"""The camera in the path, whose pictures whoever asks may see: every route that gives some takes this."""


def _lasting(request: Request, console: Console, place: Shown) -> Right:
    async def ask() -> float | None:
        now = await cameras.place(console.pool, place.camera)
        return await expect_purpose(request, console.pool, console.clock(), now.sight)

    return Right(ask, console.clock)


LastingRight = Annotated[Right, Depends(_lasting)]
"""That whoever asks may see the camera in the path, for as long as they may: for what goes on after the answer."""


def caching(sight: Sight, seconds: int) -> dict[str, str]:
    """How long a browser may keep a picture: of an interrogation not at all, for it would show it without asking us."""
    return {"cache-control": "no-store" if sight.is_interrogation else f"private, max-age={seconds}"}


@router.post("", response_model=LookRow, status_code=201)
async def begin(request: Request, response: Response, store: Store, now_s: NowS, body: Looking) -> Any:
    """Says why one looks into an interrogation room. That is kept, and opens the pictures of its cameras to this viewer
    until then: live, snapshots, playback, and those that alerts rest on. Without it they answer 403, kind `purpose`."""
    token = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
    row = await looks.begin(
        store,
        hashlib.sha256(token.encode()).digest(),
        camera=body.camera,
        room=body.room,
        purpose=body.purpose,
        case_number=body.case,
        actor=ACTOR,
        now_s=now_s,
    )
    response.set_cookie(
        COOKIE,
        token,
        max_age=SHIFT_S,
        path="/api/v1",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return row


@router.get("", response_model=Rows[LookRow])
async def list_looks(request: Request, store: Store, now_s: NowS) -> Any:
    """What this viewer may look into now, and why."""
    return whole(await looks.in_force(store, _viewer(request), now_s=now_s))
