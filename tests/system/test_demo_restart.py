"""A demo of which processes are killed: one by one, all but the first, and all at once with a start over its data."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest
from waiting import wait_until

from console.demo_shift import FILE
from ingest.broker.configuration import BrokerFolder
from ingest.broker.server import free_port
from ingest.broker.server import running as broker_of
from store.embedded import EmbeddedPostgres

PATIENCE_S = 180.0  # a process of ours takes long to load on a busy machine; each wait ends as soon as it may


@contextmanager
def running(folder: Path, port: int) -> Iterator[str]:
    """The address of a demo; killed at the end."""
    with started(folder, port) as process:
        yield f"http://127.0.0.1:{port}"
        process.kill()


@contextmanager
def started(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "console", "demo", "--port", str(port), "--data", str(folder), "--minutes", "10"]
    with (folder / "demo.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def asked(address: str, path: str) -> list[dict[str, Any]]:
    """The items at `path`; none while nobody answers."""
    try:
        answer = httpx.get(f"{address}/api/v1/{path}", timeout=5, verify=False)  # no certificates are loaded
    except httpx.TransportError:
        return []
    return list(answer.json()["items"]) if answer.status_code == 200 else []


def alerts(address: str) -> list[dict[str, Any]]:
    """All alerts but of silence: that is taken back when what the terminal kept comes in, with or without a restart."""
    return [alert for alert in asked(address, "alerts?state=all&limit=200") if alert["rule"] != "signal-lost"]


@pytest.mark.timeout(900)
def test_it_goes_on_with_its_shift_and_its_cameras(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, port) as address:
        before: list[dict[str, Any]] = []
        wait_until(lambda: len(asked(address, "cameras")) == 7, PATIENCE_S, "cameras")
        wait_until(lambda: before.extend(alerts(address)) or before, PATIENCE_S, "an alert")
        shift = (tmp_path / FILE).read_bytes()
    with running(tmp_path, port) as address:
        wait_until(lambda: asked(address, "cameras"), PATIENCE_S, "the console answers")

        def live() -> bool:
            return {camera["state"] for camera in asked(address, "cameras")} == {"live"}

        wait_until(live, PATIENCE_S, "all cameras are live again")
        known = {alert["id"] for alert in before}
        after: dict[str, dict[str, Any]] = {}

        def told() -> bool:
            after.update({alert["id"]: alert for alert in alerts(address)})
            return after.keys() >= known

        wait_until(told, PATIENCE_S, "the alerts of before are told")
    assert {(a["id"], a["from"], False) for a in before} == {
        (a["id"], after[a["id"]]["from"], after[a["id"]]["withdrawn"]) for a in before
    }
    assert (tmp_path / FILE).read_bytes() == shift


def fixes_of(folder: Path) -> set[tuple[int, float]]:
    """All fixes that are stored, once each; none while the database is away."""
    try:
        with psycopg.connect(EmbeddedPostgres(folder).uri(), connect_timeout=5) as connection:
            rows = connection.execute("SELECT device, extract(epoch FROM t)::float8 FROM fixes").fetchall()
    except psycopg.OperationalError:
        return set()
    assert len(rows) == len(set(rows))
    return set(rows)


def of_folder(folder: Path) -> list[int]:
    """The processes that have `folder` in their command line: database and broker."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and any(str(folder) in word for word in process.cmdline()):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def children_of(demo: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Ingest, console, county, cameras, exports, the keeper of the database, and the broker."""
    found = []
    for child in psutil.Process(demo.pid).children():
        try:
            if child.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in " ".join(child.cmdline()):
                found.append(child)
        except psutil.Error:  # it has just ended
            continue
    return found


@pytest.mark.timeout(900)
def test_every_process_of_it_is_started_again_and_nothing_is_lost(tmp_path: Path) -> None:
    """Also those that were killed with the demo itself leave nobody behind."""
    port = free_port()
    database, broker = EmbeddedPostgres(tmp_path), BrokerFolder(tmp_path / "broker")

    def goes_on() -> None:
        newest_s = max((t_s for _, t_s in fixes_of(tmp_path)), default=0.0)
        wait_until(lambda: any(t_s > newest_s for _, t_s in fixes_of(tmp_path)), PATIENCE_S, "fixes come in again")
        wait_until(lambda: asked(address, "positions"), PATIENCE_S, "the console answers")

    address = f"http://127.0.0.1:{port}"
    with started(tmp_path, port) as demo:
        wait_until(lambda: asked(address, "cameras") and fixes_of(tmp_path), PATIENCE_S, "it is there")
        for server in (lambda: broker_of(broker), database.pid):
            before, pid = fixes_of(tmp_path), server()
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda s=server, p=pid: s() not in (None, p), PATIENCE_S, "the server is back")
            goes_on()
            assert before <= fixes_of(tmp_path)
        wait_until(lambda: len(children_of(demo)) >= 8, PATIENCE_S, "all run")
        before, children = fixes_of(tmp_path), children_of(demo)
        for child in children:
            child.kill()
        wait_until(lambda: len(children_of(demo)) == len(children), PATIENCE_S, "all are back")
        goes_on()
        assert before <= fixes_of(tmp_path)
        demo.terminate()
        assert demo.wait(60) == 0
    wait_until(lambda: not of_folder(tmp_path), 30, "its servers have ended", lambda: of_folder(tmp_path))
    assert "Traceback" not in (tmp_path / "demo.log").read_text()


@pytest.mark.timeout(600)
def test_what_a_killed_demo_leaves_ends_by_itself(tmp_path: Path) -> None:
    with started(tmp_path, free_port()) as demo:
        wait_until(lambda: broker_of(BrokerFolder(tmp_path / "broker")), PATIENCE_S, "the broker runs")
        wait_until(lambda: fixes_of(tmp_path), PATIENCE_S, "fixes come in")
        left = children_of(demo)
        demo.kill()
    wait_until(lambda: not any(child.is_running() for child in left), PATIENCE_S, "its children end")
    wait_until(lambda: not of_folder(tmp_path), PATIENCE_S, "its servers end", lambda: of_folder(tmp_path))
