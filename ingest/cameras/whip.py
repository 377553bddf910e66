"""Body-worn cameras that publish by WebRTC (WHIP, RFC 9725): an SDP offer in, an answer out, then their packets.

One event loop on a thread of its own serves all publishers; one task each, from its offer to its end. What comes is
stored and shown as it comes: H.264, with Opus or G.711. Nothing asks a server outside for addresses, and the
publisher's own are not looked for: it comes to us.
"""

import asyncio
import secrets
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import Any, TypeVar

from ingest.cameras.fanout import Ending, Fanout
from ingest.cameras.packets import Media
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from ingest.cameras.published import KEYFRAME_S, Published
from ingest.cameras.publisher import BY_PUBLISHER, CLOSE_S, REPLACED, SOONER, STOPPED, Publisher
from ingest.cameras.whip_offer import Offer, Refusal, WhipRefused

MAX_PUBLISHERS = 200
SILENT_S = 10.0  # a publisher of which no picture came for so long is closed
REPLACED_S = 5.0  # for so long its place is not given to another
ANSWER_S = 5.0
MAX_COMING = 4  # offers of one device after which no picture came yet

T = TypeVar("T")


class Whip:
    """The publishers of one camera process. All methods may be called from any thread. `lost` hears, in the loop, of
    which device and medium how many RTP packets never came."""

    def __init__(
        self,
        *,
        max_publishers: int = MAX_PUBLISHERS,
        silent_s: float = SILENT_S,
        replaced_s: float = REPLACED_S,
        keyframe_s: float = KEYFRAME_S,
        largest_pixels: int = LARGEST_PIXELS,
        lost: Callable[[str, Media, int], None] = lambda _device, _media, _packets: None,
    ) -> None:
        self._lost = lost
        self._max_publishers = max_publishers
        self._silent_s = silent_s
        self._replaced_s = replaced_s
        self._keyframe_s = keyframe_s
        self._largest_pixels = largest_pixels
        self._publishers: dict[str, Publisher] = {}  # by device, those that do; of the loop's thread alone
        self._coming: dict[str, list[Publisher]] = {}  # by device, of which no picture came yet
        self._closing = False
        self._submitting = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="whip", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        return len(self._everybody())

    def offer(self, device: str, sdp: str, fanout: Fanout) -> tuple[str, str]:
        """A device wants to publish. Returns the answer (SDP) and the id of the publication, not to be guessed. What
        comes is told to `fanout`, which opens with the first keyframe and is interrupted when the publisher is gone.

        Raises:
            WhipRefused: with the reason.
            undecoded.UnknownReceiver: when aiortc is not as expected.
        """
        read = Offer.of(sdp)
        return self._done(lambda: self._join(device, read, fanout), ANSWER_S + CLOSE_S)

    def end(self, resource: str) -> None:
        """Ends a publication, and returns when it is over.

        Raises:
            WhipRefused: when there is none with this id.
        """
        self._done(lambda: self._leave(resource), CLOSE_S + 1)

    def close(self) -> None:
        """Ends all, and takes no more. Returns within 5 s."""
        with self._submitting:
            if not self._closing:
                self._closing = True
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    def _done(self, work: Callable[[], Coroutine[Any, Any, T]], within_s: float) -> T:
        """What `work` gives, done in the loop."""
        with self._submitting:
            if self._closing:
                raise WhipRefused(Refusal.STOPPING, "the cameras are being stopped")
            future: Future[T] = asyncio.run_coroutine_threadsafe(work(), self._loop)
        try:
            return future.result(within_s)
        except CancelledError:
            raise WhipRefused(Refusal.STOPPING, "the cameras are being stopped") from None
        except TimeoutError:
            future.cancel()
            raise WhipRefused(Refusal.NO_ANSWER, f"no answer could be made within {within_s:g} s") from None

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        await self._stop.wait()
        publishers = self._everybody()
        for publisher in publishers:
            publisher.dismiss(STOPPED)
        if publishers:
            await asyncio.wait({publisher.task for publisher in publishers}, timeout=CLOSE_S)

    async def _join(self, device: str, offer: Offer, fanout: Fanout) -> tuple[str, str]:
        await self._make_room(device)
        published = Published(
            fanout,
            offer.sound,
            keyframe_s=self._keyframe_s,
            largest_pixels=self._largest_pixels,
            lost=partial(self._lost, device),
        )
        publisher = Publisher(device, published, self._admit)
        self._coming.setdefault(device, []).append(publisher)
        publisher.task = asyncio.create_task(publisher.run(offer, self._silent_s), name=f"publisher {device}")
        publisher.task.add_done_callback(lambda _: self._forget(publisher))
        try:
            async with asyncio.timeout(ANSWER_S):
                return await publisher.answer, publisher.resource
        except TimeoutError:
            raise WhipRefused(Refusal.NO_ANSWER, f"no answer could be made within {ANSWER_S:g} s") from None
        finally:
            if publisher.answer.cancelled() or publisher.answer.exception():
                publisher.dismiss("there is no answer")

    async def _make_room(self, device: str) -> None:
        if (former := self._publishers.get(device)) is not None:
            self._refuse_beside(former)
            await former.end(REPLACED)
        while len(coming := self._coming.get(device, [])) >= MAX_COMING:
            await coming[0].end("others offered after it")
        if len(self) >= self._max_publishers:
            detail = f"{len(self)} devices publish already; at most {self._max_publishers} may"
            raise WhipRefused(Refusal.TOO_MANY, detail)

    def _refuse_beside(self, former: Publisher) -> None:
        silent_s = asyncio.get_running_loop().time() - former.published.heard_s
        if silent_s < self._replaced_s:
            free = f"its place is free {self._replaced_s:g} s after the last picture"
            raise WhipRefused(Refusal.PUBLISHED_ALREADY, f"{former.device} is published already; {free}")

    def _admit(self, publisher: Publisher) -> bool:
        """The first picture of `publisher` came: the place is its own, unless another was sooner. An offer after which
        nothing comes keeps nobody out."""
        holder = self._publishers.get(publisher.device)
        if holder is not None:
            try:
                self._refuse_beside(holder)
            except WhipRefused:
                publisher.dismiss(SOONER)
                return False
            holder.published.end(Ending.LOST)
            holder.dismiss(REPLACED)
        coming = self._coming.pop(publisher.device, [])
        self._publishers[publisher.device] = publisher
        for other in coming:
            if other is not publisher:
                other.dismiss(SOONER)
        return True

    def _everybody(self) -> list[Publisher]:
        return [*self._publishers.values(), *(each for coming in self._coming.values() for each in coming)]

    async def _leave(self, resource: str) -> None:
        for publisher in self._everybody():
            if secrets.compare_digest(publisher.resource.encode(), resource.encode("utf-8", "replace")):
                await publisher.end(BY_PUBLISHER)
                return
        raise WhipRefused(Refusal.NO_SUCH_PUBLICATION, "there is no publication with this id; it may have ended")

    def _forget(self, publisher: Publisher) -> None:
        if self._publishers.get(publisher.device) is publisher:
            del self._publishers[publisher.device]
        if publisher in (coming := self._coming.get(publisher.device, [])):
            coming.remove(publisher)
            if not coming:
                del self._coming[publisher.device]
