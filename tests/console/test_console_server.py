"""Starting and stopping the console."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from console_examples import NOW, raised, stop

from analytics.fixes import FixBatch
from console import server
from store.ledger import Ledger

PROGRAM = """
import sys
from console import server
server.run(sys.argv[1], port=0, listening=lambda url: print(url, flush=True))
"""


def test_it_stops_within_five_seconds_with_open_streams(postgres_uri: str) -> None:
    root = Path(server.__file__).parents[1]
    command = [sys.executable, "-c", PROGRAM, postgres_uri]
    environment = os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with httpx.stream("GET", f"{url}/api/v1/events", timeout=60) as response:
            lines = response.iter_lines()
            next(lines)
            began_s = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert "event: refetch" in list(lines)
        assert process.wait(60) == 0
        assert time.monotonic() - began_s < 5


def test_an_address_of_others_is_refused_with_the_reason() -> None:
    with pytest.raises(server.HostRefused, match="no accounts yet"):
        server.run("postgresql://localhost/none", host="0.0.0.0", port=0)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_which_addresses_are_of_this_machine(host: str, loopback: bool) -> None:
    assert server.is_loopback(host) is loopback


def test_a_taken_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(server.PortTaken, match=str(port)):
            server.run("postgresql://localhost/none", port=port)


def test_a_map_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(server.ServerError, match="expected GeoJSON"):
        server.run("postgresql://localhost/none", port=0, basemap=tmp_path / "gone.geojson")


def test_the_sweep_raises_what_nobody_acknowledged(ledger: Ledger, console: Callable[..., Any]) -> None:
    alert = stop()
    ledger.commit(FixBatch.empty(), raised(alert), received_s=NOW)

    async def wait(client: httpx.AsyncClient) -> int:
        deadline_s = time.monotonic() + 60
        while time.monotonic() < deadline_s:
            level = int((await client.get(f"/api/v1/alerts/{alert.id}")).json()["escalation"])
            if level:
                return level
        return 0

    assert console(wait, clock=lambda: NOW + 301, sweep=True) == 1
