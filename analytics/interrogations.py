"""An interrogation as the room rules know it: who is signed in as what, and how many officers the law wants there.

Criminal questioning needs two officers (刑事诉讼法 art. 118). An administrative one needs two as well, or one in a
standard place while the recording is provably complete (治安管理处罚法, revised 2025, art. 108; since 2026-01-01).
"""

from dataclasses import dataclass
from enum import StrEnum


class CaseKind(StrEnum):
    CRIMINAL = "criminal"
    ADMINISTRATIVE = "administrative"


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
    """An open interrogation: the roles of the people signed in at the moment. `opened_s` in Unix seconds.

    `standard_place`: the room is a standard, managed case-handling place in the sense of art. 108.
    """

    id: str
    room: str
    kind: CaseKind
    standard_place: bool
    opened_s: float
    present: tuple[Role, ...] = ()

    @property
    def detainees(self) -> int:
        return self.present.count(Role.DETAINEE)

    @property
    def officers(self) -> int:
        return self.present.count(Role.OFFICER)


def officers_required(interrogation: Interrogation, *, recording_complete: bool) -> int:
    """How many officers must be in the room; a recording not known to be complete does not excuse the second one."""
    alone = interrogation.kind is CaseKind.ADMINISTRATIVE and interrogation.standard_place and recording_complete
    return 1 if alone else 2


def people_required(interrogation: Interrogation, *, recording_complete: bool) -> int:
    """How many people a picture of the room must show at least while a detainee is there; 0 while none is."""
    if not interrogation.detainees:
        return 0
    return interrogation.detainees + officers_required(interrogation, recording_complete=recording_complete)
