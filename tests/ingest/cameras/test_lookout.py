"""What becomes of alerts about cameras when the recorder begins anew with others."""

import time
from pathlib import Path

import psycopg
from ingest_examples import wait_until

from analytics.alerts import Alert, AlertChange, Change, Grade
from analytics.catalogue import all_rules
from analytics.fixes import FixBatch
from ingest.cameras.config import CameraSettings, Kind, RecorderSettings, Settings
from ingest.cameras.fanout import Fanout
from ingest.cameras.lookout import Lookout
from ingest.config import DatabaseSettings
from store.ledger import Ledger


def black(camera: str, now_s: float) -> AlertChange:
    """Its picture has been black for a minute."""
    alert = Alert("camera-tampered", 1, Grade.B, camera, None, now_s - 60, None, now_s - 30, None, None)
    return AlertChange(Change.RAISED, alert)


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
            wait_until(lambda: connection.execute(query).fetchall(), what="alerts end")
        finally:
            assert lookout.stop(10)
        assert connection.execute(query).fetchall() == [("dropped-1",), ("gone-1",)]
        still = "SELECT device FROM alerts WHERE ended IS NULL AND rule = 'camera-tampered' ORDER BY device"
        assert connection.execute(still).fetchall() == [("far-1",), ("win-1",)]
