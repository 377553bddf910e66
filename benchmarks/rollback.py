"""A log that was cut back without the key: does the recorder notice, say so, and lose nothing?

A virtual camera is recorded in real time, for a minute, with `--quick` for fifteen seconds, and stopped. Then, at ten
random signed heads, with and without the resume point and the marks, with and without the database's memory, and with
and without the footage that no leaf speaks of any more, log and heads are cut back on a copy and the real recorder is
started on it. Counted are starts that went on in the same log, cuts without an alert, footage that is not there any
more, and cuts that verification calls intact. Last, the recorder is killed in mid-recording: it has to go on in the
same log, without an alert.
"""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import psycopg

from benchmarks.cameras import Mosaic, serving
from benchmarks.figures import Figure, at_most
from benchmarks.rig import ROOT, let_run, within
from hardware.cameras import CameraSpec
from ingest.cameras.reconcile import compare
from store.embedded import EmbeddedPostgres
from store.evidence.checkpoint import SignedHead, each_note
from store.evidence.verification import verify_folder
from store.migrate import migrate

HEADS = 10
FIRST = 3  # heads there have to be for somebody to miss the resume point
KILLS = 10
TOLD_S = 30.0  # by when people are told, or won't be
SETTLED_S = 3.0  # without an alert: the recorder tells what it finds within one
_COMMAND = [sys.executable, "-m", "console", "cameras", "--config"]


def measure(*, quick: bool = False) -> list[Figure]:
    chance = random.Random(1)
    spec = CameraSpec(name="c-1", view=Mosaic(), size=(320, 180), bitrate_bps=200_000, audio=None)
    with (
        tempfile.TemporaryDirectory(prefix="ducha-rollback-") as name,
        EmbeddedPostgres(Path(name) / "postgres") as postgres,
        serving([spec]) as urls,
    ):
        site = _Site(Path(name) / "site", postgres, urls[0])
        site.record(15.0 if quick else 60.0)
        site.keep()
        heads = sorted(chance.sample(range(FIRST, len(site.heads()) - 1), HEADS))
        cases = [_Case(head, *left) for head in heads for left in product((True, False), repeat=4)]
        if quick:
            cases = chance.sample(cases, 24)
        outcomes = [site.cut(case) for case in cases]
        site.restore(rows=True)
        gone_on = [site.kill(number) for number in range(3 if quick else KILLS)]
    told = f"{len(outcomes)} cuts at {HEADS} heads, with and without resume point, marks, database rows, footage"
    known = [outcome for case, outcome in zip(cases, outcomes, strict=True) if case.is_known]
    alerts_s = [outcome.alert_s for outcome in outcomes if outcome.alert_s is not None]
    return [
        at_most(f"{told}: written on where somebody knew more", sum(not one.is_beside for one in known), 0, "", 0),
        at_most("… of which nobody was told", sum(one.is_silent for one in outcomes), 0, "", 0),
        at_most("… bytes of footage lost by the start", sum(one.lost for one in outcomes), 0, "", 0),
        at_most("… called intact by verification of what was cut", sum(one.is_intact for one in outcomes), 0, "", 0),
        Figure("… told after, p50 / p95", f"{np.percentile(alerts_s, 50):.1f} / {np.percentile(alerts_s, 95):.1f} s"),
        at_most(
            f"{len(gone_on)} kills in mid-recording: not in the same log, or an alert", gone_on.count(False), 0, "", 0
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Case:
    """What is left when the log is cut back to head number `head`."""

    head: int
    resume: bool
    marks: bool
    rows: bool
    footage: bool

    @property
    def is_known(self) -> bool:
        """Whether somebody knows for certain: a recorder that was stopped leaves its last head in its resume point."""
        return self.resume or self.rows


@dataclass(frozen=True, slots=True)
class _Outcome:
    is_beside: bool
    is_silent: bool
    is_intact: bool
    lost: int
    alert_s: float | None


class _Site:
    """A recorder with one camera, and its database."""

    def __init__(self, root: Path, postgres: EmbeddedPostgres, url: str) -> None:
        self._root, self._postgres, self._url = root, postgres, url
        self._folder = root / "recordings"
        self._databases = 0
        root.mkdir()
        self._create("empty", "template1")
        migrate(postgres.uri("empty"))
        self._use("recorded", "empty")

    def record(self, seconds: float) -> None:
        """Record for some time, and stop in order when the database has all of it."""
        with self._running() as process:
            within(60, self._leaves)
            let_run(seconds)
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    def keep(self) -> None:
        """Remember how it is now."""
        shutil.copytree(self._root, self._root.with_name("kept"))

    def restore(self, *, rows: bool) -> None:
        """As it was; without `rows` the database remembers nothing."""
        shutil.rmtree(self._root)
        shutil.copytree(self._root.with_name("kept"), self._root)
        self._databases += 1
        self._use(f"case_{self._databases}", "recorded" if rows else "empty")

    def heads(self) -> list[tuple[int, SignedHead]]:
        data = (self._folder / "heads.txt").read_bytes()
        return [(end, SignedHead.parse(note.decode())) for end, note in each_note(data)]

    def cut(self, case: _Case) -> _Outcome:
        """Cut the log back as `case` says, start the recorder, and look what became of it."""
        self.restore(rows=case.rows)
        end, signed = self.heads()[case.head]
        for name, size in (("heads.txt", end), ("leaves.jsonl", self._bytes_of(signed.head.size))):
            os.truncate(self._folder / name, size)
        for name, is_left in (("resume.json", case.resume), ("marks.jsonl", case.marks)):
            if not is_left:
                (self._folder / name).unlink(missing_ok=True)
        if not case.footage:
            for leftover in compare(self._folder).leftovers:
                os.truncate(self._folder / leftover.file, leftover.offset)
                if not leftover.offset:
                    (self._folder / leftover.file).unlink()
        footage = {hashlib.sha256(data).digest(): len(data) for data in self._fragments()}
        began_s, alert_s = time.monotonic(), None
        with self._running() as process:
            within(60, lambda: self._rows("SELECT FROM cameras WHERE state = 'live'"))
            with suppress(TimeoutError):
                contradicted = "SELECT FROM alerts WHERE rule = 'recording-contradicted' AND grade = 'A'"
                within(began_s + TOLD_S - time.monotonic(), lambda: bool(self._rows(contradicted)))
                alert_s = time.monotonic() - began_s
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        kept = {hashlib.sha256(data).digest() for data in self._everything()}
        lost = sum(size for digest, size in footage.items() if digest not in kept)
        return _Outcome(
            is_beside=self._folder.with_name("recordings-2").exists(),
            is_silent=alert_s is None,
            is_intact=verify_folder(self._folder).sound and alert_s is None,
            lost=lost,
            alert_s=alert_s,
        )

    def kill(self, number: int) -> bool:
        """Whether a recorder that is killed goes on in the same log, and nobody is told of anything."""
        before = self._first()
        with self._running() as process:
            size = self._size()
            within(60, lambda: self._size() > size + 2 + number)
            process.kill()
            process.wait(30)
        with self._running() as process:
            size = self._size()
            within(60, lambda: self._size() > size + 2)
            let_run(SETTLED_S)
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        told = self._rows("SELECT FROM alerts WHERE rule = 'recording-contradicted'")
        return self._first() == before and not told and not self._folder.with_name("recordings-2").exists()

    def _create(self, name: str, template: str) -> None:
        with psycopg.connect(self._postgres.uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())

    def _use(self, name: str, template: str) -> None:
        """With a database of its own from now on, like another."""
        self._create(name, template)
        self._uri = self._postgres.uri(name)
        (self._root / "ducha.toml").write_text(
            f'[database]\nurl = "{self._uri}"\n[exports]\nfolder = "{self._root}/exports"\n'
            f'[cameras]\nfolder = "{self._folder}"\nkey = "{self._root}/key.pem"\ntap = "{self._root}/tap.sock"\n'
            'recorder = "bench/r-1"\nbureau = "bench"\nreserve_gb = 0.0\nlook = false\n'
            f'[[camera]]\nid = "c-1"\nurl = "{self._url}"\nkind = "interrogation"\n'
        )

    @contextmanager
    def _running(self) -> Iterator["subprocess.Popen[bytes]"]:
        with (self._root.parent / "log").open("ab") as log:
            process = subprocess.Popen([*_COMMAND, str(self._root / "ducha.toml")], stdout=log, stderr=log, cwd=ROOT)
            try:
                yield process
            finally:
                process.kill()
                process.wait(30)

    def _rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self._uri) as connection:
            return connection.execute(query.encode()).fetchall()

    def _leaves(self) -> bool:
        return (self._folder / "leaves.jsonl").exists() and self._size() > 0

    def _size(self) -> int:
        path = self._folder / "leaves.jsonl"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def _first(self) -> bytes:
        with (self._folder / "leaves.jsonl").open("rb") as file:
            return file.readline()

    def _bytes_of(self, leaves: int) -> int:
        """How long `leaves.jsonl` is with so many."""
        lines = (self._folder / "leaves.jsonl").read_bytes().splitlines(keepends=True)
        return sum(map(len, lines[:leaves]))

    def _fragments(self) -> Iterator[bytes]:
        """What is on the disk, whole packs, and of each what no leaf speaks of by itself."""
        leftovers = {leftover.file: leftover.offset for leftover in compare(self._folder).leftovers}
        for path in self._folder.glob("*.video/*/*"):
            data = path.read_bytes()
            offset = leftovers.get(path.relative_to(self._folder).as_posix(), len(data))
            yield from (part for part in (data[:offset], data[offset:]) if part)

    def _everything(self) -> Iterator[bytes]:
        """Whole files in the recorder's folders, and the parts of those that were there before."""
        for path in self._root.glob("recordings*/**/*.mp4"):
            yield path.read_bytes()
        yield from self._fragments()
