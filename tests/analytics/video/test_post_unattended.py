"""When an empty window is told: laws, whatever the instants at which it is looked at."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from analytics.alerts import Change
from analytics.catalogue import video_rules
from analytics.video.presence import ENTER, STAY, Presence, presence_after
from analytics.video.rules import post_unattended
from analytics.video.standing import Changes, Subject

LIMIT_S = 60.0
BURST = 5
RULE = video_rules().amended({"post-unattended": {"minutes": LIMIT_S / 60, "burst": BURST}})["post-unattended"]
HERE, GONE = 0.9, 0.0
ROUNDING_S = 1e-6  # times are sums

# An idle machine looks every second, a busy one every two or three.
instants = st.lists(st.floats(0.9, 3.0), min_size=7, max_size=7).map(lambda pace: list(accumulate(pace * 30)))


def told_s(looks: list[tuple[float, float]]) -> list[float]:
    """When alerts are raised, the region's surest person having these scores at these times."""
    state, presence, raised = post_unattended.State(), Presence(), []
    for t_s, score in looks:
        presence = presence_after(presence, score, t_s)
        changes: Changes
        state, changes = post_unattended.step(RULE, Subject("cam-1"), state, presence, t_s)
        raised += [t_s for change in changes if change.change is Change.RAISED]
    return raised


def absence(times: list[float], from_s: float, to_s: float) -> list[tuple[float, float]]:
    """Looks at a window that its clerk leaves at `from_s` and is back at from `to_s` on."""
    return [(t_s, GONE if from_s <= t_s < to_s else HERE) for t_s in times]


@given(instants, st.floats(20, 40), st.floats(LIMIT_S - 3, LIMIT_S - 0.01))
def test_an_absence_shorter_than_the_limit_is_never_told(times: list[float], from_s: float, away_s: float) -> None:
    assert told_s(absence(times, from_s, from_s + away_s)) == []


@given(instants, st.floats(20, 40))
def test_a_longer_one_is_told_by_the_first_look_at_which_the_limit_has_passed_since_nobody_was_seen(
    times: list[float], from_s: float
) -> None:
    empty_s = next(t_s for t_s in times if t_s >= from_s)
    assert told_s(absence(times, from_s, 1e9)) == [next(t_s for t_s in times if t_s >= empty_s + LIMIT_S - ROUNDING_S)]


@given(st.floats(0.9, 3.0), st.floats(20, 40), st.integers(0, BURST - 1), st.floats(STAY, ENTER, exclude_max=True))
def test_one_unsure_look_among_the_last_ones_is_enough_not_to_tell(
    every_s: float, from_s: float, back: int, score: float
) -> None:
    looks = absence([n * every_s for n in range(200)], from_s, 1e9)
    (due,) = told_s(looks)
    at = next(number for number, (t_s, _) in enumerate(looks) if t_s == due) - back
    looks[at] = (looks[at][0], score)
    (raised,) = told_s(looks)
    assert raised >= looks[at][0] + LIMIT_S - ROUNDING_S
