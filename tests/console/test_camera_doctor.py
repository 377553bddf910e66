"""What the doctor says of cameras, with real ones, a real recorder's folder and a real database."""

import json
import os
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from console.camera_doctor import examine_cameras
from console.cli import app
from console.doctor import Finding
from hardware.cameras import CameraServer, CameraSpec
from hardware.cameras.digest import Credentials
from hardware.cameras.oddity import Oddity, picture_of, telling
from hardware.cameras.picture import Picture, Size
from ingest.cameras.detectors import DEFAULT_WEIGHTS
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from store.evidence.leaf import SegmentBody, StartBody
from store.evidence.log import Entry, EvidenceLog
from store.evidence.signer import FileSigner

Examine = Callable[..., dict[str, Finding]]
NOBODY = "rtsp://127.0.0.1:9/x"


class Grey:
    def picture(self, _t_s: float, size: Size) -> Picture:
        return np.full((size[1], size[0], 3), 90, np.uint8)


@pytest.fixture(scope="module")
def cameras() -> Iterator[CameraServer]:
    specs = [
        CameraSpec(name=name, view=Grey(), size=(160, 120), fps=10.0, bitrate_bps=200_000, credentials=who)
        for name, who in (("open", None), ("locked", Credentials("watch", "secret")))
    ]
    huge = Oddity(units=telling(picture_of(8_192, 8_192)))
    specs.append(CameraSpec(name="huge", view=Grey(), size=(160, 120), fps=10.0, oddity=huge))
    with CameraServer(specs) as server:
        yield server


@pytest.fixture
def examine(tmp_path: Path, postgres_uri: str) -> Examine:
    """The findings by subject, with one camera at `url` and further settings of `[cameras]`."""

    def examined(url: str = NOBODY, camera: str = "", **settings: Any) -> dict[str, Finding]:
        places = {"folder": str(tmp_path / "rec"), "key": str(tmp_path / "key.pem")}
        told = {"look": False, "reserve_gb": 0.0, **places, **settings}
        lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in told.items())
        file = tmp_path / "ducha.toml"
        file.write_text(
            f'[database]\nurl = "{postgres_uri}"\n[cameras]\n{lines}\n'
            f'[[camera]]\nid = "c"\nkind = "window"\nurl = "{url}"\n{camera}\n'
        )
        return {finding.subject: finding for finding in examine_cameras(file, {})}

    return examined


def recorded(folder: Path, *, at_s: float, bytes_s: int) -> None:
    """A folder as the recorder of camera c leaves it, with one second of footage."""
    log = EvidenceLog(folder / "rec", "ducha/recorder", FileSigner.open_or_create(folder / "key.pem"))
    body = SegmentBody(
        duration_ns=10**9,
        frames=10,
        first_pts=0,
        last_pts=9,
        time_base=(1, 10),
        file="c.video/20260105/000000-1.mp4",
        offset=0,
        bytes=bytes_s,
        sha256="0" * 64,
        init_bytes=0,
        init_sha256="0" * 64,
        codec="h264",
    )
    wall_ns = round(at_s * 1e9)
    log.append_many([Entry("c.video", "c-20260105", wall_ns, 0, b) for b in (StartBody(reason="continuous"), body)])
    log.close()


def test_the_command_says_one_line_of_each_and_fails_where_something_is_to_be_mended(tmp_path: Path) -> None:
    file = tmp_path / "ducha.toml"
    file.write_text(
        f'[database]\nurl = "host={tmp_path} dbname=none"\n[cameras]\nfolder = "{tmp_path}"\nlook = false\n'
        f'[[camera]]\nid = "c"\nkind = "window"\nurl = "{NOBODY}"\n'
    )
    told = CliRunner().invoke(app, ["doctor", "--config", str(file)])
    assert told.exit_code == 1
    assert "BAD camera c: lost: connection refused; expected an RTSP server on port 9\n" in told.output
    assert f"ok  recordings: {tmp_path} can be written\n" in told.output


def test_without_cameras_there_is_nothing_to_mend() -> None:
    assert examine_cameras(None, {}) == [Finding("cameras", True, "none are named")]


def test_settings_that_can_not_be_read_are_the_one_finding(tmp_path: Path) -> None:
    file = tmp_path / "ducha.toml"
    file.write_text('[[camera]]\nid = "c"\n')
    (finding,) = examine_cameras(file, {})
    assert not finding.ok
    assert "camera[0]" in finding.says


def test_a_camera_is_looked_at_and_what_it_sends_is_told(examine: Examine, cameras: CameraServer) -> None:
    assert examine(cameras.url("open"))["camera c"] == Finding("camera c", True, "sends h264 with pcm_alaw")


@pytest.mark.parametrize(
    ("url", "camera", "words"),
    [
        (NOBODY, "", "lost: connection refused; expected an RTSP server on port 9"),
        ("rtsp://no.such.host.invalid/x", "", "lost: the host's name has no address"),
        ("{locked}", "", "refused: the camera wants a user name and a password; none is set"),
        ("{locked}", 'username = "watch"\npassword = "wrong"', "refused: the user name or password was refused"),
        ("{locked}/elsewhere", "", "refused: there is nothing at this path"),
    ],
)
def test_a_camera_that_can_not_be_recorded_is_named_with_what_to_mend(
    examine: Examine, cameras: CameraServer, url: str, camera: str, words: str
) -> None:
    finding = examine(url.replace("{locked}", cameras.url("locked", credentials=False)), camera=camera)["camera c"]
    assert not finding.ok
    assert finding.says.startswith(words)
    assert "watch" not in finding.says


@pytest.mark.parametrize(
    ("name", "most", "told"),
    [
        ("huge", LARGEST_PIXELS, f"a picture of 8192x8192, 67108864 pixels; expected at most {LARGEST_PIXELS}"),
        ("open", 160 * 128 - 1, "a picture of 160x128, 20480 pixels; expected at most 20479"),
    ],
)
def test_a_camera_whose_picture_is_larger_than_is_taken_is_a_finding(
    examine: Examine, cameras: CameraServer, name: str, most: int, told: str
) -> None:
    finding = examine(cameras.url(name), largest_pixels=most)["camera c"]
    assert (finding.ok, finding.says) == (False, f"unusable: {told} ([cameras] largest_pixels)")


def test_a_picture_of_just_the_largest_size_is_taken(examine: Examine, cameras: CameraServer) -> None:
    assert examine(cameras.url("open"), largest_pixels=160 * 128)["camera c"].ok


def test_one_that_publishes_is_told_where(tmp_path: Path) -> None:
    file = tmp_path / "ducha.toml"
    file.write_text(f'[cameras]\nfolder = "{tmp_path}"\nlook = false\n[[camera]]\nid = "b"\nkind = "bodycam"\n')
    found = {finding.subject: finding for finding in examine_cameras(file, {})}
    assert found["camera b"].ok
    assert "/api/v1/devices/b/whip" in found["camera b"].says


def test_a_disk_too_small_for_what_is_to_be_kept_is_told_with_both_sizes(examine: Examine, tmp_path: Path) -> None:
    recorded(tmp_path, at_s=time.time() - 60, bytes_s=250_000)
    assert "2 days at 2.0 Mbit/s (as recorded last) take 43 GB" in examine(keep_days=2)["disk"].says
    small = examine(keep_days=3_650_000)["disk"]
    assert not small.ok
    assert small.says.endswith("a larger disk, or fewer [cameras] keep_days")


def test_a_camera_never_recorded_is_taken_at_an_assumed_rate(examine: Examine) -> None:
    assert "1 days at 2.0 Mbit/s (taken as 2 Mbit/s a camera) take 22 GB" in examine(keep_days=1)["disk"].says


def test_a_disk_at_its_reserve_records_nothing(examine: Examine) -> None:
    finding = examine(reserve_gb=1e9)["disk"]
    assert not finding.ok
    assert "nothing is recorded now; make room" in finding.says


def test_a_folder_that_is_none_is_told(examine: Examine, tmp_path: Path) -> None:
    assert examine()["recordings"].says.endswith("will be made")
    (tmp_path / "rec").write_text("")
    finding = examine()["recordings"]
    assert not finding.ok
    assert "is no folder" in finding.says


def test_the_key_is_looked_at_and_never_made(examine: Examine, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    assert examine()["recorder's key"] == Finding("recorder's key", True, f"{key} will be made")
    assert not key.exists()
    recorded(tmp_path, at_s=time.time(), bytes_s=1)
    assert examine()["recorder's key"].ok
    key.chmod(0o640)
    assert "others may read it (mode 0640); expected mode 0600" in examine()["recorder's key"].says
    key.unlink()
    assert "is not there, but recordings signed with it are" in examine()["recorder's key"].says
    FileSigner.open_or_create(key)
    assert "is another than signed" in examine()["recorder's key"].says


def test_a_clock_behind_what_was_recorded_is_told(examine: Examine, tmp_path: Path) -> None:
    assert examine()["clock"] == Finding("clock", True, "goes with the database's and with what was recorded")
    recorded(tmp_path, at_s=time.time() + 3_600, bytes_s=1)
    finding = examine()["clock"]
    assert not finding.ok
    assert "behind what was recorded last; set it, by NTP" in finding.says


def test_a_detector_that_can_not_be_loaded_is_told(examine: Examine, tmp_path: Path) -> None:
    assert "people detector" not in examine()
    finding = examine(look=True, model=str(tmp_path / "none.onnx"))["people detector"]
    assert not finding.ok
    assert "expected a YOLOX network as ONNX" in finding.says


@pytest.mark.skipif(not DEFAULT_WEIGHTS.is_file(), reason="needs the weights that are fetched when Ducha is installed")
def test_the_detector_is_named_with_its_hash(examine: Examine) -> None:
    finding = examine(look=True)["people detector"]
    assert finding.ok
    assert sha256(DEFAULT_WEIGHTS.read_bytes()).hexdigest()[:16] in finding.says


def test_on_how_many_threads_cameras_are_looked_at_is_told(examine: Examine) -> None:
    assert "looking" not in examine()
    assert examine(look=True)["looking"].says.startswith("1 cameras on 1 threads")


def test_more_threads_than_cores_are_a_finding(examine: Examine) -> None:
    many = (os.cpu_count() or 1) + 1
    others = "\n".join(f'[[camera]]\nid = "c-{n}"\nkind = "window"\nurl = "{NOBODY}"' for n in range(many))
    assert not examine(camera=others, look=True, looking_threads=many)["looking"].ok
    assert examine(camera=others, look=True, looking_threads=1)["looking"].ok


def test_a_folder_that_others_may_read_is_named_with_what_closes_it(tmp_path: Path, examine: Examine) -> None:
    recorded(tmp_path, at_s=time.time(), bytes_s=10)
    assert examine()["modes"].ok
    (tmp_path / "rec" / "leaves.jsonl").chmod(0o640)
    found = examine()["modes"]
    assert not found.ok
    assert f"{tmp_path / 'rec' / 'leaves.jsonl'} (mode 0640)" in found.says
    assert found.says.endswith(f"chmod -R go= {tmp_path / 'rec'}")


def test_exports_that_others_may_read_are_named_too(tmp_path: Path, examine: Examine) -> None:
    exports = tmp_path / "out put"
    camera = f'[exports]\nfolder = "{exports}"'
    assert examine(camera=camera)["modes of exports"].ok
    exports.mkdir(mode=0o700)
    made = exports / "1.zip"
    made.touch()
    made.chmod(0o600)
    says = f"{exports} is closed to others"
    assert examine(camera=camera)["modes of exports"] == Finding("modes of exports", True, says)
    made.chmod(0o604)
    exports.chmod(0o711)
    found = examine(camera=camera)["modes of exports"]
    assert not found.ok
    assert found.says.startswith(f"others may enter or read {exports} (mode 0711), {made} (mode 0604); chmod -R go= ")
    assert found.says.endswith(f"'{exports}'")
    assert examine(camera=camera)["modes"].ok
