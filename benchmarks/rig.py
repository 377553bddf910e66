"""The real thing on this machine for the length of a benchmark: database, broker, ingest, console."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any

import psycopg

from analytics.catalogue import default_rules
from analytics.planning import parse_plan
from benchmarks.fleet import Fleet
from benchmarks.publisher import PASSWORDS
from ingest.broker import EmbeddedBroker
from ingest.broker.users import INGEST, Role, User, with_passwords
from store.embedded import EmbeddedPostgres
from store.ledger import Ledger
from store.migrate import migrate

ROOT = Path(__file__).resolve().parents[1]
# So short that alerts come in a run of seconds; the work a fix costs is the same.
HASTY_RULES = {
    "off-route": {"seconds": 5, "confirm_s": 0},
    "out-of-area": {"seconds": 5, "confirm_s": 0},
}
GATEWAYS = ("gateway-0", "gateway-1")
# The broker to compare with, where it is installed.
MOSQUITTO = os.environ.get("DUCHA_MOSQUITTO") or shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
# No window and no bound that would decide the race; saved once a second, which is what it bears.
_MOSQUITTO = """\
allow_anonymous true
persistence true
autosave_on_changes false
autosave_interval 1
max_queued_messages 5000000
max_queued_bytes 4294967296
max_inflight_messages 0
"""
_CONSOLE = "import sys; from console.server import run; run(sys.argv[1], host='127.0.0.1', port=int(sys.argv[2]))"


@dataclass(frozen=True, slots=True)
class Rig:
    """The addresses of what runs."""

    database: str
    broker_port: int
    metrics_port: int
    passwords: dict[str, str]
    console_port: int | None = None

    def metric(self, name: str) -> float:
        """A figure that ingest tells Prometheus."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as answer:
            found = re.search(rf"^{name} (\S+)$", answer.read().decode(), re.MULTILINE)
        return float(found[1]) if found else 0.0

    def count(self, table: str, rules: Sequence[str] = ()) -> int:
        """The rows of a table; of alerts, those of `rules` if any are named."""
        query = psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))
        if rules:
            query += psycopg.sql.SQL(" WHERE rule = ANY(%s)")
        with psycopg.connect(self.database) as connection:
            row = connection.execute(query, (list(rules),) if rules else None).fetchone()
        return int((row or (0,))[0])


@contextmanager
def running(fleet: Fleet, *, mosquitto: bool = False, console: bool = False) -> Iterator[Rig]:
    """Everything started, with the plan of `fleet` in force; all stopped and forgotten at the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ducha-rig-")))
        url = stack.enter_context(EmbeddedPostgres(folder)).uri()
        _prepare(url, fleet.document | {"rules": HASTY_RULES})
        if mosquitto:
            rig = Rig(url, _free_port(), _free_port(), {})
            stack.enter_context(_child([str(MOSQUITTO), "-c", str(_mosquitto_settings(folder, rig.broker_port))]))
            within(10, lambda: _listens(rig.broker_port))
        else:
            gateways = [User(name=name, role=Role.GATEWAY, units=("west",)) for name in GATEWAYS]
            users, passwords = with_passwords([User(name=INGEST, role=Role.INGEST), *gateways])
            broker = stack.enter_context(EmbeddedBroker(folder=folder / "broker", users=users))
            rig = Rig(url, broker.port, _free_port(), passwords)
        stack.enter_context(_ingest(rig, folder))
        within(60, lambda: rig.metric("ducha_ingest_broker_connected") == 1)
        within(60, lambda: rig.count("work_done") > 0)  # the plan of the fleet is in force
        if console:
            rig = replace(rig, console_port=_free_port())
            stack.enter_context(_child([sys.executable, "-c", _CONSOLE, url, str(rig.console_port)]))
            within(60, lambda: _answers(f"http://127.0.0.1:{rig.console_port}/readyz"))
        yield rig


def _prepare(url: str, document: dict[str, Any]) -> None:
    migrate(url)
    plan = parse_plan(document)
    with Ledger(url) as ledger:
        ledger.seed_rules(default_rules(), now_s=time.time())
        ledger.register([d.id for d in plan.devices], {d.id: d.kind.value for d in plan.devices}, {})
        ledger.save_plan(document, "benchmark", now_s=time.time())


def _mosquitto_settings(folder: Path, port: int) -> Path:
    text = f"listener {port} 127.0.0.1\npersistence_location {folder}/\n{_MOSQUITTO}"
    if os.geteuid() == 0:
        text += "user root\n"  # else it would become a user that can't write to this folder
    settings = folder / "mosquitto.conf"
    settings.write_text(text, "utf-8")
    return settings


def _ingest(rig: Rig, folder: Path) -> AbstractContextManager[None]:
    login = f'username = "{INGEST}"\npassword = "{rig.passwords[INGEST]}"\n' if rig.passwords else ""
    settings = folder / "ducha.toml"
    settings.write_text(
        f"[database]\nurl = {json.dumps(rig.database)}\n[broker]\nport = {rig.broker_port}\n{login}"
        f"[ingest]\nmetrics_port = {rig.metrics_port}\n",
        "utf-8",
    )
    profiler = os.environ.get("DUCHA_BENCH_PROFILE")  # a file to write ingest's profile to
    how = ["-m", "cProfile", "-o", profiler, "-m", "ingest"] if profiler else ["-m", "ingest"]
    return _child([sys.executable, *how, str(settings)])


@contextmanager
def _child(command: list[str]) -> Iterator[None]:
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        child.terminate()
        child.wait(30)


def publisher(rig: Rig, *arguments: object) -> subprocess.Popen[bytes]:
    """A publisher process on this rig; see `benchmarks.publisher`."""
    command = [sys.executable, "-m", "benchmarks.publisher", str(rig.broker_port), *map(str, arguments)]
    environment = os.environ | {PASSWORDS: json.dumps(rig.passwords)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def begin(publishers: Sequence[subprocess.Popen[bytes]]) -> None:
    """Let publishers begin, all at once, when all are ready."""
    for process in publishers:
        assert process.stdout is not None
        process.stdout.readline()
    for process in publishers:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()


def within(limit_s: float, condition: Callable[[], bool]) -> None:
    """Return when `condition` holds.

    Raises:
        TimeoutError: when it does not hold in time.
    """
    pause, until_s = Event(), time.monotonic() + limit_s
    while time.monotonic() < until_s:
        try:
            if condition():
                return
        except OSError:  # what is to answer is still starting
            pass
        pause.wait(0.05)
    raise TimeoutError(f"the rig was not ready within {limit_s:g} s")


def let_run(seconds: float) -> None:
    """What runs goes on for so long: the length of a measurement, or of what is recorded. It waits for nothing."""
    time.sleep(seconds)


def _listens(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        return True


def _answers(address: str) -> bool:
    with urllib.request.urlopen(address, timeout=2) as answer:
        return bool(answer.status == 200)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
