"""The whole worker: real cameras, a real database, and a process that is killed."""

import io
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import psycopg
import pytest
from ingest_examples import wait_until
from virtual_cameras import QUICK, spec
from waiting import at_best
from webrtc_publisher import publishing_at

from hardware.cameras import CameraServer, Fault
from hardware.cameras.oddity import ORDINARY, Oddity
from ingest.cameras.config import CameraSettings, Kind, RecorderSettings, Settings
from ingest.cameras.leaves import newest_first
from ingest.cameras.packs import packs_of
from ingest.cameras.segmenter import Segment
from ingest.cameras.stream_log import StreamLog
from ingest.cameras.worker import RecordingFailed, Worker
from ingest.config import DatabaseSettings
from store.embedded import EmbeddedPostgres
from store.evidence.leaf import GapBody, Leaf, Reason, SealBody, SegmentBody
from store.evidence.verification import read_leaves, verify_folder

KILLS = int(os.environ.get("DUCHA_KILLS", "1"))


@pytest.fixture(scope="module")
def server() -> Iterator[CameraServer]:
    with CameraServer([spec("hall"), spec("yard", audio=None)]) as running:
        yield running


class Site:
    """A recorder's settings and what became of it."""

    def __init__(self, folder: Path, server: CameraServer, uri: str) -> None:
        self.folder = folder / "recordings"
        self.uri = uri
        self._root = folder
        self._server = server

    def settings(self, *names: str, **options: Any) -> Settings:
        told = {
            "folder": str(self.folder),
            "key": str(self._root / "key.pem"),
            "tap": str(self._root / "tap.sock"),
            "reserve_gb": 0.0,
            "segment_s": 0.5,
            "recorder": "county/r-1",
        }
        return Settings(
            database=DatabaseSettings(url=self.uri),
            recorder=RecorderSettings(**(told | options)),
            cameras=tuple(
                CameraSettings(id=name, url=self._server.url(name), kind=Kind.WINDOW, unit="county.west", room="3")
                for name in names
            ),
        )

    @contextmanager
    def running(self, *names: str, **options: Any) -> Iterator[Worker]:
        stop, failures = threading.Event(), []
        with Worker(self.settings(*names, **options), patience=QUICK) as worker:

            def run() -> None:
                try:
                    worker.run(stop)
                except RecordingFailed as error:
                    failures.append(error)

            thread = threading.Thread(target=run)
            thread.start()
            yield worker
            stop.set()
            thread.join(5)
            began_s = time.monotonic()
        assert time.monotonic() - began_s < 5, "it must stop within 5 s"
        assert not failures

    def toml(self, *names: str) -> Path:
        settings = self.settings(*names)
        recorder = settings.recorder
        lines = [f'[database]\nurl = "{self.uri}"', "[cameras]"]
        lines += [f'{key} = "{getattr(recorder, key)}"' for key in ("folder", "key", "tap", "recorder")]
        lines += [f"{key} = {getattr(recorder, key)}" for key in ("reserve_gb", "segment_s")]
        lines += [f'[[camera]]\nid = "{c.id}"\nurl = "{c.url}"\nkind = "{c.kind}"' for c in settings.cameras]
        file = self._root / "ducha.toml"
        file.write_text("\n".join(lines))
        return file

    def rows(self, query: str) -> list[Any]:
        with psycopg.connect(self.uri) as connection:
            return connection.execute(query.encode()).fetchall()

    def state(self, camera: str) -> str | None:
        found = self.rows(f"SELECT state FROM cameras WHERE id = '{camera}'")
        return found[0][0] if found else None

    def segments(self, stream: str, kind: str = "segment") -> int:
        return int(self.rows(f"SELECT count(*) FROM segments WHERE stream = '{stream}' AND type = '{kind}'")[0][0])

    def bodies(self, stream: str, kind: type) -> list[Any]:
        leaves = read_leaves(self.folder / "leaves.jsonl")
        return [leaf.body for leaf in leaves if leaf and leaf.stream == stream and isinstance(leaf.body, kind)]

    def kinds(self, stream: str) -> list[str]:
        leaves = [leaf for _, leaf in newest_first(self.folder) if leaf.stream == stream]
        return [type(leaf.body).__name__.removesuffix("Body") for leaf in reversed(leaves)]

    def faults(self) -> list[str]:
        return [str(finding) for finding in verify_folder(self.folder).findings if not finding.sound]


@pytest.fixture
def site(tmp_path: Path, server: CameraServer, postgres_uri: str) -> Iterator[Site]:
    yield Site(tmp_path, server, postgres_uri)
    for name in ("hall", "yard"):
        server.camera(name).mend()
        server.camera(name).oddity = ORDINARY


def test_cameras_are_recorded_playably_and_the_database_knows_where(site: Site) -> None:
    with psycopg.connect(site.uri, autocommit=True) as connection:
        connection.execute("LISTEN ducha")
        with site.running("hall", "yard"):
            wait_until(lambda: site.segments("hall.video") >= 3 and site.segments("hall.audio") >= 3, 30, "rows")
            wait_until(lambda: site.segments("yard.video") >= 3, 30, "rows of another")
        assert {n.payload for n in connection.notifies(timeout=0)} == {'{"cameras":true}'}
    (row,) = site.rows(
        "SELECT name, kind, unit::text, recorder, folder, state, codec, width, height, audio, recorded FROM cameras "
        "WHERE id = 'hall'"
    )
    assert row == (
        "hall",
        "window",
        "county.west",
        "county/r-1",
        str(site.folder),
        "live",
        "h264",
        160,
        120,
        "pcm_alaw",
        True,
    )
    for stream in ("hall.video", "hall.audio", "yard.video"):
        bodies = site.bodies(stream, SegmentBody)
        assert site.segments(stream) == len(bodies)
        for pack in packs_of(site.folder, stream):
            with av.open(str(pack.path)) as container:
                decoded = sum(1 for _ in container.decode())
            assert decoded > 0
            if stream.endswith("video"):
                assert decoded == sum(body.frames for body in bodies)
    sought = site.rows('SELECT file, "offset", bytes, init_bytes FROM segments WHERE file IS NOT NULL ORDER BY seq')
    file, offset, size, init_bytes = sought[-1]
    data = (site.folder / file).read_bytes()
    with av.open(io.BytesIO(data[:init_bytes] + data[offset : offset + size])) as container:
        assert next(container.decode()).pts is not None
    assert site.bodies("hall.video", SealBody)
    assert any(body.camera_ns for body in site.bodies("hall.video", SegmentBody))
    assert site.faults() == []


@pytest.mark.parametrize("fault", [Fault.DIE, Fault.STALL])
def test_a_camera_that_is_lost_and_found_has_a_gap_of_that_reason(
    site: Site, server: CameraServer, fault: Fault
) -> None:
    with site.running("hall"):
        wait_until(lambda: site.segments("hall.video") >= 1, 30, "rows")
        server.camera("hall").fault(fault)
        wait_until(lambda: site.state("hall") not in ("live", "connecting"), 30, "its state")
        server.camera("hall").mend()
        wait_until(lambda: site.state("hall") == "live", 30, "it is back")
        wait_until(lambda: site.segments("hall.video", "gap") >= 1, 30, "the gap")
    (reasons,) = site.rows(
        "SELECT array_agg(DISTINCT reason) FROM segments WHERE stream = 'hall.video' AND type = 'gap'"
    )
    assert reasons[0] == ["source-lost"]
    assert site.faults() == []


def test_another_picture_size_begins_a_file_of_its_own(site: Site, server: CameraServer) -> None:
    with site.running("hall"):
        wait_until(lambda: site.segments("hall.video") >= 1, 30, "rows")
        server.camera("hall").fault(Fault.RESOLUTION)
        wait_until(lambda: len(packs_of(site.folder, "hall.video")) == 2, 30, "the change")
        wait_until(lambda: site.rows("SELECT width FROM cameras")[0][0] != 160, 30, "the new size")
    assert site.bodies("hall.video", GapBody) == []
    assert len(packs_of(site.folder, "hall.video")) == 2
    for pack in packs_of(site.folder, "hall.video"):
        with av.open(str(pack.path)) as container:
            assert sum(1 for _ in container.decode()) > 0
    assert site.faults() == []


def test_pictures_that_come_and_can_not_be_decoded_make_a_camera_unusable(site: Site, server: CameraServer) -> None:
    """As those of a camera whose parameter sets fit no picture that it sends."""

    def unfit(units: list[bytes], is_keyframe: bool) -> list[bytes]:
        slices = [b"\x65" + bytes(20) if unit[0] & 31 == 5 else unit for unit in units]
        return slices if is_keyframe else units

    camera = server.camera("hall")
    with site.running("hall", look=False):
        wait_until(lambda: site.state("hall") == "live", 30, "it is well")
        camera.oddity = Oddity(units=unfit)
        began_s = time.monotonic()
        wait_until(lambda: site.state("hall") == "unusable", 30, "it is told")
        print(f"told after {time.monotonic() - began_s:.1f} s")
        ((reason,),) = site.rows("SELECT reason FROM cameras WHERE id = 'hall'")
        assert reason.startswith("what is recorded can't be shown: ")
        camera.oddity = ORDINARY
        wait_until(lambda: site.state("hall") == "live", 30, "it is well again")
    assert site.bodies("hall.video", GapBody) == []
    assert site.faults() == []


def test_without_room_on_the_disk_there_is_a_picture_but_no_recording(site: Site) -> None:
    with site.running("hall", reserve_gb=1e6) as worker:
        wait_until(lambda: site.state("hall") == "live", 30, "the state")
        assert worker.cameras[0].fanout.streams
        assert site.rows("SELECT recorded FROM cameras") == [(False,)]
    assert packs_of(site.folder, "hall.video") == []


def test_a_camera_whose_recorder_fails_is_not_said_to_be_live_and_is_recorded_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, record = threading.Event(), StreamLog.record

    def recorded(self: StreamLog, segment: Segment) -> Leaf | None:
        if failing.is_set() and self.stream == "hall.video":
            raise IndexError("beyond the end")
        return record(self, segment)

    def told() -> list[Any]:
        return site.rows("SELECT state, recorded FROM cameras ORDER BY id")

    monkeypatch.setattr(StreamLog, "record", recorded)
    with site.running("hall", "yard"):
        wait_until(lambda: told() == [("live", True)] * 2, 60, "both are recorded")
        failing.set()
        wait_until(lambda: told() == [("unusable", False), ("live", True)], 60, "one is not")
        ((reason,),) = site.rows("SELECT reason FROM cameras WHERE id = 'hall'")
        assert reason == "it can't be recorded: IndexError: beyond the end"
        before = site.segments("yard.video")
        wait_until(lambda: site.segments("yard.video") > before + 2, 60, "the other goes on")
        failing.clear()
        wait_until(lambda: told() == [("live", True)] * 2, 60, "both are recorded again")
    assert Reason.PROCESS_RESTART in {gap.reason for gap in site.bodies("hall.video", GapBody)}
    assert site.bodies("yard.video", GapBody) == []
    assert site.faults() == []


def test_a_camera_that_is_not_to_be_recorded_is_not_and_one_that_is_gone_is_dropped(site: Site) -> None:
    with site.running("hall", "yard"):
        wait_until(lambda: len(site.rows("SELECT id FROM cameras")) == 2, 30, "both")
    with site.running("hall"):
        wait_until(lambda: site.rows("SELECT id FROM cameras") == [("hall",)], 30, "the one that is left")


def test_while_the_database_is_away_recording_goes_on_and_the_rows_follow(
    site: Site, postgres_server: EmbeddedPostgres
) -> None:
    site.uri = postgres_server.uri("not_yet_there")
    with site.running("hall"):
        wait_until(lambda: len(site.bodies("hall.video", SegmentBody)) >= 3, 30, "it records")
        with psycopg.connect(postgres_server.uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE not_yet_there TEMPLATE template_ducha STRATEGY file_copy")
        wait_until(lambda: site.segments("hall.video") >= 3, 30, "the rows")
    assert site.segments("hall.video") == len(site.bodies("hall.video", SegmentBody))
    with psycopg.connect(site.uri, autocommit=True) as connection:
        connection.execute("DELETE FROM segments WHERE seq > 2")  # as if they had not been written yet
    with site.running("hall"):
        wait_until(
            lambda: site.segments("hall.video") == len(site.bodies("hall.video", SegmentBody)) > 4, 60, "all rows"
        )
    with psycopg.connect(postgres_server.uri(), autocommit=True) as connection:
        connection.execute("DROP DATABASE not_yet_there WITH (FORCE)")


PROCESS = """
import sys
from pathlib import Path
from ingest.__main__ import log_to_stderr
from ingest.cameras.config import load_camera_settings
from ingest.cameras.worker import serve
from ingest.stopping import stopper
log_to_stderr()
serve(load_camera_settings(Path(sys.argv[1]), {}), stopper())
"""


@contextmanager
def process(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (file.parent / "log").open("ab") as log:
        running = subprocess.Popen([sys.executable, "-c", PROCESS, str(file)], stdout=log, stderr=log)
        try:
            yield running
        finally:
            running.kill()
            running.wait(10)


def test_kill_9_costs_two_seconds_at_most_and_the_next_start_declares_them(site: Site) -> None:
    file = site.toml("hall")
    killed_s: list[float] = []
    ends_ns: list[int] = []

    def lost_s() -> float:
        stored = site.segments("hall.video")
        with process(file) as running:
            wait_until(lambda: site.segments("hall.video") >= stored + 3, 60, "it records")
            killed_s.append(time.time())
            os.kill(running.pid, signal.SIGKILL)
            running.wait(5)
        film = (leaf for _, leaf in newest_first(site.folder) if leaf.stream == "hall.video")
        ends_ns.append(next(leaf.end_ns for leaf in film if isinstance(leaf.body, SegmentBody)))
        return killed_s[-1] - ends_ns[-1] / 1e9

    lost = [at_best(lost_s, 2.0)]
    before = (site.folder / "leaves.jsonl").read_bytes()
    lost += [at_best(lost_s, 2.0) for _ in range(KILLS - 1)]
    assert max(lost) < 2.0
    stored = site.segments("hall.video")
    with process(file) as running:
        wait_until(lambda: site.segments("hall.video") > stored, 60, "it records again")
        running.terminate()
        began_s = time.monotonic()
        assert running.wait(60) == 0
        assert time.monotonic() - began_s < 5, "it must stop within 5 s of SIGTERM"
    gaps = site.bodies("hall.video", GapBody)
    restarts = [gap for gap in gaps if gap.reason is Reason.PROCESS_RESTART]
    assert [gap.from_ns for gap in restarts] == ends_ns
    for earlier, gap in pairwise(gaps):  # one that lasts is told in parts of ten seconds
        assert gap in restarts or (gap.reason, gap.from_ns) == (Reason.SOURCE_LOST, earlier.to_ns)
    after = (site.folder / "leaves.jsonl").read_bytes()
    assert after.startswith(before[: before.rfind(b"\n") + 1])
    assert len(site.bodies("hall.video", SealBody)) == 1
    assert site.faults() == []
    print(f"lost by kill -9: {', '.join(f'{s:.2f}' for s in lost)} s")


def test_it_stops_while_a_camera_does_not_answer(site: Site) -> None:
    file = site.toml("hall")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        file.write_text(
            file.read_text()
            + f'\n[[camera]]\nid = "mute"\nurl = "rtsp://127.0.0.1:{silent.getsockname()[1]}/x"\nkind = "street"\n'
            '[[camera]]\nid = "far"\nurl = "rtsp://192.0.2.1/x"\nkind = "street"\n'
        )
        with process(file) as running:
            assert select.select([silent], [], [], 60)[0], "it connects"
            wait_until(lambda: site.segments("hall.video") >= 1, 60, "it records")
            running.terminate()
            began_s = time.monotonic()
            assert running.wait(60) == 0
            assert time.monotonic() - began_s < 5, "it must stop within 5 s of SIGTERM"


def test_a_folder_key_or_socket_that_can_not_be_used_is_named(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for key in ("folder", "key", "tap"):
        with pytest.raises(RecordingFailed, match=rf"cameras\.{key}"):
            Worker(site.settings("hall", **{key: str(tmp_path / "file" / "x")}))
    with site.running("hall"), pytest.raises(RecordingFailed, match="another process has this log open"):
        Worker(site.settings("hall"))


def test_a_body_worn_camera_is_waited_for_and_recorded_when_it_publishes(site: Site) -> None:
    settings = site.settings()
    worn = CameraSettings(id="body-1", kind=Kind.BODYCAM)
    with Worker(Settings(database=settings.database, recorder=settings.recorder, cameras=(worn,))):
        wait_until(lambda: site.state("body-1") == "connecting", 30, "a row")
        ((reason,),) = site.rows("SELECT reason FROM cameras WHERE id = 'body-1'")
        assert reason == "waiting for the device to publish"
        with publishing_at(Path(settings.recorder.tap + ".whip"), "body-1"):
            wait_until(lambda: site.segments("body-1.video") >= 2, 30, "segments")
            assert site.state("body-1") == "live"
        wait_until(lambda: site.state("body-1") == "connecting", 30, "the device is gone")
        wait_until(lambda: site.kinds("body-1.video")[-1] == "Seal", 30, "the session is sealed")
        with publishing_at(Path(settings.recorder.tap + ".whip"), "body-1"):
            wait_until(lambda: site.kinds("body-1.video")[-1] == "Segment", 30, "it publishes again")
        wait_until(lambda: site.kinds("body-1.video")[-1] == "Seal", 30, "that session is sealed too")
    kinds = site.kinds("body-1.video")
    assert kinds.count("Start") == kinds.count("Seal") == 2
    assert "Gap" not in kinds
    assert site.faults() == []


def test_it_ends_in_order_where_it_is_stopped_while_its_detectors_are_being_made(site: Site) -> None:
    file = site.toml("hall")
    unreachable = "".join(
        f'\n[[camera]]\nid = "far-{n}"\nkind = "window"\nurl = "rtsp://127.0.0.1:9/{n}"\nrecord = false\n'
        for n in range(19)
    )
    text = file.read_text().replace("[cameras]\n", "[cameras]\nlooking_threads = 20\n") + unreachable
    file.write_text(text)
    with process(file) as running:
        wait_until(lambda: b"cameras started" in (file.parent / "log").read_bytes(), 60, "it begins")
        running.terminate()
        assert running.wait(60) == 0
