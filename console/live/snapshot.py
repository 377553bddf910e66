"""Single pictures: the newest keyframe of a camera as JPEG, decoded in a thread and kept for a second."""

import asyncio
import time
from dataclasses import dataclass, field

from console.live.feed import Feeds
from console.live.tap import TapClosed
from ingest.cameras.packets import Media, Packet, StreamInfo
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from ingest.cameras.pictures import Undecodable, decoded, jpeg

KEEP_S = 1.0
WITHIN_S = 3.0
STALE_S = 30.0  # a keyframe older than this is no picture of now
DECODERS = 2


class NoPicture(Exception):  # noqa: N818  (a state of the camera)
    """There is no picture: why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG, and when its keyframe arrived: Unix seconds, and by the monotonic clock."""

    jpeg: bytes
    taken_s: float
    arrived_s: float

    @property
    def age_s(self) -> float:
        """How long ago the keyframe arrived."""
        return max(0.0, time.monotonic() - self.arrived_s)


@dataclass(slots=True)
class _Shelf:
    picture: Picture | None = None
    until_s: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Snapshots:
    """The newest picture of each camera that was asked for; none of more than `largest_pixels`."""

    def __init__(self, feeds: Feeds, largest_pixels: int = LARGEST_PIXELS) -> None:
        self._feeds = feeds
        self._largest_pixels = largest_pixels
        self._shelves: dict[str, _Shelf] = {}
        self._decoders = asyncio.Semaphore(DECODERS)

    async def newest(self, camera: str, tap: str) -> Picture:
        """The picture of `camera`, whose tap is at the path `tap`; at most a second older than its newest keyframe.

        Raises:
            NoPicture: when none comes within 3 s, or it can't be decoded.
        """
        shelf = self._shelves.setdefault(camera, _Shelf())
        async with shelf.lock:
            if shelf.picture is None or time.monotonic() > shelf.until_s:
                shelf.picture = None
                shelf.picture = await self._take(camera, tap)
                shelf.until_s = time.monotonic() + KEEP_S
            return shelf.picture

    async def _take(self, camera: str, tap: str) -> Picture:
        try:
            async with self._feeds.watched(camera, tap) as feed:
                keyframe = await feed.first_picture(WITHIN_S)
                stream = feed.stream(Media.VIDEO)
        except TapClosed as error:
            raise NoPicture(str(error)) from error
        age_s = time.monotonic() - keyframe.arrived_s
        if stream is None or age_s > STALE_S:
            raise NoPicture(f"the newest picture is {age_s:.0f} s old")
        async with self._decoders:
            try:
                jpeg = await asyncio.to_thread(to_jpeg, keyframe, stream, self._largest_pixels)
            except Undecodable as error:
                raise NoPicture(str(error)) from error
        return Picture(jpeg, keyframe.arrived_wall_s, keyframe.arrived_s)


def to_jpeg(keyframe: Packet, stream: StreamInfo, largest_pixels: int = LARGEST_PIXELS) -> bytes:
    """The picture of a keyframe, at most 1280 wide.

    Raises:
        Undecodable: when there is none.
    """
    return jpeg(decoded(keyframe, stream, largest_pixels))
