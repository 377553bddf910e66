"""Where a camera is, and who may look."""

from urllib.parse import quote, urlsplit, urlunsplit

from msgspec import Struct

RTSP_PORT = 554
MOST_CREDENTIAL_BYTES = 127  # of the user name, a colon and the password in an address: FFmpeg cuts what is longer
_MEANINGFUL = "%@:/?#[]\\"  # in an address


class Address(Struct, frozen=True, kw_only=True):
    """Where a camera is and who may look. Not to be written anywhere."""

    url: str
    username: str | None = None
    password: str | None = None
    transport: str = "tcp"

    def __repr__(self) -> str:
        return "Address(…)"

    def with_credentials(self) -> str:
        """The address as FFmpeg takes it."""
        if self.username is None:
            return self.url
        place = urlsplit(self.url)
        return urlunsplit(place._replace(netloc=f"{credentials(self.username, self.password)}@{place.netloc}"))


def credentials(username: str, password: str | None) -> str:
    """As they stand in an address."""
    return ":".join(map(_escaped, (username, password or "")))


def _escaped(text: str) -> str:
    return "".join(quote(each, safe="") if each in _MEANINGFUL or not each.isprintable() else each for each in text)
