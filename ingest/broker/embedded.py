"""A broker on the loopback interface for as long as it is wanted: of the tests and the benchmarks."""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ingest.broker.configuration import BrokerFolder, Listening
from ingest.broker.errors import BrokerError
from ingest.broker.server import command, end_previous, end_with_parent, free_port, program, wait_until_answers
from ingest.broker.users import User

START_S = 30.0
STOP_S = 5.0


class EmbeddedBroker:
    """A broker on 127.0.0.1; port 0 takes any free one. A context manager.

    Without `folder` it forgets everything at the end. Without `users` everyone on this machine may say and hear all.
    """

    def __init__(self, port: int = 0, folder: Path | None = None, users: Sequence[User] | None = None) -> None:
        self.host = "127.0.0.1"
        self.port = port or free_port()
        self._users = users
        self._temporary = tempfile.TemporaryDirectory(prefix="ducha-broker-") if folder is None else None
        self.folder = BrokerFolder(folder or Path(self._temporary.name if self._temporary else ""))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when it accepts connections.

        Raises:
            BrokerError: when it does not start.
        """
        if self._users is not None:
            self.folder.write_users(self._users)
        self.folder.write(Listening(self.host, self.port), open_to_all=self._users is None)
        end_previous(self.folder)
        process = subprocess.Popen(command(program(), self.folder), preexec_fn=end_with_parent)
        self._process = process
        if not wait_until_answers(self.host, self.port, START_S, lambda: process.poll() is not None):
            self.stop()
            raise BrokerError(f"the broker did not start at port {self.port}:\n{self._log_tail()}")

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _log_tail(self) -> str:
        try:
            return "\n".join(self.folder.log.read_text(errors="replace").splitlines()[-8:])
        except FileNotFoundError:
            return ""
