"""Counting lost RTP packets: what is really missing, in whatever order the others come."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.cameras.packets import Media
from ingest.cameras.rtp_loss import LEAP, WINDOW, Losses, RtpLoss

FIRST = st.integers(0, 65_535)


def seen(loss: RtpLoss, numbers: list[int], source: int = 1) -> int:
    for number in numbers:
        loss.see(number & 0xFFFF, source)
    return loss.lost


@given(
    first=FIRST,
    length=st.integers(1, 600),
    dropped=st.sets(st.integers(1, 599)),
    late=st.lists(st.integers(0, WINDOW // 2), min_size=600, max_size=600),
    doubled=st.sets(st.integers(0, 599)),
)
def test_what_is_counted_is_what_is_missing(
    first: int, length: int, dropped: set[int], late: list[int], doubled: set[int]
) -> None:
    """Over the wrap, doubled, and in any order within the window."""
    sent = [n for n in range(length) if n not in dropped]
    coming = [n for n in sent for _ in range(1 + (n in doubled))]
    coming = sorted(coming, key=lambda n: n + late[n])
    loss = RtpLoss()
    seen(loss, [first + n for n in coming])
    loss.settle()
    between = range(coming[0], max(coming) + 1)  # of what came before and after nobody can know
    assert loss.lost == len(set(between) & dropped)


@given(runs=st.lists(st.tuples(st.integers(0, 65_535), st.integers(1, 60), st.integers(1, 2)), max_size=12), near=FIRST)
def test_packets_in_a_run_count_as_each_alone(runs: list[tuple[int, int, int]], near: int) -> None:
    together, alone = RtpLoss(), RtpLoss()
    for ahead, length, source in runs:
        first = near + ahead % (2 * WINDOW)
        together.see(first + length - 1 & 0xFFFF, source, length)
        seen(alone, list(range(first, first + length)), source)
        assert together.lost == alone.lost
    together.settle()
    alone.settle()
    assert together.lost == alone.lost


@given(first=FIRST, lost=st.integers(1, LEAP - 1))
def test_a_loss_is_told_when_it_can_not_come_any_more(first: int, lost: int) -> None:
    loss = RtpLoss()
    after = first + 1 + lost
    assert seen(loss, [first, after]) == max(0, lost - WINDOW + 1)
    assert seen(loss, [after + n for n in range(1, WINDOW)]) == lost


@given(first=FIRST, again=FIRST)
def test_who_numbers_anew_lost_nothing(first: int, again: int) -> None:
    loss = RtpLoss()
    seen(loss, [first + n for n in range(10)], source=1)
    seen(loss, [again + n for n in range(10)], source=2)
    loss.settle()
    assert loss.lost == 0


@given(first=FIRST, ahead=st.integers(LEAP + 10, 65_535 - LEAP))
def test_a_leap_is_a_sender_that_numbers_anew(first: int, ahead: int) -> None:
    loss = RtpLoss()
    seen(loss, [first + n for n in range(10)])
    seen(loss, [first + ahead + n for n in range(10)])
    loss.settle()
    assert loss.lost == 0


def test_who_leaps_with_each_packet_is_counted_and_remembered_no_longer_than_the_window() -> None:
    loss, ahead = RtpLoss(), LEAP - 1
    assert seen(loss, [n * ahead for n in range(100)]) == 99 * (ahead - 1) - (WINDOW - 1)
    loss.settle()
    assert loss.lost == 99 * (ahead - 1)


def test_news_is_told_once_and_by_medium() -> None:
    losses = Losses()
    video, second, audio = losses.stream(Media.VIDEO), losses.stream(Media.VIDEO), losses.stream(Media.AUDIO)
    seen(video, [1, 3])
    seen(second, [1, 4])
    seen(audio, [1, 2, 3])
    assert losses.news(Media.VIDEO) == 0
    losses.settle()
    assert [losses.news(media) for media in (Media.VIDEO, Media.VIDEO, Media.AUDIO)] == [3, 0, 0]
