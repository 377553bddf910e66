"""The list of cameras, and the event when one changes."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from camera_rows import write_camera
from console_examples import NOW
from event_stream import stream, until

from store.times import moment, rfc3339

Console = Callable[..., Any]


def test_cameras_are_listed_with_their_state(console: Console, postgres_uri: str) -> None:
    write_camera(postgres_uri, "cam-2", state="lost", reason="no route to host", name="南塘所 窗口 2", kind="window")
    write_camera(postgres_uri, "cam-1")
    page = console(lambda client: client.get("/api/v1/cameras")).json()
    assert page["next"] is None
    one, two = page["items"]
    assert one == {
        "id": "cam-1",
        "name": "讯问室 2",
        "kind": "interrogation",
        "unit": "county.east",
        "room": "r2",
        "lon": 113.1,
        "lat": 22.1,
        "recorder": "recorder-1",
        "state": "live",
        "reason": None,
        "since": rfc3339(moment(NOW - 60)),
        "codec": "h264",
        "width": 320,
        "height": 180,
        "audio": None,
        "recorded": True,
        "seen_at": one["seen_at"],
        "people": None,
        "picture": None,
        "looked_at": None,
        "lost_packets": None,
    }
    assert (two["state"], two["reason"]) == ("lost", "no route to host")


def test_a_camera_whose_worker_fell_silent_is_unknown_and_not_said_to_be_recorded(
    console: Console, postgres_uri: str
) -> None:
    last = moment(time.time() - 31)
    write_camera(postgres_uri, seen_at=last, lost_packets=7)
    (camera,) = console(lambda client: client.get("/api/v1/cameras")).json()["items"]
    assert (camera["state"], camera["since"]) == ("unknown", rfc3339(last))
    assert not camera["recorded"]
    assert camera["lost_packets"] is None


@pytest.mark.parametrize("lost", [None, 0, 3, 2**40])
def test_what_was_lost_on_its_way_in_the_last_hour_is_told(
    console: Console, postgres_uri: str, lost: int | None
) -> None:
    write_camera(postgres_uri, lost_packets=lost)
    (camera,) = console(lambda client: client.get("/api/v1/cameras")).json()["items"]
    assert camera["lost_packets"] == lost


def test_where_the_tap_lies_is_told_to_nobody(console: Console, postgres_uri: str) -> None:
    write_camera(postgres_uri)
    assert "/nowhere" not in console(lambda client: client.get("/api/v1/cameras")).text


def test_a_change_of_state_is_pushed(address: str, postgres_uri: str) -> None:
    with stream(address) as events:
        write_camera(postgres_uri)
        assert until(events, "stream")["state"] == "live"
        write_camera(postgres_uri, state="lost", reason="connection timed out")
        told = until(events, "stream")
    assert (told["state"], told["reason"]) == ("lost", "connection timed out")
