"""A camera process as far as publishers see it: its WHIP socket, and the fan-outs of its body-worn cameras."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import av
from camera_rows import write_camera

from hardware.cameras.clockface import read_ms
from ingest.cameras.fanout import Fanout, Item, Opened, Subscription
from ingest.cameras.packets import Media, Packet
from ingest.cameras.whip import Whip
from ingest.cameras.whip_socket import WhipSocket


@dataclass
class CameraProcess:
    """Takes publishers of the devices in `fanouts`."""

    whip: Whip
    fanouts: dict[str, Fanout] = field(default_factory=dict)


@contextmanager
def camera_process(
    dsn: str, folder: Path, *devices: str, tokens: Mapping[str, str] = MappingProxyType({}), **limits: Any
) -> Iterator[CameraProcess]:
    """Runs one whose devices the console knows; those with one of the `tokens` are to show it."""
    tap = folder / "tap.sock"
    for device in devices:
        write_camera(dsn, device, tap=tap, kind="bodycam", state="lost")
    process = CameraProcess(Whip(**limits), {device: Fanout() for device in devices})
    served = WhipSocket(folder / "tap.sock.whip", process.whip, process.fanouts.get, tokens)
    try:
        yield process
    finally:
        served.close()
        process.whip.close()


def received(subscription: Subscription, enough: Callable[[list[Item]], bool], within_s: float = 60.0) -> list[Item]:
    """What the subscription tells until it is enough."""
    items: list[Item] = []
    until_s = time.monotonic() + within_s
    while not enough(items):
        left_s = until_s - time.monotonic()
        assert left_s > 0, f"after {within_s} s there are only {[type(item).__name__ for item in items]}"
        items += subscription.take(left_s, limit=1)
    return items


def pictures(items: list[Item]) -> list[Packet]:
    """The packets of the picture."""
    return [item for item in items if isinstance(item, Packet) and item.media is Media.VIDEO]


def sounds(items: list[Item]) -> list[Packet]:
    """The packets of the sound."""
    return [item for item in items if isinstance(item, Packet) and item.media is Media.AUDIO]


def opened(items: list[Item]) -> Opened:
    """The first opening."""
    return next(item for item in items if isinstance(item, Opened))


def clocks_ms(packets: list[Packet]) -> list[int | None]:
    """What the clock burned into each picture says."""
    decoder = av.CodecContext.create("h264", "r")
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet.data))]
    frames += decoder.decode(None)
    return [read_ms(frame.to_ndarray(format="bgr24")) for frame in frames]
