"""The broker as it runs in production: `ducha broker` with TLS, its users entered by `ducha broker add`."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Self

from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from waiting import wait_until

from ingest.broker.configuration import BrokerFolder
from ingest.broker.server import answers, free_port

MAKE_CERTS = Path(__file__).parents[2] / "docker" / "nats" / "make-certs"
START_S = 30.0


class NatsServer:
    """The broker in a folder, with certificates made by the shipped script. A context manager.

    `by_certificate`: clients show certificates; else they say passwords.
    """

    def __init__(self, folder: Path, *, by_certificate: bool = True) -> None:
        self.host = "127.0.0.1"
        self.port = free_port()
        self.certificates = folder / "certs"
        self.folder = BrokerFolder(folder / "broker")
        self.by_certificate = by_certificate
        self.passwords: dict[str, str] = {}
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        subprocess.run([MAKE_CERTS, "init", self.certificates], check=True)
        settings = {
            "FOLDER": self.folder.path,
            "PORT": self.port,
            "CERTIFICATE": self.certificates / "server.crt",
            "KEY": self.certificates / "server.key",
            "CONSOLE_LOG": "true",
        }
        if by_certificate:
            settings |= {"CA": self.certificates / "ca.crt", "CLIENTS": self.certificates}
        self.environment = os.environ | {f"DUCHA_NATS_{key}": str(value) for key, value in settings.items()}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            assert self._process.wait(60) == 0
            self._process = None

    def start(self) -> None:
        """Returns when the broker listens."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command(), env=self.environment, stdout=log, stderr=log)

        def listens() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, self.log()
            return answers(self.host, self.port)

        wait_until(listens, START_S, "the broker listens")

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def ducha(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`ducha broker` with `arguments`."""
        return subprocess.run(
            self._command(*arguments), env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def add(self, *names: str, options: tuple[str, ...] = ()) -> None:
        """Enter users, with a certificate where clients show any."""
        if self.by_certificate:
            devices = [name for name in names if name != "ingest"]
            subprocess.run([MAKE_CERTS, "client", self.certificates, *devices], check=True)
        done = self.ducha("add", *names, *options)
        assert done.returncode == 0, done.stderr
        if not self.by_certificate:
            self.passwords |= dict(line.split("\t") for line in done.stdout.splitlines())

    def settings(self) -> str:
        """The table [broker] by which ingest finds it."""
        text = f'[broker]\nhost = "{self.host}"\nport = {self.port}\nca = "{self.certificates}/ca.crt"\n'
        if self.by_certificate:
            return f'{text}certificate = "{self.certificates}/ingest.crt"\nkey = "{self.certificates}/ingest.key"\n'
        return f'{text}username = "ingest"\npassword = "{self.passwords["ingest"]}"\n'

    def client(self, name: str | None, client_id: str, *, clean_session: bool = True) -> Client:
        """A client that is to connect as `name`; without one it shows nothing."""
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean_session, protocol=MQTTv311
        )
        files: list[str | None] = [None, None]
        if name is not None and self.by_certificate:
            files = [str(self.certificates / f"{name}.{kind}") for kind in ("crt", "key")]
        elif name is not None:
            client.username_pw_set(name, self.passwords[name])
        client.tls_set(str(self.certificates / "ca.crt"), *files)
        return client

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "console", "broker", *arguments]
