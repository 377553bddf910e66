"""What was recorded: stretches and gaps, playback as HLS, and whether it is as it was recorded."""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import FileResponse, Response

from console.api.context import Console, Store, Time, whole
from console.api.shapes import Rows, StretchRow, Verification
from console.live.playlist import MEDIA_TYPE, Outside, inside, master_playlist, media_playlist
from store import cameras
from store.errors import InvalidRecord, NotFound
from store.evidence.range_verification import verify_range
from store.evidence.verdict import Finding, Verdict
from store.evidence.verification import Report
from store.times import moment, rfc3339, seconds

STRETCHES_DAYS = 31
PLAYLIST_HOURS = 12
VERIFICATION_HOURS = 0.25

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


@router.get("/{camera}/verification", response_model=Verification)
async def verify(console: Console, store: Store, camera: str, from_: From, to: Time) -> Any:
    """Whether a recording is as it was recorded: its bytes, its leaves and the signed heads over them; at most 15
    minutes at once. 503 where the recorder's folder can't be read here, or its log is too long to be read for this."""
    _check(from_, to, VERIFICATION_HOURS)
    place = await cameras.place(store, camera)
    span = round(seconds(from_) * 1e9), round(min(seconds(to), time.time()) * 1e9)  # a session goes on, but not yet
    async with console.verifying:
        report = await asyncio.to_thread(verify_range, Path(place.folder), (place.video, place.audio), *span)
    return {
        "camera": camera,
        "from": rfc3339(from_),
        "to": rfc3339(to),
        "recorder": report.recorder,
        "key": report.keys[0].fingerprint,
        "proof": _proof(report),
        "findings": [_row(finding) for finding in report.findings],
        "leaves": report.leaves,
        "bytes": report.bytes,
        "verified_at": rfc3339(moment(time.time())),
    }


def _proof(report: Report) -> str:
    against = {finding.verdict for finding in report.findings if not finding.sound}
    if not report.findings:
        return "nothing"
    if not against:
        return "intact"
    return "unproven" if against == {Verdict.UNANCHORED} else "not-intact"


def _row(finding: Finding) -> dict[str, Any]:
    media = finding.stream.rpartition(".")[2] if finding.stream is not None else None
    times = [None if ns is None else rfc3339(moment(ns / 1e9)) for ns in (finding.from_ns, finding.to_ns)]
    return {"verdict": finding.verdict, "detail": finding.detail, "media": media, "from": times[0], "to": times[1]}


def _check(from_: Time, to: Time, hours: float) -> None:
    if not 0 < seconds(to) - seconds(from_) <= hours * 3600:
        most = f"{hours} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
        raise InvalidRecord(f"from {rfc3339(from_)}, to {rfc3339(to)}: expected a span of at most {most}")
