"""Which tombstone speaks of a leaf."""

from hypothesis import given
from hypothesis import strategies as st

from store.evidence.deletions import Deletions
from store.evidence.leaf import TombstoneBody

NUMBERS = st.integers(0, 30)


@given(st.lists(st.tuples(NUMBERS, NUMBERS)), NUMBERS)
def test_a_leaf_is_deleted_where_any_tombstone_covers_it(spans: list[tuple[int, int]], seq: int) -> None:
    stones = [TombstoneBody(from_seq=a, to_seq=b, reason=f"{a} to {b}") for a, b in spans]
    found = Deletions(stones).of(seq)
    assert (found is not None) == any(a <= seq <= b for a, b in spans)
    assert found is None or (found in stones and found.from_seq <= seq <= found.to_seq)


def test_the_reason_is_that_of_the_tombstone_itself() -> None:
    month = [TombstoneBody(from_seq=60 * n, to_seq=60 * n + 59, reason=f"pack {n}") for n in range(40_000)]
    deletions = Deletions(month)
    assert [stone.reason for n in (0, 59, 60, 2_399_999) if (stone := deletions.of(n))] == [
        "pack 0",
        "pack 0",
        "pack 1",
        "pack 39999",
    ]
    assert deletions.of(2_400_000) is None
