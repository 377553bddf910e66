"""Service hours: when somebody is expected at a window, every day, in the bureau's own time."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
EXPECTED = "spans like 08:30-12:00"
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


class ServiceHours:
    """Spans of a day; without any, service never ends. A span's end is not in it.

    Raises:
        ValueError: where a text is no span; the message says what was expected.
    """

    def __init__(self, spans: Sequence[str] = ()) -> None:
        self._spans = [_minutes(text) for text in spans]

    def hold(self, t_s: float) -> bool:
        """Whether it is time of service at `t_s` (Unix seconds)."""
        local = datetime.fromtimestamp(t_s, UTC).astimezone(ZONE)
        minute = local.hour * 60 + local.minute
        return not self._spans or any(first <= minute < last for first, last in self._spans)


def _minutes(text: str) -> tuple[int, int]:
    match = _SPAN.fullmatch(text)
    if match is not None:
        first, last = (60 * int(match[n]) + int(match[n + 1]) for n in (1, 3))
        if first < last <= 24 * 60:
            return first, last
    raise ValueError(f"expected {EXPECTED}, got {text!r}")
