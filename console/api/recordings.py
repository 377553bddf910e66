"""What was recorded: stretches and gaps, and playback as HLS."""

import asyncio
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import FileResponse, Response

from console.api.context import Store, Time, whole
from console.api.shapes import Rows, StretchRow
from console.live.playlist import MEDIA_TYPE, Outside, inside, master_playlist, media_playlist
from store import cameras
from store.errors import InvalidRecord, NotFound
from store.times import rfc3339, seconds

STRETCHES_DAYS = 31
PLAYLIST_HOURS = 12

router = APIRouter(prefix="/recordings", tags=["recordings"])
From = Annotated[Time, Query(alias="from")]


@router.get("", response_model=Rows[StretchRow])
async def list_recordings(store: Store, camera: str, from_: From, to: Time) -> Any:
    """What is recorded of a camera, and what is not and why; at most 31 days at once."""
    _check(from_, to, STRETCHES_DAYS * 24)
    place = await cameras.place(store, camera)
    return whole(await cameras.stretches(store, place, seconds(from_), seconds(to)))


@router.get(
    "/{camera}/playlist.m3u8",
    response_class=Response,
    responses={200: {"description": "an HLS playlist", "content": {MEDIA_TYPE: {}}}},
)
async def playlist(
    store: Store, camera: str, from_: From, to: Time, media: Literal["video", "audio"] | None = None
) -> Response:
    """Playback as HLS with fragmented MP4; at most 12 hours at once. Where there is sound, a master playlist."""
    _check(from_, to, PLAYLIST_HOURS)
    place = await cameras.place(store, camera)
    span = seconds(from_), seconds(to)
    shown = await cameras.fragments(store, place.audio if media == "audio" else place.video, *span)
    if media is None and await cameras.fragments(store, place.audio, *span):
        text = master_playlist(shown, (from_, to))
    else:
        text = media_playlist(shown)
    if not shown:
        raise NotFound(f"camera {camera}: nothing is recorded from {rfc3339(from_)} to {rfc3339(to)}")
    return Response(text, headers={"cache-control": "no-store"}, media_type=MEDIA_TYPE)


@router.get(
    "/{camera}/files/{file:path}",
    response_class=FileResponse,
    responses={200: {"description": "a file of the recording", "content": {"video/mp4": {}}}},
)
async def read_file(store: Store, camera: str, file: str) -> Response:
    """The bytes of a recorded file, by range; only of files that hold fragments of this camera."""
    place = await cameras.place(store, camera)
    stream = file.partition("/")[0]
    if stream not in (place.video, place.audio) or not await cameras.has_file(store, stream, file):
        raise NotFound(f"file {file}: there is none of this name in the recording")
    try:
        path = await asyncio.to_thread(inside, Path(place.folder), file)
    except Outside as error:
        raise NotFound(str(error)) from error
    return FileResponse(path, media_type="video/mp4", headers={"cache-control": "private, max-age=3600"})


def _check(from_: Time, to: Time, hours: int) -> None:
    if not 0 < seconds(to) - seconds(from_) <= hours * 3600:
        raise InvalidRecord(f"from {rfc3339(from_)}, to {rfc3339(to)}: expected a span of at most {hours} hours")
