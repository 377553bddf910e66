"""An engine's state as bytes: the older snapshots, the alerts open in them, and the fixes that the store need not give.

Rows are found again by the names of devices and the words of duties, so a checkpoint outlives a restart and a change of
the plan that leaves a duty as it was. Where shapes or rules differ, nothing of it holds and it is left aside.
"""

import hashlib
import io
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.alerts import Alert, Grade
from analytics.book import Joined, Key
from analytics.fixes import FixBatch
from analytics.outcome import Checkpoint

if TYPE_CHECKING:
    from analytics.engine import Engine

_FORMAT = 3


@dataclass(frozen=True, slots=True)
class Thawed:
    """What a checkpoint holds beside the states: the alerts open in it, those that are lines of others, those that were
    told of the fixes in it, and these fixes. Each device by its number."""

    open: list[tuple[int, Key, Alert]]
    joined: list[tuple[int, Key, Joined]]
    told: list[Alert]
    held: FixBatch


def freeze(engine: "Engine", since_s: float) -> Checkpoint:
    """The engine's state; with it, the fixes since `since_s` are enough to go on."""
    held = engine.recent.all(engine.older_s)
    held = held.take(held.t_s <= since_s)
    head = {
        "format": _FORMAT,
        "fingerprint": _fingerprint(engine),
        "began_s": engine.began_s,
        "devices": engine.devices.names,
        "duties": [_words(d) for d in engine.plan.duties],
        "open": [[device, key[0], key[1], asdict(alert)] for device, key, alert in engine.book.open_older()],
        "joined": [[device, *key, asdict(joined)] for device, key, joined in engine.book.joined_older()],
        "told": [asdict(alert) for alert in engine.book.told_since_older()],
    }
    arrays: dict[str, Any] = {"older_s": engine.older_s}
    arrays |= {f"duty/{name}": table.older for name, table in engine.duty_tables.items()}
    arrays |= {f"device/{name}": table.older for name, table in engine.device_tables.items()}
    arrays |= {f"held/{name}": getattr(held, name) for name in FixBatch.__slots__}
    out = io.BytesIO()
    np.savez_compressed(out, head=np.frombuffer(json.dumps(head).encode(), np.uint8), **arrays)
    return Checkpoint(out.getvalue(), since_s)


def thaw(engine: "Engine", checkpoint: Checkpoint) -> Thawed | None:
    """Load `checkpoint` into a fresh engine. None where nothing of it holds: shapes or rules are others now."""
    with np.load(io.BytesIO(checkpoint.payload), allow_pickle=False) as arrays:
        head = json.loads(arrays["head"].tobytes())
        if head["format"] != _FORMAT or head["fingerprint"] != _fingerprint(engine):
            return None
        names = head["devices"]
        device_rows = np.array([engine.devices.index(n) for n in names], np.int64)
        engine._grow()
        engine.began_s = engine.ground.began_s = head["began_s"]
        number = {_words(d): i for i, d in enumerate(engine.plan.duties)}
        pairs = [(old, number[words]) for old, words in enumerate(head["duties"]) if words in number]
        old_rows, new_rows = (np.array([p[side] for p in pairs], np.int64) for side in (0, 1))
        for name, table in engine.duty_tables.items():
            for copy in (table.head, table.newer, table.older):
                copy[new_rows] = arrays[f"duty/{name}"][old_rows]
        for name, table in engine.device_tables.items():
            for copy in (table.head, table.newer, table.older):
                copy[device_rows] = arrays[f"device/{name}"]
        engine.older_s[device_rows] = engine.newer_s[device_rows] = arrays["older_s"]
        held = FixBatch(*(arrays[f"held/{name}"] for name in FixBatch.__slots__))
    held = FixBatch.build(device_rows[held.device], *(getattr(held, n) for n in FixBatch.__slots__[1:]))
    renumbered = dict(pairs)

    def subject_of(device: int, subject: int) -> int | None:
        return ~device if subject < 0 else renumbered.get(subject)

    alerts: list[tuple[int, Key, Alert]] = []
    joined: list[tuple[int, Key, Joined]] = []
    for device, rule, subject, fields in head["open"]:
        at = int(device_rows[device])
        mine = subject_of(at, subject)
        if mine is not None:
            alerts.append((at, (rule, mine), _alert(fields)))
    for device, rule, subject, fields in head["joined"]:
        at = int(device_rows[device])
        mine, host = subject_of(at, subject), subject_of(at, fields["host"][1])
        if mine is not None and host is not None:
            line = Joined(**fields | {"alert": _alert(fields["alert"]), "host": (fields["host"][0], host)})
            joined.append((at, (rule, mine), line))
    return Thawed(alerts, joined, [_alert(fields) for fields in head["told"]], held)


def _alert(fields: dict[str, Any]) -> Alert:
    return Alert(**fields | {"grade": Grade(fields["grade"])})


def _words(duty: Any) -> str:
    return repr(duty)


def layout(engine: "Engine") -> str:
    """What the states of an engine without a plan depend on: its rules, and how this program writes states."""
    return f"{_FORMAT} {_fingerprint(engine)}"


def _fingerprint(engine: "Engine") -> str:
    """What the states depend on beside the duties: shapes, rules, kinds of devices, the records' layout."""
    digest = hashlib.sha256()
    shapes = engine.plan.shapes
    for kind in (shapes.routes, shapes.areas, shapes.posts, shapes.checkpoints, shapes.allowed_stops):
        for shape in kind.values():
            digest.update(repr(shape).encode())
    digest.update(repr([(r.id, r.version, r.enabled, dict(r.values)) for r in engine.rules.rules.values()]).encode())
    digest.update(repr(engine.plan.devices).encode())
    for tables in (engine.duty_tables, engine.device_tables):
        for name, table in tables.items():
            digest.update(f"{name}{table.head.dtype.descr}".encode())
    return digest.hexdigest()
