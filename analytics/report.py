"""Where rules tell of states that begin and end; subjects become devices and duties here."""

from collections.abc import Iterable
from typing import Any

from analytics.alerts import Alert, Because
from analytics.book import AlertBook
from analytics.duties import DutyTable
from analytics.fixes import DeviceTable
from analytics.outcome import Crossing
from analytics.rulebook import Rule


class Report:
    """Turns what a rule found about a subject into alerts of the book."""

    def __init__(self, book: AlertBook, duties: DutyTable, devices: DeviceTable) -> None:
        self._book = book
        self._duties = duties
        self._devices = devices
        self._over: dict[tuple[str, int], list[tuple[float, float]]] = {}
        self.crossings: list[Crossing] = []

    def begin(
        self,
        rule: Rule,
        duty: int,
        *,
        start_s: float,
        noticed_s: float,
        lon: float | None,
        lat: float | None,
        **detail: Any,
    ) -> None:
        """A state that `rule` looks for holds for `duty` since `start_s`."""
        self._begin(rule, int(self._duties.device[duty]), duty, start_s, noticed_s, lon, lat, detail)

    def begin_device(
        self, rule: Rule, device: int, *, start_s: float, noticed_s: float, lon: float, lat: float, **detail: Any
    ) -> None:
        """A state that `rule` looks for holds for `device` since `start_s`, whatever its duty."""
        self._begin(rule, device, ~device, start_s, noticed_s, lon, lat, detail)

    def end(self, rule: Rule, duty: int, *, end_s: float, noticed_s: float, **detail: Any) -> None:
        """The state ended at `end_s`, which was seen at `noticed_s`."""
        self._end(rule, int(self._duties.device[duty]), duty, end_s, noticed_s, detail)

    def end_device(self, rule: Rule, device: int, *, end_s: float, noticed_s: float, **detail: Any) -> None:
        self._end(rule, device, ~device, end_s, noticed_s, detail)

    def _begin(
        self, rule: Rule, device: int, subject: int, start_s: float, noticed_s: float, lon: float | None,
        lat: float | None, detail: dict[str, Any],
    ) -> None:  # fmt: skip
        duty = self._duties.duties[subject].id if subject >= 0 else None
        alert = Alert(
            rule.id, rule.version, rule.grade, self._devices.names[device], duty,
            round(start_s, 3), None, round(noticed_s, 3), _degrees(lon), _degrees(lat), rounded(detail),
        )  # fmt: skip
        self._book.begin(device, (rule.id, subject), alert)

    def _end(
        self, rule: Rule, device: int, subject: int, end_s: float, noticed_s: float, detail: dict[str, Any]
    ) -> None:
        key = (rule.id, subject)
        alert = self._book.open(device, key)
        if alert is None:
            return
        end_s = max(round(end_s, 3), alert.start_s)
        self._over.setdefault(key, []).append((alert.noticed_s, noticed_s))
        self._book.end(device, key, alert.ended(end_s, duration_s=round(end_s - alert.start_s, 1), **rounded(detail)))

    def holds(self, rules: Iterable[str], duty: int, t_s: float) -> bool:
        """Whether at `t_s` an alert of any of `rules` was raised for `duty` and not yet seen to end."""
        device = int(self._duties.device[duty])
        for rule in rules:
            alert = self._book.open(device, (rule, duty))
            if alert is not None and alert.noticed_s <= t_s:
                return True
            if any(noticed <= t_s < over for noticed, over in self._over.get((rule, duty), ())):
                return True
        return False

    def close_duty(self, duty: int, end_s: float) -> None:
        """The duty is over: so is every state that was open in it."""
        device = int(self._duties.device[duty])
        for key, alert in self._book.opened(device):
            if key[1] == duty:
                end = max(round(end_s, 3), alert.start_s)
                self._book.end(
                    device, key, alert.ended(end, duration_s=round(end - alert.start_s, 1), ended_because=Because.DUTY)
                )

    def crossing(self, device: int, duty: int, from_s: float, to_s: float, lon: float, lat: float) -> None:
        """A path that left the area between two fixes inside it."""
        name, identity = self._devices.names[device], self._duties.duties[duty].id
        self.crossings.append(Crossing(name, identity, from_s, to_s, lon, lat))


def _degrees(value: float | None) -> float | None:
    return None if value is None else round(value, 7)


def rounded(detail: dict[str, Any]) -> dict[str, Any]:
    """Figures as they are shown: a hundredth of a metre or second is finer than any of them is known."""
    return {k: round(float(v), 2) if isinstance(v, float) else v for k, v in detail.items()}
