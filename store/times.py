"""Unix seconds ↔ timestamptz, rounded everywhere alike (to the microsecond), so that equal times compare equal."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def moment(seconds: float) -> datetime:
    """The UTC time at `seconds` since 1970."""
    return _EPOCH + timedelta(microseconds=round(seconds * 1e6))


def seconds(moment: datetime) -> float:
    """Seconds since 1970 of a time with zone."""
    return ((moment - _EPOCH) // _MICROSECOND) / 1e6


def moment_or_none(value: float | None) -> datetime | None:
    """:func:`moment`, with None for None."""
    return None if value is None else moment(value)


def seconds_or_none(value: datetime | None) -> float | None:
    """:func:`seconds`, with None for None."""
    return None if value is None else seconds(value)


def rfc3339(value: datetime) -> str:
    """A time as the API writes it: UTC, with Z."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def rfc3339_or_none(value: datetime | None) -> str | None:
    """:func:`rfc3339`, with None for None."""
    return None if value is None else rfc3339(value)
