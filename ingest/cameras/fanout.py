"""One producer, many subscriptions: what a camera sends, told to everybody who wants it, each at its own pace.

A subscription is a bounded queue. The producer never waits: what a full queue can't take is lost to that subscription
alone, up to the next video keyframe, and is told as `Lost`. So whatever is read between two tellings is decodable from
its beginning: after `Opened` and after `Lost` the first packet is a keyframe of the picture.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from threading import Condition, Lock
from types import MappingProxyType

from ingest.cameras.packets import Media, Packet, StreamInfo

MAX_PACKETS = 2_000  # about 30 s of a camera with sound
MAX_BYTES = 32 << 20
MOST_TAKEN = 256  # items at once
GROUP_PACKETS = 2_000
GROUP_BYTES = 8 << 20
NOTHING_LOST: Mapping[Media, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection begins; or, without a `Closed` before it, the parameters of its streams change."""

    streams: tuple[StreamInfo, ...]


class Ending(Enum):
    """How a connection came to its end."""

    LOST = auto()  # it broke or fell silent
    IN_ORDER = auto()  # whoever sent said that this is all
    STOPPED = auto()  # we ended it, because we stop


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is over; nothing comes until the next `Opened`. `lost` are RTP packets, by medium, that no packet
    told of."""

    ending: Ending = Ending.LOST
    lost: Mapping[Media, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lost:
    """So many packets were lost here, because this subscription was not read fast enough."""

    packets: int


Item = Opened | Packet | Closed | Lost


@dataclass(frozen=True, slots=True)
class Newest:
    """What there is to see of a camera now: its picture's stream and last keyframe, None while there is none; and when
    its last packet came, in Unix seconds (0 where none ever did)."""

    stream: StreamInfo | None
    keyframe: Packet | None
    packet_s: float


class Subscription:
    """What one consumer has still to read. Made by :meth:`Fanout.subscribe`; read by one thread."""

    def __init__(self, fanout: "Fanout", max_packets: int, max_bytes: int) -> None:
        self._fanout = fanout
        self._max_packets = max_packets
        self._max_bytes = max_bytes
        self._queue: deque[Item] = deque()
        self._bytes = 0
        self._waiting = True  # for a keyframe
        self._lost = 0  # packets, not yet told
        self._told: Opened | Closed | None = None  # what could not be queued when it happened
        self._ended = False
        self._patient = False  # whether the reader waits for a whole group, not for any item
        self._whole = False  # whether there is one
        self._keyframe_came = False  # with the last packet
        self._reads = False  # whether the reader has dealt with what it took last
        self._lock = Lock()  # itself in C, as `Condition` is not: it is taken for every packet
        self._changed = Condition(self._lock)
        self.lost_packets = 0
        """All packets lost so far."""

    def take(self, timeout_s: float, limit: int = MOST_TAKEN) -> list[Item]:
        """Up to `limit` items, as soon as there is one, or none after `timeout_s` seconds or when nothing will come any
        more (see :attr:`ended`)."""
        with self._changed:
            self._patient, self._reads = False, True
            self._changed.wait_for(lambda: self._ended or self._queue or self._told, timeout_s)
            return self._taken(limit)

    def take_group(self, timeout_s: float) -> list[Item]:
        """What there is, up to `MOST_TAKEN` items, as soon as a group of pictures is whole, anything but a packet is
        told or half the room is taken; or else after `timeout_s` seconds. A group is whole one packet after the next
        keyframe, which is of the sound where there is one: so its end is known too."""
        with self._changed:
            self._patient, self._reads = True, True
            self._changed.wait_for(lambda: self._ended or self._whole or self._told, timeout_s)
            taken = self._taken(MOST_TAKEN)
            self._whole = bool(self._queue)  # what is left need not be waited for
            return taken

    def _taken(self, limit: int) -> list[Item]:
        if not self._queue and self._told:
            self._tell()
        self._reads = not self._queue
        if len(self._queue) <= limit:  # as nearly always, and then it takes no loop
            taken = list(self._queue)
            self._queue.clear()
            self._bytes = 0
            return taken
        taken = [self._queue.popleft() for _ in range(limit)]
        self._bytes -= sum(len(item.data) for item in taken if isinstance(item, Packet))
        return taken

    @property
    def ended(self) -> bool:
        """Whether everything was read and nothing will come."""
        with self._changed:
            return self._ended and not self._queue and self._told is None

    @property
    def queued(self) -> tuple[int, int]:
        """Items and bytes waiting to be read."""
        with self._changed:
            return len(self._queue), self._bytes

    @property
    def is_idle(self) -> bool:
        """Whether the reader has dealt with everything so far, and waits for more."""
        with self._changed:
            return self._reads and not self._queue

    def close(self) -> None:
        """Want no more."""
        self._fanout._leave(self)
        self._end()

    def _end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _offer(self, packet: Packet, size: int, *, begins: bool) -> None:
        """A packet of `size` bytes, which `begins` a group of pictures or does not."""
        with self._lock:
            if self._waiting and not begins and not self._lost:
                return  # before its first keyframe it is of no use, so it is not lost
            full = len(self._queue) >= self._max_packets or self._bytes + size > self._max_bytes
            # an empty queue takes a packet of any size, else one larger than the bound would be lost for ever
            if (self._waiting and not begins) or (full and self._queue):
                self._lost += 1
                self.lost_packets += 1
                self._waiting = True
                return
            if self._lost or self._told is not None:
                self._tell()
            self._waiting = False
            self._queue.append(packet)
            self._bytes += size
            is_half_full = 2 * len(self._queue) >= self._max_packets or 2 * self._bytes >= self._max_bytes
            self._whole = self._whole or self._keyframe_came or is_half_full
            self._keyframe_came = begins
            if self._whole or not self._patient:
                self._changed.notify_all()

    def _announce(self, item: Opened | Closed) -> None:
        with self._changed:
            self._waiting = True
            self._told = item
            if len(self._queue) < self._max_packets:
                self._tell()
            self._whole = True
            self._changed.notify_all()

    def _tell(self) -> None:
        """Queue what could not be queued when it happened."""
        if self._lost:
            self._queue.append(Lost(self._lost))
            self._lost = 0
        if self._told is not None:
            self._queue.append(self._told)
            self._told = None


class Fanout:
    """What one camera sends. `open`, `publish` and `interrupt` are called by its one producer, the rest by anybody."""

    def __init__(self) -> None:
        self._streams: tuple[StreamInfo, ...] | None = None
        self._group: list[Packet] = []  # since the last keyframe of the picture
        self._group_bytes = 0
        self._keyframe: Packet | None = None
        self._packet_s = 0.0
        self._subscriptions: tuple[Subscription, ...] = ()
        self._ended = False
        self._lock = Lock()

    @property
    def streams(self) -> tuple[StreamInfo, ...] | None:
        """The streams of the connection that stands; None while there is none."""
        return self._streams

    @property
    def newest(self) -> Newest:
        """For who only wants to look now and then, which takes no subscription."""
        with self._lock:
            stream = next((info for info in self._streams or () if info.media is Media.VIDEO), None)
            return Newest(stream, self._keyframe, self._packet_s)

    def open(self, streams: tuple[StreamInfo, ...]) -> None:
        """A connection begins, or the parameters of its streams change; a keyframe is to follow."""
        with self._lock:
            self._streams = streams
            self._keyframe = None
            self._forget_group()
            for subscription in self._subscriptions:
                subscription._announce(Opened(streams))

    def publish(self, packet: Packet) -> None:
        """Give `packet` to every subscription that has room. Never waits for one."""
        with self._lock:
            if self._ended:
                return
            size, begins = len(packet.data), _begins(packet)
            self._packet_s = packet.arrived_wall_s
            if begins:
                self._keyframe = packet
                self._group, self._group_bytes = [packet], size
            elif self._group:
                self._group.append(packet)
                self._group_bytes += size
            if len(self._group) > GROUP_PACKETS or self._group_bytes > GROUP_BYTES:
                self._forget_group()
            for subscription in self._subscriptions:
                subscription._offer(packet, size, begins=begins)

    def interrupt(self, ending: Ending = Ending.LOST, lost: Mapping[Media, int] = NOTHING_LOST) -> None:
        """The connection is over; `lost` are RTP packets that no packet told of."""
        closed = Closed(ending, {media: packets for media, packets in lost.items() if packets})
        with self._lock:
            self._streams = self._keyframe = None
            self._forget_group()
            for subscription in self._subscriptions:
                subscription._announce(closed)

    def end(self) -> None:
        """Nothing will come any more; what is queued can still be read."""
        with self._lock:
            self._ended = True
            for subscription in self._subscriptions:
                subscription._end()

    def subscribe(
        self, *, max_packets: int = MAX_PACKETS, max_bytes: int = MAX_BYTES, with_last_group: bool = False
    ) -> Subscription:
        """A new subscription, which begins with the next keyframe, or with the last one and what came since, where
        that is remembered and fits."""
        subscription = Subscription(self, max_packets, max_bytes)
        with self._lock:
            if self._streams is not None:
                subscription._announce(Opened(self._streams))
            if with_last_group and len(self._group) < max_packets and self._group_bytes <= max_bytes:
                for packet in self._group:
                    subscription._offer(packet, len(packet.data), begins=_begins(packet))
            self._subscriptions += (subscription,)
            if self._ended:
                subscription._end()
        return subscription

    def _leave(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions = tuple(other for other in self._subscriptions if other is not subscription)

    def _forget_group(self) -> None:
        self._group = []
        self._group_bytes = 0


def _begins(packet: Packet) -> bool:
    """Whether a group of pictures begins with it."""
    return packet.is_keyframe and packet.media is Media.VIDEO
