"""Rows of a Parquet file: any types of columns that mean what the columns of a trace mean."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet

from ingest.trace_rows import Rows, TraceError, known_columns


def read_parquet_rows(file: Path, data: bytes) -> Rows:
    """The rows of `data`, with dictionaries looked up.

    Raises:
        TraceError: where a column is missing, stands twice, or is of a type that it can't be of.
        pyarrow.ArrowException: where it is not Parquet.
    """
    source = pa_parquet.ParquetFile(pa.BufferReader(data))
    schema = source.schema_arrow
    known = known_columns(file, schema.names)
    if "created_at" in known and not _is_time(schema.field(known["created_at"]).type):
        del known["created_at"]
    for name, at in known.items():
        _check(file, name, schema.field(at).type)
    table = source.read(columns=[schema.names[at] for at in known.values()])
    columns = {name: _plain(table[schema.names[at]]) for name, at in known.items()}
    return Rows(columns, np.arange(1, table.num_rows + 1, dtype=np.int64), table.num_rows)


def _is_time(kind: pa.DataType) -> bool:
    while pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_timestamp(kind):
        return kind.tz is not None
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return bool(text or pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _check(file: Path, name: str, kind: pa.DataType) -> None:
    while pa.types.is_dictionary(kind):
        kind = kind.value_type
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if name == "time":
        if pa.types.is_timestamp(kind) and kind.tz is None:
            raise TraceError(
                f"{file}: the column time has no zone ({kind}); expected timestamps with one (UTC), "
                "RFC 3339 texts with an offset, or Unix seconds"
            )
        fits, expected = text or number or pa.types.is_timestamp(kind), "timestamps with a zone, texts or Unix seconds"
    elif name == "created_at":
        return
    elif name == "device":
        fits, expected = text or pa.types.is_integer(kind), "texts"
    elif name == "mock":
        fits, expected = text or number or pa.types.is_boolean(kind), "0 and 1"
    else:
        fits, expected = text or number, "numbers"
    if not (fits or pa.types.is_null(kind)):
        raise TraceError(f"{file}: the column {name} is of type {kind}; expected {expected}")


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column without its dictionary, as one of the few types that are told apart later."""
    kind = column.type
    while pa.types.is_dictionary(kind):
        kind = kind.value_type
        column = column.cast(kind)
    if pa.types.is_string_view(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        column = column.cast(pa.string())
    if pa.types.is_boolean(kind) or pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        column = column.cast(pa.float64())
    return column
