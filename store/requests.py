"""What people tell with a request for footage, checked: names, reasons, cameras, spans."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from store.errors import InvalidRecord, NotFound
from store.times import moment, rfc3339

TEXT_LIMIT = 500
CAMERAS_LIMIT = 100


def told_text(field: str, text: str) -> str:
    """A reason or a case number without the space around it; InvalidRecord where there is none, or too much."""
    told = text.strip()
    if not 1 <= len(told) <= TEXT_LIMIT or "\0" in told:
        raise InvalidRecord(f"{field}: expected 1 to {TEXT_LIMIT} characters", field)
    return told


def told_cameras(cameras: Sequence[str], limit: int = CAMERAS_LIMIT) -> list[str]:
    """Ids of cameras, each once; InvalidRecord where there are none, or more than `limit`."""
    told = sorted(set(cameras))
    if not 1 <= len(told) <= limit:
        raise InvalidRecord(f"cameras: expected 1 to {limit} of them, got {len(told)}", "cameras")
    return told


def told_span(from_s: float, to_s: float, *, hours: int | None = None) -> tuple[datetime, datetime]:
    """A range of time; InvalidRecord where it does not end after its beginning, or is longer than some `hours`."""
    begins, ends = moment(from_s), moment(to_s)
    if not begins < ends:
        raise InvalidRecord(f"to {rfc3339(ends)}: expected a time after from {rfc3339(begins)}", "to")
    if hours is not None and to_s - from_s > hours * 3600:
        span = f"from {rfc3339(begins)}, to {rfc3339(ends)}"
        length = f"{(to_s - from_s) / 3600:.1f} hours"
        raise InvalidRecord(f"{span}: expected at most {hours} hours, got {length}", "to")
    return begins, ends


def number_of(kind: str, text: str) -> UUID:
    """The id of a `kind`; NotFound where it is none."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(f"{kind} {text!r}: there is none with this id") from error
