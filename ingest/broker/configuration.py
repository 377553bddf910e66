"""The folder of the broker of our own: what `ducha` writes there for the NATS server, and the server keeps there.

`nats.conf` and `users.conf` are the server's, written anew at every start and at every change of the users;
`users.json` holds the users as we know them. All are for their owner only.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ingest.broker.errors import BrokerError
from ingest.broker.users import User, entry

MAX_PAYLOAD = 1 << 20  # a day's buffer of a terminal fits
# Messages of one filter that ingest may have unanswered: some six filters fit into the 65,535 of a session.
MAX_ACK_PENDING = 10_000
# What was delivered and not answered comes again after so long: to an ingest that was killed, behind newer messages.
# It is less than the time that ingest waits after a connect before it takes silence for silence (`settle_s`).
ACK_WAIT_S = 4
STORED_GB = 16  # of messages that wait for ingest; when it is full, publishers get no answer and keep theirs
ABANDONED_DAYS = 30  # a session that nobody came back to for so long is forgotten, with what waits in it
_SLOW_S = 60  # a client that reads nothing for so long is cut off; ingest may be long at a commit
_LOG_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Listening:
    """Where MQTT clients come in. With `certificate` and `key` (PEM files) by TLS; with `ca` too, a client is who the
    certificate says that it shows, and passwords count for nothing. `health_port` of 127.0.0.1 tells how it is."""

    host: str = "127.0.0.1"
    port: int = 1883
    certificate: Path | None = None
    key: Path | None = None
    ca: Path | None = None
    health_port: int | None = None


class BrokerFolder:
    """The files of one broker in `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.configuration = self.path / "nats.conf"
        self.process_id = self.path / "nats.pid"
        self.log = self.path / "server.log"
        self._users = self.path / "users.json"

    def users(self) -> list[User]:
        """All users, by name; none where nobody was entered yet.

        Raises:
            BrokerError: when the file can't be read.
        """
        try:
            return msgspec.json.decode(self._users.read_bytes(), type=list[User])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError) as error:
            raise BrokerError(f"{self._users}: expected the users as ducha writes them: {error}") from error

    def write_users(self, users: Iterable[User]) -> None:
        """Replace all users; a running server takes them in with :func:`ingest.broker.server.reload`."""
        ordered = sorted(users, key=lambda user: user.name)
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        entries = ",\n".join(json.dumps(entry(user), ensure_ascii=False) for user in ordered)
        _write(self._users, msgspec.json.format(msgspec.json.encode(ordered), indent=1))
        _write(self.path / "users.conf", f"users: [\n{entries}\n]\n".encode())

    @contextmanager
    def changing(self) -> Iterator[dict[str, User]]:
        """All users by name, to be changed by one process at a time; written at the end.

        Raises:
            BrokerError: when they can't be read, or the folder can't be written to.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self.path / "users.lock").open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                users = {user.name: user for user in self.users()}
                yield users
                self.write_users(users.values())
        except OSError as error:
            raise BrokerError(
                f"{self.path}: expected a folder of the broker that can be written to: {error}"
            ) from error

    def write(self, listening: Listening, *, open_to_all: bool = False, log_to_file: bool = True) -> None:
        """Write the server's configuration. `open_to_all` lets everyone on this machine say and hear everything: for
        tests and benchmarks of what is behind the broker.

        Raises:
            BrokerError: where passwords would go over a network in clear.
        """
        if listening.certificate is None and listening.host not in ("127.0.0.1", "::1", "localhost"):
            raise BrokerError(f"broker at {listening.host}: expected a certificate and key (TLS), or 127.0.0.1")
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = _settings(self, listening, log_to_file)
        if not open_to_all:
            self.write_users(self.users())
            lines.append("authorization { include ./users.conf }")
        _write(self.configuration, ("\n".join(lines) + "\n").encode())


def _settings(folder: BrokerFolder, listening: Listening, log_to_file: bool) -> list[str]:
    mqtt: dict[str, Any] = {
        "host": listening.host,
        "port": listening.port,
        "max_ack_pending": MAX_ACK_PENDING,
        "ack_wait": f"{ACK_WAIT_S}s",
        "consumer_inactive_threshold": f"{ABANDONED_DAYS * 24}h",
    }
    if listening.certificate is not None:
        mqtt["tls"] = {"cert_file": str(listening.certificate), "key_file": str(listening.key)}
        if listening.ca is not None:
            mqtt["tls"] |= {"ca_file": str(listening.ca), "verify_and_map": True}
    settings: dict[str, Any] = {
        "server_name": "ducha",
        # NATS's own protocol, of which nothing here makes use, at a port of its choice
        "host": "127.0.0.1",
        "port": -1,
        "pid_file": str(folder.process_id),
        "max_payload": MAX_PAYLOAD,
        "write_deadline": f"{_SLOW_S}s",
        "jetstream": {"store_dir": str(folder.path), "max_file_store": STORED_GB << 30},
        "mqtt": mqtt,
    }
    if listening.health_port is not None:
        settings["http"] = f"127.0.0.1:{listening.health_port}"
    if log_to_file:
        settings |= {"log_file": str(folder.log), "log_size_limit": _LOG_BYTES, "log_max_num": 2}
    return [f"{name}: {json.dumps(value)}" for name, value in settings.items()]


def _write(path: Path, content: bytes) -> None:
    """Replace the file at once, for its owner only."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    fresh.replace(path)
