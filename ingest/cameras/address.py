"""Where a camera is, and who may look."""

from urllib.parse import urlsplit

from msgspec import Struct

RTSP_PORT = 554


class Address(Struct, frozen=True, kw_only=True):
    """Where a camera is and who may look; `proved_by` is how it asked for the password when it took it, "DIGEST" or
    "BASIC". Not to be written anywhere."""

    url: str
    username: str | None = None
    password: str | None = None
    transport: str = "tcp"
    proved_by: str | None = None

    def __repr__(self) -> str:
        return "Address(…)"


def place_of(url: str) -> tuple[str, int]:
    """The host and the port of a camera."""
    place = urlsplit(url)
    return place.hostname or "", place.port or RTSP_PORT
