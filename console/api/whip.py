"""Body-worn cameras publish here (WHIP, RFC 9725). The offer goes on to the process that owns the device's camera.

That process listens on a Unix socket at the path of the camera's tap + ".whip"; one JSON object in a line each way:

    {"whip": ID, "sdp": OFFER, "token": TOKEN}   →  {"sdp": ANSWER, "resource": ID}
    {"whip_end": RESOURCE}                       →  {}
    either                                       →  {"error": TEXT, "kind": WORD}

The media then flow between the device and that process; they don't come through the console.
"""

from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from console.api.context import Store
from console.live import whip
from store import cameras

SDP = "application/sdp"

router = APIRouter(prefix="/devices", tags=["devices"])


@router.post(
    "/{device}/whip",
    status_code=201,
    response_class=Response,
    responses={201: {"description": "an SDP answer; Location is what to DELETE", "content": {SDP: {}}}},
    openapi_extra={"requestBody": {"required": True, "content": {SDP: {"schema": {"type": "string"}}}}},
)
async def publish(
    store: Store,
    request: Request,
    device: str,
    content_type: Annotated[str, Header(include_in_schema=False)] = "",
    authorization: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """A body-worn camera publishes (WHIP): an SDP offer with H.264, and Opus or G.711 if there is sound, in; an answer
    out. A device for which a token is set shows it (`Authorization: Bearer …`).

    400 where the offer can't be read; 401 where the token is not the device's; 404 where no camera has the device's id;
    406 where the offer has no H.264; 409 where somebody publishes as this device already; 503 where as many publish as
    may, or the camera process is away.
    """
    if content_type.partition(";")[0].strip().lower() != SDP:
        detail = f"the body is {content_type or 'of no type'}; expected {SDP}"
        raise HTTPException(415, detail, {"accept-post": SDP})
    offer = (await request.body()).decode("utf-8", "replace")
    place = await cameras.place(store, device)
    scheme, _, token = authorization.partition(" ")
    publication = await whip.publish(place.tap, device, offer, token.strip() if scheme.lower() == "bearer" else None)
    headers = {"location": f"{request.url.path}/{publication.resource}", "cache-control": "no-store"}
    return Response(publication.sdp, 201, headers, SDP)


@router.delete("/{device}/whip/{publication}", response_class=Response)
async def end(store: Store, device: str, publication: str) -> Response:
    """Ends a publication."""
    place = await cameras.place(store, device)
    await whip.end(place.tap, publication)
    return Response()
