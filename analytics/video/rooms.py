"""What is known of a room besides its picture, from the records: the open session, who is signed in, the meeting."""

from dataclasses import dataclass
from enum import StrEnum


class Procedure(StrEnum):
    """Under which law somebody is questioned."""

    CRIMINAL = "criminal"
    ADMINISTRATIVE = "administrative"


@dataclass(frozen=True, slots=True)
class Session:
    """An open interrogation; `standard_place` where the room is a standard case-handling place."""

    id: str
    procedure: Procedure = Procedure.CRIMINAL
    standard_place: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """A room at one time. `recorded_picture` and `recorded_sound` are None where nobody can tell; `provably_complete`
    is the verdict on the session's recording so far."""

    session: Session | None = None
    detainees: int = 0
    recorded_picture: bool | None = None
    recorded_sound: bool | None = None
    provably_complete: bool = False


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting in the roster, from `start_s` to `end_s` (seconds), with `rostered` people."""

    id: str
    start_s: float
    end_s: float
    rostered: int
