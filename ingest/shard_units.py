"""Whose devices a shard judges: those of its units, and of the units beneath them."""

from collections.abc import Iterable
from dataclasses import replace

from analytics.planning import Plan


class ShardUnits:
    """The units of a shard; all units where none is named. `units_of` is what the database knows of devices. A device
    without a unit belongs to the shard that takes all."""

    def __init__(self, units: Iterable[str] = ()) -> None:
        self._units = tuple(units)
        self._planned: dict[str, str | None] = {}
        self.units_of: dict[str, str] = {}

    @property
    def whole(self) -> bool:
        """Whether every device belongs to it."""
        return not self._units

    def part_of(self, plan: Plan) -> Plan:
        """The part of `plan` that is about devices of this shard."""
        if self.whole:
            return plan
        self._planned = {duty.device: duty.unit for duty in plan.duties if duty.unit is not None}
        self._planned |= {device.id: device.unit for device in plan.devices if device.unit is not None}
        return replace(
            plan,
            duties=tuple(duty for duty in plan.duties if self.has(duty.device)),
            devices=tuple(device for device in plan.devices if self.has(device.id)),
            dispatches=tuple(dispatch for dispatch in plan.dispatches if self.has(dispatch.device)),
        )

    def has(self, device: str) -> bool:
        """Whether `device` is this shard's."""
        unit = self._planned.get(device) or self.units_of.get(device)
        return self.whole or (unit is not None and any(unit == u or unit.startswith(f"{u}.") for u in self._units))
