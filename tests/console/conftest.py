"""A console with its database, asked over HTTP: in process, or over a real socket where streams are tested."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from chromium import CHROMIUM, FLAGS
from console_examples import KEPT, NOW, raised
from playwright.sync_api import Browser, sync_playwright
from serving import serving

from analytics.catalogue import default_rules
from analytics.fixes import FixBatch
from console.api.app import create_app
from store.embedded import EmbeddedPostgres
from store.ledger import Ledger

Work = Callable[[httpx.AsyncClient], Awaitable[Any]]


@asynccontextmanager
async def opened(dsn: str, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a console that runs in this event loop."""
    app = create_app(dsn, **({"clock": lambda: NOW, "sweep": False} | options))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client,
    ):
        yield client


@pytest.fixture
def ledger(postgres_uri: str) -> Iterator[Ledger]:
    """A ledger with the rules of the catalogue and the devices car-0 to car-9, numbered alike."""
    with _begun(postgres_uri) as ledger:
        yield ledger


@pytest.fixture
def console(postgres_uri: str) -> Callable[..., Any]:
    """Runs a coroutine function with a client of a console on the test's database, or that at `dsn`."""
    return _runner(postgres_uri)


@pytest.fixture(scope="session")
def kept_console(postgres_server: EmbeddedPostgres) -> Iterator[Callable[..., Any]]:
    """The same on one database for all tests that change nothing: with rules and the alerts `KEPT`."""
    with psycopg.connect(postgres_server.uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE kept TEMPLATE template_ducha STRATEGY file_copy")
    with _begun(postgres_server.uri("kept")) as ledger:
        ledger.commit(FixBatch.empty(), raised(*KEPT), received_s=NOW)
        yield _runner(postgres_server.uri("kept"))


@contextmanager
def _begun(dsn: str) -> Iterator[Ledger]:
    with Ledger(dsn) as ledger:
        ledger.register([f"car-{n}" for n in range(10)])
        ledger.seed_rules(default_rules(), now_s=NOW)
        yield ledger


def _runner(dsn: str) -> Callable[..., Any]:
    def run(work: Work, **options: Any) -> Any:
        async def main() -> Any:
            async with opened(**({"dsn": dsn} | options)) as client:
                return await work(client)

        return asyncio.run(main())

    return run


@pytest.fixture
def address(postgres_uri: str, tmp_path: Path) -> Iterator[str]:
    """The address of a console that listens on a free port, with the wall clock."""
    with serving(postgres_uri, static=tmp_path) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
