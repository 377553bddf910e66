"""One camera as the console sees it: one connection to its tap while anybody looks, and a bounded queue a viewer.

A viewer that does not keep up loses its own packets, up to the next keyframe, and never holds up another. Whoever
joins begins with the last group of pictures, so that the first picture is there at once.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from fractions import Fraction

import structlog
from msgspec.structs import replace

from console.live.tap import Tap, TapClosed, connect
from ingest.cameras.annexb import CODECS, MalformedVideo, parameter_sets
from ingest.cameras.packets import Media, Packet, StreamInfo, goes_on
from ingest.cameras.parameter_sets import missing, picture

QUEUE_PACKETS = 512
GROUP_PACKETS = 400  # a group longer than that is not kept: who joins waits for the next keyframe
GROUP_BYTES = 16 * 1024 * 1024
REORDERED_S = 2.0
BACK_SHOWS = 2  # times that a picture comes late: a clock that is set goes back once
ORDER_SHOWS = 8  # pictures: of I P B B P B B, the seventh comes late for the second time
RETRY_S = (0.2, 0.5, 1.0, 2.0)

log = structlog.get_logger("console")


class FeedEnded(Exception):  # noqa: N818  (a state of the feed)
    """No more packets will come: the console stops, or the stream can't be shown any longer."""


class Subscription:
    """What one viewer has still to be given of one kind of media."""

    def __init__(self, media: Media, waiting: list[Packet]) -> None:
        self.media = media
        self.lost = 0
        self._queue = deque(waiting)
        self._skipping = media is Media.VIDEO and not waiting
        self._more = asyncio.Event()
        self._ended: str | None = None

    def offer(self, packet: Packet) -> None:
        """Queues `packet`; where there is no room, forgets what waits and goes on at the next keyframe. Nothing comes
        after the end."""
        if self._ended is not None:
            return
        if len(self._queue) >= QUEUE_PACKETS:
            self.lost += len(self._queue)
            self._queue.clear()
            self._skipping = self.media is Media.VIDEO
        if self._skipping and not packet.is_keyframe:
            self.lost += 1
            return
        self._skipping = False
        self._queue.append(packet)
        self._more.set()

    def end(self, reason: str) -> None:
        """Ends it: who waits for a packet gets `FeedEnded` with this reason."""
        self._ended = self._ended or reason
        self._more.set()

    async def next(self) -> Packet:
        """The next packet. Raises `FeedEnded` at the end."""
        while not self._queue:
            if self._ended is not None:
                raise FeedEnded(self._ended)
            self._more.clear()
            await self._more.wait()
        return self._queue.popleft()


class Feed:
    """One camera's packets, for as long as somebody looks."""

    def __init__(self, camera: str, path: str) -> None:
        self.camera = camera
        self.path = path
        self.streams: tuple[StreamInfo, ...] = ()
        self.reordered = False  # whether pictures come in another order than they are shown: B-frames
        self.problem: str | None = None  # why there are no packets just now
        self.looking = 0
        self._pictures = 0  # since the tap was opened
        self._back = 0  # pictures that are to be shown before the one before them
        self._may_reorder = False
        self._group: list[Packet] = []
        self._group_bytes = 0
        self._subscriptions: set[Subscription] = set()
        self._news = asyncio.Condition()

    def stream(self, media: Media) -> StreamInfo | None:
        """What the camera sends of `media`, if anything."""
        return next((stream for stream in self.streams if stream.media is media), None)

    @property
    def keyframe(self) -> Packet | None:
        """The newest keyframe."""
        return self._group[0] if self._group else None

    async def first_picture(self, within_s: float) -> Packet:
        """The newest keyframe, as soon as there is one.

        Raises:
            TapClosed: when there is none within `within_s`; says why.
        """
        try:
            async with asyncio.timeout(within_s), self._news:
                await self._news.wait_for(lambda: self._group or self.problem)
        except TimeoutError:
            raise TapClosed(f"no picture came within {within_s:g} s") from None
        if self.keyframe is None:
            raise TapClosed(self.problem or "no picture")
        return self.keyframe

    async def order_known(self, within_s: float) -> None:
        """Waits until so many pictures came that B-frames would have shown, at most `within_s`; not at all where the
        camera says that it has none."""
        if not self._may_reorder:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._news:
                await self._news.wait_for(lambda: self._pictures >= ORDER_SHOWS)

    @asynccontextmanager
    async def subscription(self, media: Media) -> AsyncIterator[Subscription]:
        """The packets of `media`, beginning with the last group of pictures; sound begins where it is."""
        waiting = list(self._group) if media is Media.VIDEO and self._is_whole() else []
        subscription = Subscription(media, waiting)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    async def run(self) -> None:
        """Reads the tap for ever; when it closes, tries again, at most every 2 s."""
        failures = 0
        while True:
            try:
                async with connect(self.path, self.camera) as tap:
                    failures = 0
                    await self._read(tap)
            except TapClosed as error:
                if self.problem is None and self.streams:
                    log.info("tap closed", camera=self.camera, problem=str(error))
                await self._tell(str(error))
            await asyncio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])
            failures += 1

    async def _tell(self, problem: str | None) -> None:
        self.problem = problem
        async with self._news:
            self._news.notify_all()

    async def _read(self, tap: Tap) -> None:
        self.reordered, self._group, self._group_bytes, self._pictures = False, [], 0, 0
        self._take(tap.streams)
        async for packet in tap.packets():
            if isinstance(packet, tuple):
                self._take(packet)
                continue
            if packet.media is Media.VIDEO:
                packet = self._with_parameters(packet)
                self._remember(packet)
                if packet.is_keyframe or self._pictures == ORDER_SHOWS:
                    await self._tell(None)
            for subscription in self._subscriptions:
                if subscription.media is packet.media:
                    subscription.offer(packet)

    def _take(self, streams: tuple[StreamInfo, ...]) -> None:
        """What the camera sends from now on."""
        known, self.streams = self.streams, streams
        if known and not goes_on(known, streams):
            self.end("the camera's streams changed")  # what was negotiated no longer holds
        self._back = 0
        self._may_reorder = _may_reorder(self.stream(Media.VIDEO))

    def _with_parameters(self, packet: Packet) -> Packet:
        """A keyframe brings its parameter sets: a camera may have told some only when it was asked (in its SDP)."""
        stream = self.stream(Media.VIDEO)
        if not packet.is_keyframe or stream is None or stream.codec not in CODECS or not stream.extradata:
            return packet
        if missing(stream.codec, parameter_sets(stream.codec, packet.data)) is None:
            return packet
        return replace(packet, data=stream.extradata + packet.data)

    def _remember(self, packet: Packet) -> None:
        """Keeps the group of pictures that is under way, within bounds."""
        if packet.is_keyframe:
            self._pictures += 1
            self._group, self._group_bytes = [packet], len(packet.data)
        elif self._group:
            self._pictures += 1
            self._group_bytes += len(packet.data)
            self._back += self._is_earlier(packet)
            self.reordered = self.reordered or self._back >= BACK_SHOWS
            if self._is_whole():
                self._group.append(packet)
        if self.reordered:
            self.end("the camera sends B-frames")

    def _is_earlier(self, packet: Packet) -> bool:
        """Whether `packet` is to be shown before the one before it; a camera's clock that was set is no such thing."""
        if not self._may_reorder:
            return False
        stream = self.stream(Media.VIDEO)
        back = self._group[-1].pts - packet.pts
        return stream is not None and 0 < back * Fraction(*stream.time_base) < REORDERED_S

    def _is_whole(self) -> bool:
        return len(self._group) <= GROUP_PACKETS and self._group_bytes <= GROUP_BYTES

    def end(self, reason: str) -> None:
        """Ends every subscription."""
        for subscription in self._subscriptions:
            subscription.end(reason)


class Feeds:
    """The cameras that somebody looks at just now."""

    def __init__(self) -> None:
        self._feeds: dict[str, tuple[Feed, asyncio.Task[None]]] = {}

    def __len__(self) -> int:
        return len(self._feeds)

    @asynccontextmanager
    async def watched(self, camera: str, path: str) -> AsyncIterator[Feed]:
        """The feed of `camera`, whose tap is at `path`: opened for the first who looks, closed when the last leaves."""
        if camera not in self._feeds:
            feed = Feed(camera, path)
            self._feeds[camera] = feed, asyncio.create_task(feed.run(), name=f"feed {camera}")
        feed, task = self._feeds[camera]
        feed.looking += 1
        try:
            yield feed
        finally:
            feed.looking -= 1
            if not feed.looking:
                del self._feeds[camera]
                task.cancel()
                await asyncio.wait({task})


def _may_reorder(video: StreamInfo | None) -> bool:
    """Whether pictures may come in another order than they are shown, as far as their parameter sets say."""
    if video is None or video.codec not in CODECS:
        return False
    try:
        return picture(video.codec, parameter_sets(video.codec, video.extradata)).reorders
    except MalformedVideo:
        return True
