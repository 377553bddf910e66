"""A plan from its document: what is good is taken, what is not is named."""

import contextlib
from typing import Any

import pytest
from analytics_examples import FEATURES, T0, duty, plan_of
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.duties import DeviceKind, DutyKind, Interval
from analytics.planning import Plan, parse_plan
from geofence.features import PlanError


def parse(**members: Any) -> Plan:
    return parse_plan({"type": "FeatureCollection", "features": list(FEATURES), **members})


def test_a_duty_takes_the_checkpoints_of_its_route_unless_it_names_its_own() -> None:
    plan = plan_of(duty("car-1", "r1", 60), duty("car-2", "r1", 60, checkpoints=["c2"]), duty("car-3", "a1", 60))
    assert [d.checkpoints for d in plan.duties] == [("c1", "c2"), ("c2",), ()]


def test_times_are_read_with_their_offset_or_as_unix_seconds() -> None:
    text = {"from": "2026-01-05T08:00:00+08:00", "to": "2026-01-05T01:00:00Z"}
    plan = parse(duties=[duty("car-1", "r1", 60) | text, duty("car-2", "r1", 60)])
    assert [(d.from_s, d.to_s) for d in plan.duties] == [(T0, T0 + 3600)] * 2


def test_devices_dispatches_and_breaks_are_read() -> None:
    plan = parse(
        devices=[{"id": "off-1", "kind": "officer", "unit": "west", "name": "Li"}, {"id": "car-1"}],
        dispatches=[{"device": "car-1", "from": T0, "to": T0 + 60}],
        duties=[duty("car-1", "r1", 60, breaks=[{"from": T0, "to": T0 + 600}], unit="west")],
        rules={"speeding": {"enabled": False}},
    )
    assert [d.kind for d in plan.devices] == [DeviceKind.OFFICER, DeviceKind.CAR]
    assert plan.dispatches[0].span == Interval(T0, T0 + 60)
    assert plan.duties[0].breaks == (Interval(T0, T0 + 600),)
    assert plan.duties[0].kind is DutyKind.PATROL
    assert plan.rules == {"speeding": {"enabled": False}}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"kind": ["patrol"]}, "duty 'car-1/0'.kind"),
        ({"kind": "picnic"}, "duty 'car-1/0'.kind"),
        ({"route": "r9"}, "duty 'car-1/0'.route"),
        ({"route": ["r1"]}, "duty 'car-1/0'.route"),
        ({"checkpoints": ["c9"]}, "duty 'car-1/0'.checkpoints"),
        ({"checkpoints": "c1"}, "duty 'car-1/0'.checkpoints"),
        ({"from": "yesterday"}, "duty 'car-1/0'.from"),
        ({"from": "2026-01-05T08:00:00"}, "duty 'car-1/0'.from"),
        ({"from": 10**400}, "duty 'car-1/0'.from"),
        ({"from": float("nan")}, "duty 'car-1/0'.from"),
        ({"from": None}, "duty 'car-1/0'.from"),
        ({"to": T0}, "duty 'car-1/0'.to"),
        ({"to": float("inf")}, "duty 'car-1/0'.to"),
        ({"device": ""}, "duty 'car-1/0'.device"),
        ({"id": None}, "duties[0].id"),
        ({"breaks": 3}, "duty 'car-1/0'.breaks"),
        ({"breaks": [{"from": T0, "to": T0}]}, "duty 'car-1/0'.breaks[0].to"),
        ({"kind": "post", "route": None}, "duty 'car-1/0': names no place"),
        ({"kind": "standby", "route": None}, "duty 'car-1/0': names no place"),
    ],
)
def test_a_duty_that_is_not_as_it_should_be_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(PlanError) as caught:
        parse(duties=[duty("car-1", "r1", 60) | changes])
    assert str(caught.value).startswith(named)
    assert "expected" in str(caught.value)


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"duties": [duty("car-1", "r1", 60)] * 2}, "duties[1].id"),
        ({"duties": {}}, "plan.duties"),
        ({"duties": [7]}, "duties[0]"),
        ({"devices": [{"id": "x", "kind": "horse"}]}, "devices[0].kind"),
        ({"devices": [{"id": "x", "kind": {}}]}, "devices[0].kind"),
        ({"devices": [{}]}, "devices[0].id"),
        ({"dispatches": [{"device": "x", "from": 5, "to": 4}]}, "dispatches[0].to"),
        ({"rules": []}, "rules"),
    ],
)
def test_a_member_that_is_not_as_it_should_be_is_named(members: dict[str, Any], named: str) -> None:
    with pytest.raises(PlanError) as caught:
        parse(**members)
    assert str(caught.value).startswith(named)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
DUTIES = st.lists(
    st.fixed_dictionaries(
        {"id": JSON | st.just("d1"), "device": JSON | st.just("car-1"), "kind": JSON | st.sampled_from(list(DutyKind))},
        optional=dict.fromkeys(("from", "to", "route", "area", "post", "breaks", "checkpoints", "unit"), JSON),
    )
    | JSON,
    max_size=3,
)


@settings(max_examples=250)
@given(duties=DUTIES | JSON, devices=JSON, dispatches=JSON, rules=JSON)
def test_no_json_whatever_raises_anything_but_a_plan_error(
    duties: Any, devices: Any, dispatches: Any, rules: Any
) -> None:
    for members in ({"duties": duties}, {"devices": devices}, {"dispatches": dispatches}, {"rules": rules}):
        with contextlib.suppress(PlanError):
            parse(**members)
