"""What waits at the door of ingest for a person's word: unknown devices, and messages that could not be read."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from console.api.context import NowS, Store, whole
from console.api.shapes import Replayed, Rows, UnknownDeviceRow
from store import unknown

router = APIRouter(tags=["intake"])


class Letter(BaseModel):
    """A dead letter, as the list names it."""

    model_config = ConfigDict(extra="forbid")

    topic: str = Field(max_length=65_535)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


@router.get("/devices/unknown", response_model=Rows[UnknownDeviceRow])
async def list_unknown_devices(store: Store) -> Any:
    """Devices that were heard and that no plan or person has named, last heard first; a thousand at most."""
    return whole(await unknown.devices(store))


@router.post("/devices/unknown/{device}/accept", status_code=204, response_class=Response)
async def accept_device(store: Store, device: str) -> None:
    """From now on the device is known; its latest fixes, which were kept, are taken in."""
    await unknown.accept(store, device)


@router.post("/devices/unknown/{device}/forget", status_code=204, response_class=Response)
async def forget_device(store: Store, device: str) -> None:
    """Lets go of what is kept of the device; it comes back here when it is heard again."""
    await unknown.forget(store, device)


@router.post("/dead-letters/replay", response_model=Replayed)
async def replay_dead_letters(store: Store, now_s: NowS, letter: Letter | None = None) -> Any:
    """Has ingest read a dead letter again, or all of them; one that can't be read now either stays, with its reason."""
    if letter is None:
        return {"count": await unknown.replay_all(store, now_s=now_s)}
    await unknown.replay(store, letter.topic, letter.sha256, now_s=now_s)
    return {"count": 1}
