"""An interrogation as the rules about rooms know it: which room, under which law, who is signed in as what."""

from dataclasses import dataclass
from enum import StrEnum

from analytics.video.rooms import Procedure


class Role(StrEnum):
    """As what somebody is in the room."""

    OFFICER = "officer"
    DETAINEE = "detainee"
    GUARDIAN = "guardian"
    INTERPRETER = "interpreter"
    LAWYER = "lawyer"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Interrogation:
    """An open interrogation; `present` are the roles of those signed in at the moment, `opened_s` Unix seconds.

    `standard_place`: the room is a standard, managed case-handling place (治安管理处罚法 2025, art. 108).
    """

    id: str
    room: str
    procedure: Procedure
    standard_place: bool
    opened_s: float
    present: tuple[Role, ...] = ()

    @property
    def detainees(self) -> int:
        return self.present.count(Role.DETAINEE)
