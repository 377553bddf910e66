"""Who is to be where, when: duties, and which of them each fix falls into."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from analytics.fixes import DeviceTable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class DutyKind(StrEnum):
    PATROL = "patrol"
    POST = "post"
    STANDBY = "standby"


class DeviceKind(StrEnum):
    CAR = "car"
    OFFICER = "officer"


@dataclass(frozen=True, slots=True)
class Interval:
    """A span of event time in Unix seconds, start included, end excluded."""

    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Duty:
    """One device's duty in a window of time. Shapes are named by their ids; `breaks` are planned pauses."""

    id: str
    device: str
    kind: DutyKind
    from_s: float
    to_s: float
    route: str | None = None
    area: str | None = None
    post: str | None = None
    checkpoints: tuple[str, ...] = ()
    breaks: tuple[Interval, ...] = ()
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A terminal as the plan describes it."""

    id: str
    kind: DeviceKind = DeviceKind.CAR
    unit: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """An open incident that a device is dispatched to: its patrol duties rest meanwhile."""

    device: str
    span: Interval


class DutyTable:
    """Duties as arrays, in the order of `duties`, and the lookup from (device, time) to duties.

    Duties of one device may overlap. They are dealt into layers without overlap, so that each layer is one binary
    search over all fixes; a plan without overlaps has one layer.
    """

    def __init__(self, duties: Sequence[Duty], devices: DeviceTable) -> None:
        self.duties = tuple(duties)
        self.device = np.array([devices.index(d.device) for d in duties], np.int64)
        self.from_s = np.array([d.from_s for d in duties], np.float64)
        self.to_s = np.array([d.to_s for d in duties], np.float64)
        self._by_device: Ints = np.argsort(self.device, kind="stable")
        self._sorted_device = self.device[self._by_device]
        self._layers = [_Layer(self, members) for members in self._dealt()]

    def __len__(self) -> int:
        return len(self.duties)

    def _dealt(self) -> list[Ints]:
        order = np.lexsort((self.from_s, self.device))
        layers: list[list[int]] = []
        ends: list[dict[int, float]] = []
        for i in order.tolist():
            device, from_s, to_s = int(self.device[i]), self.from_s[i], self.to_s[i]
            for layer, end in zip(layers, ends, strict=True):
                if end.get(device, -np.inf) <= from_s:
                    layer.append(i)
                    end[device] = to_s
                    break
            else:
                layers.append([i])
                ends.append({device: to_s})
        return [np.array(layer, np.int64) for layer in layers]

    def active(self, device: NDArray[np.integer], t_s: Floats) -> tuple[Ints, Ints]:
        """Pairs (position of the fix, number of the duty) of all fixes that fall into a duty of their device."""
        found = [layer.active(device, t_s) for layer in self._layers]
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        return np.concatenate([f for f, _ in found]), np.concatenate([d for _, d in found])

    def of_devices(self, devices: NDArray[np.integer]) -> Ints:
        """The numbers of all duties of any of `devices` (each named once)."""
        first = np.searchsorted(self._sorted_device, devices, side="left")
        count = np.searchsorted(self._sorted_device, devices, side="right") - first
        rank = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        members: Ints = self._by_device[np.repeat(first, count) + rank]
        return members


class _Layer:
    """Duties of which no two of one device overlap, ordered by device and start."""

    def __init__(self, table: DutyTable, members: Ints) -> None:
        self.members = members
        self.device, self.from_s, self.to_s = table.device[members], table.from_s[members], table.to_s[members]
        # One sortable key for (device, time); time counts from the plan's first second, so a float64 holds both.
        self.epoch_s = float(self.from_s.min())
        self.span_s = float(self.to_s.max()) - self.epoch_s + 2.0
        self.key = self.device * self.span_s + (self.from_s - self.epoch_s)

    def active(self, device: NDArray[np.integer], t_s: Floats) -> tuple[Ints, Ints]:
        since_s = np.clip(t_s - self.epoch_s, -1.0, self.span_s - 1.5)
        at = np.searchsorted(self.key, device * self.span_s + since_s, side="right") - 1
        fix = np.flatnonzero(at >= 0)
        at = at[fix]
        inside = (self.device[at] == device[fix]) & (t_s[fix] >= self.from_s[at]) & (t_s[fix] < self.to_s[at])
        return fix[inside], self.members[at[inside]]


class Absences:
    """Spans of time, each belonging to a number (a duty's or a device's), in which nothing is expected of it."""

    def __init__(self, owners: Iterable[int], spans: Iterable[Interval]) -> None:
        rows = sorted((o, s.from_s, s.to_s) for o, s in zip(owners, spans, strict=True))
        self._owner = np.array([r[0] for r in rows], np.int64)
        self._from_s = np.array([r[1] for r in rows], np.float64)
        self._to_s = np.array([r[2] for r in rows], np.float64)

    def hold(self, owner: NDArray[np.integer], t_s: Floats) -> NDArray[np.bool_]:
        """Whether each owner is excused at its time. Few spans are expected: the cost is spans × fixes of owners."""
        out = np.zeros(len(t_s), bool)
        if not len(self._owner):
            return out
        concerned = np.flatnonzero(np.isin(owner, self._owner))
        for span in range(len(self._owner)) if len(concerned) else ():
            t = t_s[concerned]
            out[concerned] |= (
                (owner[concerned] == self._owner[span]) & (t >= self._from_s[span]) & (t < self._to_s[span])
            )
        return out
