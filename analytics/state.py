"""State of many subjects as arrays, with two older copies to rewind to."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.integer[Any]]


class StateTable:
    """One record per subject. `head` is what the rules read and write; `newer` and `older` are copies of earlier times.

    Copies are made per row: :meth:`keep` ages them, :meth:`rewind` returns the rows to the older copy.
    """

    def __init__(self, blank: NDArray[np.void], rows: int) -> None:
        self._blank = blank
        self.head = np.repeat(blank, rows)
        self.newer = self.head.copy()
        self.older = self.head.copy()

    def grow(self, rows: int) -> None:
        """Make room for `rows` subjects."""
        more = rows - len(self.head)
        if more > 0:
            added = np.repeat(self._blank, more)
            self.head, self.newer, self.older = (
                np.concatenate([a, added]) for a in (self.head, self.newer, self.older)
            )

    def keep(self, rows: Rows) -> None:
        self.older[rows] = self.newer[rows]
        self.newer[rows] = self.head[rows]

    def rewind(self, rows: Rows) -> None:
        self.head[rows] = self.older[rows]
        self.newer[rows] = self.older[rows]

    def reset(self, rows: Rows) -> None:
        for copy in (self.head, self.newer, self.older):
            copy[rows] = self._blank

    def load(self, older: NDArray[np.void]) -> None:
        """Put `older` (one record per subject) in place of all three copies."""
        self.head, self.newer, self.older = older.copy(), older.copy(), older.copy()

    @property
    def bytes_per_row(self) -> int:
        return 3 * self._blank.dtype.itemsize


def blank(dtype: np.dtype[np.void], **values: float) -> NDArray[np.void]:
    """One record of `dtype`: NaN in floats, zero elsewhere, except for `values`. Its fields are aligned: NumPy takes
    several times as long to gather and scatter those that are not."""
    record = np.zeros(1, _aligned(dtype))
    for name in dtype.names or ():
        field = record[name].dtype
        if field.names:
            record[name] = blank(field)
        elif field.kind == "f":
            record[name] = np.nan
    for name, value in values.items():
        record[name] = value
    return record


def _aligned(dtype: np.dtype[Any]) -> np.dtype[Any]:
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return np.dtype((_aligned(base), shape))
    if dtype.names is None:
        return dtype
    return np.dtype([(name, _aligned(dtype[name])) for name in dtype.names], align=True)
