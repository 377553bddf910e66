"""Whether it is our own clock that is wrong, and by how much: what most devices agree on against it.

A device's *offset* is its clock less ours, when it speaks. Ahead of us, or years behind, it is the word of a clock: no
delay makes that. Some way behind it may be a delay just as well. A backlog is told from a clock by its pace: what a
device has saved comes faster than it was made, so its offset shrinks, while a clock stays as wrong as it is. So such an
offset counts only when it has stood still for a while, in messages that did not wait in the broker.

Most must be heard before any is believed, or the first few that are wrong alike would turn us: after a start, after a
time in which messages waited in the broker, and after our clock was set, we listen for a while first. A time that no
right clock can show says nothing: of a receiver whose weeks rolled over, of a terminal that counts milliseconds.

What can't be told apart: a way that delays what most devices send by the same time, steadily, for minutes (a gateway
that holds everything back) and a clock of ours that is ahead. It is then taken for our clock, and a person is told.
"""

import numpy as np
from numpy.typing import NDArray

LIMIT_S = 120.0  # what may be between two clocks
YEARS_S = 30 * 86_400.0  # farther behind than this nothing waits
EARLIEST_S, LATEST_S = 1_735_689_600.0, 4_102_444_800.0  # 2025 and 2100: no clock that is right shows a time beyond
HEARD_S = 600.0  # whoever spoke since then has a say
LEAST = 3  # devices that must agree
AGREE_S = 60.0  # and within this
STEADY_S, STEADY_FOR_S, STEADY_N = 5.0, 15.0, 3  # an offset that moves by no more over so long, in so many messages

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_DEVICE = np.dtype(
    [
        ("offset_s", "f8"),  # the latest
        ("heard_s", "f8"),  # by our clock: when it said so
        ("low_s", "f8"),  # the least and the greatest since `since_s`
        ("high_s", "f8"),
        ("since_s", "f8"),
        ("n", "i8"),
    ]
)


class OwnClock:
    """What devices say of our clock. `offset_s` is what it lacks, None where it is right as far as is known.

    `has_listened` says whether messages have come without a wait for `listen_s`, so that most devices were heard.
    `in_doubt` says that our clock was set by somebody, and devices have not said yet whether it is right now.
    """

    def __init__(self, listen_s: float = 0.0) -> None:
        self.offset_s: float | None = None
        self.has_listened = self.in_doubt = False
        self._listen_s = listen_s
        self._live_since_s = np.inf  # by the monotonic clock, as is the next
        self._set_at_s = -np.inf
        self._lead_s = np.nan  # our clock less the monotonic one
        self._devices = np.empty(0, _DEVICE)

    def see(self, clock_s: Floats, now_s: float, steady_s: float, *, live: bool) -> bool:
        """Devices said these times now (by device, NaN of those that did not speak). `live`: nothing waits in the
        broker; `steady_s` is the monotonic clock. Whether the offset is another one now."""
        before = self.offset_s
        if abs(now_s - steady_s - self._lead_s) > LIMIT_S:
            self._forget(steady_s)
        self._lead_s = now_s - steady_s
        self._live_since_s = min(self._live_since_s, steady_s) if live else np.inf
        self.has_listened = steady_s - self._live_since_s >= self._listen_s
        self._note(clock_s, now_s, live=live)
        if self.offset_s is not None and self._is_contradicted(now_s):
            self.offset_s = None
        if self.offset_s is None and self.has_listened:
            self.offset_s = self._agreed(now_s)
        if self.offset_s is not None or (self.has_listened and self.is_right(now_s)):
            self.in_doubt = False
        elif steady_s - self._set_at_s > HEARD_S:
            self.in_doubt = False  # nobody speaks; silence counts again
        return self.offset_s != before

    def is_right(self, now_s: float) -> bool:
        """Whether more of those heard lately find our clock right than wrong."""
        offset_s = self._devices["offset_s"][self._heard(now_s)]
        right = int((np.abs(offset_s) <= LIMIT_S).sum())
        return right > len(offset_s) - right

    def agreeing(self, now_s: float) -> int:
        """How many devices heard lately say what the offset is."""
        return 0 if self.offset_s is None else int(self._near(self.offset_s, now_s).sum())

    def _forget(self, steady_s: float) -> None:
        """Our clock was set: what devices said of it is of no use any more."""
        self.offset_s, self.in_doubt = None, True
        self._set_at_s, self._live_since_s = steady_s, np.inf
        self._devices["heard_s"], self._devices["n"] = -np.inf, 0

    def _note(self, clock_s: Floats, now_s: float, *, live: bool) -> None:
        if more := len(clock_s) - len(self._devices):
            fresh = np.zeros(more, _DEVICE)
            fresh["heard_s"] = -np.inf
            self._devices = np.concatenate([self._devices, fresh])
        offset_s = clock_s - now_s
        with np.errstate(invalid="ignore"):
            is_clock = (clock_s >= EARLIEST_S) & (clock_s <= LATEST_S)
            said = np.flatnonzero(is_clock & (live | (offset_s > -LIMIT_S)))  # only lateness may be waiting
        if not len(said):
            return
        offset_s, known = offset_s[said], self._devices[said]
        low_s, high_s = np.minimum(known["low_s"], offset_s), np.maximum(known["high_s"], offset_s)
        goes_on = (known["n"] > 0) & (high_s - low_s <= STEADY_S) & (known["since_s"] <= now_s)
        known["low_s"] = np.where(goes_on, low_s, offset_s)
        known["high_s"] = np.where(goes_on, high_s, offset_s)
        known["since_s"] = np.where(goes_on, known["since_s"], now_s)
        known["n"] = np.where(goes_on, known["n"] + 1, 1)
        known["offset_s"], known["heard_s"] = offset_s, now_s
        self._devices[said] = known

    def _heard(self, now_s: float) -> Bools:
        heard: Bools = np.abs(now_s - self._devices["heard_s"]) < HEARD_S
        return heard

    def _near(self, offset_s: float, now_s: float) -> Bools:
        near: Bools = self._heard(now_s) & (np.abs(self._devices["offset_s"] - offset_s) <= AGREE_S)
        return near

    def _agreed(self, now_s: float) -> float | None:
        devices, heard = self._devices, self._heard(now_s)
        offset_s = devices["offset_s"]
        steady = (devices["n"] >= STEADY_N) & (now_s - devices["since_s"] >= STEADY_FOR_S)
        telling = heard & ((offset_s > LIMIT_S) | (offset_s < -YEARS_S) | (steady & (offset_s < -LIMIT_S)))
        if int(telling.sum()) < LEAST:
            return None
        middle = float(np.median(offset_s[telling]))
        agree = int((telling & self._near(middle, now_s)).sum())
        return middle if agree >= LEAST and agree > int(heard.sum()) - agree else None

    def _is_contradicted(self, now_s: float) -> bool:
        """More of those heard lately say otherwise. Where nobody is heard it stays as it is."""
        assert self.offset_s is not None
        agree = self.agreeing(now_s)
        return int(self._heard(now_s).sum()) - agree > agree
