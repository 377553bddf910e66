"""Mosquitto, as an example of any broker that speaks MQTT 3.1.1, on a free port of the loopback interface."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Self

from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from waiting import wait_until

from ingest.broker.server import answers, free_port

PROGRAM = os.environ.get("DUCHA_MOSQUITTO") or shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
ABSENT = "needs Mosquitto: the Debian package, or DUCHA_MOSQUITTO=/path/to/mosquitto"
START_S = 30.0
_SETTINGS = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 1
max_queued_messages 1000000
max_inflight_messages 0
"""


class Mosquitto:
    """The broker in a folder. A context manager."""

    def __init__(self, folder: Path) -> None:
        self.host = "127.0.0.1"
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        text = _SETTINGS.format(port=self.port, folder=folder)
        if os.geteuid() == 0:
            text += "user root\n"  # else it would become a user that can't read this folder
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
        """Returns when the broker listens."""
        assert PROGRAM is not None
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "-c", str(self._folder / "mosquitto.conf")], stdout=log, stderr=subprocess.STDOUT
            )
        wait_until(lambda: answers(self.host, self.port), START_S, "the broker listens", self.log)

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def settings(self) -> str:
        """The table [broker] by which ingest finds it."""
        return f"[broker]\nport = {self.port}\n"

    def client(self, _name: str, client_id: str, *, clean_session: bool = True) -> Client:
        return Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean_session, protocol=MQTTv311)
