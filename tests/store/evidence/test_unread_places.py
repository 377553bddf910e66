"""What can't be read goes to the stream that misses it."""

from hypothesis import given
from hypothesis import strategies as st

from store.evidence.unread_places import UnreadPlaces
from store.evidence.verdict import Verdict

PLACE = st.integers(0, 20)


@given(st.sets(PLACE), st.lists(st.tuples(PLACE, PLACE, st.integers(0, 5))))
def test_each_is_taken_once_by_who_misses_it_the_first_ones_first(
    places: set[int], asked: list[tuple[int, int, int]]
) -> None:
    unread, left = UnreadPlaces(), sorted(places)
    for place in left:
        unread.add(place, Verdict.ALTERED if place % 2 else Verdict.MISSING)
    for after, before, most in asked:
        expected = [place for place in left if after < place < before][:most]
        found = unread.take(after, before, most)
        assert list(found) == expected
        assert all((why is Verdict.ALTERED) == (place % 2 == 1) for place, why in found.items())
        left = [place for place in left if place not in expected]
        assert list(unread) == left
        assert len(unread) == len(left)
