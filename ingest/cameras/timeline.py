"""The times of one stream within one file: begun near Unix time, never going back, and never far from the arrival of
what they are of, whatever the camera says.

RTSP tells when a picture is shown, not when it is decoded; where pictures come in another order than they are shown,
the decoding times are worked out, a segment at a time. A camera's clock may also leap, repeat itself or run at another
rate than its pictures. Nothing can have been made after it came, nor long before while the line is quick; so arrival
bounds what a timestamp may claim: a step that is no sensible one counts as the step before it, and a segment that
would end far from where it arrived is stretched or shortened to end there. So what is played keeps to the time that
the leaves tell, and picture and sound to each other. What the camera itself said stays in the leaf (`first_pts`,
`last_pts`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import lt, sub

from ingest.cameras.packets import Packet

LONGEST_DELAY_S = 2  # of a picture's being shown, behind its being decoded
MOST_REORDERED = 8  # places between a picture's being decoded and shown; cameras have three at most, films seven
SLACK_S = 0.5  # that a step may be longer than the wait for its packet: what waited on the way comes at once
STRAY_S = 0.5  # that times may be off their arrival: packets come unevenly
MISTRUSTED_STRAY_S = 0.1  # of a clock that was further off in the last
MISTRUSTED = 30  # segments

Placed = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Origin:
    """What came at `arrived_s` (monotonic) is at `file_s` in the time of the run's files."""

    arrived_s: float
    file_s: float

    def at(self, arrived_s: float) -> float:
        """Where in the files' time something belongs by its arrival."""
        return self.file_s + arrived_s - self.arrived_s


@dataclass(frozen=True, slots=True)
class _Last:
    """The last packet: the camera's decoding time, the file's, and when it came."""

    dts: int
    time: int
    arrived_s: float


class Timeline:
    """Maps the times of packets, in `scale` units a second, to those of the file, which are `offset_s` later.
    `reorders`: whether pictures may come in another order than they are shown."""

    def __init__(self, scale: int, offset_s: int, origin: Origin, *, reorders: bool = False) -> None:
        self._scale = scale
        self._offset = offset_s * scale
        self._origin = origin
        self._reorders = reorders
        self._last: _Last | None = None
        self._step = 1
        self._delay = 0
        self._mistrusted = 0  # for so many more segments

    def goes_on(self, *, reorders: bool) -> "Timeline":
        """The times of what follows without a break under other parameters."""
        self._reorders = reorders
        return self

    @property
    def step(self) -> int:
        """The last step between two packets."""
        return self._step

    def place(self, packets: Sequence[Packet]) -> Placed:
        """Of each packet of a segment, when it is decoded in the file's time, and how much later it is shown."""
        decoded = self._decoded(packets)
        last, first = self._last, 0
        if last is None:
            last, first = self._beginning(packets[0], decoded[0]), 1
        steps = self._sensible(packets, list(map(sub, decoded[first:], [last.dts, *decoded[first:]])), last, first)
        borrowed = last.dts + sum(steps) - decoded[-1] if steps and decoded[-1:] == decoded[-2:-1] else 0
        factor = self._factor(steps, last, packets[-1])
        if factor != 1.0:
            steps = _scaled(steps, factor)
        times = list(accumulate(steps, initial=last.time))[1 - first :]
        self._step = steps[-1] if steps else self._step
        self._last = _Last(decoded[-1] + max(0, borrowed), times[-1], packets[-1].arrived_s)
        return [
            (time, self._shown_later(packet, dts, factor))
            for packet, dts, time in zip(packets, decoded, times, strict=True)
        ]

    def _beginning(self, packet: Packet, dts: int) -> _Last:
        expected = round(self._origin.at(packet.arrived_s) * self._scale)
        time = dts + self._offset
        if abs(time + self._delay - expected) > STRAY_S * self._scale:
            time = expected
        return _Last(dts, max(0, time), packet.arrived_s)

    def _sensible(self, packets: Sequence[Packet], told: list[int], last: _Last, first: int) -> list[int]:
        """The steps to each packet, all forward, and none much longer than its packet was waited for."""
        if not told or (min(told) > 0 and max(told) <= SLACK_S * self._scale):  # as nearly always
            return told
        arrived_s = [last.arrived_s, *(packet.arrived_s for packet in packets[first:])]
        steps, usual = [], self._step
        for step, packet, (before_s, then_s) in zip(told, packets[first:], pairwise(arrived_s), strict=True):
            if step and not 0 < step <= (then_s - before_s + SLACK_S) * self._scale:
                step = packet.duration if 0 < packet.duration <= SLACK_S * self._scale else usual
            usual = step or usual
            steps.append(step)
        return _shared(steps, usual)

    def _factor(self, steps: list[int], last: _Last, packet: Packet) -> float:
        """How many times as long the steps must be for the segment to end near the arrival of its last packet."""
        if not steps:
            return 1.0
        length = sum(steps)
        expected = self._origin.at(packet.arrived_s) * self._scale
        stray_s = MISTRUSTED_STRAY_S if self._mistrusted else STRAY_S
        if abs(last.time + length + self._delay - expected) <= stray_s * self._scale:
            self._mistrusted = max(0, self._mistrusted - 1)
            return 1.0
        self._mistrusted = MISTRUSTED
        return max(expected - self._delay - last.time, len(steps)) / length

    def _shown_later(self, packet: Packet, dts: int, factor: float) -> int:
        later = packet.pts - dts
        if abs(later) > LONGEST_DELAY_S * self._scale:
            return 0
        return later if factor == 1.0 else round(later * factor)

    def _decoded(self, packets: Sequence[Packet]) -> list[int]:
        """The decoding times: as told, or, where those go back and forth, the times of showing in their order, as much
        earlier as it takes for each picture to be decoded before it is shown."""
        told = [packet.dts for packet in packets]
        if not self._reorders or (not self._delay and all(map(lt, told, told[1:]))):
            return told
        order = sorted(range(len(packets)), key=lambda number: packets[number].pts)
        if self._is_leap(packets, order):
            return told
        shown = [packets[number].pts for number in order]
        delay = max(0, *(time - packet.pts for time, packet in zip(shown, packets, strict=True)))
        if delay > LONGEST_DELAY_S * self._scale:
            return told
        self._delay = max(self._delay, delay)
        return [time - self._delay for time in shown]

    def _is_leap(self, packets: Sequence[Packet], order: list[int]) -> bool:
        """Whether pictures out of order are so because the clock went back: they come back once, and from far."""
        furthest = max(abs(place - number) for place, number in enumerate(order))
        back = sum(after.pts < before.pts for before, after in pairwise(packets))
        return furthest > MOST_REORDERED or (back == 1 and furthest > 4)


def _shared(steps: list[int], usual: int) -> list[int]:
    """The steps where some are 0, as several packets have one time: they share the step that follows, or, at the end,
    take one as there is otherwise."""
    shared: list[int] = []
    waiting = 0
    for step in steps:
        if not step:
            waiting += 1
            continue
        each, left = divmod(step, waiting + 1)
        shared += [max(1, each + (number < left)) for number in range(waiting + 1)]
        waiting = 0
    return shared + [max(1, shared[-1] if shared else usual)] * waiting


def _scaled(steps: list[int], factor: float) -> list[int]:
    """The steps, each `factor` times as long, and at least one tick."""
    ends = [round(end * factor) for end in accumulate(steps, initial=0)]
    return [max(1, after - before) for before, after in pairwise(ends)]
