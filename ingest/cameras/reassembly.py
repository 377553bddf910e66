"""RTP packets of one stream, as they come, put together to whole frames in their order.

A frame is over at its marker, so it is there as soon as its last packet is. A packet that is missing is waited for a
while, for its sender is asked to repeat it; then the frames it may belong to are given up, and the next whole one
follows. Pure: time is an argument. Holds at most `MAX_HELD` packets and one frame of `MAX_FRAME_BYTES`.
"""

from dataclasses import dataclass

PATIENCE_S = 0.4  # for a packet to be repeated: a few round trips of a mobile network
MAX_HELD = 1_024
MAX_AHEAD = 3_000  # sequence numbers; a longer leap is another sender, or a silence
MAX_FRAME_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """What one RTP packet holds of a frame. `sequence` has 16 bits, `timestamp` 32; `arrived_s` is monotonic."""

    sequence: int
    timestamp: int
    is_last: bool
    data: bytes
    arrived_s: float


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole frame; `arrived_s` is when its first packet came."""

    timestamp: int
    data: bytes
    arrived_s: float


class Reassembly:
    """`one_each`: every packet is a frame, as with sound."""

    def __init__(self, *, one_each: bool = False, patience_s: float = PATIENCE_S) -> None:
        self._one_each = one_each
        self._patience_s = patience_s
        self._expected: int | None = None  # the sequence number that follows, unwrapped
        self._held: dict[int, Piece] = {}  # in the order of their arrival
        self._begun: list[Piece] = []
        self._begun_bytes = 0
        self._spoilt: int | None = None  # the timestamp of a frame that lacks something
        self.losses = 0
        """How often something was given up."""
        self.lost = 0
        """How many packets never came, or too late."""

    def add(self, piece: Piece) -> list[Frame]:
        """The frames that `piece` completes."""
        if self._expected is None:
            self._expected = piece.sequence
        ahead = _signed(piece.sequence - self._expected, 16)
        if abs(ahead) > MAX_AHEAD:
            self.end()
            self._held, self._expected = {piece.sequence: piece}, piece.sequence
            self._give_up_the_gap()
            ahead = 0
        if ahead < 0:
            return []  # it comes a second time, or was given up
        self._held.setdefault(self._expected + ahead, piece)
        frames = self._in_order()
        while self._held and self._is_lost(piece.arrived_s):
            self._give_up_the_gap()
            frames += self._in_order()
        return frames

    def end(self) -> None:
        """Nothing more comes of this numbering: what is waited for is lost."""
        if self._held and self._expected is not None:
            self.lost += max(self._held) + 1 - self._expected - len(self._held)
        self._held = {}

    def _is_lost(self, now_s: float) -> bool:
        waits_since_s = next(iter(self._held.values())).arrived_s
        return now_s - waits_since_s > self._patience_s or len(self._held) > MAX_HELD

    def _give_up_the_gap(self) -> None:
        self.losses += 1
        assert self._expected is not None
        following = min(self._held)
        self.lost += following - self._expected
        self._expected = following
        self._begun, self._begun_bytes = [], 0
        # what comes next need not be the beginning of its frame
        self._spoilt = None if self._one_each else self._held[self._expected].timestamp

    def _in_order(self) -> list[Frame]:
        assert self._expected is not None
        frames: list[Frame] = []
        while (piece := self._held.pop(self._expected, None)) is not None:
            self._expected += 1
            if piece.timestamp == self._spoilt:
                continue
            self._spoilt = None
            if self._begun and self._begun[0].timestamp != piece.timestamp:
                frames += self._finished()
            self._begun.append(piece)
            self._begun_bytes += len(piece.data)
            if self._begun_bytes > MAX_FRAME_BYTES or len(self._begun) > MAX_FRAME_BYTES // 256:
                self.losses += 1
                self._begun, self._begun_bytes, self._spoilt = [], 0, piece.timestamp
            elif piece.is_last or self._one_each:
                frames += self._finished()
        return frames

    def _finished(self) -> list[Frame]:
        pieces, self._begun, self._begun_bytes = self._begun, [], 0
        data = b"".join(piece.data for piece in pieces)
        return [Frame(pieces[0].timestamp, data, pieces[0].arrived_s)] if data else []  # padding has none


def _signed(difference: int, bits: int) -> int:
    """A difference of two numbers that wrap around, as the nearest it can be."""
    half = 1 << (bits - 1)
    return (difference + half) % (1 << bits) - half
