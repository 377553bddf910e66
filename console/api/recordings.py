"""What was recorded: stretches and gaps, playback as HLS, and whether it is as it was recorded."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import FileResponse, Response

from console.api.context import Console, Store, Time, whole
from console.api.looks import Shown, caching
from console.api.shapes import Rows, StretchRow, Verification
from console.live.playlist import MEDIA_TYPE, Outside, inside, master_playlist, media_playlist
from store import cameras
from store.cameras import RecordedIn
from store.errors import InvalidRecord, NotFound
from store.evidence.range_verification import verify_range
from store.evidence.verdict import Finding, Verdict
from store.evidence.verification import Key, Report
from store.evidence.witnesses import Known
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
    store: Store, place: Shown, from_: From, to: Time, media: Literal["video", "audio"] | None = None
) -> Response:
    """Playback as HLS with fragmented MP4; at most 12 hours at once. Where there is sound, a master playlist. 403, kind
    `purpose`, where it is of an interrogation and this viewer has not said why they look."""
    _check(from_, to, PLAYLIST_HOURS)
    span = seconds(from_), seconds(to)
    shown = await cameras.fragments(store, place.audio if media == "audio" else place.video, *span)
    if media is None and await cameras.fragments(store, place.audio, *span):
        text = master_playlist(shown, (from_, to))
    else:
        text = media_playlist(shown, place.log)
    if not shown:
        raise NotFound(f"camera {place.camera}: nothing is recorded from {rfc3339(from_)} to {rfc3339(to)}")
    return Response(text, headers={"cache-control": "no-store"}, media_type=MEDIA_TYPE)


@router.get(
    "/{camera}/files/{file:path}",
    response_class=FileResponse,
    responses={200: {"description": "a file of the recording", "content": {"video/mp4": {}}}},
)
async def read_file(
    store: Store, place: Shown, file: str, log: Annotated[int | None, Query(ge=0, lt=2**31)] = None
) -> Response:
    """The bytes of a recorded file, by range; only of files that hold fragments of this camera. `log` is as a playlist
    says, where the recorder has begun another log since. 403 as of the playlist."""
    stream = file.partition("/")[0]
    folder = None
    if stream in (place.video, place.audio):
        folder = await cameras.folder_of(store, place, stream, file, log)
    if folder is None:
        raise NotFound(f"file {file}: there is none of this name in the recording")
    try:
        path = await asyncio.to_thread(inside, Path(folder), file)
    except Outside as error:
        raise NotFound(str(error)) from error
    return FileResponse(path, media_type="video/mp4", headers=caching(place.sight, 3600))


@router.get("/{camera}/verification", response_model=Verification)
async def verify(console: Console, store: Store, camera: str, from_: From, to: Time) -> Any:
    """Whether a recording is as it was recorded: its bytes, its leaves and the signed heads over them; at most 15
    minutes at once. 503 where the recorder's folder can't be read here, or its log is too long to be read for this."""
    _check(from_, to, VERIFICATION_HOURS)
    place = await cameras.place(store, camera)
    span = round(seconds(from_) * 1e9), round(min(seconds(to), time.time()) * 1e9)  # a session goes on, but not yet
    logs = await cameras.recorded_in(store, place, span[0] / 1e9, span[1] / 1e9)
    streams = (place.video, place.audio)
    async with console.verifying:
        reports = [await asyncio.to_thread(_verified, log, streams, *span) for log in logs]
    report = _together(reports)
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


def _verified(log: RecordedIn, streams: Sequence[str], from_ns: int, to_ns: int) -> Report:
    """What one log says of the range; of one that is not there any more, that it is not."""
    if log.gone:
        detail = f"the log {log.origin} is not in {log.folder} any more"
        missing = [Finding(Verdict.MISSING, detail, None, from_ns, to_ns)]
        return Report(log.origin or "", [Key("the recorder", "", None)], missing, 0, 0)
    known = [Known("the database", log.size, bytes.fromhex(log.root))] if log.root else []
    return verify_range(Path(log.folder), streams, from_ns, to_ns, known=known)


def _together(reports: Sequence[Report]) -> Report:
    """What several logs say of one range: a recorder may have begun another in it."""
    return Report(
        ", ".join(report.recorder for report in reports),
        [Key("the recorder", ", ".join(dict.fromkeys(report.keys[0].fingerprint for report in reports)), None)],
        [finding for report in reports for finding in report.findings],
        sum(report.leaves for report in reports),
        sum(report.bytes for report in reports),
    )


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
