"""paho's client at a rate that it was not made for: publications and acknowledgements in bulk, all else as ever."""

import select
from collections.abc import Callable, Iterable
from typing import Any

from paho.mqtt.client import PUBACK, Client
from paho.mqtt.enums import MQTTErrorCode

from ingest.mqtt_stream import PacketStream, Publication

_CLOSED = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


class Connection(Client):
    """`on_publications` gets what was published, on the network thread; nothing is acknowledged by itself.

    It reads what a broker has sent before it writes to one that has gone: to write to a broker that was killed fails,
    and paho then drops the connection with all that it has not read from it: messages that the broker has acknowledged,
    and may not have saved.
    """

    on_publications: Callable[[list[Publication]], None]

    def acknowledge(self, numbers: Iterable[int]) -> None:
        """Tell the broker that the messages of QoS 1 with these packet numbers are taken, in this order."""
        packets = b"".join(b"\x40\x02" + number.to_bytes(2, "big") for number in numbers)
        if packets:
            self._packet_queue(PUBACK, packets, 0, 1)  # one write, and one waking of the network thread

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Handle all packets that have come."""
        stream: Any = self.socket()
        if stream is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        stream.read()
        while True:
            if published := stream.publications():
                self.on_publications(published)
            if not stream.is_readable():
                return MQTTErrorCode.MQTT_ERR_SUCCESS
            code = super().loop_read(max_packets)
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS or self.socket() is not stream:
                return code

    def loop_write(self) -> MQTTErrorCode:
        """Write what waits; where the broker has closed the connection, once nothing is left to read."""
        while self._is_closed_there() and self._has_come():
            code = self.loop_read()
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return code
        return super().loop_write()

    def _create_socket(self) -> Any:  # of a type that is paho's own
        return PacketStream(super()._create_socket())  # type: ignore[arg-type]

    def _is_closed_there(self) -> bool:
        sock: Any = self.socket()
        if sock is None:
            return False
        poll = select.poll()
        poll.register(sock, _CLOSED)
        return bool(poll.poll(0))

    def _has_come(self) -> bool:
        sock: Any = self.socket()
        return sock is not None and bool(sock.pending() or select.select([sock], [], [], 0)[0])
