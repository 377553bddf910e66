"""An alert is a state that began, lasts and ends: its value, its identity, and how it changes."""

import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

_NAMESPACE = uuid.UUID("6f1c2a52-5b7e-4c58-9a0e-0d0c4a8e7d11")


class Grade(StrEnum):
    """How grave: A red, B orange, C yellow."""

    A = "A"
    B = "B"
    C = "C"


class Because(StrEnum):
    """Why an alert ended, where its state need not be over: `ended_because` in its detail."""

    DUTY = "duty"  # it is over
    PLAN = "plan"  # the duty is planned no more
    RULE_OFF = "rule-off"
    UNWATCHED = "unwatched"  # the camera, region or room is looked at no more


@dataclass(frozen=True, slots=True)
class Alert:
    """One state that a rule found. Times are Unix seconds (UTC) of event time; `end_s` is None while it lasts.

    `noticed_s` is the event time at which a live system raises it; `lon` and `lat` are None where the device has never
    been seen and its duty names no place; `detail` holds the figures it rests on.
    """

    rule: str
    rule_version: int
    grade: Grade
    device: str
    duty: str | None
    start_s: float
    end_s: float | None
    noticed_s: float
    lon: float | None
    lat: float | None
    detail: dict[str, Any] = field(default_factory=dict)
    id: str = ""

    def __post_init__(self) -> None:
        if not self.id:
            object.__setattr__(self, "id", alert_id(self.rule, self.device, self.duty, self.start_s))

    def ended(self, end_s: float, **detail: Any) -> "Alert":
        """This alert, ended at `end_s`, with `detail` added to its figures."""
        return replace(self, end_s=end_s, detail=self.detail | detail)


def alert_id(rule: str, device: str, duty: str | None, start_s: float) -> str:
    """The identity of an alert: the same state found twice (after a restart, in a replay) has the same id."""
    return str(uuid.uuid5(_NAMESPACE, f"{rule}\n{device}\n{duty or ''}\n{start_s:.3f}"))


def utc_text(t_s: float) -> str:
    """RFC 3339 in UTC, to the millisecond where there are any."""
    moment = datetime.fromtimestamp(round(t_s, 3), UTC)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds").replace("+00:00", "Z")


def contract_form(alert: Alert) -> dict[str, Any]:
    """The alert as the outside world reads it: one object of `alerts.jsonl`, and of the API."""
    return {
        "rule": alert.rule,
        "rule_version": alert.rule_version,
        "grade": alert.grade.value,
        "device": alert.device,
        "duty": alert.duty,
        "from": utc_text(alert.start_s),
        "to": None if alert.end_s is None else utc_text(alert.end_s),
        "lon": alert.lon,
        "lat": alert.lat,
        "detail": alert.detail | {"noticed": utc_text(alert.noticed_s)},
    }


class Change(StrEnum):
    """What happened to an alert."""

    RAISED = "raised"
    ENDED = "ended"
    JOINED = "joined"  # what another rule found is a line of it now, or that line has ended
    AMENDED = "amended"  # a late fix changed its figures; the earlier form is kept beside it
    WITHDRAWN = "withdrawn"  # a late fix showed that the state never was


@dataclass(frozen=True, slots=True)
class AlertChange:
    """One change of one alert: `alert` is its form after the change, `before` its form before, if it had one."""

    change: Change
    alert: Alert
    before: Alert | None = None
