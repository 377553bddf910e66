"""A console with its database, asked over HTTP: in process, or over a real socket where streams are tested."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from browsing import PATIENCE_MS
from chromium import CHROMIUM, FLAGS
from console_examples import KEPT, NOW, raised
from in_process import InProcess
from playwright.sync_api import Browser, expect, sync_playwright
from serving import serving, wait_until_it_hears

from analytics.catalogue import default_rules
from analytics.fixes import FixBatch
from console.api import watch
from store import pool
from store.embedded import EmbeddedPostgres
from store.ledger import Ledger

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that takes its time beside other tests is not away."""
    monkeypatch.setattr(watch, "PATIENCE_S", 60.0)
    monkeypatch.setattr(pool, "WAIT_S", 15.0)


@pytest.fixture(autouse=True)
def turn(request: pytest.FixtureRequest, run_folder: Path) -> Iterator[None]:
    """Lets one browser a core draw at a time: where there are more, each stands still for half a minute at times."""
    if request.node.get_closest_marker("browser") is None:
        yield
        return
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    with (run_folder / f"browser-{worker % (os.cpu_count() or 1)}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def ledger(postgres_uri: str) -> Iterator[Ledger]:
    """A ledger with the rules of the catalogue and the devices car-0 to car-9, numbered alike."""
    with _begun(postgres_uri) as ledger:
        yield ledger


@pytest.fixture
def console(postgres_uri: str) -> Iterator[InProcess]:
    """Runs a coroutine function with a client of a console on the test's database, or that at `dsn`."""
    with closing(InProcess(postgres_uri)) as console:
        yield console


@pytest.fixture(scope="session")
def kept_console(postgres_server: EmbeddedPostgres) -> Iterator[InProcess]:
    """One console, on one database, for all tests that change nothing: with rules and the alerts `KEPT`."""
    with psycopg.connect(postgres_server.uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE kept TEMPLATE template_ducha STRATEGY file_copy")
    with _begun(postgres_server.uri("kept")) as ledger:
        ledger.commit(FixBatch.empty(), raised(*KEPT), received_s=NOW)
        with closing(InProcess(postgres_server.uri("kept"))) as console:
            yield console


@contextmanager
def _begun(dsn: str) -> Iterator[Ledger]:
    with Ledger(dsn) as ledger:
        ledger.register([f"car-{n}" for n in range(10)])
        ledger.seed_rules(default_rules(), now_s=NOW)
        yield ledger


@pytest.fixture
def address(postgres_uri: str, tmp_path: Path) -> Iterator[str]:
    """The address of a console that listens on a free port, with the wall clock, and hears its database."""
    with serving(postgres_uri, static=tmp_path) as url:
        wait_until_it_hears(url, postgres_uri)
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
