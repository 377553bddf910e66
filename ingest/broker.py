"""The embedded broker of the demo and the tests: rumqttd, compiled into the `iotcore` wheel, as a child process.

Not for production: it has **no access control** (a device can publish under another's name), which is why it listens
on the loopback interface only, and it keeps everything **in memory** (its restart loses what it had queued). In
production Mosquitto or EMQX take its place; `docker/mosquitto` holds a configuration that is tested.
"""

import socket
from types import TracebackType
from typing import Self

from iotcore import Broker

MAX_PAYLOAD = 1 << 20
MAX_INFLIGHT = 100  # rumqttd sends no more unanswered: a batch of so many is complete, waiting for more is in vain
START_S = 10.0


class EmbeddedBroker:
    """A broker on 127.0.0.1; port 0 takes any free one. A context manager."""

    def __init__(self, port: int = 0) -> None:
        self.host = "127.0.0.1"
        self.port = port or _free_port()
        self._broker = Broker(
            port=self.port, listen=self.host, max_payload_size=MAX_PAYLOAD, max_inflight_count=MAX_INFLIGHT
        )

    def start(self) -> None:
        """Return when it accepts connections."""
        self._broker.start(START_S)

    def stop(self) -> None:
        self._broker.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
