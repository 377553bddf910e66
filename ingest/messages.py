"""A message as it came from the broker."""

import msgspec


class Message(msgspec.Struct, frozen=True, gc=False):
    """One MQTT publication. `connection` and `mid` say what to acknowledge, and on which connection that is valid."""

    topic: str
    payload: bytes
    received_s: float  # by the worker's clock
    arrived_s: float = 0.0  # by the machine's monotonic clock
    mid: int = 0
    qos: int = 0
    connection: int = 0
    retained: bool = False  # kept by the broker from earlier: it says nothing of the present
    order: int = 0  # its place among all that came
    reread: bool = False  # nor does one that was a dead letter
