"""Rooms where people are questioned: what their cameras show and record, the open session, the open alerts.

A room is what cameras look into, or what a session is open in. What a camera shows and records is judged by the wall
clock: it films the present.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from store import cameras, interrogations
from store.alerts import alert_view
from store.pages import PAGE_LIMIT
from store.pool import Connection, Pool, borrowed
from store.queries import queries
from store.times import rfc3339_or_none
from store.workflow import OPEN

_SQL = queries("rooms")

FRESH = timedelta(seconds=15)  # a count or a recording of before is no longer the present
MEDIA = ("video", "audio")

Rows = list[dict[str, Any]]


async def rooms(pool: Pool) -> Rows:
    """Every room in the order of names, a number in them counted as one."""
    watched: dict[str, Rows] = defaultdict(list)
    for camera in await cameras.cameras(pool):
        if camera["room"] is not None:
            watched[camera["room"]].append(camera)
    sessions = await interrogations.page(pool, only_open=True, limit=PAGE_LIMIT)
    opened = {session["room"]: session for session in sessions.items}
    ids = [camera["id"] for looking in watched.values() for camera in looking]
    async with borrowed(pool) as connection:
        sights = await _sights(connection, ids)
        streams = await _streams(connection, ids)
        alerts = await _alerts(connection, ids)
    return [
        {
            "room": name,
            "cameras": watched[name],
            "session": opened.get(name),
            "headcount": _headcount([sights[camera["id"]] for camera in watched[name]]),
            "recording": [streams[camera["id"], media] for camera in watched[name] for media in MEDIA],
            "alerts": [alert for camera in watched[name] for alert in alerts[camera["id"]]],
        }
        for name in sorted({*watched, *opened}, key=_natural)
    ]


async def _sights(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = await (await connection.execute(_SQL["sights"], {"cameras": list(ids), "fresh": FRESH})).fetchall()
    return {row["camera"]: row | {"at": rfc3339_or_none(row["at"])} for row in rows}


async def _streams(connection: Connection, ids: Sequence[str]) -> dict[tuple[str, str], dict[str, Any]]:
    wanted = {f"{camera}.{media}": (camera, media) for camera in ids for media in MEDIA}
    rows = await (await connection.execute(_SQL["streams"], {"streams": list(wanted), "fresh": FRESH})).fetchall()
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        camera, media = wanted[row.pop("stream")]
        told[camera, media] = row | {"camera": camera, "media": media, "until": rfc3339_or_none(row["until"])}
    return told


async def _alerts(connection: Connection, ids: Sequence[str]) -> dict[str, Rows]:
    asked = {"cameras": list(ids), "states": sorted(OPEN), "limit": PAGE_LIMIT}
    told: dict[str, Rows] = defaultdict(list)
    for row in await (await connection.execute(_SQL["alerts"], asked)).fetchall():
        told[row["device"]].append(alert_view(row))
    return told


def _headcount(sights: Rows) -> dict[str, Any] | None:
    """Of several cameras the one that sees most now; where none does, the one that looked last."""
    return max(sights, key=lambda s: (s["state"] == "counted", s["people"] or 0, s["at"] or ""), default=None)


def _natural(name: str) -> list[tuple[int, str]]:
    """2 before 10: each number as a number, each word between as a word."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
