"""Watches a camera as any player does: through FFmpeg."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import av
import numpy as np
from numpy.typing import NDArray

from hardware.cameras import clockface

OPTIONS = {"analyzeduration": "100000", "fpsprobesize": "0"}  # show the first picture soon


@contextmanager
def watching(url: str, transport: str = "tcp") -> Iterator[av.container.InputContainer]:
    with av.open(url, options=OPTIONS | {"rtsp_transport": transport}, timeout=30.0) as container:
        container.streams.video[0].thread_count = 1  # more threads give the pictures later
        yield container


def pictures(container: av.container.InputContainer, at_most: int = 200) -> Iterator[NDArray[np.uint8]]:
    """Decoded pictures; what cannot be decoded is passed over."""
    for packet in islice(container.demux(video=0), at_most):
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            frames = []
        for frame in frames:
            yield frame.to_ndarray(format="bgr24")


def legible(container: av.container.InputContainer, at_most: int) -> list[int]:
    """The times that the clocks of the next pictures tell, in milliseconds since 1970."""
    return [ms for picture in pictures(container, at_most) if (ms := clockface.read_ms(picture)) is not None]
