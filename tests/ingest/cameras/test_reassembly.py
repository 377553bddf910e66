"""The laws of putting RTP packets together."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.cameras.reassembly import MAX_HELD, Frame, Piece, Reassembly

frames = st.lists(st.lists(st.binary(min_size=1, max_size=4), min_size=1, max_size=5), min_size=1, max_size=30)
firsts = st.integers(0, 65_535)


def pieces(sent: list[list[bytes]], first: int, marked: bool = True) -> list[Piece]:
    """The packets of frames, 10 ms apart, one frame 100 ticks after another."""
    parts = [
        (n, part, marked and place == len(frame) - 1)
        for n, frame in enumerate(sent)
        for place, part in enumerate(frame)
    ]
    return [
        Piece((first + place) & 0xFFFF, number * 100, is_last, part, place * 0.01)
        for place, (number, part, is_last) in enumerate(parts)
    ]


def put(reassembly: Reassembly, arriving: list[Piece]) -> list[Frame]:
    return [frame for piece in arriving for frame in reassembly.add(piece)]


@given(frames, firsts)
def test_packets_in_order_are_the_frames_that_were_sent(sent: list[list[bytes]], first: int) -> None:
    reassembly = Reassembly()
    got = put(reassembly, pieces(sent, first))
    assert [(frame.timestamp, frame.data) for frame in got] == [(n * 100, b"".join(p)) for n, p in enumerate(sent)]
    assert reassembly.losses == 0


@given(frames, firsts, st.data())
def test_order_and_repetition_of_packets_change_nothing(
    sent: list[list[bytes]], first: int, data: st.DataObject
) -> None:
    made = pieces(sent, first)
    moved = [data.draw(st.integers(0, 6)) for _ in made[1:]]  # the first stays, for it tells where it begins
    order = [0] + [1 + place for _, place in sorted((place + by, place) for place, by in enumerate(moved))]
    arriving = [made[place] for place in order for _ in range(data.draw(st.integers(1, 2)))]
    got = put(Reassembly(patience_s=100), arriving)
    assert [frame.data for frame in got] == [b"".join(parts) for parts in sent]


@given(frames, firsts)
def test_without_markers_a_frame_ends_where_the_next_begins(sent: list[list[bytes]], first: int) -> None:
    got = put(Reassembly(), pieces(sent, first, marked=False))
    assert [frame.data for frame in got] == [b"".join(parts) for parts in sent[:-1]]


@given(frames, firsts, st.data())
def test_what_comes_in_spite_of_losses_is_whole_in_order_and_soon_again(
    sent: list[list[bytes]], first: int, data: st.DataObject
) -> None:
    follow = [[b"x"]] * 100
    made = pieces(sent + follow, first)
    lost = data.draw(st.sets(st.integers(1, sum(map(len, sent))), max_size=8))
    reassembly = Reassembly(patience_s=0.2)
    got = put(reassembly, [piece for place, piece in enumerate(made) if place not in lost])
    whole = {number * 100: b"".join(parts) for number, parts in enumerate(sent + follow)}
    assert all(whole[frame.timestamp] == frame.data for frame in got)
    assert [frame.timestamp for frame in got] == sorted({frame.timestamp for frame in got})
    assert got[-1].timestamp == 100 * (len(sent) + 99)
    assert reassembly.losses <= len(lost)
    assert len(got) >= len(whole) - 2 * len(lost)


@given(st.lists(st.binary(min_size=1, max_size=4), min_size=2, max_size=40), firsts, st.data())
def test_of_sound_only_what_was_lost_is_missing(sent: list[bytes], first: int, data: st.DataObject) -> None:
    made = pieces([[part] for part in (*sent, *[b"end"] * 20)], first)
    lost = data.draw(st.sets(st.integers(1, len(sent) - 1), max_size=5))
    got = put(Reassembly(one_each=True, patience_s=0.05), [p for place, p in enumerate(made) if place not in lost])
    expected = [part for place, part in enumerate(sent) if place not in lost]
    assert [frame.data for frame in got] == expected + [b"end"] * 20


def test_another_sequence_is_taken_up_at_its_next_frame() -> None:
    reassembly = Reassembly()
    put(reassembly, pieces([[b"a"], [b"b"]], 10))
    got = put(reassembly, pieces([[b"c"], [b"d"], [b"e"]], 30_000))
    assert [frame.data for frame in got] == [b"d", b"e"]
    assert reassembly.losses == 1


def test_a_flood_is_bounded() -> None:
    reassembly = Reassembly(patience_s=1e9)
    reassembly.add(Piece(0, 0, False, b"a", 0.0))
    for sequence in range(2, 3 * MAX_HELD):
        reassembly.add(Piece(sequence, sequence, False, b"b", 0.0))
    assert reassembly.losses == 1
    assert len(reassembly._held) <= MAX_HELD


def test_a_frame_without_an_end_is_given_up() -> None:
    reassembly = Reassembly()
    for sequence in range(20_000):
        reassembly.add(Piece(sequence & 0xFFFF, 7, False, bytes(1_200), 0.0))
    assert reassembly.losses == 1
    assert reassembly.add(Piece(20_000, 8, True, b"next", 0.0)) == [Frame(8, b"next", 0.0)]


def test_padding_is_no_frame() -> None:
    assert put(Reassembly(), pieces([[b"a"], [b""], [b"b"]], 0))[1].data == b"b"


@given(frames, firsts, st.data())
def test_what_never_comes_is_counted_each_once(sent: list[list[bytes]], first: int, data: st.DataObject) -> None:
    made = pieces(sent, first)
    dropped = data.draw(st.sets(st.integers(1, len(made)))) - {len(made) - 1, len(made)}
    arriving = [piece for place, piece in enumerate(made) if place not in dropped]
    reassembly = Reassembly(patience_s=data.draw(st.sampled_from([0.02, 0.4, 100.0])))
    put(reassembly, [piece for piece in arriving for _ in range(2)])
    reassembly.end()
    assert reassembly.lost == len(dropped)


def test_a_sender_that_numbers_anew_lost_nothing() -> None:
    reassembly = Reassembly()
    put(reassembly, [*pieces([[b"x"]] * 10, 100), *pieces([[b"x"]] * 10, 40_000), *pieces([[b"x"]] * 10, 5)])
    reassembly.end()
    assert reassembly.lost == 0
