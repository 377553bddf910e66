"""NumPy arrays in PostgreSQL's own binary forms, both ways, without a Python object per value.

To the database a column travels as one binary array parameter; unlike COPY it fits into a pipeline, so that a whole
commit is one round trip. From the database rows travel as binary COPY, read into a structured array in one step.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

from analytics.fixes import FixBatch

_OIDS = {">i2": 21, ">i4": 23, ">f4": 700, ">f8": 701, ">i8": 1184}  # 1184: timestamptz, the only int8 used here
_EPOCH_US = 946_684_800_000_000  # PostgreSQL counts from 2000-01-01

COPY_HEADER = 19
COPY_TRAILER = 2

_FIX_ROW = np.dtype(
    [("fields", ">i2")]
    + [
        part
        for name, kind, size in (
            ("device", ">i4", 4),
            ("t", ">i8", 8),
            ("lon", ">f8", 8),
            ("lat", ">f8", 8),
            ("speed", ">f4", 4),
            ("heading", ">f4", 4),
            ("accuracy", ">f4", 4),
            ("flags", ">i2", 2),
        )
        for part in ((f"{name}_size_{size}", ">i4"), (name, kind))
    ]
)


@dataclass(frozen=True, slots=True)
class BinaryArray:
    """A one-dimensional array parameter; the query says its type by a cast."""

    payload: bytes


class _BinaryArrayDumper(Dumper):
    format = Format.BINARY
    oid = 0

    def dump(self, obj: BinaryArray) -> bytes:
        return obj.payload


def register(context: AdaptContext) -> None:
    """Lets a connection take :class:`BinaryArray` parameters."""
    context.adapters.register_dumper(BinaryArray, _BinaryArrayDumper)


def column(values: NDArray[np.generic], kind: str) -> BinaryArray:
    """`values` as an array of the element `kind`, a big-endian dtype of :data:`_OIDS`."""
    n = len(values)
    if n == 0:
        return BinaryArray(struct.pack(">iiI", 0, 0, _OIDS[kind]))
    dtype = np.dtype(kind)
    body = np.empty(n, np.dtype([("size", ">i4"), ("value", dtype)]))
    body["size"] = dtype.itemsize
    body["value"] = values
    return BinaryArray(struct.pack(">iiIii", 1, 0, _OIDS[kind], n, 1) + body.tobytes())


def microseconds(t_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """Unix seconds as PostgreSQL's microseconds since 2000."""
    return np.rint(t_s * 1e6).astype(np.int64) - _EPOCH_US


def fix_columns(fixes: FixBatch) -> tuple[BinaryArray, ...]:
    """The eight columns of `fixes`, in the order of the table."""
    return (
        column(fixes.device, ">i4"),
        column(microseconds(fixes.t_s), ">i8"),
        column(fixes.lon, ">f8"),
        column(fixes.lat, ">f8"),
        column(fixes.speed_mps, ">f4"),
        column(fixes.heading_deg, ">f4"),
        column(fixes.accuracy_m, ">f4"),
        column(fixes.flags, ">i2"),
    )


def read_fixes(blocks: Iterable[bytes | bytearray | memoryview]) -> FixBatch:
    """The fixes of one binary COPY of the table's eight columns, none of them null."""
    data = b"".join(blocks)
    rows = np.frombuffer(data[COPY_HEADER : len(data) - COPY_TRAILER], _FIX_ROW)
    return FixBatch.build(
        rows["device"].astype(np.int32),
        (rows["t"].astype(np.int64) + _EPOCH_US) / 1e6,
        rows["lon"].astype(np.float64),
        rows["lat"].astype(np.float64),
        rows["speed"].astype(np.float32),
        rows["heading"].astype(np.float32),
        rows["accuracy"].astype(np.float32),
        rows["flags"].astype(np.int16),
    )
