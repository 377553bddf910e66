"""How many officers the law wants in the room."""

import pytest

from analytics.interrogations import CaseKind, Interrogation, Role, officers_required, people_required

OFFICER, DETAINEE = Role.OFFICER, Role.DETAINEE


def interrogation(kind: CaseKind, standard_place: bool, *present: Role) -> Interrogation:
    return Interrogation("i", "room 2", kind, standard_place, 0.0, present)


@pytest.mark.parametrize(
    ("kind", "standard_place", "complete", "required"),
    [
        (CaseKind.CRIMINAL, True, True, 2),
        (CaseKind.ADMINISTRATIVE, True, True, 1),
        (CaseKind.ADMINISTRATIVE, True, False, 2),
        (CaseKind.ADMINISTRATIVE, False, True, 2),
    ],
)
def test_one_officer_is_enough_only_where_the_law_says_so(
    kind: CaseKind, standard_place: bool, complete: bool, required: int
) -> None:
    assert officers_required(interrogation(kind, standard_place), recording_complete=complete) == required


def test_a_picture_must_show_the_detainees_and_the_officers_required() -> None:
    assert (
        people_required(interrogation(CaseKind.CRIMINAL, False, OFFICER, OFFICER, DETAINEE), recording_complete=False)
        == 3
    )
    assert (
        people_required(interrogation(CaseKind.CRIMINAL, False, OFFICER, DETAINEE, DETAINEE), recording_complete=False)
        == 4
    )


def test_without_a_detainee_nobody_is_required() -> None:
    assert people_required(interrogation(CaseKind.CRIMINAL, False, OFFICER), recording_complete=False) == 0
