"""A supervision plan from its document: shapes, duties, devices, dispatches, and the rules' settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from analytics.duties import Device, DeviceKind, Dispatch, Duty, DutyKind, Interval
from geofence.features import PlanError, parse_shapes
from geofence.shapes import Shapes


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be supervised: shapes, who is to be where, and the settings of rules."""

    shapes: Shapes = field(default_factory=Shapes)
    duties: tuple[Duty, ...] = ()
    devices: tuple[Device, ...] = ()
    dispatches: tuple[Dispatch, ...] = ()
    rules: Mapping[str, Any] = field(default_factory=dict)


def parse_plan(document: Any) -> Plan:
    """The plan that a GeoJSON document with the foreign members `duties`, `devices`, `dispatches`, `rules` describes.

    Raises:
        PlanError: naming the first feature, duty or member that is not as the contract says.
    """
    shapes = parse_shapes(document)
    devices = tuple(_device(f"devices[{i}]", v) for i, v in enumerate(_list(document, "devices")))
    on_route = shapes.checkpoints_of_routes()
    duties = tuple(_duty(f"duties[{i}]", v, shapes, on_route) for i, v in enumerate(_list(document, "duties")))
    seen: set[str] = set()
    for i, duty in enumerate(duties):
        if duty.id in seen:
            raise PlanError(f"duties[{i}].id", f"{duty.id!r} stands twice", "an id of its own for each duty")
        seen.add(duty.id)
    dispatches = tuple(_dispatch(f"dispatches[{i}]", v) for i, v in enumerate(_list(document, "dispatches")))
    rules = document.get("rules", {})
    if not isinstance(rules, Mapping):
        raise PlanError("rules", f"is a {type(rules).__name__}", "an object of rules by id")
    return Plan(shapes, duties, devices, dispatches, rules)


def parse_time_s(where: str, value: Any) -> float:
    """Unix seconds of an RFC 3339 time with an offset, or of a number of Unix seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _END_OF_TIME_S:
        return float(value)
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return moment.timestamp()
    raise PlanError(where, f"is {value!r}", "a time like 2026-01-05T08:00:00+08:00")


_END_OF_TIME_S = 2.5e11  # about the year 9900; a number that is none is not less


def _duty(where: str, value: Any, shapes: Shapes, on_route: Mapping[str, list[str]]) -> Duty:
    value = _object(where, value)
    identity = _word(where, value, "id")
    where = f"duty {identity!r}"
    kind = value.get("kind")
    if kind not in list(DutyKind):
        raise PlanError(f"{where}.kind", f"is {kind!r}", "one of " + ", ".join(DutyKind))
    span = _span(where, value)
    route, area, post = (
        _reference(where, value, key, known)
        for key, known in (("route", shapes.routes), ("area", shapes.areas), ("post", shapes.posts))
    )
    if kind in (DutyKind.POST, DutyKind.STANDBY) and post is None and area is None:
        raise PlanError(where, "names no place", f"a post or an area for a {kind} duty")
    checkpoints = value.get("checkpoints")
    if checkpoints is None:
        named = tuple(on_route.get(route, ())) if route is not None else ()
    elif isinstance(checkpoints, list) and all(str(c) in shapes.checkpoints for c in checkpoints):
        named = tuple(str(c) for c in checkpoints)
    else:
        raise PlanError(f"{where}.checkpoints", f"is {checkpoints!r}", "a list of ids of checkpoints of this plan")
    breaks = tuple(_span(f"{where}.breaks[{i}]", b) for i, b in enumerate(_list(value, "breaks", where)))
    device, unit = _word(where, value, "device").strip(), _optional_word(where, value, "unit")
    return Duty(identity, device, DutyKind(kind), span.from_s, span.to_s, route, area, post, named, breaks, unit)


def _device(where: str, value: Any) -> Device:
    value = _object(where, value)
    kind = value.get("kind", "car")
    if kind not in list(DeviceKind):
        raise PlanError(f"{where}.kind", f"is {kind!r}", "one of " + ", ".join(DeviceKind))
    name = _optional_word(where, value, "name") or ""
    return Device(_word(where, value, "id").strip(), DeviceKind(kind), _optional_word(where, value, "unit"), name)


def _dispatch(where: str, value: Any) -> Dispatch:
    value = _object(where, value)
    return Dispatch(_word(where, value, "device").strip(), _span(where, value))


def _span(where: str, value: Any) -> Interval:
    value = _object(where, value)
    from_s = parse_time_s(f"{where}.from", value.get("from"))
    to_s = parse_time_s(f"{where}.to", value.get("to"))
    if not from_s < to_s:
        raise PlanError(f"{where}.to", f"{value.get('to')!r} is not after from", "a time later than from")
    return Interval(from_s, to_s)


def _list(document: Mapping[str, Any], key: str, where: str = "plan") -> list[Any]:
    value = document.get(key, [])
    if not isinstance(value, list):
        raise PlanError(f"{where}.{key}", f"is a {type(value).__name__}", "a list")
    return value


def _object(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise PlanError(where, f"is a {type(value).__name__}", "an object")
    return value


def _word(where: str, value: Mapping[str, Any], key: str) -> str:
    word = value.get(key)
    if not isinstance(word, str | int) or isinstance(word, bool) or str(word).strip() == "":
        raise PlanError(f"{where}.{key}", f"is {word!r}", "a name")
    return str(word)


def _optional_word(where: str, value: Mapping[str, Any], key: str) -> str | None:
    return None if value.get(key) is None else _word(where, value, key)


def _reference(where: str, value: Mapping[str, Any], key: str, known: Mapping[str, Any]) -> str | None:
    word = _optional_word(where, value, key)
    if word is not None and word not in known:
        raise PlanError(f"{where}.{key}", f"{word!r} is not in this plan", f"the id of a {key} among the features")
    return word
