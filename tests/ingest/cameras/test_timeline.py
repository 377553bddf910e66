"""Times within a file: forward, and near the arrival of what they are of, whatever a camera's clock does."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.cameras.packets import Media, Packet
from ingest.cameras.timeline import STRAY_S, Origin, Timeline

SCALE, FPS = 90_000, 15
TICK = SCALE // FPS
BEGAN_S = 1_000.0


def packets(stamps: Sequence[int], late_s: Callable[[int], float] = lambda _: 0.0) -> list[Packet]:
    return [
        Packet(
            media=Media.VIDEO,
            data=b"x",
            pts=pts,
            dts=pts,
            duration=0,
            is_keyframe=n % FPS == 0,
            arrived_s=BEGAN_S + n / FPS + late_s(n),
            arrived_wall_s=0.0,
        )
        for n, pts in enumerate(stamps)
    ]


def placed(sent: Sequence[Packet], *, reorders: bool = False, first: int = FPS) -> list[tuple[int, int]]:
    """In segments of a second, the first of them of so many packets."""
    timeline = Timeline(SCALE, 0, Origin(sent[0].arrived_s, sent[0].dts / SCALE), reorders=reorders)
    cuts = [0, *range(first, len(sent), FPS), len(sent)]
    return [each for at, to in pairwise(cuts) for each in timeline.place(sent[at:to])]


def strays_s(sent: Sequence[Packet], times: Sequence[tuple[int, int]]) -> list[float]:
    """How far from its arrival each is."""
    first = times[0][0]
    shown = [time + later - first for time, later in times]
    return [at / SCALE - (p.arrived_s - sent[0].arrived_s) for p, at in zip(sent, shown, strict=True)]


def regular(count: int = 60) -> list[int]:
    return [n * TICK for n in range(count)]


def leaping(by: int, at: int = 22) -> list[int]:
    return [n * TICK + (by if n >= at else 0) for n in range(60)]


ODD = {
    "a step back of 1.5 s": leaping(-135_000),
    "a step forward of 5 s": leaping(450_000),
    "a step forward of 0.9 s": leaping(81_000),
    "a step of hours": leaping(2**31),
    "back and forth": [n * TICK + (180_000 if n % 7 == 3 else 0) for n in range(60)],
    "pairs with one time": [n // 2 * 2 * TICK for n in range(60)],
    "threes with one time": [n // 3 * 3 * TICK for n in range(60)],
    "one time": [5] * 60,
    "twice as fast": [2 * n * TICK for n in range(60)],
    "half as fast": [n * TICK // 2 for n in range(60)],
    "ten times as fast": [10 * n * TICK for n in range(60)],
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("reorders", [False, True])
def test_times_go_forward_and_keep_to_the_arrival(odd: str, reorders: bool) -> None:
    sent = packets(ODD[odd])
    times = placed(sent, reorders=reorders)
    assert all(later == 0 for _, later in times), "nothing is shown in another order"
    assert all(one < two for (one, _), (two, _) in pairwise(times))
    assert max(map(abs, strays_s(sent, times))) <= STRAY_S + 1.5 / FPS + 0.5 * (odd == "ten times as fast")


def test_pairs_share_the_time_to_the_next() -> None:
    times = [time for time, _ in placed(packets(ODD["pairs with one time"]))]
    assert {two - one for one, two in pairwise(times)} == {TICK}


def test_a_regular_clock_is_kept_to_the_tick_however_unevenly_packets_come() -> None:
    sent = packets(regular(), lambda n: 0.3 if n % 11 in (3, 4, 5) else 0.0)
    assert placed(sent) == [(n * TICK, 0) for n in range(60)]


def test_pictures_out_of_order_are_shown_in_order() -> None:
    shown = [n + (2 if n % 3 == 1 else -1 if n else 0) for n in range(61)]  # I P B B P B B
    sent = packets([each * TICK for each in shown])
    times = placed(sent, reorders=True, first=16)
    assert all(one < two for (one, _), (two, _) in pairwise(times))
    assert all(later >= 0 for _, later in times)
    delay = times[0][0] + times[0][1]
    assert [t + later - delay for t, later in times] == [each * TICK for each in shown]


@given(
    st.lists(st.integers(-(2**33), 2**33), min_size=1, max_size=80),
    st.booleans(),
    st.lists(st.floats(0, 3), min_size=80, max_size=80),
)
def test_no_clock_makes_time_stand_or_go_back(stamps: list[int], reorders: bool, late_s: list[float]) -> None:
    sent = packets(stamps, lambda n: late_s[n])
    sent.sort(key=lambda packet: packet.arrived_s)
    times = placed(sent, reorders=reorders)
    assert all(one < two for (one, _), (two, _) in pairwise(times))
    assert times[-1][0] - times[0][0] <= (sent[-1].arrived_s - sent[0].arrived_s + 4) * SCALE + len(sent)
