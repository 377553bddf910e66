"""The forms of what the API gives, as OpenAPI tells them."""

from typing import Any, Generic, Literal, NotRequired, TypeVar

from typing_extensions import TypedDict

from ingest.unread import Unread

Grade = Literal["A", "B", "C"]
State = Literal["NEW", "ACKED", "DISPATCHED", "EXPLAINED", "CLOSED", "SHELVED", "FALSE", "CLEARED"]
ActionName = Literal["ack", "dispatch", "explain", "resolve", "reopen", "shelve", "false-alarm", "note"]
Finding = Literal["upheld", "excused"]
FalseCode = Literal["gps-drift", "wrong-plan", "authorised", "device-fault", "other"]
DutyKind = Literal["patrol", "post", "standby"]

T = TypeVar("T")


class Rows(TypedDict, Generic[T]):
    """A list that is given whole, in the form of a page."""

    items: list[T]
    next: None


class Page(TypedDict, Generic[T]):
    """Some rows, and the cursor of the rest."""

    items: list[T]
    next: str | None


class Words(TypedDict, total=False):
    """A text in Chinese and English; empty where there is none."""

    zh: str
    en: str


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
        "state": State,
        "raised_at": str,
        "escalation": int,
        "escalated_at": str | None,
        "shelved_until": str | None,
        "withdrawn": bool,
        "finding": Finding | None,
        "false_code": FalseCode | None,
        "unit": str | None,
        "actions": list[ActionName],
        "escalates_at": str | None,
    },
)
AlertRow.__doc__ = """An alert as it is listed.

`actions` are those that its state allows now, the next sensible one first; any other is answered with 409. Unless
somebody acknowledges it, the alert goes one level up at `escalates_at`; at `escalated_at` it last did, or its grade
rose."""


class Limit(TypedDict):
    """The default and the bounds of one parameter of a rule."""

    default: float
    least: float
    most: float
    meaning: Words


class RuleRow(TypedDict):
    """One version of a rule. `limits` is told where rules are read to be edited."""

    id: str
    version: int
    evaluator: str
    grade: Grade
    enabled: bool
    parameters: dict[str, float]
    scope: dict[str, Any]
    schedule: dict[str, Any]
    basis: Words | None
    title: Words
    meaning: Words
    cause: Words
    consequence: Words
    action: Words
    time_allowed_s: int | None
    owner: str | None
    precedence: int
    effective_from: str | None
    effective_to: str | None
    author: str
    saved_at: str
    limits: NotRequired[dict[str, Limit]]


DutyRow = TypedDict(
    "DutyRow",
    {
        "id": str,
        "device": str,
        "kind": DutyKind,
        "from": str,
        "to": str,
        "route": str | None,
        "area": str | None,
        "post": str | None,
        "unit": str | None,
        "checkpoints": NotRequired[list[str]],
        "breaks": NotRequired[list[dict[str, Any]]],
    },
)


class ShapeRow(TypedDict):
    """A feature of the plan; geometry and properties as in its GeoJSON."""

    id: str
    kind: str
    name: str | None
    geometry: dict[str, Any]
    properties: dict[str, Any]


class UnitRow(TypedDict):
    """A unit of the bureau by its path; `level` counts from 1 at the top."""

    path: str
    name: str
    level: int


class DeviceRow(TypedDict):
    """A device, heard of or only planned."""

    device: str
    name: str | None
    kind: str
    unit: str | None
    status: Literal["online", "offline"] | None
    status_at: str | None
    last_fix: str | None
    heard_at: str | None


CrossingRow = TypedDict("CrossingRow", {"device": str, "duty": str, "from": str, "to": str, "lon": float, "lat": float})


class DeadLetterRow(TypedDict):
    """A message that could not be read: why, in a word and in ingest's own; its first KiB as text; its count."""

    topic: str
    sha256: str
    code: Unread
    reason: str
    head: str
    size: int
    first_at: str
    last_at: str
    seen: int


class UnknownDeviceRow(TypedDict):
    """A device that was heard and that nobody has named; `seen` fixes came, of which the latest `fixes` are kept."""

    device: str
    unit: str | None
    first_at: str
    last_at: str
    seen: int
    fixes: int
    last_fix: str | None
    lon: float | None
    lat: float | None


class Replayed(TypedDict):
    """How many dead letters ingest is to read again."""

    count: int


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


class PictureRow(TypedDict):
    """A picture that an alert rests on: when its keyframe arrived, and the digest of the file."""

    number: int
    taken_at: str
    sha256: str


class AlertDetail(AlertRow):
    history: list[HistoryRow]
    amendments: list[Amendment]
    pictures: list[PictureRow]
    rule_row: RuleRow | None
    duty_row: DutyRow | None
    previous: list[AlertRow]


class PositionRow(TypedDict):
    device: str
    kind: str
    unit: str | None
    name: str | None
    t: str
    lon: float
    lat: float
    speed: float | None
    heading: float | None
    accuracy: float | None
    heard_at: str | None
    status: Literal["online", "offline", "unknown"]
    duty: str | None
    duty_kind: DutyKind | None


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


class Component(TypedDict):
    id: str
    state: Literal["ok", "degraded", "down"]
    detail: dict[str, Any]


class AlertLoad(TypedDict):
    """null: not known, as long as the database was never asked."""

    last_10_min: int | None
    last_hour: int | None


class DeviceCounts(TypedDict):
    """null: not known, as long as the database was never asked."""

    on_duty: int | None
    online: int | None
    stale: int | None


class Latency(TypedDict):
    p50: float | None
    p99: float | None


class Readiness(TypedDict):
    """The worst state of the parts, and each part's."""

    status: Literal["ok", "degraded", "down"]
    components: dict[str, Literal["ok", "degraded", "down"]]


class SystemState(TypedDict):
    at: str
    components: list[Component]
    alert_load: AlertLoad
    devices: DeviceCounts
    latency_s: Latency


class SessionPerson(TypedDict):
    """Somebody in an interrogation, from when to when, and who signed them in and out (null: not recorded)."""

    name: str
    role: Literal["officer", "detainee", "guardian", "interpreter", "lawyer", "other"]
    signed_in: str
    signed_in_by: str | None
    signed_out: str | None
    signed_out_by: str | None


class SessionRow(TypedDict):
    """An interrogation."""

    id: str
    room: str
    kind: Literal["criminal", "administrative"]
    case_number: str | None
    standard_place: bool
    opened_at: str
    opened_by: str
    closed_at: str | None
    closed_by: str | None
    people: list[SessionPerson]


CameraKind = Literal["window", "interrogation", "waiting", "street", "bodycam"]
CameraState = Literal["connecting", "live", "stalled", "lost", "refused", "unusable", "unknown"]


class LookRow(TypedDict):
    """That somebody wanted to look into a room, or at a camera without one; why; and until when that opens it."""

    id: str
    room: str | None
    camera: str | None
    purpose: str
    case: str | None
    at: str
    until: str


class CameraRow(TypedDict):
    """A camera as its worker saw it last. `since` is when the state began; `unknown` since its worker was heard last.
    `codec` and `audio` are FFmpeg's names. `people` and `picture` are what the machine saw at `looked_at`.
    `lost_packets` is how many RTP packets of it never came in the last hour; null where nobody knows."""

    id: str
    name: str
    kind: CameraKind
    unit: str | None
    room: str | None
    lon: float | None
    lat: float | None
    recorder: str
    state: CameraState
    reason: str | None
    since: str
    codec: str | None
    width: int | None
    height: int | None
    audio: str | None
    recorded: bool
    seen_at: str
    people: int | None
    picture: Literal["ok", "black", "covered", "defocused", "moved", "frozen"] | None
    looked_at: str | None
    lost_packets: int | None


StretchRow = TypedDict(
    "StretchRow",
    {
        "camera": str,
        "media": Literal["video", "audio"],
        "kind": Literal["recorded", "gap"],
        "from": str,
        "to": str,
        "reason": str | None,
    },
)


FindingRow = TypedDict(
    "FindingRow",
    {
        "verdict": Literal[
            "INTACT",
            "ALTERED",
            "MISSING",
            "REORDERED",
            "DECLARED GAP",
            "TRUNCATED",
            "UNANCHORED",
            "UNKNOWN KEY",
        ],
        "detail": str,
        "media": Literal["video", "audio"] | None,
        "from": str | None,
        "to": str | None,
    },
)
Verification = TypedDict(
    "Verification",
    {
        "camera": str,
        "from": str,
        "to": str,
        "recorder": str,
        "key": str,
        "proof": Literal["intact", "not-intact", "unproven", "nothing"],
        "findings": list[FindingRow],
        "leaves": int,
        "bytes": int,
        "verified_at": str,
    },
)
Verification.__doc__ = """What verification found of a recording.

`proof`: `intact` where nothing speaks against any of it; `unproven` where no signed head vouches for some of it (yet)
and nothing else speaks against it; `nothing` where nothing is recorded. `key` is the fingerprint of the recorder's own
key; that it is the recorder's is not proven here. `leaves` were judged and `bytes` of footage hashed."""


class SavedPlan(TypedDict):
    version: int
