"""The fixes that a late one may still have to be sorted among."""

import numpy as np
from numpy.typing import NDArray

from analytics.fixes import FixBatch

_LEAST = 1024


class RecentFixes:
    """Fixes in order of arrival, in arrays that are compacted when full: an append costs a copy, no more."""

    def __init__(self) -> None:
        self._held = FixBatch.build(*(np.zeros(_LEAST) for _ in range(8)))
        self._n = 0
        self._count = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return self._n

    def append(self, batch: FixBatch, older_s: NDArray[np.float64]) -> None:
        """Hold `batch`. Fixes not later than their device's `older_s` may be let go of."""
        if self._n + len(batch) > len(self._held):
            self._compact(older_s, len(batch))
        room = slice(self._n, self._n + len(batch))
        for name in FixBatch.__slots__:
            getattr(self._held, name)[room] = getattr(batch, name)
        self._n += len(batch)
        added = np.bincount(batch.device, minlength=len(self._count))
        added[: len(self._count)] += self._count
        self._count = added

    def count(self, devices: int) -> NDArray[np.int64]:
        """How many fixes are held of each of the first `devices` devices; those that may be let go of included."""
        count = np.zeros(max(devices, len(self._count)), np.int64)
        count[: len(self._count)] = self._count
        return count

    def of(self, devices: NDArray[np.bool_], older_s: NDArray[np.float64]) -> FixBatch:
        """The held fixes of the marked devices that are later than the device's `older_s`."""
        held = self.all(older_s)
        return held.take(devices[held.device])

    def all(self, older_s: NDArray[np.float64]) -> FixBatch:
        """All held fixes that are later than their device's `older_s`."""
        held = self._held.take(slice(0, self._n))
        return held.take(held.t_s > older_s[held.device])

    def forget(self, devices: NDArray[np.bool_]) -> None:
        """Let go of the fixes of the marked devices."""
        self._replace(self._held.take(slice(0, self._n)), ~devices[self._held.device[: self._n]], 0)

    def _compact(self, older_s: NDArray[np.float64], more: int) -> None:
        held = self._held.take(slice(0, self._n))
        self._replace(held, held.t_s > older_s[held.device], more)

    def _replace(self, held: FixBatch, keep: NDArray[np.bool_], more: int) -> None:
        kept = held.take(keep)
        room = max(_LEAST, 2 * (len(kept) + more))
        self._held = FixBatch(*(np.resize(getattr(kept, name), room) for name in FixBatch.__slots__))
        self._n = len(kept)
        self._count = np.bincount(kept.device)
