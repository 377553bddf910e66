"""`ducha cameras find`, by a process of its own: from a probe on the network to pictures."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from hardware.cameras import CameraServer, CameraSpec
from hardware.cameras.digest import Credentials
from hardware.cameras.picture import Picture, Size
from hardware.onvif import Misbehaviour, OnvifDevice, OnvifSpec, profile_of
from ingest.cameras.config import CameraSettings, load_camera_settings
from ingest.cameras.gathering import Gathering
from ingest.cameras.guard import Guard
from ingest.cameras.packets import Media
from ingest.cameras.rtsp import connect, packets_of, streams_of

ROOT = Path(__file__).resolve().parents[2]
WHO = Credentials("watch", "p@ss:w/rd")
PASSWORD = {"DUCHA_CAMERA_PASSWORD": WHO.password}


class Grey:
    def picture(self, t_s: float, size: Size) -> Picture:
        return np.full((size[1], size[0], 3), 40 + int(t_s * 20) % 160, np.uint8)


def ducha(*arguments: str, variables: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from console.cli import main; main()", "cameras", "find", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8", **(variables or {})}
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )


@contextmanager
def camera(*, by_multicast: bool = False, misbehaviour: Misbehaviour | None = None) -> Iterator[OnvifDevice]:
    """A locked camera: RTSP, and the ONVIF device that names its address."""
    filmed = [
        CameraSpec(name=name, view=Grey(), size=size, fps=10.0, bitrate_bps=200_000, credentials=WHO)
        for name, size in (("sub", (160, 120)), ("main", (320, 240)))
    ]
    with CameraServer(filmed) as server:
        profiles = tuple(profile_of(each, server.url(each.name, credentials=False)) for each in filmed)
        spec = OnvifSpec(
            name=f"门口 {server.url('main', credentials=False)}",  # its own, whatever other tests run beside this one
            profiles=profiles,
            credentials=WHO,
            found_by_multicast=by_multicast,
            misbehaviour=misbehaviour,
        )
        with OnvifDevice(spec) as device:
            yield device


def asking(*devices: OnvifDevice) -> list[str]:
    """The options that ask these devices; the time is an upper bound."""
    places = [f"{host}:{port}" for host, port in (device.probe_address for device in devices)]
    return ["--timeout", "30", "--user", WHO.user, *(word for place in places for word in ("--at", place))]


def keyframe_of(settings: CameraSettings) -> np.ndarray:
    """The first whole picture that comes from the camera, decoded."""
    container, relay = connect(settings.address, 10.0, 10.0)
    with relay, container, Guard(relay.line, 10.0) as guard:
        for packet in packets_of(container, streams_of(container), guard, Gathering(relay.line), relay.losses.news):
            if packet.media is Media.VIDEO and packet.is_keyframe:
                break
        return next(container.decode(video=0)).to_ndarray(format="bgr24")


def test_a_camera_found_by_multicast_is_listed_with_its_streams() -> None:
    with camera(by_multicast=True) as device:
        done = ducha("--timeout", "15", "--user", WHO.user, variables=PASSWORD)
    assert done.returncode == 0, done.stderr
    assert f"127.0.0.1  {device.spec.name}  Ducha Virtual" in done.stdout
    for profile in device.spec.profiles:
        assert f"{profile.token} H264 {profile.size[0]}x{profile.size[1]} 10/s  {profile.uri}" in done.stdout


def test_its_table_goes_into_the_settings_and_gives_pictures(tmp_path: Path) -> None:
    file = tmp_path / "ducha.toml"
    with camera() as device:
        done = ducha(*asking(device), "--toml", "window", variables=PASSWORD)
        assert done.returncode == 0, done.stderr
        assert WHO.password not in done.stdout
        file.write_text(done.stdout)
        (settings,) = load_camera_settings(file, PASSWORD).cameras
        assert (settings.id, settings.url) == ("camera-127-0-0-1", device.spec.profiles[1].uri)
        assert keyframe_of(settings).shape == (240, 320, 3)


def test_two_devices_at_one_address_have_ids_of_their_own() -> None:
    with camera() as one, camera() as other:
        done = ducha(*asking(one, other), "--toml", "street", variables=PASSWORD)
    assert done.returncode == 0, done.stderr
    tables = tomllib.loads(done.stdout)["camera"]
    assert [table["id"] for table in tables] == ["camera-127-0-0-1", "camera-127-0-0-1-2"]


def test_a_device_that_answers_garbage_is_told_of_and_the_others_are_listed() -> None:
    with camera() as good, camera(misbehaviour=Misbehaviour.ENTITIES) as bad:
        done = ducha(*asking(good, bad), variables=PASSWORD)
    assert done.returncode == 0
    assert good.spec.name in done.stdout
    assert done.stderr.splitlines() == ["127.0.0.1: unusable: answers XML with entities; expected SOAP, which has none"]


def test_refused_credentials_are_told_without_the_password() -> None:
    with camera() as device:
        done = ducha(*asking(device), variables={"DUCHA_CAMERA_PASSWORD": "secret"})
    assert (done.returncode, done.stdout) == (1, "")
    expected = "127.0.0.1: refused: the user name or password was refused; expected the camera's own"
    assert done.stderr.splitlines() == [expected]


def test_where_nothing_answers_it_says_so() -> None:
    done = ducha("--timeout", "0.5", "--at", "127.0.0.1:9")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("no camera answered within 0.5 s on 127.0.0.1:9; expected one")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--at", "127.0.0.1:x"), "--at 127.0.0.1:x: expected HOST or HOST:PORT"),
        (("--at", ":80"), "--at :80: expected HOST or HOST:PORT"),
        (("--at", "no.such.host.invalid"), "expected HOST or HOST:PORT with an IPv4 address"),
        (("--toml", "garden"), "--toml garden: expected one of window, interrogation"),
        (("--user", "u"), "--user u: expected the password in the variable DUCHA_CAMERA_PASSWORD, or a terminal"),
    ],
)
def test_a_wrong_argument_is_one_line_and_status_two(arguments: tuple[str, ...], words: str) -> None:
    done = ducha(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
