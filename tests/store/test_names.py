"""Whether two names may be the same person's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import InvalidRecord
from store.names import same_person, told_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("王伟", "王 伟"),
        ("王伟", "王\u3000伟"),
        ("Li Ming", "LI MING"),
        ("Ｌｉ", "li"),
        ("甲\u200b", "甲"),
        (" 甲 ", "甲"),
    ],
)
def test_width_case_and_space_make_no_other_person(one: str, other: str) -> None:
    assert same_person(one, other)


@pytest.mark.parametrize(("one", "other"), [("甲", "乙"), ("王伟", "王玮"), ("Li Ming", "Li Min")])
def test_other_letters_do(one: str, other: str) -> None:
    assert not same_person(one, other)


@given(st.text(), st.text(alphabet=" \t\u3000\u00a0\u200b"), st.integers(0, 20))
def test_space_anywhere_changes_nobody(name: str, space: str, place: int) -> None:
    assert same_person(name, name[:place] + space + name[place:])


def test_space_within_is_kept_as_a_plain_one() -> None:
    assert told_name("by", " 王\u3000伟\n") == "王 伟"


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "a\0b", "x" * 81])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidRecord, match=r"by .*expected a name of 1 to 80"):
        told_name("by", name)
