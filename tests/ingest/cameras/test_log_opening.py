"""Who cuts a log back, exchanges or restores it gets no recorder that goes on as if nothing had been."""

import shutil
import time
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from log_memory import forget_footage, goes_on, index, remembered, said
from recorded_log import NAME, VIDEO, contents, copied, cut, heads, opened, record, segments

from ingest.cameras.leaves import first_leaf, newest_first
from ingest.cameras.log_opening import Memory, existing, late, newest_folder
from ingest.cameras.reconcile import reconcile
from store.evidence.errors import LogLocked
from store.evidence.leaf import Leaf, StartBody, UnacknowledgedBody
from store.evidence.signer import FileSigner
from store.evidence.verdict import Verdict
from store.evidence.verification import verify_folder


def test_a_log_that_is_as_it_was_goes_on_after_a_stop_and_after_a_kill(
    stopped: Path, killed: Path, tmp_path: Path
) -> None:
    for number, source in enumerate((stopped, killed)):
        folder = copied(source, tmp_path / str(number))
        goes_on(folder)
        goes_on(folder)
        assert said(folder) == []
    assert verify_folder(tmp_path / "0" / "recordings").sound


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    is_killed=st.booleans(),
    at=st.floats(0, 1, exclude_max=True),
    resume=st.booleans(),
    marks=st.booleans(),
    rows=st.booleans(),
)
def test_a_log_cut_at_any_head_is_never_written_on_in_silence(
    stopped: Path, killed: Path, tmp_path_factory: pytest.TempPathFactory, postgres_uri: str, is_killed: bool,
    at: float, resume: bool, marks: bool, rows: bool,
) -> None:  # fmt: skip
    """With the resume point or without, with the marks or without, with the database's rows or without."""
    folder = copied(killed if is_killed else stopped, tmp_path_factory.mktemp("cut") / "site")
    if rows:
        index(postgres_uri, folder)
    footage = list(segments(folder))
    missing = cut(folder, int(at * (len(heads(folder)) - 1)))
    assert missing > 0
    for name, is_left in (("resume.json", resume), ("marks.jsonl", marks)):
        if not is_left:
            (folder / name).unlink()
    before = contents(folder)
    site = opened(folder, remembered(postgres_uri) if rows else Memory())
    assert reconcile(site.folder, site.compared, site.evidence, 0) == []
    site.evidence.close()
    kept = b"".join(contents(folder.parent).values())
    assert all(part in kept for part in footage)
    fewer = [told for told in site.contradictions if told.folder == str(folder)]
    if site.folder == folder:
        assert fewer or sum(body.bytes for body in said(folder)) > 0 or not any(footage)
        assert not rows
        assert is_killed or not resume
    else:
        assert len(fewer) == 1
        assert contents(folder) == before
        assert site.folder == folder.with_name("recordings-2")
        leaf = first_leaf(site.folder)
        assert leaf is not None
        assert isinstance(leaf.body, StartBody)
        assert leaf.body.reason in fewer[0].problem
    report = verify_folder(folder)
    assert not report.sound


@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.parametrize("marks", [True, False])
def test_one_line_says_who_knows_more_and_how_much(
    stopped: Path, tmp_path: Path, resume: bool, marks: bool, postgres_uri: str
) -> None:
    folder = copied(stopped, tmp_path / "site")
    index(postgres_uri, folder)
    total = heads(folder)[-1][1].head.size
    cut(folder, 5)
    left = heads(folder)[-1][1].head.size
    for name, is_left in (("resume.json", resume), ("marks.jsonl", marks)):
        if not is_left:
            (folder / name).unlink()
    site = opened(folder, remembered(postgres_uri))
    site.evidence.close()
    (told,) = [told for told in site.contradictions if told.reason == "rolled-back"]
    who = "the resume point" if resume else "the newest mark" if marks else "the database"
    more = f"{folder}: {who} counts {total} signed leaves, the log {left}: {total - left} fewer"
    rows = f"the database knows leaf {total - 2} of {VIDEO}, the log ends with leaf {left - 1}"  # without the seal
    assert told.problem == f"{more}; {rows}: {total - left - 1} fewer"


def test_rows_alone_tell_which_stream_ends_too_early(stopped: Path, tmp_path: Path, postgres_uri: str) -> None:
    folder = copied(stopped, tmp_path / "site")
    index(postgres_uri, folder)
    newest = max(leaf.seq for _, leaf in newest_first(folder) if not isinstance(leaf.body, StartBody)) - 1  # the seal
    cut(folder, 5)
    last = next(leaf.seq for _, leaf in newest_first(folder))
    for name in ("resume.json", "marks.jsonl"):
        (folder / name).unlink()
    forget_footage(folder)
    with psycopg.connect(postgres_uri) as connection:
        connection.execute("UPDATE evidence_logs SET size = 0, root = NULL")
    site = opened(folder, remembered(postgres_uri))
    site.evidence.close()
    problem = next(told.problem for told in site.contradictions if told.reason == "rolled-back")
    fewer = f"ends with leaf {last}: {newest - last} fewer"
    assert problem == f"{folder}: the database knows leaf {newest} of {VIDEO}, the log {fewer}"


def test_an_export_knows_more_than_a_log_that_was_cut_with_all_that_is_beside_it(stopped: Path, tmp_path: Path) -> None:
    folder = copied(stopped, tmp_path / "site")
    note = heads(folder)[-1][1].note()
    cut(folder, 5)
    for name in ("resume.json", "marks.jsonl"):
        (folder / name).unlink()
    forget_footage(folder)
    site = opened(folder, Memory(heads=(("export 7.zip", note),)))
    site.evidence.close()
    assert site.folder != folder
    assert any("export 7.zip counts" in told.problem for told in site.contradictions)


def test_yesterdays_backup_of_the_folder_over_todays(tmp_path: Path, postgres_uri: str) -> None:
    folder = tmp_path / "site" / "recordings"
    record(folder).evidence.close()
    backup = copied(folder, tmp_path / "backup")
    record(folder, by_s=60.0).evidence.close()
    index(postgres_uri, folder)
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)
    site = opened(folder, remembered(postgres_uri))
    site.evidence.close()
    assert site.folder == folder.with_name("recordings-2")
    assert [told.reason for told in site.contradictions] == ["rolled-back"]
    again = opened(folder, remembered(postgres_uri))
    again.evidence.close()
    assert (again.folder, again.evidence.origin) == (site.folder, site.evidence.origin)
    (told,) = again.contradictions  # the same alert
    assert (told.folder, told.since_s, told.reason) == (str(folder), site.contradictions[0].since_s, "rolled-back")


def test_a_backup_that_went_on_elsewhere_is_another_log_of_the_same_length(tmp_path: Path, postgres_uri: str) -> None:
    folder = tmp_path / "site" / "recordings"
    record(folder).evidence.close()
    other = copied(folder, tmp_path / "other")
    record(folder, by_s=60.0).evidence.close()
    index(postgres_uri, folder)
    for by_s in (90.0, 120.0):
        record(other, by_s=by_s).evidence.close()
    shutil.rmtree(folder)
    shutil.copytree(other, folder)
    site = opened(folder, remembered(postgres_uri))
    site.evidence.close()
    assert site.folder != folder
    assert "knows other first" in site.contradictions[0].problem


def test_an_older_database_contradicts_nothing(stopped: Path, tmp_path: Path, postgres_uri: str) -> None:
    folder = copied(stopped, tmp_path / "site")
    index(postgres_uri, folder)
    record(folder, by_s=60.0).evidence.close()
    goes_on(folder, remembered(postgres_uri))


def test_leaves_that_are_not_as_written_stop_no_camera(stopped: Path, tmp_path: Path) -> None:
    folder = copied(stopped, tmp_path / "site")
    path = folder / "leaves.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"frames":', b'"frames": ', 1))
    (folder / "resume.json").unlink()
    site = opened(folder)
    site.evidence.close()
    assert site.folder != folder
    assert "not-as-written" in [told.reason for told in site.contradictions]


def test_what_a_second_start_left_unsaid_the_third_says(stopped: Path, tmp_path: Path) -> None:
    folder = copied(stopped, tmp_path / "site")
    cut(folder, 5)
    (tmp_path / "site" / "recordings-2").mkdir()  # and it was killed
    site = opened(folder)
    site.evidence.close()
    assert site.folder.name == "recordings-2"
    assert newest_folder(folder, NAME) == site.folder
    assert list(existing(folder, NAME)) == [folder, site.folder]
    assert [told.reason for told in site.contradictions] == ["rolled-back"]


def test_a_log_that_is_open_is_locked_and_no_other_is_begun(stopped: Path, tmp_path: Path) -> None:
    folder = copied(stopped, tmp_path / "site")
    site = opened(folder)
    with pytest.raises(LogLocked):
        opened(folder)
    site.evidence.close()
    assert not folder.with_name("recordings-2").exists()


def test_a_database_that_was_away_at_the_start_is_heard_later(stopped: Path, tmp_path: Path, postgres_uri: str) -> None:
    folder = copied(stopped, tmp_path / "site")
    index(postgres_uri, folder)
    signer = FileSigner.open(folder.parent / "key.pem")
    site = record(folder, by_s=60.0)
    assert late(site, remembered(postgres_uri), signer) == []
    site.evidence.close()
    index(postgres_uri, folder)
    cut(folder, len(heads(folder)) - 2)
    for name in ("resume.json", "marks.jsonl"):
        (folder / name).unlink()
    site = opened(folder)
    if site.folder == folder:
        assert [told.reason for told in late(site, remembered(postgres_uri), signer)] == ["rolled-back"]
    site.evidence.close()


def test_bytes_without_a_leaf_are_set_aside_once_however_often_it_is_begun(
    killed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between any two steps of it: what is done again says nothing twice and loses nothing."""
    folder = copied(killed, tmp_path / "site")
    cut(folder, len(heads(folder)) - 1)
    pack = max(folder.glob("c-1.video/*/*.mp4"), key=lambda path: int(path.stem.partition("-")[2]))
    whole = pack.read_bytes()
    tail = whole[-400:]
    pack.write_bytes(whole + tail)
    last: Leaf = next(leaf for _, leaf in newest_first(folder))
    for step in ("_declare", "_move", "_move", None):
        site = opened(folder)
        with monkeypatch.context() as patch:
            if step is not None:

                def stop(*_: object, step: str = step) -> None:
                    raise KeyboardInterrupt(step)

                patch.setattr(f"ingest.cameras.reconcile.{step}", stop)
                with pytest.raises(KeyboardInterrupt):
                    reconcile(folder, site.compared, site.evidence, time.monotonic_ns())
            else:
                reconcile(folder, site.compared, site.evidence, time.monotonic_ns())
        site.evidence.sign_head()
        site.evidence.close()
    (body,) = said(folder)
    assert pack.read_bytes() == whole
    assert (folder / body.file).read_bytes() == tail
    assert (body.offset, body.bytes) == (len(whole), len(tail))
    assert body.source == str(pack.relative_to(folder))
    (leaf,) = [leaf for _, leaf in newest_first(folder) if isinstance(leaf.body, UnacknowledgedBody)]
    assert (leaf.session, leaf.begin_ns) == (last.session, last.end_ns)
    report = verify_folder(folder)
    told = [f for f in report.findings if f.verdict is Verdict.DECLARED_GAP and "set aside" in f.detail]
    assert len(told) == 1
    (folder / body.file).write_bytes(b"other")
    assert any(f.verdict is Verdict.MISSING or f.verdict is Verdict.ALTERED for f in verify_folder(folder).findings)


def test_a_start_that_was_killed_while_it_made_the_folder_is_made_good(tmp_path: Path) -> None:
    folder = tmp_path / "site" / "recordings"
    opened(folder).evidence.close()
    made = sorted(contents(folder))
    for name in made:
        copy = copied(folder, tmp_path / "copies" / name)
        (copy / name).unlink()
        site = opened(copy)
        site.evidence.close()
        assert (site.folder, site.contradictions) == (copy, [])


def test_heads_that_were_taken_away_are_missed(stopped: Path, tmp_path: Path) -> None:
    folder = copied(stopped, tmp_path / "site")
    (folder / "heads.txt").unlink()
    site = opened(folder)
    site.evidence.close()
    assert site.folder != folder
    assert "the log 0: " in site.contradictions[0].problem


def test_a_log_that_was_begun_beside_and_cut_too_is_left_as_well(stopped: Path, tmp_path: Path) -> None:
    folder = copied(stopped, tmp_path / "site")
    cut(folder, 5)
    beside = record(folder)
    beside.evidence.close()
    assert beside.folder.name == "recordings-2"
    cut(beside.folder, 4)
    for _ in range(2):
        site = opened(folder)
        site.evidence.close()
        assert site.folder.name == "recordings-3"
        assert [Path(told.folder).name for told in site.contradictions] == ["recordings", "recordings-2"]
