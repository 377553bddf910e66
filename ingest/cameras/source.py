"""A camera's packets, by RTSP, on a thread of its own: demuxed and given to the fan-out, never decoded.

The thread connects again and again until it is told to stop. What goes wrong becomes the camera's condition, in words
that say what was expected; addresses and passwords are in none of them. FFmpeg can't be interrupted while it waits,
only told beforehand for how long, or have its connection cut under it (`line.py`, `rtsp_relay.py`).
"""

import random
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from threading import Event, Thread

import structlog
from av.container import InputContainer
from msgspec import Struct
from msgspec.structs import replace

from ingest.cameras import annexb
from ingest.cameras.address import Address
from ingest.cameras.backoff import Backoff
from ingest.cameras.fanout import Ending, Fanout
from ingest.cameras.gathering import Gathering
from ingest.cameras.greeting import greet
from ingest.cameras.guard import Guard
from ingest.cameras.line import Line
from ingest.cameras.packets import Media, Packet, StreamInfo
from ingest.cameras.parameter_sets import LARGEST_PIXELS, tells_news, united
from ingest.cameras.probation import Probation, described
from ingest.cameras.rtp_loss import Losses
from ingest.cameras.rtsp import connect, packets_of, watchable
from ingest.cameras.rtsp_relay import Relay
from ingest.cameras.states import Condition, SourceFault, State

log = structlog.get_logger("ingest.cameras")

_DOUBTFUL = 8  # packets of the picture in a row that are none
_UNREADABLE = 3  # keyframes in a row whose parameter sets can't be taken


class Patience(Struct, frozen=True, kw_only=True):
    """How long a source waits, in seconds: for a connection to be made, for the next packet (a stall), for a keyframe,
    and between two tries."""

    open_s: float = 4.0
    stall_s: float = 4.0
    keyframe_s: float = 20.0
    first_pause_s: float = 1.0
    most_pause_s: float = 30.0


class Source:
    """Fills `fanout` from the camera at `address`; `told` hears every change of its condition, and `lost` how many RTP
    packets of a medium never came, on the thread."""

    def __init__(
        self,
        camera: str,
        address: Address,
        fanout: Fanout,
        told: Callable[[Condition], None],
        patience: Patience | None = None,
        jitter: Callable[[], float] = random.random,
        largest_pixels: int = LARGEST_PIXELS,
        lost: Callable[[Media, int], None] = lambda _media, _packets: None,
    ) -> None:
        self._camera = camera
        self._address = address
        self._fanout = fanout
        self._told = told
        self._patience = patience or Patience()
        self._largest_pixels = largest_pixels
        self._lost = lost
        self._untold = dict.fromkeys(Media, 0)  # what was lost that no packet handed on tells of yet
        self._told_sets: tuple[bytes, ...] = ()  # parameter sets that came since the last keyframe
        self._backoff = Backoff(self._patience.first_pause_s, self._patience.most_pause_s, jitter)
        self._condition = Condition(State.CONNECTING, time.time())
        self._stopping = Event()
        self._bell, self._rung = socket.socketpair()
        self._line = Line()
        self._thread = Thread(target=self._run, name=f"source {camera}", daemon=True)

    @property
    def condition(self) -> Condition:
        """How the camera is."""
        return self._condition

    def start(self) -> None:
        """Begin, in the background."""
        self._told(self._condition)
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; returns at once."""
        if not self._stopping.is_set():
            self._bell.send(b"!")
            self._stopping.set()
            self._line.cut()

    def join(self, timeout_s: float) -> bool:
        """Whether the thread ended within `timeout_s`. One that did not waits in FFmpeg and ends as soon as it may; it
        publishes nothing any more."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._watch()
            except SourceFault as fault:
                self._become(fault.state, fault.reason)
                if fault.state is State.REFUSED:
                    self._backoff.lengthen()
            except Exception as error:  # whatever a camera makes FFmpeg or us do, the next try may go better
                # no traceback: the words of FFmpeg's errors hold the address
                at = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{at.filename}:{at.lineno}"
                log.error("the source failed", camera=self._camera, error=type(error).__name__, where=where)
                self._become(State.LOST, "the source failed; see the log")
            self._stopping.wait(self._backoff.pause_s())
        self._bell.close()
        self._rung.close()

    def _watch(self) -> None:
        address = greet(self._address, self._patience.open_s, self._rung, self._stopping.is_set)
        if self._stopping.is_set():
            return
        container, relay = connect(address, self._patience.open_s, self._patience.stall_s, self._largest_pixels)
        try:
            with relay, container:
                self._line = relay.line
                if not self._stopping.is_set():
                    self._follow(container, relay)
        finally:
            for media in Media:
                self._news(relay.losses, media)
            if self._fanout.streams is not None:
                self._end_publication()
        if not self._stopping.is_set():
            raise relay.fault or SourceFault(State.LOST, "the camera ended the stream")

    def _follow(self, container: InputContainer, relay: Relay) -> None:
        streams = watchable(container)
        with Guard(relay.line, self._patience.stall_s) as guard:
            # by UDP only answers come over the connection, which are to be read one by one
            gathering = Gathering(relay.line if self._address.transport == "tcp" else Line())
            news = partial(self._news, relay.losses)
            self._publish(packets_of(container, streams, guard, gathering, news), tuple(streams.values()))

    def _news(self, losses: Losses, media: Media) -> int:
        """What was lost since it was asked last, counted."""
        lost = losses.news(media)
        if lost:
            self._untold[media] += lost
            self._lost(media, lost)
        return lost

    def _hand_on(self, packet: Packet) -> None:
        """A packet, with all that was lost before it: also what was lost before those that are not handed on."""
        lost, self._untold[packet.media] = self._untold[packet.media], 0
        self._fanout.publish(packet if packet.lost == lost else replace(packet, lost=lost))

    def _publish(self, packets: Iterator[Packet], streams: tuple[StreamInfo, ...]) -> None:
        watch = _Watch(self._patience)
        probation = Probation(streams, self._largest_pixels)
        self._told_sets = ()
        passed = None
        for packet in packets:
            if self._stopping.is_set():
                return
            watch.see(packet)
            if passed := probation.add(packet):
                break
        if passed is None:
            return
        streams, held = passed
        self._fanout.open(streams)
        for packet in held:
            self._hand_on(packet)
        self._become(State.LIVE, None)
        self._backoff.reset()
        for packet in packets:
            if self._stopping.is_set():
                return
            watch.see(packet)
            if packet.media is Media.VIDEO:
                streams = self._followed(packet, streams, watch)
            self._hand_on(packet)

    def _end_publication(self) -> None:
        """No packet comes any more that could tell of what was lost last."""
        lost, self._untold = self._untold, dict.fromkeys(Media, 0)
        self._fanout.interrupt(Ending.STOPPED if self._stopping.is_set() else Ending.LOST, lost)

    def _followed(self, packet: Packet, streams: tuple[StreamInfo, ...], watch: "_Watch") -> tuple[StreamInfo, ...]:
        """The streams from this packet of the picture on: others where the parameter sets that came since say so."""
        video = next(info for info in streams if info.media is Media.VIDEO)
        plausible, told = annexb.judged(video.codec, packet.data)
        watch.judge(plausible, video.codec)
        if told:
            self._told_sets = united(video.codec, self._told_sets, told)
        if not packet.is_keyframe or not self._told_sets:
            return streams
        told, self._told_sets = self._told_sets, ()
        known = annexb.parameter_sets(video.codec, video.extradata)
        if not tells_news(video.codec, known, told):
            return streams
        try:
            changed = described(video, united(video.codec, known, told), self._largest_pixels)
        except SourceFault as fault:
            watch.doubt(fault)
            return streams
        watch.trust()
        log.info("the picture's parameters changed", camera=self._camera, width=changed.width, height=changed.height)
        streams = tuple(changed if info is video else info for info in streams)
        self._fanout.open(streams)
        return streams

    def _become(self, state: State, reason: str | None) -> None:
        if self._stopping.is_set() or (state, reason) == (self._condition.state, self._condition.reason):
            return
        since_s = self._condition.since_s if state is self._condition.state else time.time()
        self._condition = Condition(state, since_s, reason)
        log.info("camera", camera=self._camera, state=state.value, reason=reason)
        self._told(self._condition)


class _Watch:
    """Notices a stream that goes on without being one: no picture, no keyframe, no video."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._picture_s = self._keyframe_s = time.monotonic()
        self._doubtful = 0
        self._unreadable = 0

    def see(self, packet: Packet) -> None:
        now_s = packet.arrived_s
        if packet.media is Media.VIDEO:
            self._picture_s = now_s
            if packet.is_keyframe:
                self._keyframe_s = now_s
        if now_s - self._picture_s > self._patience.stall_s:
            raise SourceFault(State.STALLED, f"sound but no picture for {self._patience.stall_s:g} s; expected one")
        if now_s - self._keyframe_s > self._patience.keyframe_s:
            raise SourceFault(State.UNUSABLE, f"no keyframe for {self._patience.keyframe_s:g} s; expected one sooner")

    def doubt(self, fault: SourceFault) -> None:
        """Parameter sets came that can't be taken: once they may have been damaged on their way."""
        self._unreadable += 1
        if self._unreadable >= _UNREADABLE:
            raise fault

    def trust(self) -> None:
        """Others came that can."""
        self._unreadable = 0

    def judge(self, plausible: bool, codec: str) -> None:
        self._doubtful = max(0, self._doubtful - 1) if plausible else self._doubtful + 2
        if self._doubtful > 2 * _DOUBTFUL:
            raise SourceFault(State.UNUSABLE, f"what comes is no {codec}; expected its NAL units")
