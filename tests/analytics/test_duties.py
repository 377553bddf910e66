"""Which duties a fix falls into."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.duties import Absences, Duty, DutyKind, DutyTable, Interval
from analytics.fixes import DeviceTable

SPANS = st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 50), st.integers(1, 30))


def table(*spans: tuple[str, float, float]) -> DutyTable:
    """Duties from (device, from, to), for devices a, b, c."""
    duties = [Duty(f"d{i}", d, DutyKind.PATROL, from_s, to_s) for i, (d, from_s, to_s) in enumerate(spans)]
    return DutyTable(duties, DeviceTable(["a", "b", "c"]))


def active(duties: DutyTable, *fixes: tuple[int, float]) -> list[tuple[int, int]]:
    """(fix, duty) pairs of fixes given as (device, time)."""
    device, t_s = np.array([f[0] for f in fixes], np.int32), np.array([f[1] for f in fixes], np.float64)
    fix, duty = duties.active(device, t_s)
    return sorted(zip(fix.tolist(), duty.tolist(), strict=True))


def test_a_duty_holds_from_its_first_instant_and_no_longer_at_its_last() -> None:
    duties = table(("a", 100, 200))
    assert active(duties, (0, 99.999), (0, 100), (0, 199.999), (0, 200)) == [(1, 0), (2, 0)]


def test_at_the_change_of_two_duties_the_later_one_holds() -> None:
    assert active(table(("a", 100, 200), ("a", 200, 300)), (0, 200)) == [(0, 1)]


def test_overlapping_duties_of_one_device_all_hold() -> None:
    duties = table(("a", 100, 200), ("a", 150, 250), ("a", 120, 400))
    assert active(duties, (0, 160), (0, 210), (0, 390)) == [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]


def test_a_duty_is_its_own_devices_only() -> None:
    assert active(table(("b", 100, 200)), (0, 150), (1, 150), (2, 150)) == [(1, 0)]


def test_a_plan_without_duties_finds_none() -> None:
    assert active(table(), (0, 150)) == []


@settings(max_examples=300)
@given(
    spans=st.lists(SPANS, max_size=12),
    fixes=st.lists(st.tuples(st.integers(0, 2), st.integers(-5, 90)), min_size=1, max_size=12),
)
def test_the_lookup_finds_what_looking_at_each_duty_finds(
    spans: list[tuple[str, int, int]], fixes: list[tuple[int, int]]
) -> None:
    duties = table(*((d, s, s + n) for d, s, n in spans))
    expected = [
        (i, k)
        for i, (device, t) in enumerate(fixes)
        for k, (name, start, length) in enumerate(spans)
        if "abc"[device] == name and start <= t < start + length
    ]
    assert active(duties, *fixes) == expected


def test_the_duties_of_devices_are_found_by_number() -> None:
    duties = table(("b", 0, 1), ("a", 0, 1), ("b", 2, 3))
    assert sorted(duties.of_devices(np.array([1])).tolist()) == [0, 2]
    assert duties.of_devices(np.array([2])).tolist() == []


def test_an_absence_holds_for_its_owner_from_its_first_instant_to_before_its_last() -> None:
    absences = Absences([3, 3], [Interval(10, 20), Interval(30, 40)])
    owner = np.array([3, 3, 3, 3, 4])
    assert absences.hold(owner, np.array([10.0, 20.0, 39.9, 40.0, 15.0])).tolist() == [True, False, True, False, False]
