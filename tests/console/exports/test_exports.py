"""Exports over HTTP: one asks, another approves, it is made in the background; whoever takes it is written down."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from threading import Event, Thread
from typing import Any

import av
import psycopg
import pytest
from export_site import NOW_S, Site, moment
from waiting import wait_until

from console.exports.exporter import ATTEMPTS, serve
from store.evidence.export_verification import verify_export
from store.evidence.exported_heads import heads_in
from store.evidence.recovery import last_head
from store.evidence.signer import FileSigner, public_key_of
from store.evidence.witnesses import contradiction, of_note
from store.recordings import Recordings

DAY_S = 86_400.0
# Ends the connection of who makes exports, while one is being made.
TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND granted AND datname = current_database()
      AND EXISTS (SELECT FROM exports WHERE state = 'making')
"""


def zip_of(site: Site, export: str) -> Path:
    return Path(site.settings.folder) / f"{export}.zip"


def deeds(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(line["did"], line["actor"]) for line in row["history"]]


def execute(site: Site, statement: str, *values: Any) -> None:
    with psycopg.connect(site.dsn, autocommit=True) as connection:
        connection.execute(statement.encode(), values)


# --- asking ---


def test_who_asks_is_written_down_and_the_footage_is_held(site: Site) -> None:
    answer = site.request(cameras=["c-2", "c-1"])
    row = answer.json()
    assert answer.status_code == 201
    assert (row["state"], row["cameras"], row["requested_by"]) == ("requested", ["c-1", "c-2"], "甲")
    assert (row["case_number"], row["reason"], row["decided_by"]) == ("A-1", "投诉", None)
    assert deeds(row) == [("requested", "甲")]
    hold = site.get(f"/holds/{row['hold']}").json()
    assert (hold["export"], hold["cameras"], hold["from"], hold["to"]) == (
        row["id"],
        ["c-1", "c-2"],
        row["from"],
        row["to"],
    )
    assert row["held"] is True


@pytest.mark.parametrize(
    ("changed", "says", "where"),
    [
        ({"cameras": []}, "cameras: expected 1 to 8 of them, got 0", "cameras"),
        ({"cameras": ["c-9"]}, "cameras: c-9: expected the id of a camera", "cameras"),
        ({"cameras": [f"c-{n}" for n in range(9)]}, "got 9", "cameras"),
        ({"from": moment(-600), "to": moment(-500)}, "c-1: nothing is recorded from", "cameras"),
        ({"from": moment(3), "to": moment(3)}, "expected a time after", "to"),
        ({"to": moment(25 * 3600)}, "expected at most 24 hours, got 25.0 hours", "to"),
        ({"to": moment(990)}, "expected a time that is past by 30 s", "to"),
        ({"reason": "  "}, "reason: expected 1 to 500 characters", "reason"),
        ({"case_number": ""}, "case_number: expected", "case_number"),
        ({"requested_by": "\u200b"}, "requested_by", "requested_by"),
        ({"from": "yesterday"}, "from", "from"),
        ({"urgent": True}, "urgent", "urgent"),
    ],
)
def test_what_can_not_be_asked_for_is_refused_with_the_reason(
    site: Site, changed: dict[str, Any], says: str, where: str
) -> None:
    answer = site.request(**changed)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert says in answer.json()["detail"]
    assert answer.json()["where"] == where
    assert site.get("/exports").json()["items"] == []
    assert site.get("/holds").json()["items"] == []


def test_cameras_of_two_recorders_are_two_exports(site: Site) -> None:
    execute(site, "UPDATE cameras SET folder = '/other' WHERE id = 'c-2'")
    answer = site.request(cameras=["c-1", "c-2"])
    assert answer.status_code == 422
    assert "expected cameras of one recorder" in answer.json()["detail"]


def test_exports_are_told_newest_first_by_pages(site: Site) -> None:
    asked = [site.post("/exports", NOW_S + n, **wanted()).json()["id"] for n in range(3)]
    first = site.get("/exports?limit=2").json()
    rest = site.get("/exports", params={"cursor": first["next"]}).json()
    assert [row["id"] for row in first["items"] + rest["items"]] == asked[::-1]
    assert rest["next"] is None


def wanted() -> dict[str, Any]:
    told = {"cameras": ["c-1"], "from": moment(0.5), "to": moment(5.5), "case_number": "A-1", "reason": "投诉"}
    return told | {"requested_by": "甲"}


# --- deciding ---


@pytest.mark.parametrize(("asks", "approves"), [("王伟", "王伟"), ("王伟", "王\u3000伟"), ("Li Ming", " LI MING ")])
def test_nobody_approves_what_they_asked_for(site: Site, asks: str, approves: str) -> None:
    export = site.request(requested_by=asks).json()["id"]
    answer = site.post(f"/exports/{export}/approve", approved_by=approves)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (409, "urn:ducha:problem:same-person")
    assert "asked for it; expected another person" in problem["detail"]
    assert site.row(export)["state"] == "requested"
    with pytest.raises(psycopg.errors.CheckViolation):
        execute(site, "UPDATE exports SET state = 'approved', decided_by = requested_by")


def test_a_rejection_says_why_and_ends_the_hold(site: Site) -> None:
    export = site.request().json()["id"]
    row = site.post(f"/exports/{export}/reject", rejected_by="乙", reason="无案由").json()
    assert (row["state"], row["decided_by"], row["problem"], row["held"]) == ("rejected", "乙", "无案由", False)
    hold = site.get(f"/holds/{row['hold']}").json()
    assert (hold["released_by"], hold["release_reason"]) == ("乙", "无案由")
    again = site.post(f"/exports/{export}/approve", approved_by="丙")
    assert (again.status_code, again.json()["type"]) == (409, "urn:ducha:problem:export-conflict")
    assert "is rejected; expected one that is failed or removed or requested" in again.json()["detail"]


def test_who_asked_may_take_it_back(site: Site) -> None:
    export = site.request().json()["id"]
    assert site.post(f"/exports/{export}/reject", rejected_by="甲", reason="多余").json()["state"] == "rejected"


@pytest.mark.parametrize("export", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_an_export_that_there_is_not_is_not_found(site: Site, export: str) -> None:
    assert site.get(f"/exports/{export}").status_code == 404
    assert site.post(f"/exports/{export}/approve", approved_by="乙").status_code == 404
    assert site.get(f"/exports/{export}/download?by=乙").status_code == 404


def test_what_happened_to_an_export_can_not_be_changed_or_deleted(site: Site) -> None:
    site.request()
    for statement in (
        "DELETE FROM exports",
        "TRUNCATE exports CASCADE",
        "UPDATE export_history SET actor = 'x'",
        "DELETE FROM export_history",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation):
            execute(site, statement)


# --- making ---


def test_what_is_approved_is_made_intact_with_clips_that_play_and_tells_its_custody(site: Site, tmp_path: Path) -> None:
    export = site.approved(cameras=["c-1", "c-2"])
    row = site.made(export)
    path = zip_of(site, export)
    assert (row["intact"], row["findings"], row["progress"]) == (True, [], 1.0)
    assert (row["bytes"], row["sha256"]) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
    assert deeds(row) == [("requested", "甲"), ("approved", "乙"), ("made", "ducha")]
    recorder = public_key_of((site.folder / "certificate.pem").read_bytes(), "the recorder")
    keys = [recorder, FileSigner.open_or_create(tmp_path / "exporter.pem").public_key]
    report = verify_export(path, keys)
    assert report.sound, [str(finding) for finding in report.findings]
    with zipfile.ZipFile(path) as archive:
        manifest = archive.read("manifest.json").decode()
        for camera, streams in (("c-1", 2), ("c-2", 1)):
            with av.open(io.BytesIO(archive.read(f"clips/{camera}.mp4"))) as clip:
                assert len(clip.streams) == streams
                assert sum(1 for _ in clip.decode(video=0)) == 6 * 15
    assert '"asked_by":"甲","case":"A-1","reason":"投诉"' in manifest.replace('"approved_by":"乙",', "")
    assert '"did":"approved"' in manifest


def test_the_head_that_an_export_carries_speaks_for_the_log_from_then_on(site: Site) -> None:
    """The database keeps it when the file is long gone, and the folder of exports where the database is."""
    export = site.approved(cameras=["c-1"])
    site.made(export)
    path = zip_of(site, export)
    with Recordings(site.dsn) as recordings:
        ((number, head),) = recordings.memory("county/r1", ()).exported
    assert number == export
    assert heads_in(path.parent) == ((str(path), head),)
    key = public_key_of((site.folder / "certificate.pem").read_bytes(), "the recorder")
    known = of_note(head, "the export", "county/r1", key)
    newest, _ = last_head(site.folder / "heads.txt", "county/r1", key)
    assert known is not None
    assert contradiction(site.folder, newest, [known]) is None
    (site.folder / "heads.txt").write_bytes(b"")
    assert contradiction(site.folder, None, [known]) is not None


def test_what_is_no_export_has_no_head(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no ZIP")
    (tmp_path / "folder.zip").mkdir()
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    with zipfile.ZipFile(tmp_path / "large.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("heads.txt", bytes(10_000_000))
    os.mkfifo(tmp_path / "pipe.zip")
    assert heads_in(tmp_path) == ()
    assert heads_in(tmp_path / "nowhere") == ()


def test_one_after_the_other_is_made(site: Site) -> None:
    asked = [site.approved(cameras=[camera]) for camera in ("c-1", "c-2", "c-1")]
    with site.exporter(), site.exporter():
        wait_until(
            lambda: [site.row(e)["state"] for e in asked] == ["ready"] * 3, 60, "all", lambda: site.get("/exports").text
        )
    assert [len([1 for did, _ in deeds(site.row(e)) if did == "made"]) for e in asked] == [1, 1, 1]


def test_footage_that_is_gone_fails_with_the_reason_and_approving_again_tries_again(site: Site, tmp_path: Path) -> None:
    export = site.approved()
    site.folder.rename(tmp_path / "away")
    row = site.made(export, "failed")
    assert "expected a recorder's folder" in row["problem"]
    assert list(Path(site.settings.folder).iterdir()) == []
    (tmp_path / "away").rename(site.folder)
    assert site.post(f"/exports/{export}/approve", approved_by="丙").json()["state"] == "approved"
    again = site.made(export)
    assert (again["problem"], again["decided_by"]) == (None, "丙")
    assert deeds(again)[2:] == [("failed", "ducha"), ("approved", "丙"), ("made", "ducha")]


def test_when_not_one_second_is_left_it_fails(site: Site) -> None:
    export = site.approved()
    for path in site.folder.glob("c-1.*/*/*"):
        path.unlink()
    assert "none of the footage is there any more" in site.made(export, "failed")["problem"]
    assert list(Path(site.settings.folder).iterdir()) == []


def test_a_damaged_second_is_exported_and_said(site: Site) -> None:
    export = site.approved()
    first, *_ = sorted(site.folder.glob("c-1.video/*/*"))
    data = bytearray(first.read_bytes())
    data[-20] ^= 1
    first.write_bytes(data)
    row = site.made(export)
    assert row["intact"] is False
    assert any("ALTERED c-1.video" in finding for finding in row["findings"])


def test_a_full_disk_fails_with_the_reason(site: Site) -> None:
    export = site.approved()
    settings = site.settings
    object.__setattr__(site, "settings", type(settings)(folder=settings.folder, key=settings.key, reserve_gb=1e6))
    row = site.made(export, "failed")
    assert "not enough room; expected" in row["problem"]


def test_what_a_killed_process_left_is_made_anew(site: Site, tmp_path: Path) -> None:
    export = site.approved()
    config = tmp_path / "ducha.toml"
    config.write_text(
        f'[database]\nurl = "{site.dsn}"\n'
        f'[exports]\nfolder = "{site.settings.folder}"\nkey = "{site.settings.key}"\nreserve_gb = 0\n'
    )
    folder = Path(site.settings.folder)
    folder.mkdir()
    (folder / f".{export}.zip.draft").write_bytes(b"half a ZIP")
    (folder / f".{export}.zip.clips").mkdir()
    (folder / f".{export}.zip.clips" / "c-1.mp4").write_bytes(b"half a clip")
    with psycopg.connect(site.dsn) as blocking:
        blocking.execute("LOCK TABLE export_history")  # which is read as soon as the export is being made
        command = [sys.executable, "-m", "console", "exports", "--config", str(config)]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            making = "SELECT count(*) FROM exports WHERE state = 'making'"
            wait_until(lambda: blocking.execute(making.encode()).fetchone() == (1,), 60, "making")
            process.send_signal(signal.SIGKILL)
            assert process.wait(60) == -signal.SIGKILL
    row = site.made(export)
    assert row["intact"] is True
    assert [path.name for path in folder.iterdir()] == [f"{export}.zip"]


def test_an_export_that_kills_its_maker_again_and_again_is_given_up_and_leaves_nothing(site: Site) -> None:
    export = site.approved()
    folder = Path(site.settings.folder)
    (folder / f".{export}.zip.clips").mkdir(parents=True)
    (folder / f".{export}.zip.clips" / "c-1.mp4").write_bytes(b"half a clip")
    (folder / f".{export}.zip.draft").write_bytes(b"half a ZIP")
    (folder / f"{export}.zip").write_bytes(b"a ZIP that was not verified")
    execute(site, "UPDATE exports SET state = 'making', attempts = 3")
    assert "given up" in site.made(export, "failed")["problem"]
    assert list(folder.iterdir()) == []


def test_to_be_told_to_stop_is_no_death_of_the_maker(site: Site) -> None:
    export = site.approved()
    stop = Event()

    def clock() -> float:
        stop.set()  # it is asked for the time when it makes one
        return NOW_S

    serve(site.dsn, site.settings, stop, clock)
    with psycopg.connect(site.dsn) as connection:
        assert connection.execute("SELECT state, attempts FROM exports").fetchone() == ("making", 0)
    assert site.made(export)["intact"] is True


def test_to_lose_the_database_is_no_death_of_the_maker(site: Site) -> None:
    export = site.approved()
    stop, lost = Event(), 0

    def clock() -> float:
        nonlocal lost
        if lost <= ATTEMPTS:
            with psycopg.connect(site.dsn, autocommit=True) as connection:
                ended = connection.execute(TERMINATE).fetchall()
            lost += len(ended)
        return NOW_S

    thread = Thread(target=serve, args=(site.dsn, site.settings, stop, clock))
    thread.start()
    try:
        wait_until(lambda: site.row(export)["state"] == "ready", 60, "ready", lambda: site.row(export))
    finally:
        stop.set()
        thread.join(60)
    assert lost > ATTEMPTS
    assert site.row(export)["intact"] is True


def test_a_process_that_is_told_to_stop_ends_soon(site: Site, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "console", "exports"]
    environment = os.environ | {"DUCHA_DATABASE_URL": site.dsn, "DUCHA_EXPORTS_FOLDER": str(tmp_path / "e")}
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) as process:
        turn = (
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
            "WHERE locktype = 'advisory' AND granted AND datname = current_database()"
        )
        with psycopg.connect(site.dsn, autocommit=True) as connection:
            wait_until(lambda: connection.execute(turn.encode()).fetchone() == (1,), 60, "its turn")
        process.terminate()
        try:
            assert process.wait(60) == 0
        finally:
            process.kill()


# --- downloading ---


def test_every_download_is_counted_with_who_and_when(site: Site) -> None:
    export = site.approved()
    site.made(export)
    whole = site.get(f"/exports/{export}/download?by=丙")
    part = site.get(f"/exports/{export}/download?by=丁", headers={"range": "bytes=0-3"})
    assert (whole.status_code, whole.headers["content-type"]) == (200, "application/zip")
    assert whole.content == zip_of(site, export).read_bytes()
    assert (part.status_code, part.content) == (206, b"PK\x03\x04")
    assert f"-{export[:8]}.zip" in whole.headers["content-disposition"]
    row = site.row(export)
    assert row["downloads"] == 2
    assert [(line["actor"], line["detail"]) for line in row["history"][3:]] == [("丙", None), ("丁", "bytes=0-3")]


def test_nothing_is_given_without_a_name_or_before_it_is_ready(site: Site) -> None:
    export = site.request().json()["id"]
    early = site.get(f"/exports/{export}/download?by=丙")
    assert (early.status_code, early.json()["type"]) == (409, "urn:ducha:problem:export-conflict")
    site.post(f"/exports/{export}/approve", approved_by="乙")
    site.made(export)
    assert site.get(f"/exports/{export}/download").status_code == 422
    assert site.get(f"/exports/{export}/download?by=").status_code == 422
    assert site.row(export)["downloads"] == 0


def test_another_sites_page_can_not_have_a_download_written_down(site: Site) -> None:
    export = site.approved()
    site.made(export)
    foreign = site.get(f"/exports/{export}/download?by=丙", headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    assert site.row(export)["downloads"] == 0


def test_after_its_days_the_file_goes_and_the_row_stays_and_it_can_be_made_again(site: Site) -> None:
    export = site.approved()
    row = site.made(export)
    assert row["expires_at"] is not None
    path = zip_of(site, export)
    with site.exporter(NOW_S + 6.9 * DAY_S):
        other = site.approved(cameras=["c-2"])
        wait_until(lambda: site.row(other)["state"] == "ready", 30, "the other is made")
    assert path.is_file()
    with site.exporter(NOW_S + 7.1 * DAY_S):
        wait_until(lambda: site.row(export)["state"] == "removed", 30, "removed")
    assert not path.exists()
    assert site.get(f"/exports/{export}/download?by=丙").status_code == 409
    assert site.row(export)["history"][-1]["did"] == "removed"
    site.post(f"/exports/{export}/approve", approved_by="乙")
    assert site.made(export)["intact"] is True


def test_a_file_that_somebody_took_away_is_said(site: Site) -> None:
    export = site.approved()
    site.made(export)
    zip_of(site, export).unlink()
    answer = site.get(f"/exports/{export}/download?by=丙")
    assert answer.status_code == 409
    assert "its file is not where it was made" in answer.json()["detail"]


# --- holds ---


def test_holds_are_placed_listed_and_released(site: Site) -> None:
    told = {
        "cameras": ["c-1"],
        "from": moment(0),
        "to": moment(3600),
        "reason": "投诉",
        "case_number": "A-2",
        "by": "甲",
    }
    placed = site.post("/holds", **told)
    hold = placed.json()
    assert (placed.status_code, hold["placed_by"], hold["export"]) == (201, "甲", None)
    released = site.post(f"/holds/{hold['id']}/release", NOW_S + 60, by="乙", reason="结案")
    assert (released.json()["released_by"], released.json()["release_reason"]) == ("乙", "结案")
    again = site.post(f"/holds/{hold['id']}/release", by="乙", reason="结案")
    assert (again.status_code, again.json()["type"]) == (409, "urn:ducha:problem:hold-conflict")
    assert [row["id"] for row in site.get("/holds?camera=c-1").json()["items"]] == [hold["id"]]
    assert site.get("/holds?in_force=true").json()["items"] == []
    assert site.get("/holds?in_force=false").json()["items"] == [released.json()]
    assert site.get("/holds/nonsense").status_code == 404
