"""Mosquitto with the configuration that we ship, on a free port of the loopback interface."""

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from waiting import wait_until

SHIPPED = Path(__file__).parents[2] / "docker" / "mosquitto"
PROGRAM = os.environ.get("DUCHA_MOSQUITTO") or shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
ABSENT = "needs Mosquitto: the Debian package, or DUCHA_MOSQUITTO=/path/to/mosquitto"
START_S = 10.0


class Mosquitto:
    """The broker in a folder, with certificates made by the shipped script. A context manager."""

    def __init__(self, folder: Path) -> None:
        self.host = "127.0.0.1"
        self.port = _free_port()
        self.certificates = folder / "certs"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        subprocess.run([SHIPPED / "make-certs", "init", self.certificates], check=True)
        (folder / "data").mkdir()
        shutil.copy(SHIPPED / "acl", folder / "acl")
        (folder / "acl").chmod(0o600)
        text = (SHIPPED / "mosquitto.conf").read_text()
        for shipped, here in (
            ("listener 8883", f"listener {self.port} {self.host}"),
            ("/mosquitto/certs", str(self.certificates)),
            ("/mosquitto/config", str(folder)),
            ("/mosquitto/data/", f"{folder / 'data'}/"),
        ):
            assert shipped in text
            text = text.replace(shipped, here)
        if os.geteuid() == 0:
            text += "\nuser root\n"  # else it would become a user that can't read this folder
        (folder / "mosquitto.conf").write_text(text)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def start(self) -> None:
        """Returns when the broker accepts a client with a certificate."""
        assert PROGRAM is not None
        log = (self._folder / "log").open("ab")
        self._process = subprocess.Popen(
            [PROGRAM, "-c", str(self._folder / "mosquitto.conf")], stdout=log, stderr=subprocess.STDOUT
        )

        def answers() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, self.log()
            try:
                socket.create_connection((self.host, self.port), timeout=0.5).close()
            except OSError:
                return False
            return True

        wait_until(answers, START_S, "the broker listens")

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def certify(self, name: str) -> None:
        """Make a client's certificate."""
        subprocess.run([SHIPPED / "make-certs", "client", self.certificates, name], check=True)

    def client(self, name: str | None, client_id: str, *, clean_session: bool = True) -> Client:
        """A client that is to connect as `name`; without one it shows no certificate."""
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean_session, protocol=MQTTv311
        )
        files = (str(self.certificates / f"{name}.{kind}") if name else None for kind in ("crt", "key"))
        client.tls_set(str(self.certificates / "ca.crt"), *files)
        return client


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
