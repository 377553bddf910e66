"""What others need for less: a decider that looks at one fix at a time, with no memory and no rules of duration."""

import os
import time

import numpy as np
import shapely

from benchmarks.figures import Figure
from benchmarks.fleet import Fleet

POSTGIS = "DUCHA_BENCH_POSTGIS"  # the DSN of a scratch database in which PostGIS is installed


def measure(*, quick: bool = False) -> list[Figure]:
    fleet = Fleet()
    figures = [_one_fix(fleet, 20_000 if quick else 100_000)]
    dsn = os.environ.get(POSTGIS)
    if dsn is None:
        return [*figures, Figure("PostGIS, areas only", f"not measured: {POSTGIS} names no database")]
    return [*figures, _postgis(fleet, dsn, 100_000 if quick else 300_000)]


def _one_fix(fleet: Fleet, fixes: int) -> Figure:
    """Each fix against the shape of its duty by plain Shapely calls, in degrees."""
    shapes = {f["id"]: shapely.geometry.shape(f["geometry"]) for f in fleet.document["features"]}
    corridor = 60 / 111_000
    expected = {}
    for number, duty in enumerate(fleet.document["duties"]):
        place = duty.get("route") or duty.get("area") or duty["post"]
        expected[number] = (shapes[place], "area" in duty)
    batch = next(fleet.batches(fixes, fixes))
    rows = list(zip(batch.device.tolist(), batch.lon.tolist(), batch.lat.tolist(), strict=True))
    rates, found = [], 0
    for _ in range(3):
        began, found = time.perf_counter(), 0
        for device, lon, lat in rows:
            shape, is_area = expected[device]
            point = shapely.Point(lon, lat)
            off = not shape.contains(point) if is_area else shape.distance(point) > corridor
            found += off
        rates.append(len(rows) / (time.perf_counter() - began))
    return Figure(
        "one fix at a time, plain Shapely, assigned shape only",
        f"{max(rates):,.0f} fixes/s, raising at {100 * found / len(rows):.1f} % of them",
    )


def _postgis(fleet: Fleet, dsn: str, fixes: int) -> Figure:
    """All fixes against all areas with a GiST index: which areas does each lie in?"""
    import psycopg

    batch = next(fleet.batches(fixes, fixes))
    areas = [f for f in fleet.document["features"] if f["properties"]["kind"] == "area"]
    with psycopg.connect(dsn) as connection:
        connection.execute("SET max_parallel_workers_per_gather = 0")
        connection.execute("CREATE TEMP TABLE area (id text, shape geometry)")
        connection.execute("CREATE TEMP TABLE fix (lon float8, lat float8)")
        cursor = connection.cursor()
        cursor.executemany(
            "INSERT INTO area VALUES (%s, %s::geometry)",
            [(a["id"], shapely.geometry.shape(a["geometry"]).wkt) for a in areas],
        )
        with cursor.copy("COPY fix FROM STDIN") as copy:
            for row in np.stack([batch.lon, batch.lat], axis=1).tolist():
                copy.write_row(row)
        connection.execute("CREATE INDEX ON area USING gist (shape)")
        connection.execute("ANALYZE area; ANALYZE fix")
        rates = []
        for _ in range(3):
            began = time.perf_counter()
            connection.execute("SELECT count(*) FROM fix JOIN area ON ST_Contains(shape, ST_MakePoint(lon, lat))")
            rates.append(len(batch) / (time.perf_counter() - began))
        connection.rollback()
    return Figure("PostGIS, which of 1,000 areas, no rules", f"{max(rates):,.0f} fixes/s")
