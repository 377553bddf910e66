"""Who looks at which cameras, what happens where one fails, and what becomes of alerts about cameras of before."""

import os
import time
from pathlib import Path

import psycopg
import pytest
from camera_films import film
from hypothesis import given
from hypothesis import strategies as st
from ingest_examples import wait_until
from msgspec.structs import replace as changed

from analytics.alerts import Alert, AlertChange, Change, Grade
from analytics.catalogue import all_rules
from analytics.fixes import FixBatch
from ingest.cameras.config import CameraSettings, Kind, RecorderSettings, Settings
from ingest.cameras.detectors import DEFAULT_WEIGHTS
from ingest.cameras.fanout import Fanout
from ingest.cameras.lookout import Lookout, looking_threads, shares
from ingest.cameras.packets import StreamInfo
from ingest.config import DatabaseSettings
from store.ledger import Ledger

needs_weights = pytest.mark.skipif(not DEFAULT_WEIGHTS.is_file(), reason="built with DUCHA_SKIP_MODEL: no detector")


def black(camera: str, now_s: float) -> AlertChange:
    """Its picture has been black for a minute."""
    alert = Alert("camera-tampered", 1, Grade.B, camera, None, now_s - 60, None, now_s - 30, None, None)
    return AlertChange(Change.RAISED, alert)


@needs_weights
def test_what_is_open_about_a_camera_that_is_looked_at_no_more_ends_and_says_why(
    postgres_uri: str, tmp_path: Path
) -> None:
    now_s = time.time()
    settings = Settings(
        database=DatabaseSettings(url=postgres_uri),
        recorder=RecorderSettings(recorder="county/r-1", folder=str(tmp_path)),
        cameras=(CameraSettings(id="win-1", url="rtsp://127.0.0.1/win-1", kind=Kind.WINDOW),),
    )
    with Ledger(postgres_uri) as ledger, psycopg.connect(postgres_uri, autocommit=True) as connection:
        ledger.seed_rules(all_rules(), now_s=now_s)
        for camera, recorder in (("win-1", "county/r-1"), ("gone-1", "county/r-1"), ("far-1", "county/r-2")):
            connection.execute(
                "INSERT INTO cameras (id, name, kind, recorder, folder, tap, state, since, recorded, seen_at)"
                " VALUES (%s, '', 'window', %s, '', '', 'live', now(), false, now())",
                (camera, recorder),
            )
        alerts = [black(camera, now_s) for camera in ("win-1", "gone-1", "far-1", "dropped-1")]
        ledger.commit(FixBatch.empty(), alerts, received_s=now_s)
        lookout = Lookout(settings, {"win-1": Fanout()}, lambda _stream: None)
        lookout.start()
        query = "SELECT device FROM alerts WHERE detail->>'ended_because' = 'unwatched' ORDER BY device"
        try:
            ended = [("dropped-1",), ("gone-1",)]
            wait_until(lambda: connection.execute(query).fetchall() == ended, 90, "alerts end")
        finally:
            assert lookout.stop(5)
        assert connection.execute(query).fetchall() == ended
        still = "SELECT device FROM alerts WHERE ended IS NULL AND rule = 'camera-tampered' ORDER BY device"
        assert connection.execute(still).fetchall() == [("far-1",), ("win-1",)]


kinds = st.lists(st.sampled_from([Kind.WINDOW, Kind.INTERROGATION, Kind.WAITING, Kind.STREET]), max_size=60)


@given(kinds, st.integers(1, 16))
def test_every_camera_is_one_threads_and_each_has_as_many_of_the_dear_ones(kinds: list[Kind], threads: int) -> None:
    cameras = [CameraSettings(id=f"c-{n}", url="rtsp://127.0.0.1/", kind=kind) for n, kind in enumerate(kinds)]
    dealt = shares(cameras, threads)
    assert sorted(camera.id for share in dealt for camera in share) == sorted(camera.id for camera in cameras)
    assert len(dealt) == max(1, min(threads, len(cameras)))
    for dear in ((Kind.INTERROGATION, Kind.WAITING), (Kind.WINDOW,), (Kind.STREET,)):
        each = [sum(camera.kind in dear for camera in share) for share in dealt]
        assert max(each) - min(each) <= 1


def test_half_of_the_cores_look_where_nobody_says_otherwise() -> None:
    assert looking_threads(RecorderSettings()) == max(1, (os.cpu_count() or 1) // 2)
    assert looking_threads(RecorderSettings(looking_threads=7)) == 7


@needs_weights
def test_where_one_thread_fails_the_others_look_on_and_its_share_is_begun_anew(
    postgres_uri: str, tmp_path: Path
) -> None:
    names = ("win-1", "win-2", "hall-1")
    kinds = (Kind.WINDOW, Kind.WINDOW, Kind.WAITING)
    settings = Settings(
        database=DatabaseSettings(url=postgres_uri),
        recorder=RecorderSettings(recorder="county/r-1", folder=str(tmp_path), looking_threads=3),
        cameras=tuple(
            CameraSettings(id=name, url=f"rtsp://127.0.0.1/{name}", kind=kind)
            for name, kind in zip(names, kinds, strict=True)
        ),
    )
    good, packets = film()
    nonsense = changed(good, time_base=(1, 0))  # no time can be made of such a stream
    keyframe = packets[0]
    with Ledger(postgres_uri) as ledger, psycopg.connect(postgres_uri, autocommit=True) as connection:
        ledger.seed_rules(all_rules(), now_s=time.time())
        for name in names:
            connection.execute(
                "INSERT INTO cameras (id, name, kind, recorder, folder, tap, state, since, recorded, seen_at)"
                " VALUES (%s, '', 'window', 'county/r-1', '', '', 'live', now(), false, now())",
                (name,),
            )
        fanouts = {name: Fanout() for name in names}

        def show(camera: str, stream: StreamInfo) -> None:
            if fanouts[camera].streams != (stream,):
                fanouts[camera].open((stream,))
            fanouts[camera].publish(changed(keyframe, arrived_wall_s=time.time()))

        def looked_at(*cameras: str) -> bool:
            """Whether these were since they were shown last, which they are again."""
            query = "SELECT id FROM cameras WHERE looked_at > to_timestamp(%s) AND picture IS NOT NULL"
            seen = {camera for (camera,) in connection.execute(query, (began_s,))}
            for camera in names:
                show(camera, nonsense if camera == "win-2" and not mended else good)
            return seen >= set(cameras)

        lookout = Lookout(settings, fanouts, lambda _stream: None)
        lookout.start()
        began_s, mended = time.time(), False
        try:
            wait_until(
                lambda: looked_at("win-1", "hall-1"), within_s=90, what="both are looked at beside one that fails"
            )
            began_s = time.time()
            wait_until(lambda: looked_at("win-1", "hall-1"), within_s=90, what="and still are")
            failed = connection.execute("SELECT looked_at FROM cameras WHERE id = 'win-2'").fetchone()
            assert failed == (None,)
            mended = True
            wait_until(lambda: looked_at("win-2"), within_s=90, what="it is looked at again")
        finally:
            assert lookout.stop(5)
