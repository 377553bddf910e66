"""The ledger and the console's pool on a fresh database."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import psycopg
import pytest

from store.ledger import Ledger
from store.pool import Pool, make_pool


@pytest.fixture
def ledger(postgres_uri: str) -> Iterator[Ledger]:
    """A ledger with the devices car-0 to car-9 registered as 0 to 9."""
    with Ledger(postgres_uri) as ledger:
        ledger.register([f"car-{n}" for n in range(10)])
        yield ledger


@pytest.fixture
def console(postgres_uri: str) -> Callable[[Callable[[Pool], Awaitable[Any]]], Any]:
    """Runs a coroutine function with the console's pool."""

    def run(work: Callable[[Pool], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            async with make_pool(postgres_uri) as pool:
                return await work(pool)

        return asyncio.run(main())

    return run


@pytest.fixture
def rows(postgres_uri: str) -> Callable[..., list[tuple[Any, ...]]]:
    """Asks the database directly."""

    def ask(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(postgres_uri, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    return ask
