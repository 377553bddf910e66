import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest_examples import NOW_S, location, message

from analytics.fixes import FixFlag
from ingest.decode import Answered, Limits, decode
from ingest.messages import Message


def test_a_location_becomes_a_fix_in_si_units() -> None:
    decoded = decode([message(location(vel=36, cog=360, acc=6.5))], NOW_S)

    assert decoded.names == ["car-07"]
    assert decoded.units == {"car-07": "west"}
    assert decoded.rejected == []
    fixes = decoded.fixes
    assert (fixes.t_s[0], fixes.lon[0], fixes.lat[0]) == (NOW_S - 5, 120.15, 30.25)
    assert fixes.speed_mps[0] == pytest.approx(10.0)
    assert fixes.heading_deg[0] == 0.0
    assert fixes.accuracy_m[0] == 6.5
    assert fixes.flags[0] == FixFlag.NONE


def test_what_a_terminal_does_not_know_is_unknown() -> None:
    sparse = {"_type": "location", "tst": NOW_S, "lat": 1, "lon": 2}
    decoded = decode([message(sparse), message(location(vel=None, cog=-1, acc=None))], NOW_S)
    assert np.isnan(decoded.fixes.speed_mps).all()
    assert np.isnan(decoded.fixes.heading_deg).all()
    assert np.isnan(decoded.fixes.accuracy_m).all()
    assert decoded.rejected == []


UNKNOWN = [
    *(location(vel=v) for v in (-1, -0.1, -1e9, None, float("nan"))),
    *(location(acc=a) for a in (-1, -5, None, float("nan"))),
    *(location(cog=c) for c in (-1, -360, 360.5, 361, 65535, 1e300, None, float("nan"))),
]


@pytest.mark.parametrize("element", UNKNOWN, ids=str)
@pytest.mark.parametrize("several", [False, True])
def test_a_figure_that_can_not_be_is_unknown_and_its_position_kept(element: Any, several: bool) -> None:
    decoded = decode([message([location(), element, location()] if several else element)], NOW_S)
    fixes, at = decoded.fixes, 1 if several else 0
    assert decoded.rejected == []
    assert len(fixes) == (3 if several else 1)
    figures = {"vel": fixes.speed_mps[at], "acc": fixes.accuracy_m[at], "cog": fixes.heading_deg[at]}
    usual = location()
    for name, figure in figures.items():
        if name in usual and element[name] == usual[name]:
            assert not np.isnan(figure)
        else:
            assert np.isnan(figure)


@pytest.mark.parametrize(("mock", "flag"), [(1, FixFlag.MOCK), (0, FixFlag.NONE), (None, FixFlag.NONE)])
def test_whether_a_position_is_simulated_may_be_said_by_a_number(mock: int | None, flag: FixFlag) -> None:
    assert decode([message(location(mock=mock))], NOW_S).fixes.flags.tolist() == [flag]


def test_without_a_type_it_is_a_location() -> None:
    untyped = {key: value for key, value in location().items() if key != "_type"}
    assert len(decode([message(untyped), message([untyped, location()])], NOW_S).fixes) == 3


def test_a_simulated_position_is_flagged() -> None:
    decoded = decode([message([location(mock=True), location(mock=False)])], NOW_S)
    assert decoded.fixes.flags.tolist() == [FixFlag.MOCK, FixFlag.NONE]


def test_many_messages_become_one_batch_that_knows_its_devices() -> None:
    messages = [
        message(location(lat=1), "owntracks/a/phone"),
        message([location(lat=2), location(lat=3)], "ducha/west/b/fix"),
        message(location(lat=4), "owntracks/a/tablet"),
    ]
    decoded = decode(messages, NOW_S)
    assert decoded.names == ["a", "b"]
    assert decoded.fixes.device.tolist() == [0, 1, 1, 0]
    assert decoded.fixes.lat.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("element", "code", "reason"),
    [
        (location(lat=91), "latitude", "lat: expected -90 to 90, got 91.0"),
        (location(lat=float("nan")), "latitude", "lat: expected -90 to 90, got nan"),
        (location(lon=-180.5), "longitude", "lon: expected -180 to 180, got -180.5"),
        (location(lon=float("inf")), "longitude", "lon: expected -180 to 180, got inf"),
        (location(vel=float("inf")), "speed", "vel: expected 0 to 2000 km/h, got inf"),
        (location(vel="12"), "type", "vel: expected `float | null`, got `str`"),
        (location(acc="8"), "type", "acc: expected `float | null`, got `str`"),
        (location(mock=2), "type", "mock: invalid enum value 2"),
        (
            location(tst=0),
            "time",
            "tst: expected Unix seconds from 2025-12-06T08:00:00Z to 2026-01-05T08:02:00Z, got 0.0",
        ),
        (location(tst=4_102_444_800), "time", "got 4102444800.0"),
        (location(tst=int(NOW_S) * 1000), "time", "got 1767600000000.0"),
        (location(tst=float("nan")), "time", "got nan"),
        (location(tst="1767600000"), "type", "tst: expected `float`, got `str`"),
        (location(lat="30.2"), "type", "lat: expected `float`, got `str`"),
        (location(lat=True), "type", "lat: expected `float`, got `bool`"),
        (location(lon=None), "type", "lon: expected `float`, got `null`"),
        (location(lon=[120]), "type", "lon: expected `float`, got `array`"),
        (location(mock="yes"), "type", "mock: expected `bool | int | null`, got `str`"),
        ({k: v for k, v in location().items() if k != "lat"}, "type", "object missing required field `lat`"),
        (location(_type="encrypted"), "type", "_type: invalid value 'encrypted'"),
        (location(_type=7), "type", "_type: expected `str`"),
        (location(lat=10**400), "type", "lat: "),
        ({}, "type", "object missing required field `tst`"),
        (7, "type", "expected `object`, got `int`"),
        ("location", "type", "expected `object`, got `str`"),
        (None, "type", "expected `object`, got `null`"),
        ([], "type", "expected `object`, got `array`"),
    ],
)
def test_a_bad_element_is_named_and_the_rest_of_its_array_counts(element: Any, code: str, reason: str) -> None:
    alone = decode([message(json.dumps(element).encode())], NOW_S)
    among = decode([message([location(), element, location(tst=NOW_S)])], NOW_S)

    if element != []:
        assert len(alone.fixes) == 0
        assert (alone.rejected[0].code, reason in alone.rejected[0].letter.reason) == (code, True)
    assert among.fixes.t_s.tolist() == [NOW_S - 5, NOW_S]
    (rejected,) = among.rejected
    assert rejected.code == code
    assert rejected.letter.reason.startswith("1 of 3 elements: [1]")
    assert reason in rejected.letter.reason


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[",
        b"not json",
        b'{"_type":"location",}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe\x00",
        b"\x00" * 64,
        json.dumps(location()).encode()[:-1],
        b'{"_type":"location","tst":1767600000,"lat":1e999,"lon":2}',
    ],
)
def test_what_is_not_json_is_a_dead_letter(payload: bytes) -> None:
    decoded = decode([message(payload), message(location())], NOW_S)
    assert len(decoded.fixes) == 1
    (rejected,) = decoded.rejected
    assert rejected.letter.payload == payload
    assert rejected.letter.reason


def test_a_payload_of_50_mb_is_refused_without_reading_it() -> None:
    decoded = decode([message(b"[" + b" " * 50_000_000 + b"]")], NOW_S)
    (rejected,) = decoded.rejected
    assert rejected.code == "size"
    assert rejected.letter.reason == "payload: expected at most 1048576 bytes, got 50000002"


def test_an_array_of_too_many_elements_is_refused() -> None:
    decoded = decode([message(b"[" + b"0," * 20_000 + b"0]")], NOW_S)
    assert decoded.rejected[0].letter.reason == "expected at most 20000 elements, got 20001"


def test_the_reason_of_many_flaws_stays_short() -> None:
    decoded = decode([message([location(lat=91)] * 5_000)], NOW_S)
    reason = decoded.rejected[0].letter.reason
    assert reason.startswith("5000 of 5000 elements: [0].lat: ")
    assert reason.endswith("; and 4992 more")
    assert len(reason) < 1_000


def test_a_foreign_topic_is_a_dead_letter() -> None:
    decoded = decode([message(location(), "ducha/west/car-07/ask")], NOW_S)
    assert len(decoded.fixes) == 0
    assert decoded.rejected[0].code == "topic"
    assert decoded.rejected[0].letter.reason.startswith("not a device's topic")


@pytest.mark.parametrize("kind", ["transition", "waypoint", "card", "cmd", "status", "steps", "beacon", "dump"])
def test_what_else_the_app_says_is_ignored(kind: str) -> None:
    decoded = decode([message({"_type": kind, "lat": 1, "tst": 2}, "owntracks/a/phone")], NOW_S)
    assert (len(decoded.fixes), decoded.rejected, decoded.statuses) == (0, [], [])


def test_other_types_do_not_count_as_flaws_of_an_array() -> None:
    decoded = decode([message([location(), {"_type": "transition"}, location(lat=99)])], NOW_S)
    assert len(decoded.fixes) == 1
    assert decoded.rejected[0].letter.reason.startswith("1 of 3 elements: [2].lat")


def test_a_last_will_means_offline() -> None:
    decoded = decode([message({"_type": "lwt", "tst": 1}, "owntracks/a/phone")], NOW_S)
    (status,) = decoded.statuses
    assert (status.device, status.status, status.at_s) == ("a", "offline", NOW_S)


@pytest.mark.parametrize(
    ("payload", "status"), [(b"online", "online"), (b"offline", "offline"), (b" online\n", "online")]
)
def test_a_status_is_read(payload: bytes, status: str) -> None:
    decoded = decode([message(payload, "ducha/west/car-07/status")], NOW_S)
    assert [s.status for s in decoded.statuses] == [status]
    assert decoded.rejected == []


def test_a_cleared_status_is_nothing_and_another_word_a_dead_letter() -> None:
    topic = "ducha/west/car-07/status"
    decoded = decode([message(b"", topic), message(b"asleep", topic), message(b"online" * 1000, topic)], NOW_S)
    assert decoded.statuses == []
    assert next(r.letter.reason for r in decoded.rejected) == "expected online or offline, got b'asleep'"
    assert len(decoded.rejected) == 2


def test_an_answer_to_a_roll_call_is_a_fix_and_says_which_call_it_answers() -> None:
    answer = {"id": "r1", "lat": 30.0, "lon": 120.0, "acc": 9, "tst": NOW_S}
    decoded = decode([message(answer, "ducha/west/car-07/answer"), message({}, "ducha/west/car-07/answer")], NOW_S)
    assert decoded.fixes.lat.tolist() == [30.0]
    assert decoded.answers == [Answered("car-07", "r1", NOW_S)]
    assert decoded.rejected[0].letter.reason == "object missing required field `id`"


def test_limits_are_inclusive() -> None:
    limits = Limits(future_s=10, past_s=100)
    times = [NOW_S + 10, NOW_S - 100, NOW_S + 10.5, NOW_S - 100.5]
    decoded = decode([message([location(tst=t) for t in times])], NOW_S, limits)
    assert decoded.fixes.t_s.tolist() == times[:2]
    assert decoded.rejected[0].letter.reason.startswith("2 of 4 elements: [2].tst")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
elements = st.fixed_dictionaries(
    {"_type": st.sampled_from(["location", "lwt", "transition", "x"]) | json_values},
    optional=dict.fromkeys(("tst", "lat", "lon", "vel", "cog", "acc", "mock"), json_values),
)
payloads = (
    st.binary(max_size=200)
    | json_values.map(lambda v: json.dumps(v).encode())
    | (elements | st.lists(elements, max_size=5)).map(lambda v: json.dumps(v).encode())
)
topics = st.text(max_size=30) | st.sampled_from(
    ["owntracks/a/b", "ducha/u/a/fix", "ducha/u/a/status", "ducha/u/a/answer", "ducha/u/\x00/fix"]
)


@settings(max_examples=500)
@given(st.lists(st.builds(Message, topics, payloads, st.just(NOW_S)), max_size=6))
def test_whatever_comes_is_a_usable_fix_or_a_dead_letter(messages: list[Message]) -> None:
    decoded = decode([*messages, message(location(), "owntracks/witness/phone")], NOW_S)

    fixes = decoded.fixes
    assert decoded.names[int(fixes.device[-1])] == "witness"
    assert (np.abs(fixes.lat) <= 90).all()
    assert (np.abs(fixes.lon) <= 180).all()
    assert ((fixes.t_s <= NOW_S + 120) & (fixes.t_s >= NOW_S - 30 * 86400)).all()
    assert not (fixes.speed_mps < 0).any()
    assert not (fixes.accuracy_m < 0).any()
    assert not np.isinf(fixes.speed_mps).any()
    for rejected in decoded.rejected:
        assert 0 < len(rejected.letter.reason) < 2_000


def ping(age_s: float, made_s: float = NOW_S - 1, **changes: Any) -> dict[str, Any]:
    """A message made at `made_s` that repeats a place `age_s` older."""
    return location(tst=made_s - age_s, created_at=made_s, **changes)


def test_a_message_made_long_after_its_position_is_a_ping_too() -> None:
    decoded = decode([message([location(created_at=NOW_S - 4), ping(600, t="p"), ping(1200)])], NOW_S)
    assert decoded.fixes.t_s.tolist() == [NOW_S - 5, NOW_S - 601, NOW_S - 1201]
    assert decoded.pings.t_s.tolist() == [NOW_S - 1, NOW_S - 1]
    assert decoded.pings.is_ping.all()
    assert not decoded.fixes.is_ping.any()


@pytest.mark.parametrize("made", [NOW_S + 121, NOW_S - 31 * 86_400, 0, -1, "soon", True, None, [], {}, 10**30, 1e300])
def test_a_time_of_making_that_can_not_be_is_none_and_costs_nothing(made: Any) -> None:
    decoded = decode([message(location(tst=NOW_S - 600, created_at=made))], NOW_S)
    assert (len(decoded.fixes), len(decoded.pings), decoded.rejected) == (1, 0, [])


def test_a_device_whose_clock_is_a_little_ahead_is_there_now_and_not_later() -> None:
    decoded = decode([message(ping(600, NOW_S + 100))], NOW_S)
    assert decoded.pings.t_s.tolist() == [NOW_S]


def test_a_retained_ping_is_no_sign_of_life_and_shows_no_clock() -> None:
    kept = message(ping(600))
    decoded = decode([Message(kept.topic, kept.payload, NOW_S, retained=True)], NOW_S)
    assert (len(decoded.retained), len(decoded.pings)) == (1, 0)
    assert np.isnan(decoded.clock_s).all()


def test_a_ping_from_a_place_older_than_what_comes_in_is_a_right_clock() -> None:
    old, rolled = ping(40 * 86_400.0), ping(1024 * 7 * 86_400.0)
    decoded = decode([message(old, "ducha/west/old/fix"), message(rolled, "ducha/west/rolled/fix")], NOW_S)
    assert len(decoded.fixes) == 0
    assert len(decoded.pings) == 2, "both are there"
    assert decoded.mistimed.device.tolist() == [decoded.names.index("rolled")]
    assert [rejected.letter.mistimed for rejected in decoded.rejected] == [True, True]


def test_a_clock_shows_in_the_newest_fix_or_in_when_a_ping_was_made() -> None:
    said = [
        message([location(tst=NOW_S - 90), location(tst=NOW_S - 30)], "ducha/west/late/fix"),
        message(location(tst=NOW_S + 3600), "ducha/west/ahead/fix"),
        message(ping(600), "ducha/west/still/fix"),
        message(ping(600, NOW_S + 7200), "ducha/west/odd/fix"),
        Message("ducha/west/again/fix", json.dumps(location(tst=NOW_S)).encode(), NOW_S, reread=True),
    ]
    decoded = decode(said, NOW_S)
    shown = dict(zip(decoded.names, decoded.clock_s.tolist(), strict=True))
    assert (shown["late"], shown["ahead"], shown["still"]) == (NOW_S - 30, NOW_S + 3600, NOW_S - 1)
    assert np.isnan([shown["odd"], shown["again"]]).all()


def test_by_another_clock_than_ours_what_is_in_time_by_either_is_in_time() -> None:
    said = [message(location(tst=NOW_S + after_s)) for after_s in (0, 3600, 3720, 3721)]
    decoded = decode(said, NOW_S + 3600, ours_s=NOW_S)
    assert decoded.fixes.t_s.tolist() == [NOW_S, NOW_S + 3600, NOW_S + 3720]
    assert decoded.mistimed.t_s.tolist() == [NOW_S + 3721]
