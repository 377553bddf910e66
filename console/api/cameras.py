"""Cameras: which there are and how they are, one picture, and live video by WHEP."""

from email.utils import formatdate
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.api.context import Console, Store, whole
from console.api.looks import LastingRight, Shown
from console.api.shapes import CameraRow, Rows
from store import cameras
from store.errors import NotFound
from store.times import moment, rfc3339

SDP = "application/sdp"

router = APIRouter(prefix="/cameras", tags=["cameras"])


@router.get("", response_model=Rows[CameraRow])
async def list_cameras(store: Store) -> Any:
    """All cameras and how they are."""
    return whole(await cameras.cameras(store))


@router.get(
    "/{camera}/snapshot",
    response_class=Response,
    responses={
        200: {
            "description": "the newest keyframe; X-Picture-Time: when it arrived, X-Picture-Age: how many seconds ago",
            "content": {"image/jpeg": {}},
        }
    },
)
async def snapshot(console: Console, place: Shown) -> Response:
    """The newest keyframe as JPEG. 503 with the reason where there is no picture; 403, kind `purpose`, where it is of
    an interrogation and this viewer has not said why they look."""
    picture = await console.snapshots.newest(place.camera, place.tap)
    headers = {
        "cache-control": "no-store",
        "last-modified": formatdate(picture.taken_s, usegmt=True),
        "x-picture-time": rfc3339(moment(picture.taken_s)),
        "x-picture-age": f"{picture.age_s:.3f}",
    }
    return Response(picture.jpeg, 200, headers, "image/jpeg")


@router.post(
    "/{camera}/whep",
    status_code=201,
    response_class=Response,
    responses={201: {"description": "an SDP answer; Location is what to DELETE", "content": {SDP: {}}}},
    openapi_extra={"requestBody": {"required": True, "content": {SDP: {"schema": {"type": "string"}}}}},
)
async def look(
    console: Console,
    request: Request,
    place: Shown,
    right: LastingRight,
    content_type: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Live video (WHEP): an SDP offer with H.264 in, an answer out. X-Sound says what becomes of the camera's sound. It
    ends with the right to see it; who then asks again is answered why.

    403, kind `purpose`, where it is of an interrogation and this viewer has not said why they look; 406 where the offer
    has no H.264; 409 where the camera sends what a browser can't take (H.265, B-frames): take its
    snapshot; 503 where there is no picture, or as many look as may.
    """
    if content_type.partition(";")[0].strip().lower() != SDP:
        raise HTTPException(415, f"the body is {content_type or 'of no type'}; expected {SDP}")
    offer = (await request.body()).decode("utf-8", "replace")
    answer = await console.viewers.join(place.camera, place.tap, offer, right)
    headers = {
        "location": f"{request.url.path}/{answer.viewer}",
        "cache-control": "no-store",
        "x-sound": answer.sound,
    }
    return Response(answer.sdp, 201, headers, SDP)


@router.delete("/{camera}/whep/{viewer}", status_code=204, response_class=Response)
async def leave(console: Console, camera: str, viewer: str) -> Response:
    """Ends live video."""
    if not await console.viewers.leave(camera, viewer):
        raise NotFound(f"viewer {viewer}: there is none of camera {camera} with this id; it may have ended")
    return Response(status_code=204)
