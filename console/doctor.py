"""`ducha doctor`: is everything there that an installation needs?"""

import socket
from dataclasses import dataclass
from pathlib import Path

from ingest.config import Settings
from store.errors import StoreUnavailable
from store.inspection import inspect
from store.lease import ShardState, shards

_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, whether it is well, and what to know or to mend."""

    subject: str
    ok: bool
    says: str


def examine(settings: Settings) -> list[Finding]:
    """Look at the database, the broker, ingest and the front end."""
    database = _database(settings.database.url)
    ingest = _ingest(settings.database.url, settings.ingest.shard) if database.ok else []
    return [database, *ingest, _broker(settings.broker.host, settings.broker.port), _front_end()]


def _database(url: str) -> Finding:
    try:
        found = inspect(url)
    except StoreUnavailable as error:
        return Finding("database", False, f"{error}; check [database] url")
    if found.version < 15:
        return Finding("database", False, f"PostgreSQL {found.version}; 15 or later is needed")
    if not found.migrated:
        return Finding("database", False, "no schema; run `ducha migrate`")
    kind = "with TimescaleDB" if found.timescale else "native partitions"
    return Finding("database", True, f"PostgreSQL {found.version}, {kind}")


def _ingest(url: str, shard: str) -> list[Finding]:
    """Who holds each shard, and who waits for it."""
    try:
        found = shards(url)
    except StoreUnavailable as error:
        return [Finding("ingest", False, f"{error}; run `ducha migrate`")]
    if not found:
        return [Finding("ingest", True, f"shard {shard}: no worker has held it yet")]
    return [_shard(state) for state in found]


def _shard(state: ShardState) -> Finding:
    if not state.held:
        says = f"shard {state.shard}: nobody holds it; the last was {state.holder}; start `ducha ingest`"
        return Finding("ingest", False, says)
    waiting = f"; {', '.join(state.waiting)} waits for it" if state.waiting else ""
    return Finding("ingest", True, f"shard {state.shard}: {state.holder}{waiting}")


def _broker(host: str, port: int) -> Finding:
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT_S):
            return Finding("broker", True, f"{host}:{port} accepts connections")
    except OSError as error:
        return Finding("broker", False, f"{host}:{port}: {error}; check [broker] host and port")


def _front_end() -> Finding:
    index = Path(__file__).parent / "static" / "index.html"
    if index.is_file():
        return Finding("front end", True, "built")
    return Finding("front end", False, "not built; install again, or run console/web/build_hook.py")
