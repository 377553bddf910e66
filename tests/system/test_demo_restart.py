"""A demo that was killed, every process of it at once, and is started again over its data."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from waiting import wait_until

from console.demo_shift import FILE

ANSWERS_S, LIVE_S = 60.0, 60.0


@contextmanager
def running(folder: Path, port: int) -> Iterator[str]:
    """The address of a demo; killed at the end."""
    command = [sys.executable, "-m", "console", "demo", "--port", str(port), "--data", str(folder), "--minutes", "10"]
    with (folder / "demo.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def asked(address: str, path: str) -> list[dict[str, Any]]:
    """The items at `path`; none while nobody answers."""
    try:
        answer = httpx.get(f"{address}/api/v1/{path}", timeout=5)
    except httpx.TransportError:
        return []
    return list(answer.json()["items"]) if answer.status_code == 200 else []


def alerts(address: str) -> list[dict[str, Any]]:
    """All alerts but of silence: that is taken back when what the terminal kept comes in, with or without a restart."""
    return [alert for alert in asked(address, "alerts?state=all&limit=200") if alert["rule"] != "signal-lost"]


def test_it_goes_on_with_its_shift_and_its_cameras(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running(tmp_path, port) as address:
        wait_until(lambda: alerts(address), ANSWERS_S, "an alert")
        wait_until(lambda: len(asked(address, "cameras")) == 7, LIVE_S, "cameras")
        before, shift = alerts(address), (tmp_path / FILE).read_bytes()
    with running(tmp_path, port) as address:
        wait_until(lambda: asked(address, "cameras"), ANSWERS_S, "the console answers")

        def live() -> bool:
            return {camera["state"] for camera in asked(address, "cameras")} == {"live"}

        wait_until(live, LIVE_S, "all cameras are live again")
        after = {alert["id"]: alert for alert in alerts(address)}
    assert before
    assert {(a["id"], a["from"], False) for a in before} == {
        (a["id"], after[a["id"]]["from"], after[a["id"]]["withdrawn"]) for a in before
    }
    assert (tmp_path / FILE).read_bytes() == shift
