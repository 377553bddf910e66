import asyncio
import os
import signal
import threading
from pathlib import Path

import pytest
from store_examples import NOON, drive, raised, same_fixes, stop

from analytics.fixes import FixBatch
from store import system
from store.embedded import EmbeddedPostgres
from store.errors import EmbeddedError, StoreUnavailable
from store.ledger import Ledger
from store.migrate import migrate
from store.pool import make_pool


@pytest.fixture
def own_server(tmp_path):
    with EmbeddedPostgres(tmp_path / "data") as server:
        migrate(server.uri())
        yield server


KILLS_AFTER_S = (0.0, 0.004, 0.012)  # a commit began: each time at another place in it


class Killing:
    """Kills the server, and starts it again: a start may fail where a kill met it, and only there."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._kills = 0

    def kill(self) -> None:
        pid = self._server.pid()
        while pid is None:  # the start after the kill before is still under way
            pid = self._server.pid()
        with self._lock:
            os.kill(pid, signal.SIGKILL)
            self._kills += 1

    def start(self) -> None:
        while True:
            before = self._count()
            try:
                self._server.start()
            except EmbeddedError:
                if self._count() == before:
                    raise
            else:
                return

    def _count(self) -> int:
        with self._lock:
            return self._kills


def test_a_database_killed_during_commits_loses_and_doubles_nothing(own_server):
    batches = [drive(n % 2, 2000, start_s=NOON + 20_000 * n) for n in range(12)]
    alerts = [stop(f"car-{n}", start_s=NOON + n) for n in range(12)]
    begun, killing = threading.Semaphore(0), Killing(own_server)

    def kill():
        for delay_s in KILLS_AFTER_S:
            begun.acquire()
            threading.Event().wait(delay_s)
            killing.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    failed = 0
    with Ledger(own_server.uri()) as ledger:
        ledger.register(["car-0", "car-1"])
        for n, batch in enumerate(batches):
            if n in (3, 6, 9):
                begun.release()
            while True:
                try:
                    ledger.commit(batch, raised(alerts[n]), received_s=NOON + n)
                    break
                except StoreUnavailable:
                    failed += 1
                    assert failed < 30
                    killing.start()
        killer.join()
        killing.start()
        while True:
            try:
                known = ledger.alerts_known(0, [alert.rule for alert in alerts])
                break
            except StoreUnavailable:
                killing.start()
        assert failed >= 1
        assert known == alerts
        for device in (0, 1):
            sent = FixBatch.concatenate([batch for batch in batches if batch.device[0] == device])
            assert same_fixes(ledger.fixes_of(device, 0, 4e9), sent)


def test_a_stale_pid_file_with_a_living_strangers_number_does_not_stop_a_start(tmp_path):
    server = EmbeddedPostgres(tmp_path / "data")
    server.start()
    pid_file = server.cluster / "postmaster.pid"
    stale = pid_file.read_text()
    server.stop()
    assert server.pid() is None
    pid_file.write_text(stale.replace(stale.splitlines()[0], str(os.getpid()), 1))
    os.chown(pid_file, server.cluster.stat().st_uid, -1) if os.geteuid() == 0 else None
    assert server.pid() is None
    server.start()
    assert server.pid() not in (None, os.getpid())
    server.stop()


def test_the_last_to_leave_stops_the_server(tmp_path):
    first, second = EmbeddedPostgres(tmp_path / "data"), EmbeddedPostgres(tmp_path / "data")
    assert first.start() == second.start()
    first.stop()
    assert second.pid() is not None
    second.stop()
    assert second.pid() is None


def test_a_folder_too_deep_for_a_socket_works_too_and_is_for_its_owner_alone(tmp_path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.parent.mkdir()
    with EmbeddedPostgres(deep) as server:
        migrate(server.uri())
        assert not Path(server.uri().split("host=")[1]).is_relative_to(tmp_path)
        for path in (deep, *deep.iterdir()):
            assert path.stat().st_mode & 0o077 == 0, path


async def ping_on(pool):
    """Ask again and again: a killed server's children serve their connections until they notice."""
    for _ in range(100_000):
        await system.write(pool)


def test_the_console_recovers_when_the_database_does(own_server):
    async def main():
        async with make_pool(own_server.uri()) as pool:
            await system.write(pool)
            os.kill(own_server.pid(), signal.SIGKILL)
            with pytest.raises(StoreUnavailable):
                await ping_on(pool)
            await asyncio.to_thread(own_server.start)
            await system.write(pool)

    asyncio.run(main())
