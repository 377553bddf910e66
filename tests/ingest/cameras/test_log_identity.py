"""Which log is whose: folders that were exchanged, moved or begun anew, and who a log is of."""

import shutil
from dataclasses import replace
from pathlib import Path

from log_memory import CAMERA, goes_on, index, remembered
from recorded_log import NAME, VIDEO, contents, copied, cut, opened, origin, record

from ingest.cameras.leaves import newest_first
from store.evidence.leaf import GapBody, Reason
from store.evidence.log import EvidenceLog
from store.evidence.signer import FileSigner
from store.evidence.verification import verify_folder
from store.recordings import Recordings


def test_exchanged_folders_are_both_left_alone(tmp_path: Path, postgres_uri: str) -> None:
    one, two = tmp_path / "one" / "recordings", tmp_path / "two" / "recordings"
    record(one).evidence.close()
    record(two, name="county/r-2").evidence.close()
    index(postgres_uri, one)
    one.rename(tmp_path / "aside")
    two.rename(one)
    (tmp_path / "aside").rename(two)
    before = contents(one)
    site = opened(one, remembered(postgres_uri))
    site.evidence.close()
    assert site.folder != one
    assert contents(one) == before
    assert [told.folder for told in site.contradictions] == [str(one)]
    assert "expected the log of the recorder county/r-1, got that of county/r-2" in site.contradictions[0].problem


def test_exchanged_folders_of_one_name_and_key_are_told_apart(tmp_path: Path, postgres_uri: str) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        record(folder).evidence.close()
        index(postgres_uri, folder)
    one.rename(tmp_path / "aside")
    two.rename(one)
    (tmp_path / "aside").rename(two)
    site = opened(one, remembered(postgres_uri))
    site.evidence.close()
    assert site.folder == tmp_path / "one-2"
    assert site.contradictions[0].folder == str(one)


def test_a_folder_that_was_moved_is_the_same_log(stopped: Path, tmp_path: Path, postgres_uri: str) -> None:
    folder = copied(stopped, tmp_path / "site")
    index(postgres_uri, folder, moved_from=tmp_path / "old disk" / "recordings")
    goes_on(folder, remembered(postgres_uri))


def test_a_new_folder_under_the_old_name_is_another_recorder_and_the_old_log_is_missed(
    stopped: Path, tmp_path: Path, postgres_uri: str
) -> None:
    folder = copied(stopped, tmp_path / "site")
    index(postgres_uri, folder)
    old = origin(folder)
    shutil.rmtree(folder)
    for _ in range(2):
        site = opened(folder, remembered(postgres_uri))
        site.evidence.close()
        assert site.folder == folder
        assert site.evidence.origin != old
        assert [(told.reason, told.folder, told.since_s) for told in site.contradictions] == [
            ("gone", str(folder), 1.0)
        ]


def test_another_key_begins_another_log_with_another_origin(stopped: Path, tmp_path: Path) -> None:
    folder = copied(stopped, tmp_path / "site")
    site = opened(folder, key="other.pem")
    site.evidence.close()
    assert site.folder != folder
    assert site.evidence.origin != origin(folder)
    assert "a new key needs a new folder" in site.contradictions[0].problem


def test_who_takes_away_who_the_log_is_of_gets_no_other_name_for_it(stopped: Path, tmp_path: Path) -> None:
    for names in (
        ["recorder.json"],
        ["certificate.pem"],
        ["recorder.json", "certificate.pem", "leaves.jsonl", "heads.txt"],
    ):
        folder = copied(stopped, tmp_path / str(len(names)) / names[0])
        for name in names:
            (folder / name).unlink()
        before = contents(folder)
        site = opened(folder)
        site.evidence.close()
        assert site.folder != folder
        assert {name for name in before if name != ".lock"} == {name for name in contents(folder) if name != ".lock"}


def test_an_origin_is_unique_and_without_spaces(tmp_path: Path) -> None:
    origins = set()
    for number in range(3):
        site = opened(tmp_path / str(number))
        site.evidence.append("c-1.video", "s", 1, 1, GapBody(from_ns=1, to_ns=2, reason=Reason.STOPPED))
        signed = site.evidence.sign_head()
        assert signed is not None
        origins.add(signed.head.origin)
        site.evidence.close()
        assert opened(tmp_path / str(number)).evidence.origin == signed.head.origin
    assert len(origins) == 3
    assert all(
        origin.startswith("county/county/r-1/") and " " not in origin and "+" not in origin for origin in origins
    )


def test_a_log_from_before_origins_goes_on_under_its_name_and_its_rows_are_asked(
    tmp_path: Path, postgres_uri: str
) -> None:
    folder = tmp_path / "site" / "recordings"
    folder.parent.mkdir()
    signer = FileSigner.open_or_create(folder.parent / "key.pem")
    EvidenceLog(folder, NAME, signer).close()
    record(folder).evidence.close()
    assert origin(folder) == NAME
    with Recordings(postgres_uri) as recordings:
        recordings.write_leaves([leaf for _, leaf in newest_first(folder)][::-1])
    assert verify_folder(folder).sound
    goes_on(folder, remembered(postgres_uri))
    index(postgres_uri, folder, named=False)
    with Recordings(postgres_uri) as recordings:
        (known,) = recordings.memory(NAME, [VIDEO]).logs
    assert known.rows_as == 0
    goes_on(folder, remembered(postgres_uri))
    cut(folder, 5)
    for name in ("resume.json", "marks.jsonl"):
        (folder / name).unlink()
    site = opened(folder, remembered(postgres_uri))
    site.evidence.close()
    assert site.folder != folder
    assert site.evidence.origin != NAME


def test_rows_from_before_logs_were_told_apart_are_missed_with_their_folder(tmp_path: Path, postgres_uri: str) -> None:
    folder = tmp_path / "site" / "recordings"
    folder.parent.mkdir()
    EvidenceLog(folder, NAME, FileSigner.open_or_create(folder.parent / "key.pem")).close()
    record(folder).evidence.close()
    with Recordings(postgres_uri) as recordings:
        recordings.write_leaves([leaf for _, leaf in newest_first(folder)][::-1])
        recordings.write_cameras([replace(CAMERA, folder=str(folder))], notify=False)
    shutil.rmtree(folder)
    site = opened(folder, remembered(postgres_uri))
    site.evidence.close()
    assert [(told.reason, told.folder) for told in site.contradictions] == [("gone", str(folder))]


def test_a_folder_of_another_recorder_that_is_called_alike_is_not_taken_for_a_log_begun_beside(tmp_path: Path) -> None:
    folder, other = tmp_path / "site" / "recordings", tmp_path / "site" / "recordings-2"
    record(folder).evidence.close()
    record(other, name="county/r-2").evidence.close()
    before = contents(other)
    goes_on(folder)
    cut(folder, 5)
    for _ in range(2):
        site = opened(folder)
        site.evidence.close()
        assert site.folder.name == "recordings-3"
        assert [told.reason for told in site.contradictions] == ["rolled-back"]
    assert contents(other) == before
