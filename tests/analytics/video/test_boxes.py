"""One body, one box."""

from hypothesis import given
from hypothesis import strategies as st

from analytics.video.boxes import each_once
from analytics.video.detection import Person

OFFICER = Person(0.27, 0.33, 0.41, 0.63, 0.97)
WITH_THE_DESK = Person(0.26, 0.36, 0.42, 0.95, 0.35)

people = st.lists(
    st.builds(
        lambda x, y, width, height, score: Person(x, y, x + width, y + height, score),
        st.floats(0, 0.5),
        st.floats(0, 0.5),
        st.floats(0.01, 0.5),
        st.floats(0.01, 0.5),
        st.floats(0.1, 1.0),
    ),
    max_size=12,
).map(lambda found: sorted(found, key=lambda person: -person.score))


def test_a_body_seen_again_with_what_it_stands_behind_is_one_person() -> None:
    assert each_once([OFFICER, WITH_THE_DESK]) == [OFFICER]


def test_somebody_sure_behind_somebody_else_is_a_second_person() -> None:
    behind = Person(0.26, 0.36, 0.42, 0.95, 0.6)
    assert each_once([OFFICER, behind]) == [OFFICER, behind]


def test_a_weak_box_beside_a_sure_one_is_a_second_person() -> None:
    beside = Person(0.36, 0.33, 0.50, 0.63, 0.35)
    assert each_once([OFFICER, beside]) == [OFFICER, beside]


@given(people)
def test_the_surest_stays_and_what_is_left_is_left(found: list[Person]) -> None:
    once = each_once(found)
    assert once[:1] == found[:1]
    assert each_once(once) == once
    assert [person for person in found if person in once] == once


def test_two_boxes_with_one_head_are_one_body_also_where_neither_is_sure() -> None:
    officer, with_the_desk = Person(0.26, 0.33, 0.40, 0.62, 0.66), Person(0.25, 0.33, 0.41, 1.0, 0.43)
    assert each_once([officer, with_the_desk]) == [officer]
    behind = Person(0.26, 0.20, 0.40, 0.62, 0.43)
    assert each_once([officer, behind]) == [officer, behind]
    beside = Person(0.33, 0.33, 0.55, 0.62, 0.43)
    assert each_once([officer, beside]) == [officer, beside]
