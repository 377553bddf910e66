"""Alerts as JSON rows, both ways: one parameter carries any number of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from analytics.alerts import Alert, AlertChange, Change, Grade
from store.times import moment, moment_or_none, seconds, seconds_or_none


def as_json(value: object) -> str:
    """`value` as JSON; NumPy scalars as numbers, not-a-number and infinity as null."""
    return _ENCODER.encode(value).decode()


def alert_row(alert: Alert) -> dict[str, Any]:
    """The columns of `alerts` that analytics knows."""
    return {
        "id": alert.id,
        "rule": alert.rule,
        "rule_version": alert.rule_version,
        "grade": alert.grade.value,
        "device": alert.device,
        "duty": alert.duty,
        "began": moment(alert.start_s),
        "ended": moment_or_none(alert.end_s),
        "noticed": moment(alert.noticed_s),
        "lon": alert.lon,
        "lat": alert.lat,
        "detail": alert.detail,
    }


def final_rows(changes: Sequence[AlertChange]) -> list[dict[str, Any]]:
    """The last form of each alert in `changes`, in the order of their ids (so that two writers can't deadlock)."""
    last = {change.alert.id: change for change in changes}
    return [
        alert_row(change.alert) | {"withdrawn": change.change is Change.WITHDRAWN} for _, change in sorted(last.items())
    ]


def amendment_rows(changes: Sequence[AlertChange]) -> list[dict[str, Any]]:
    """The amendments among `changes`, each with the earlier form of its alert."""
    return [
        {
            "alert": change.alert.id,
            "number": number,
            "change": change.change.value,
            "before": None if change.before is None else alert_row(change.before),
        }
        for number, change in enumerate(changes)
        if change.change in (Change.AMENDED, Change.WITHDRAWN)
    ]


def alert_of(row: dict[str, Any]) -> Alert:
    """The alert of a row of the table."""
    began: datetime = row["began"]
    return Alert(
        rule=row["rule"],
        rule_version=row["rule_version"],
        grade=Grade(row["grade"]),
        device=row["device"],
        duty=row["duty"],
        start_s=seconds(began),
        end_s=seconds_or_none(row["ended"]),
        noticed_s=seconds(row["noticed"]),
        lon=row["lon"],
        lat=row["lat"],
        detail=row["detail"],
        id=str(row["id"]),
    )


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} can't be stored as JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)
