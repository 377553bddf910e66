"""Where rules tell of states that begin and end; subjects become devices and duties here.

One fact, one alert: a state that an open alert explains (the rule's `joins`) is a line of that alert, and is told by
itself only where it still lasts `GRACE_S` after that one has ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from analytics.alerts import Alert, Because, alert_id, utc_text
from analytics.book import AlertBook, Joined, Key
from analytics.duties import DutyTable
from analytics.fixes import DeviceTable
from analytics.outcome import Crossing
from analytics.rulebook import Rule

GRACE_S = 180.0  # a state is seen to end some samples after what explained it


@dataclass(frozen=True, slots=True)
class _Over:
    """An alert of this batch that has ended: told from `noticed_s`, its end at `told_s` seen at `over_s`."""

    identity: str
    noticed_s: float
    over_s: float
    told_s: float


@dataclass(frozen=True, slots=True)
class _Host:
    """An alert that explains another state; NaN where its end was not yet seen."""

    key: Key
    identity: str
    over_s: float = float("nan")
    told_s: float = float("nan")


class Report:
    """Turns what a rule found about a subject into alerts of the book."""

    def __init__(self, book: AlertBook, duties: DutyTable, devices: DeviceTable) -> None:
        self._book = book
        self._duties = duties
        self._devices = devices
        self._over: dict[Key, list[_Over]] = {}
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
        kind: str = "",
        joins: tuple[str, ...] | None = None,
        **detail: Any,
    ) -> None:
        """A state that `rule` looks for holds for `duty` since `start_s`. States of different `kind` are told apart;
        `joins` stands for those of the rule."""
        device = int(self._duties.device[duty])
        self._begin(rule, kind, joins, device, duty, start_s, noticed_s, lon, lat, detail)

    def begin_device(
        self, rule: Rule, device: int, *, start_s: float, noticed_s: float, lon: float, lat: float, **detail: Any
    ) -> None:
        """A state that `rule` looks for holds for `device` since `start_s`, whatever its duty."""
        self._begin(rule, "", None, device, ~device, start_s, noticed_s, lon, lat, detail)

    def end(self, rule: Rule, duty: int, *, end_s: float, noticed_s: float, kind: str = "", **detail: Any) -> None:
        """The state ended at `end_s`, which was seen at `noticed_s`."""
        self._end(_key(rule, kind, duty), int(self._duties.device[duty]), end_s, noticed_s, detail)

    def end_device(self, rule: Rule, device: int, *, end_s: float, noticed_s: float, **detail: Any) -> None:
        self._end(_key(rule, "", ~device), device, end_s, noticed_s, detail)

    def _begin(
        self, rule: Rule, kind: str, joins: tuple[str, ...] | None, device: int, subject: int, start_s: float,
        noticed_s: float, lon: float | None, lat: float | None, detail: dict[str, Any],
    ) -> None:  # fmt: skip
        duty, name = self._duties.duties[subject].id if subject >= 0 else None, self._devices.names[device]
        key, start_s = _key(rule, kind, subject), round(start_s, 3)
        alert = Alert(
            rule.id, rule.version, rule.grade, name, duty, start_s, None, round(noticed_s, 3), _degrees(lon),
            _degrees(lat), rounded(detail), alert_id(key[0], name, duty, start_s),
        )  # fmt: skip
        host = self._host(rule.joins if joins is None else joins, device, subject, alert.noticed_s)
        if host is None:
            self._book.begin(device, key, alert)
        else:
            joined = Joined(alert, host.key, host.identity, host.over_s, host.told_s)
            self._book.join(device, key, joined, _line(alert))

    def holds(self, rules: tuple[str, ...], duty: int, t_s: float) -> bool:
        """Whether an alert of any of `rules` (or rule/kind) for `duty` was told at `t_s` and not yet seen to end."""
        return self._host(rules, int(self._duties.device[duty]), duty, t_s) is not None

    def _host(self, joins: tuple[str, ...], device: int, subject: int, t_s: float) -> _Host | None:
        """The alert among `joins`, of the subject or its device, that was told at `t_s` and not yet seen to end."""
        for key in [(name, s) for name in joins for s in {subject: 0, ~device: 0}]:
            waiting = self._book.joined(device, key)
            if waiting is not None and waiting.over_s + GRACE_S <= t_s:
                self._release(device, key)
            alert = self._book.open(device, key)
            if alert is not None and alert.noticed_s <= t_s:
                return _Host(key, alert.id)
            for over in self._over.get(key, ()):
                if over.noticed_s <= t_s < over.over_s:
                    return _Host(key, over.identity, over.over_s, over.told_s)
        return None

    def _end(self, key: Key, device: int, end_s: float, noticed_s: float, detail: dict[str, Any]) -> None:
        joined = self._book.joined(device, key)
        if joined is not None:
            if noticed_s >= joined.over_s + GRACE_S:
                self._release(device, key)
            else:
                self._book.part(device, key)
                if not noticed_s >= joined.over_s:
                    self._book.end_line(device, joined, _line(_ended(joined.alert, end_s, detail)))
                return
        alert = self._book.open(device, key)
        if alert is None:
            return
        ended = _ended(alert, end_s, detail)
        told_s = ended.end_s if ended.end_s is not None else end_s
        self._over.setdefault(key, []).append(_Over(alert.id, alert.noticed_s, noticed_s, told_s))
        self._book.end(device, key, ended)
        self._book.host_is_over(device, key, noticed_s, told_s)

    def release(self, now_s: float) -> Iterator[int]:
        """Tell by itself what has outlasted the alert that it was a line of; yields the devices."""
        for device, key, joined in self._book.all_joined():
            if joined.over_s + GRACE_S <= now_s:
                self._release(device, key)
                yield device

    def _release(self, device: int, key: Key) -> None:
        joined = self._book.part(device, key)
        alert = joined.alert
        start_s = max(alert.start_s, joined.told_s)  # what was before is told already
        identity = alert_id(key[0], alert.device, alert.duty, start_s)
        noticed_s = round(joined.over_s + GRACE_S, 3)
        self._book.begin(device, key, replace(alert, start_s=start_s, noticed_s=noticed_s, id=identity))

    def close_duty(self, duty: int, end_s: float) -> None:
        """The duty is over: so is every state that was open in it."""
        device = int(self._duties.device[duty])
        because = {"ended_because": Because.DUTY}
        for _, key, _joined in self._book.all_joined(device):
            if key[1] == duty:
                self._end(key, device, end_s, end_s, because)
        for key, _alert in self._book.opened(device):
            if key[1] == duty:
                self._end(key, device, end_s, end_s, because)

    def crossing(self, device: int, duty: int, from_s: float, to_s: float, lon: float, lat: float) -> None:
        """A path that left the area between two fixes inside it."""
        name, identity = self._devices.names[device], self._duties.duties[duty].id
        self.crossings.append(Crossing(name, identity, from_s, to_s, lon, lat))


def _key(rule: Rule, kind: str, subject: int) -> Key:
    return (f"{rule.id}/{kind}" if kind else rule.id, subject)


def _ended(alert: Alert, end_s: float, detail: dict[str, Any]) -> Alert:
    end_s = max(round(end_s, 3), alert.start_s)
    return alert.ended(end_s, duration_s=round(end_s - alert.start_s, 1), **rounded(detail))


def _line(alert: Alert) -> dict[str, Any]:
    """What another alert says of `alert`: times as in the contract, `to` null where it lasted as long as that one."""
    to = None if alert.end_s is None else utc_text(alert.end_s)
    return {
        "rule": alert.rule,
        "grade": alert.grade.value,
        "from": utc_text(alert.start_s),
        "to": to,
        "detail": alert.detail,
    }


def _degrees(value: float | None) -> float | None:
    return None if value is None else round(value, 7)


def rounded(detail: dict[str, Any]) -> dict[str, Any]:
    """Figures as they are shown: a hundredth of a metre or second is finer than any of them is known."""
    return {k: round(float(v), 2) if isinstance(v, float) else v for k, v in detail.items()}
