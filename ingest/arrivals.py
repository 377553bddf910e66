"""Alerts about how a device's fixes arrive. No replay can find them: ingest raises them, not the engine."""

from collections.abc import Iterable
from typing import Any

from analytics.alerts import Alert, AlertChange, Change
from analytics.rulebook import Rulebook
from analytics.rules.implausible_position import RULE

FLOOD, CLOCK, OWN_CLOCK = "flood", "clock", "own-clock"
SERVER = "ingest"  # what an alert about ourselves is about
_REASONS = frozenset({FLOOD, CLOCK, OWN_CLOCK})


def of_engine(alerts: Iterable[Alert]) -> list[Alert]:
    """The alerts that the engine may revise."""
    return [alert for alert in alerts if not _is_ours(alert)]


def of_arrivals(alerts: Iterable[Alert], reason: str) -> dict[str, Alert]:
    """The open alerts of ingest itself for `reason`, by device."""
    return {a.device: a for a in alerts if _is_ours(a) and a.end_s is None and a.detail["reason"] == reason}


class ArrivalAlerts:
    """The open `implausible-position` alerts of one reason, one a device."""

    def __init__(self, reason: str) -> None:
        self._reason = reason
        self._rule = RULE
        self._open: dict[str, Alert] = {}
        self._changes: list[AlertChange] = []

    def begin(self, rules: Rulebook, known: Iterable[Alert]) -> None:
        """Go on with the alerts that are open in the database."""
        self._rule = rules[RULE.id]
        self._open = of_arrivals(known, self._reason)
        self._changes.clear()

    def __contains__(self, device: str) -> bool:
        return device in self._open

    def __len__(self) -> int:
        return len(self._open)

    def opened(self) -> list[Alert]:
        """The open alerts."""
        return list(self._open.values())

    def raise_once(self, device: str, now_s: float, lon: float | None, lat: float | None, **detail: Any) -> None:
        """Say it, unless it is said already or the rule is off."""
        if device in self._open or not self._rule.enabled:
            return
        now_s = round(now_s, 3)
        alert = Alert(
            self._rule.id, self._rule.version, self._rule.grade, device, None, now_s, None, now_s, lon, lat,
            {"reason": self._reason, **detail},
        )  # fmt: skip
        self._open[device] = alert
        self._changes.append(AlertChange(Change.RAISED, alert))

    def end(self, device: str, now_s: float, **detail: Any) -> None:
        """It is over; nothing where it was not open."""
        before = self._open.pop(device, None)
        if before is not None:
            end_s = max(round(now_s, 3), before.start_s)
            after = before.ended(end_s, duration_s=round(end_s - before.start_s, 1), **detail)
            self._changes.append(AlertChange(Change.ENDED, after, before))

    def settle(self) -> tuple[AlertChange, ...]:
        """The changes since the last call."""
        changes, self._changes = tuple(self._changes), []
        return changes


def _is_ours(alert: Alert) -> bool:
    return alert.rule == RULE.id and alert.detail.get("reason") in _REASONS
