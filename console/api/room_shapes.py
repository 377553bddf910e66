"""The forms of what the API gives about rooms."""

from typing import Literal

from typing_extensions import TypedDict

from console.api.shapes import AlertRow, CameraRow, SessionRow, Words


class Headcount(TypedDict):
    """How many people the camera that sees most of the room shows, at `at`. `counted` just now; `unseen`: it looked and
    nobody could tell; `old`: it has not looked for a while, `people` is what it showed then; `never`."""

    camera: str
    people: int | None
    at: str | None
    state: Literal["counted", "unseen", "old", "never"]


class Required(TypedDict):
    """How many have to be in the room: the detainees who are signed in, and so many officers; `officers_if_recorded`
    while the recording is provably complete, in a standard place."""

    detainees: int
    officers: int
    officers_if_recorded: int


class RoomRecording(TypedDict):
    """What becomes of a stream now. `gap`: it is missing, for `reason`; `silent`: nobody says why nothing comes;
    `none`: nothing of it was ever recorded. It is recorded, or was, until `until`."""

    camera: str
    media: Literal["video", "audio"]
    state: Literal["recorded", "gap", "silent", "none"]
    until: str | None
    reason: str | None


class TierRow(TypedDict):
    """How long a clock may run, in seconds, until when that is, and on what condition; None for always."""

    limit_s: float
    ends_at: str
    condition: Words | None


class ClockRow(TypedDict):
    """A clock that runs since `since`; `person` is None for the session's. `held_s`, the tier's `limit_s` and `ends_at`
    and the `standing` to it are as of the answer: `soon` an hour before the end, `close` a quarter of an hour, `over`
    beyond the last tier. The first tier holds for everybody."""

    kind: Literal["holding", "rest", "session"]
    person: str | None
    since: str
    held_s: float
    limit_s: float
    ends_at: str
    standing: Literal["within", "soon", "close", "over"]
    tiers: list[TierRow]
    basis: Words


class RoomRow(TypedDict):
    """A room; `headcount` is None where no camera looks, `session` and `required` where no session is open."""

    room: str
    cameras: list[CameraRow]
    session: SessionRow | None
    headcount: Headcount | None
    required: Required | None
    recording: list[RoomRecording]
    clocks: list[ClockRow]
    alerts: list[AlertRow]


class Rooms(TypedDict):
    at: str
    items: list[RoomRow]
