"""A batch of position fixes as a struct of arrays: the one form in which fixes travel through the system."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray


class FixFlag(IntFlag):
    """What a terminal said about a fix, beside its figures."""

    NONE = 0
    MOCK = 1  # the terminal's operating system marked the position as simulated
    PING = 2  # a sign of life without a place: only `device` and `t_s` count


@dataclass(frozen=True, slots=True)
class FixBatch:
    """N fixes in any order. All arrays have shape (N,).

    `device` indexes a :class:`DeviceTable`; `t_s` is event time in Unix seconds (UTC); `lon`, `lat` are WGS-84
    degrees; `speed_mps`, `heading_deg` (clockwise from north) and `accuracy_m` (68 %) are NaN where unknown. Pings
    travel among the fixes, flagged as such.
    """

    device: NDArray[np.int32]
    t_s: NDArray[np.float64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    speed_mps: NDArray[np.float32]
    heading_deg: NDArray[np.float32]
    accuracy_m: NDArray[np.float32]
    flags: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.t_s)

    def take(self, index: NDArray[np.integer] | NDArray[np.bool_] | slice) -> "FixBatch":
        """The fixes at `index` (positions, a mask or a slice)."""
        return FixBatch(*(getattr(self, name)[index] for name in _FIELDS))

    @staticmethod
    def concatenate(batches: "Sequence[FixBatch]") -> "FixBatch":
        """All fixes of `batches`, one after the other; an empty batch for an empty sequence."""
        if not batches:
            return FixBatch.empty()
        return FixBatch(*(np.concatenate([getattr(b, name) for b in batches]) for name in _FIELDS))

    @property
    def is_ping(self) -> NDArray[np.bool_]:
        """Which of them are signs of life and no fixes."""
        found: NDArray[np.bool_] = (self.flags & FixFlag.PING) != 0
        return found

    @staticmethod
    def pings(device: NDArray[np.integer], t_s: NDArray[np.floating]) -> "FixBatch":
        """Signs of life of devices at these times."""
        nowhere = np.full(len(t_s), np.nan)
        return FixBatch.build(device, t_s, nowhere, nowhere, flags=np.full(len(t_s), int(FixFlag.PING)))

    @staticmethod
    def empty() -> "FixBatch":
        return FixBatch(*(np.empty(0, dtype) for dtype in _DTYPES))

    @staticmethod
    def build(
        device: Iterable[int] | NDArray[np.integer],
        t_s: Iterable[float] | NDArray[np.floating],
        lon: Iterable[float] | NDArray[np.floating],
        lat: Iterable[float] | NDArray[np.floating],
        speed_mps: Iterable[float] | NDArray[np.floating] | None = None,
        heading_deg: Iterable[float] | NDArray[np.floating] | None = None,
        accuracy_m: Iterable[float] | NDArray[np.floating] | None = None,
        flags: Iterable[int] | NDArray[np.integer] | None = None,
    ) -> "FixBatch":
        """A batch from any sequences of equal length; what is left out is unknown (NaN) or no flag."""
        values = (device, t_s, lon, lat, speed_mps, heading_deg, accuracy_m, flags)
        n = len(_column(t_s, np.dtype(np.float64)))
        columns = []
        for value, dtype in zip(values, _DTYPES, strict=True):
            if value is None:
                columns.append(np.full(n, np.nan if dtype.kind == "f" else 0, dtype))
            else:
                columns.append(_column(value, dtype))
        if any(len(column) != n for column in columns):
            raise ValueError("the columns of a fix batch must have equal lengths")
        return FixBatch(*columns)


_FIELDS = tuple(f.name for f in fields(FixBatch))
_DTYPES = tuple(np.dtype(t) for t in ("i4", "f8", "f8", "f8", "f4", "f4", "f4", "i2"))


def _column(value: Iterable[float] | NDArray[np.generic], dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    if isinstance(value, np.ndarray):
        return value.astype(dtype, copy=False)
    return np.array(list(value), dtype)


class DeviceTable:
    """The devices' names and their dense numbers, 0, 1, 2, …; grows, never shrinks or renumbers."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names: list[str] = []
        self._index: dict[str, int] = {}
        for name in names:
            self.index(name)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: str) -> bool:
        return name in self._index

    def index(self, name: str) -> int:
        """The number of the device called `name`; a new name gets the next free number."""
        number = self._index.get(name)
        if number is None:
            number = self._index[name] = len(self.names)
            self.names.append(name)
        return number

    def find(self, name: str) -> int | None:
        """The number of the device called `name`, or None where it is not known."""
        return self._index.get(name)
