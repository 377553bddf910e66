"""The forms of what the API gives, as OpenAPI tells them."""

from typing import Any, Literal

from typing_extensions import TypedDict

Grade = Literal["A", "B", "C"]

AlertRow = TypedDict(
    "AlertRow",
    {
        "id": str,
        "rule": str,
        "rule_version": int,
        "grade": Grade,
        "device": str,
        "duty": str | None,
        "from": str,
        "to": str | None,
        "lon": float | None,
        "lat": float | None,
        "detail": dict[str, Any],
        "state": str,
        "raised_at": str,
        "escalation": int,
        "shelved_until": str | None,
        "withdrawn": bool,
        "finding": str | None,
        "false_code": str | None,
        "unit": str | None,
    },
)


class AlertPage(TypedDict):
    items: list[AlertRow]
    next: str | None


class HistoryRow(TypedDict):
    at: str
    actor: str
    action: str
    from_state: str | None
    to_state: str | None
    code: str | None
    note: str | None


class Amendment(TypedDict):
    at: str
    change: str
    before: dict[str, Any] | None


class AlertDetail(AlertRow):
    history: list[HistoryRow]
    amendments: list[Amendment]
    rule_row: dict[str, Any] | None
    duty_row: dict[str, Any] | None
    previous: list[AlertRow]


class PositionRow(TypedDict):
    device: str
    kind: str | None
    unit: str | None
    name: str | None
    t: str
    lon: float
    lat: float
    speed: float | None
    heading: float | None
    accuracy: float | None
    status: Literal["online", "offline", "unknown"]
    duty: str | None
    duty_kind: str | None


class Positions(TypedDict):
    at: str
    items: list[PositionRow]


Track = TypedDict(
    "Track",
    {
        "device": str,
        "from": str,
        "to": str,
        "t": list[float],
        "lon": list[float],
        "lat": list[float],
        "speed": list[float | None],
        "accuracy": list[float | None],
        "truncated": bool,
    },
)


class Page(TypedDict):
    items: list[dict[str, Any]]
    next: str | None


class Component(TypedDict):
    id: str
    state: Literal["ok", "degraded", "down"]
    detail: dict[str, Any]


class AlertLoad(TypedDict):
    last_10_min: int
    last_hour: int


class DeviceCounts(TypedDict):
    on_duty: int
    online: int
    stale: int


class Latency(TypedDict):
    p50: float | None
    p99: float | None


class SystemState(TypedDict):
    at: str
    components: list[Component]
    alert_load: AlertLoad
    devices: DeviceCounts
    latency_s: Latency


class SavedPlan(TypedDict):
    version: int
