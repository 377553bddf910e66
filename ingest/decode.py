"""Messages in, a batch of fixes out: the way from bytes to arrays.

Nothing here raises on foreign input. A payload, or an element of one, that can't be read becomes a :class:`Rejected`
with its reason, and everything around it still counts. Figures are checked as arrays, over all messages at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from analytics.fixes import FixBatch, FixFlag
from ingest.messages import Message
from ingest.owntracks import (
    Answer,
    Flaw,
    Location,
    describe,
    examine,
    flaw_of,
    in_order,
    read_answer,
    read_many,
    read_one,
)
from ingest.topics import ForeignTopic, Kind, Source, parse_topic
from ingest.unread import Unread
from store.records import DeadLetter, DeviceStatus

Floats = NDArray[np.float64]

KMH_TO_MPS = 1.0 / 3.6
PING_S = 10.0  # a message made so long after its position repeats it; a fix takes less to be said
_NEVER_S = 1e12
_BEYOND = {
    "tst": Unread.TIME,
    "lat": Unread.LATITUDE,
    "lon": Unread.LONGITUDE,
    "vel": Unread.SPEED,
    "acc": Unread.ACCURACY,
}
_OLDEST_S = 366 * 86_400.0  # a place may be that old; what looks older has a wrong time


@dataclass(frozen=True, slots=True)
class Limits:
    """What a fix may say. The bounds are inclusive."""

    payload_bytes: int = 1 << 20
    future_s: float = 120.0  # a clock this far ahead is wrong
    past_s: float = 30 * 86_400.0  # older than what a terminal may keep in its buffer
    speed_kmh: float = 2_000.0
    accuracy_m: float = 1e6


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message, or parts of one, that could not be used."""

    code: Unread
    letter: DeadLetter


@dataclass(frozen=True, slots=True)
class Answered:
    """That `device` answered the roll-call `id`. Where it was then is among the fixes."""

    device: str
    id: str
    t_s: float


@dataclass(frozen=True, slots=True)
class Decoded:
    """What some messages held. `fixes.device` indexes `names`; `units` is the unit of those whose topic names it.
    `pings` are the times at which devices that repeat an old place say that they are there; `clock_s` is what the clock
    of each device in `names` shows, as far as its messages say it; NaN elsewhere."""

    names: list[str]
    units: dict[str, str]
    fixes: FixBatch
    statuses: list[DeviceStatus]
    answers: list[Answered]
    rejected: list[Rejected]
    retained: FixBatch = field(default_factory=FixBatch.empty)  # of earlier: no sign of life
    mistimed: FixBatch = field(default_factory=FixBatch.empty)  # refused for their time alone
    pings: FixBatch = field(default_factory=FixBatch.empty)
    clock_s: Floats = field(default_factory=lambda: np.empty(0))


def decode(
    messages: Sequence[Message], now_s: float, limits: Limits | None = None, *, ours_s: float | None = None
) -> Decoded:
    """The fixes, presences and rejections that `messages` hold, at the time `now_s`; where our own clock is taken for
    wrong, it shows `ours_s`, and what is in time by either is in time."""
    reading = _Reading(limits or Limits())
    for number, message in enumerate(messages):
        reading.read(number, message)
    earlier = np.array([message.retained for message in messages], np.bool_)
    spoken = np.array([not (message.retained or message.reread) for message in messages], np.bool_)
    read = reading.fixes((now_s, now_s if ours_s is None else ours_s), earlier, spoken)
    fixes, retained = read.fixes, earlier[read.message]
    return Decoded(
        list(reading.names),
        reading.units,
        fixes.take(~retained),
        reading.statuses,
        reading.answers,
        reading.rejected(messages),
        fixes.take(retained),
        read.mistimed,
        read.pings,
        read.clock_s,
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read, as arrays: the `fixes` and for each the number of its `message`; those `mistimed`; the `pings`;
    and what the clock of each device shows."""

    fixes: FixBatch
    message: NDArray[np.int64]
    mistimed: FixBatch
    pings: FixBatch
    clock_s: Floats


class _Reading:
    """The locations read so far, flat, and beside them which message and device each run of them belongs to."""

    def __init__(self, limits: Limits) -> None:
        self.names: dict[str, int] = {}
        self.units: dict[str, str] = {}
        self.statuses: list[DeviceStatus] = []
        self.answers: list[Answered] = []
        self._limits = limits
        self._locations: list[Location] = []
        self._runs: list[tuple[int, int, int]] = []  # (message, device, count)
        self._arrays: set[int] = set()  # messages whose payload is an array
        self._indices: dict[int, list[int]] = {}  # of a message with flaws: where each location was in its payload
        self._flaws: dict[int, list[Flaw]] = {}
        self._sizes: dict[int, int] = {}  # of a message with flaws: how many elements its payload has

    def read(self, number: int, message: Message) -> None:
        source = parse_topic(message.topic)
        payload = message.payload
        if isinstance(source, ForeignTopic):
            self._flaws[number] = [Flaw(Unread.TOPIC, source.reason)]
        elif len(payload) > self._limits.payload_bytes:
            text = f"expected at most {self._limits.payload_bytes} bytes, got {len(payload)}"
            self._flaws[number] = [Flaw(Unread.SIZE, text, field="payload")]
        elif source.kind is Kind.MARK:
            return
        elif source.kind is Kind.STATUS:
            self._read_status(number, source, message)
        else:
            before = len(self._locations)
            try:
                if source.kind is Kind.ANSWER:
                    answer = read_answer(payload)
                    self.answers.append(Answered(source.device, answer.id, answer.tst))
                    self._locations.append(_as_location(answer))
                elif payload[:1] == b"[":
                    self._locations += read_many(payload)
                    self._arrays.add(number)
                else:
                    self._locations.append(read_one(payload))
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                if source.kind is Kind.ANSWER:
                    self._flaws[number] = [flaw_of(error)]
                else:
                    self._look_again(number, source, message)
            count = len(self._locations) - before
            if count:
                self._runs.append((number, self._number(source), count))

    def _number(self, source: Source) -> int:
        number = self.names.get(source.device)
        if number is None:
            number = self.names[source.device] = len(self.names)
            if source.unit is not None:
                self.units[source.device] = source.unit
        return number

    def _say(self, source: Source, status: Literal["online", "offline"], message: Message) -> None:
        self._number(source)
        self.statuses.append(DeviceStatus(source.device, status, message.received_s, message.retained))

    def _read_status(self, number: int, source: Source, message: Message) -> None:
        word = message.payload[:32].strip()
        if word in (b"online", b"offline"):
            self._say(source, "online" if word == b"online" else "offline", message)
        elif message.payload:  # an empty one only clears what the broker retained
            self._flaws[number] = [Flaw(Unread.STATUS, f"expected online or offline, got {word!r}")]

    def _look_again(self, number: int, source: Source, message: Message) -> None:
        content = examine(message.payload)
        self._locations += content.locations
        if content.last_will:
            self._say(source, "offline", message)
        if content.several:
            self._arrays.add(number)
            self._indices[number] = content.indices
        if content.flaws:
            self._flaws[number] = content.flaws
        self._sizes[number] = content.size

    def fixes(self, clocks_s: tuple[float, float], earlier: NDArray[np.bool_], spoken: NDArray[np.bool_]) -> _Read:
        """The locations read, as arrays, without those whose figures can't be; those that can't be for their time
        alone; the pings; and the devices' clocks. Messages that are `earlier` than now, as the broker kept them, say
        nothing of the present, and of clocks only those `spoken` just now."""
        read = self._locations
        t_s = np.array([x.tst for x in read], np.float64).round(6)  # as the store keeps it
        lon = np.array([x.lon for x in read], np.float64)
        lat = np.array([x.lat for x in read], np.float64)
        vel = np.array([x.vel for x in read], np.float64)
        cog = np.array([x.cog for x in read], np.float64)
        acc = np.array([x.acc for x in read], np.float64)
        mock = np.array([x.mock is True or x.mock == 1 for x in read], np.bool_)
        # What a terminal doesn't know costs the figure and not the position.
        vel[vel < 0], acc[acc < 0], cog[(cog < 0) | (cog > 360)] = np.nan, np.nan, np.nan
        runs = np.array(self._runs, np.int64).reshape(-1, 3)
        bounds = self._bounds(clocks_s)
        columns: dict[str, Floats] = {"tst": t_s, "lat": lat, "lon": lon, "vel": vel, "cog": cog, "acc": acc}
        good, timely = np.ones(len(read), np.bool_), np.ones(len(read), np.bool_)
        for name, (low, high, optional, _) in bounds.items():
            value = columns[name]
            inside = (value >= low) & (value <= high)
            if name == "tst":
                timely = inside
            else:
                good &= (inside | np.isnan(value)) if optional else inside
        mistimed = good & ~timely & np.isfinite(t_s)
        good &= timely
        if not good.all():
            self._blame(np.flatnonzero(~good), runs, columns, bounds)
        cog[cog == 360.0] = 0.0
        batch = FixBatch.build(
            np.repeat(runs[:, 1], runs[:, 2]),
            t_s,
            lon,
            lat,
            vel * KMH_TO_MPS,
            cog,
            acc,
            np.where(mock, int(FixFlag.MOCK), int(FixFlag.NONE)),
        )
        message = np.repeat(runs[:, 0], runs[:, 2])
        made_s = _made_s([x.created_at for x in read])
        with np.errstate(invalid="ignore"):
            made = (made_s >= bounds["tst"][0]) & (made_s <= bounds["tst"][1])
            sane = good | mistimed
            ping = sane & made & (made_s - t_s >= PING_S)
            # Of a clock that is right, and a place that is older than what comes in.
            mistimed &= ~(made & (made_s >= t_s) & (made_s - t_s < _OLDEST_S))
        pings = FixBatch.pings(batch.device[ping], np.minimum(made_s[ping], max(clocks_s)))
        return _Read(
            batch if good.all() else batch.take(good),
            message if good.all() else message[good],
            batch.take(mistimed & spoken[message]),
            pings.take(~earlier[message[ping]]),
            self._clocks(batch, sane & spoken[message], made_s, made),
        )

    def _clocks(self, batch: FixBatch, heard: NDArray[np.bool_], made_s: Floats, made: NDArray[np.bool_]) -> Floats:
        """What the clock of each device shows: the time of its newest fix; of a ping, when it was made. A ping whose
        making can't be believed shows none, as its fix is old."""
        with np.errstate(invalid="ignore"):
            repeats = made_s - batch.t_s >= PING_S
        shown_s = np.where(repeats, np.where(made, made_s, -np.inf), batch.t_s)
        heard &= np.isfinite(shown_s)
        clock_s = np.full(len(self.names), -np.inf)
        np.maximum.at(clock_s, batch.device[heard], shown_s[heard])
        clock_s[np.isneginf(clock_s)] = np.nan
        return clock_s

    def _bounds(self, clocks_s: tuple[float, float]) -> dict[str, tuple[float, float, bool, str]]:
        """For each figure: lowest, highest, may it be unknown, and the words for it."""
        limits = self._limits
        first, last = min(clocks_s) - limits.past_s, max(clocks_s) + limits.future_s
        when = f"Unix seconds from {_utc(first)} to {_utc(last)}"
        return {
            "tst": (first, last, False, when),
            "lat": (-90.0, 90.0, False, "-90 to 90"),
            "lon": (-180.0, 180.0, False, "-180 to 180"),
            "vel": (0.0, limits.speed_kmh, True, f"0 to {limits.speed_kmh:g} km/h"),
            "acc": (0.0, limits.accuracy_m, True, f"0 to {limits.accuracy_m:g} m"),
        }

    def _blame(
        self,
        bad: NDArray[np.intp],
        runs: NDArray[np.int64],
        columns: dict[str, Floats],
        bounds: dict[str, tuple[float, float, bool, str]],
    ) -> None:
        """Say of each location in `bad` which figure is wrong."""
        ends = np.cumsum(runs[:, 2])
        for position in bad:
            run = int(np.searchsorted(ends, position, "right"))
            number, _, count = (int(x) for x in runs[run])
            place = int(position - (ends[run] - count))
            for name, (low, high, optional, words) in bounds.items():
                value = float(columns[name][position])
                if low <= value <= high or (optional and np.isnan(value)):
                    continue
                index = self._indices[number][place] if number in self._indices else place
                place_told = index if number in self._arrays else None
                flaw = Flaw(_BEYOND[name], f"expected {words}, got {value!r}", place_told, name)
                self._flaws.setdefault(number, []).append(flaw)
                self._sizes.setdefault(number, count)
                break

    def rejected(self, messages: Sequence[Message]) -> list[Rejected]:
        return [
            _rejected(messages[number], in_order(flaws), self._sizes.get(number, 1))
            for number, flaws in sorted(self._flaws.items())
        ]


def _made_s(said: list[Any]) -> Floats:
    """What messages say of when they were made, in Unix seconds; NaN where that is no number."""
    if not any(said):
        return np.full(len(said), np.nan)
    numbers = [float(v) if isinstance(v, int | float) and abs(v) < _NEVER_S else np.nan for v in said]
    return np.array(numbers, np.float64).round(6)


def _as_location(answer: Answer) -> Location:
    return Location(tst=answer.tst, lat=answer.lat, lon=answer.lon, acc=answer.acc)


def _rejected(message: Message, flaws: list[Flaw], size: int) -> Rejected:
    """Counted and told by what stands first in it."""
    code, mistimed = flaws[0].code, any(flaw.code is Unread.TIME for flaw in flaws)
    return Rejected(code, DeadLetter(message.topic, code, describe(flaws, size), message.payload, mistimed))


def _utc(t_s: float) -> str:
    return datetime.fromtimestamp(t_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
