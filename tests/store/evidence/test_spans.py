"""What time is between two places of the log, where streams take turns and one is silent."""

import random

import pytest
from evidence_hour import SECOND
from evidence_turns import BEGINS_MS, ns, record_turns

from benchmarks.forger import ACTS, Record, cut_data, flip_data, second, swap_data
from benchmarks.naming import naming
from store.evidence.examination import examine
from store.evidence.leaf import Leaf, SegmentBody
from store.evidence.signer import FileSigner
from store.evidence.spans import Spans


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory, signer: FileSigner) -> Record:
    """What three streams recorded that take turns."""
    folder = tmp_path_factory.mktemp("turns")
    record_turns(folder, signer)
    return Record.read(folder)


def test_nothing_is_found_where_nothing_was_changed(record: Record) -> None:
    assert not examine(record.leaves, [signed.head for signed in record.heads]).findings


@pytest.mark.parametrize("rehash", [False, True])
@pytest.mark.parametrize(
    "act", [a for a in ACTS if a not in (flip_data, cut_data, swap_data)], ids=lambda a: a.__name__
)
def test_the_second_of_the_stream_is_named_and_not_its_neighbours(act, rehash, record):
    recorded = [second(leaf) for leaf in record.leaves if leaf and isinstance(leaf.body, SegmentBody)]
    chance = random.Random(act.__name__)
    for stream in BEGINS_MS:
        for at in record.segments(stream):
            changed = record.copy()
            forgery = act(changed, stream, at, chance, rehash)
            findings = examine(changed.leaves, [signed.head for signed in changed.heads]).findings
            named = naming(forgery, findings, recorded, rehash=rehash)
            assert named.exact, f"{forgery.what} of {forgery.seconds[0]}: {named}"


def placed(leaves: list[Leaf | None]) -> tuple[Spans, dict[tuple[str, int], int]]:
    """Their times, and the place of each by stream and number."""
    spans, places = Spans(), {}
    for place, leaf in enumerate(leaves):
        spans.add(leaf)
        if leaf is not None:
            places[leaf.stream, leaf.seq] = place
    return spans, places


def test_a_stream_counts_that_went_on_before_and_has_nothing_there(record: Record) -> None:
    spans, places = placed(record.leaves)
    first = places["cam1.audio", 26]
    assert set(spans.between(first, first + 1)) == set(BEGINS_MS)
    assert spans.between(first, first + 1)["cam1.audio"] == (ns(25_400), ns(26_400))


def test_a_line_that_is_no_leaf_is_within_the_second_that_is_not_there(record: Record) -> None:
    leaves = list(record.leaves)
    _, places = placed(leaves)
    at = places["cam2.video", 20]
    leaves[at] = None
    begin_ns, end_ns = placed(leaves)[0].whole(at, at + 1)
    assert begin_ns <= ns(19_700) < ns(20_700) <= end_ns
    assert end_ns - begin_ns <= 2 * SECOND


def test_a_log_that_was_never_begun_has_no_time() -> None:
    spans = Spans()
    spans.add(None)
    assert spans.whole(0, 1) == (0, 0)
