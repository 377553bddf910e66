"""What a commit writes beside fixes and alerts, as parameters of its queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from analytics.outcome import Crossing
from store.alert_rows import as_json
from store.records import PAYLOAD_LIMIT, TOPIC_LIMIT, AlertPicture, DeadLetter, DeviceStatus, Sight
from store.times import moment

NOTICE_IDS = 100  # a notice holds 8,000 bytes; beyond this many ids it says "fetch anew"


def crossing_rows(crossings: Sequence[Crossing]) -> str:
    return as_json(
        [
            {
                "device": crossing.device,
                "duty": crossing.duty,
                "began": moment(crossing.from_s),
                "ended": moment(crossing.to_s),
                "lon": crossing.lon,
                "lat": crossing.lat,
            }
            for crossing in crossings
        ]
    )


def _shortened(topic: str) -> str:
    """A topic as an index can hold it: MQTT allows 64 KiB, a PostgreSQL index 2.7."""
    return topic if len(topic) <= TOPIC_LIMIT else topic[: TOPIC_LIMIT - 1] + "…"


def letter_rows(letters: Sequence[DeadLetter], at: datetime) -> list[dict[str, Any]]:
    rows: dict[tuple[str, bytes], dict[str, Any]] = {}
    for letter in letters:
        row: dict[str, Any] = {
            "topic": _shortened(letter.topic).replace("\0", "\\0"),  # text columns hold no NUL
            "sha256": letter.sha256,
            "code": letter.code,
            "reason": letter.reason.replace("\0", "\\0"),
            "mistimed": letter.mistimed,
            "payload": letter.payload[:PAYLOAD_LIMIT],
            "size": len(letter.payload),
            "at": at,
            "seen": 1,
        }
        known = rows.setdefault((row["topic"], row["sha256"]), row)
        if known is not row:
            known["seen"] += 1
    return [row for _, row in sorted(rows.items())]


def picture_rows(pictures: Sequence[AlertPicture]) -> str:
    return as_json(
        [
            {
                "alert": picture.alert,
                "number": picture.number,
                "taken_at": moment(picture.taken_s),
                "sha256": picture.sha256.hex(),
                "folder": picture.folder,
                "file": picture.file,
            }
            for picture in pictures
        ]
    )


def sight_rows(sights: Sequence[Sight]) -> str:
    return as_json([{"id": s.camera, "people": s.people, "picture": s.picture, "at": moment(s.at_s)} for s in sights])


def status_rows(statuses: Sequence[DeviceStatus]) -> str:
    last: dict[str, DeviceStatus] = {}
    for status in statuses:
        if status.device not in last or last[status.device].at_s <= status.at_s:
            last[status.device] = status
    return as_json(
        [
            {"device": s.device, "status": s.status, "at": moment(s.at_s), "retained": s.retained}
            for _, s in sorted(last.items())
        ]
    )


def notice(ids: tuple[str, ...], positions: bool, statuses: bool, dead_letters: bool) -> dict[str, Any]:
    notice: dict[str, Any] = {}
    if ids:
        notice["alerts"] = list(ids) if len(ids) <= NOTICE_IDS else None
    if positions or statuses:
        notice["positions"] = True
    if dead_letters:
        notice["dead_letters"] = True
    return notice
