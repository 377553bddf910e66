"""One look at a camera, without recording it: is it there, does it let us in, does it send a picture that we take?"""

import socket

from ingest.cameras.address import Address
from ingest.cameras.greeting import greet
from ingest.cameras.packets import Media
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from ingest.cameras.rtsp import connect, watchable

OPEN_S = 4.0


def visit(address: Address, open_s: float = OPEN_S, largest_pixels: int = LARGEST_PIXELS) -> str:
    """What the camera sends, like "h264 with pcm_alaw".

    Raises:
        SourceFault: what a recording of it would fail at.
    """
    bell, rung = socket.socketpair()  # nobody rings it
    with bell, rung:
        there = greet(address, open_s, rung, lambda: False)
    container, relay = connect(there, open_s, open_s, largest_pixels)
    with relay, container:
        codecs = {info.media: info.codec for info in watchable(container).values()}
    sound = f" with {codecs[Media.AUDIO]}" if Media.AUDIO in codecs else ""
    return f"{codecs[Media.VIDEO]}{sound}"
