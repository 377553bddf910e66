"""Devices that answer, asked who they are: good ones, and those that answer what no device should."""

from dataclasses import replace

import pytest
from onvif_cameras import LOGIN, MAIN, SUB, serving, spec

from hardware.onvif import Misbehaviour, OnvifDevice
from ingest.cameras.finding import Found, find
from ingest.cameras.onvif_device import Login, Profile


def found(*devices: OnvifDevice, login: Login | None = None, device_s: float = 30.0) -> Found:
    return find(20.0, [device.probe_address for device in devices], login, device_s)


def told_by(profile: Profile) -> tuple[object, ...]:
    return profile.name, profile.codec, profile.width, profile.height, profile.fps, profile.uri


def test_a_device_tells_its_name_its_model_and_where_its_streams_are() -> None:
    with serving([spec(name="门口")]) as (device,):
        (told,) = found(device).devices
    assert (told.address, told.name, told.model) == ("127.0.0.1", "门口", "Ducha V-1")
    assert [told_by(profile) for profile in told.profiles] == [
        ("main", "H264", 1920, 1080, 25.0, MAIN.uri),
        ("sub", "H264", 640, 360, 15.0, SUB.uri),
    ]


@pytest.mark.parametrize("ahead_s", [0.0, -9_000.0, 90_000.0])
def test_a_locked_device_tells_who_knows_the_password_whatever_its_clock_says(ahead_s: float) -> None:
    with serving([spec(locked=True, clock_ahead_s=ahead_s)]) as (device,):
        (told,) = found(device, login=LOGIN).devices
    assert [profile.uri for profile in told.profiles] == [MAIN.uri, SUB.uri]


@pytest.mark.parametrize(
    ("login", "problem"),
    [
        (Login(LOGIN.username, "wrong-secret"), "refused: the user name or password was refused"),
        (Login("nobody", LOGIN.password), "refused: the user name or password was refused"),
        (None, "refused: the camera wants a user name and a password; none is set"),
    ],
)
def test_refused_credentials_are_said_to_be_refused(login: Login | None, problem: str) -> None:
    with serving([spec(locked=True)]) as (device,):
        result = found(device, login=login)
    assert result.devices == ()
    (misanswer,) = result.problems
    assert problem in misanswer.problem
    assert "secret" not in misanswer.problem


@pytest.mark.parametrize(
    ("misbehaviour", "problem"),
    [
        (Misbehaviour.PROBE_GARBAGE, "answers no sound XML"),
        (Misbehaviour.PROBE_OVERSIZED, "answers more than 16384 bytes"),
        (Misbehaviour.PROBE_ENTITIES, "answers no sound XML"),
        (Misbehaviour.WRONG_UUID, "a question that was not ours"),
        (Misbehaviour.SERVICE_ELSEWHERE, "no service at the address that it answered from"),
        (Misbehaviour.GARBAGE, "unusable: answers what is no ONVIF"),
        (Misbehaviour.OVERSIZED, "unusable: answers more than 1000000 bytes"),
        (Misbehaviour.ENTITIES, "unusable: answers XML with entities"),
        (Misbehaviour.SILENT, "lost: no answer within 8 s"),
        (Misbehaviour.REDIRECT, "unusable: sends us to another host"),
    ],
)
def test_a_device_that_misbehaves_is_named_with_why_and_hides_no_other(
    misbehaviour: Misbehaviour, problem: str
) -> None:
    with serving([spec(misbehaviour=misbehaviour), spec(name="good", locked=True)]) as devices:
        result = found(*devices, login=LOGIN, device_s=8.0 if misbehaviour is Misbehaviour.SILENT else 30.0)
    assert [device.name for device in result.devices] == ["good"]
    (misanswer,) = result.problems
    assert misanswer.address == "127.0.0.1"
    assert problem in misanswer.problem
    assert "expected" in misanswer.problem


def test_a_stream_at_another_host_is_not_passed_on() -> None:
    with serving([spec(misbehaviour=Misbehaviour.STREAM_ELSEWHERE)]) as (device,):
        (told,) = found(device).devices
    assert [profile.uri for profile in told.profiles] == [None, None]
    assert {profile.problem for profile in told.profiles} == {
        "names an address that is not its own; expected rtsp://127.0.0.1/…"
    }


def test_a_password_in_a_streams_address_is_left_out() -> None:
    indiscreet = replace(MAIN, uri="rtsp://u:secret@127.0.0.1:554/main")
    with serving([spec(profiles=(indiscreet,))]) as (device,):
        (told,) = found(device).devices
    assert [profile.uri for profile in told.profiles] == [MAIN.uri]
