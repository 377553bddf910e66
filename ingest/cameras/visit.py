"""One look at a camera, without recording it: is it there, does it let us in, does it send a picture that we take?"""

import socket
import time

from ingest.cameras.address import Address
from ingest.cameras.gathering import Gathering
from ingest.cameras.greeting import greet
from ingest.cameras.guard import Guard
from ingest.cameras.line import Line
from ingest.cameras.packets import Media
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from ingest.cameras.probation import Probation
from ingest.cameras.rtsp import connect, packets_of, watchable

OPEN_S = 4.0
LOOK_S = 8.0  # for a keyframe; of one that comes later it is not told whether it could be recorded


def visit(address: Address, open_s: float = OPEN_S, largest_pixels: int = LARGEST_PIXELS) -> str:
    """What the camera sends, like "h264 with pcm_alaw"; the first pictures stand the test that they stand before a
    recording.

    Raises:
        SourceFault: what a recording of it would fail at.
    """
    bell, rung = socket.socketpair()  # nobody rings it
    with bell, rung:
        there = greet(address, open_s, rung, lambda: False)
    container, relay = connect(there, open_s, open_s, largest_pixels)
    with relay, container:
        streams = watchable(container)
        probation, until_s = Probation(tuple(streams.values()), largest_pixels), time.monotonic() + LOOK_S
        with Guard(relay.line, open_s) as guard:
            for packet in packets_of(container, streams, guard, Gathering(Line()), relay.losses.news):
                if probation.add(packet) is not None or time.monotonic() > until_s:
                    break
        codecs = {info.media: info.codec for info in streams.values()}
    sound = f" with {codecs[Media.AUDIO]}" if Media.AUDIO in codecs else ""
    return f"{codecs[Media.VIDEO]}{sound}"
