"""The alerts that are open, those that a late fix may still change, and the differences that leave the engine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from analytics.alerts import Alert, AlertChange, Change

Key = tuple[str, int]  # rule, or rule/kind; subject


JOINED = "joined"  # in an alert's detail: what other rules found of the same fact


@dataclass(frozen=True, slots=True)
class Joined:
    """A state that lasts and is not told by itself, as it is a line of another alert, its host. `alert` is what it
    would be. When the host's end was seen, at `over_s`, it was over since `told_s`; NaN while it lasts."""

    alert: Alert
    host: Key
    host_id: str
    over_s: float = float("nan")
    told_s: float = float("nan")


@dataclass(slots=True)
class _Page:
    """One device's alerts: open at the head and at the two snapshots, those that are lines of others, and the latest
    form of all touched since each."""

    open: dict[Key, Alert] = field(default_factory=dict)
    open_newer: dict[Key, Alert] = field(default_factory=dict)
    open_older: dict[Key, Alert] = field(default_factory=dict)
    joined: dict[Key, Joined] = field(default_factory=dict)
    joined_newer: dict[Key, Joined] = field(default_factory=dict)
    joined_older: dict[Key, Joined] = field(default_factory=dict)
    since_newer: dict[str, Alert] = field(default_factory=dict)
    since_older: dict[str, Alert] = field(default_factory=dict)

    def empty(self) -> bool:
        return not (
            (self.open or self.open_newer or self.open_older or self.since_newer or self.since_older)
            or (self.joined or self.joined_newer or self.joined_older)
        )

    def view(self) -> dict[str, Alert]:
        """The latest form of every alert that the older snapshot does not already hold as over."""
        return self.held() | self.since_older

    def held(self) -> dict[str, Alert]:
        """The alerts open at the older snapshot."""
        return {a.id: a for a in self.open_older.values()}

    def touch(self, alert: Alert) -> None:
        self.since_newer[alert.id] = alert
        self.since_older[alert.id] = alert


@dataclass(slots=True)
class _Revision:
    """A device's alerts as they were told, and as the walk through its fixes finds them anew."""

    before: dict[str, Alert]
    after: dict[str, Alert]


class AlertBook:
    """Alerts by device. A change is told at once, except of devices under revision, which are compared as a whole."""

    def __init__(self) -> None:
        self._pages: dict[int, _Page] = {}
        self._revised: dict[int, _Revision] = {}
        self._changes: list[AlertChange] = []

    def open(self, device: int, key: Key) -> Alert | None:
        page = self._pages.get(device)
        return page.open.get(key) if page else None

    def opened(self, device: int) -> list[tuple[Key, Alert]]:
        page = self._pages.get(device)
        return list(page.open.items()) if page else []

    def begin(self, device: int, key: Key, alert: Alert) -> None:
        page = self._pages.setdefault(device, _Page())
        page.open[key] = alert
        page.touch(alert)
        self._tell(device, AlertChange(Change.RAISED, alert))

    def end(self, device: int, key: Key, alert: Alert) -> None:
        """Close the open alert of `key`; `alert` is its ended form."""
        page = self._pages[device]
        before = page.open.pop(key)
        page.touch(alert)
        self._tell(device, AlertChange(Change.ENDED, alert, before))

    def join(self, device: int, key: Key, joined: Joined, line: dict[str, Any]) -> None:
        """Make the state of `key` a line of its host."""
        self._pages[device].joined[key] = joined
        host = self._latest(device, joined.host_id)
        self._amend(device, host, [*host.detail.get(JOINED, ()), line])

    def joined(self, device: int, key: Key) -> Joined | None:
        page = self._pages.get(device)
        return page.joined.get(key) if page else None

    def all_joined(self, device: int | None = None) -> list[tuple[int, Key, Joined]]:
        """What lasts as a line of another alert, of one device or of all."""
        pages = (
            self._pages.items() if device is None else [(device, self._pages[device])] if device in self._pages else []
        )
        return [(d, key, joined) for d, page in pages for key, joined in page.joined.items()]

    def part(self, device: int, key: Key) -> Joined:
        """The state of `key` is no line of its host any longer; what was told of it there stays."""
        return self._pages[device].joined.pop(key)

    def end_line(self, device: int, joined: Joined, line: dict[str, Any]) -> None:
        """Replace the host's line that began when `joined` did by `line`."""
        host = self._latest(device, joined.host_id)
        same = [
            i for i, old in enumerate(host.detail[JOINED]) if (old["rule"], old["from"]) == (line["rule"], line["from"])
        ]
        lines = list(host.detail[JOINED])
        lines[same[-1]] = line
        self._amend(device, host, lines)

    def host_is_over(self, device: int, host: Key, over_s: float, told_s: float) -> None:
        """Note for the lines of `host` that its end was seen at `over_s`."""
        page = self._pages[device]
        for key, joined in page.joined.items():
            if joined.host == host and joined.over_s != joined.over_s:
                page.joined[key] = replace(joined, over_s=over_s, told_s=told_s)

    def _latest(self, device: int, identity: str) -> Alert:
        page = self._pages[device]
        return page.since_older.get(identity) or next(a for a in page.open.values() if a.id == identity)

    def _amend(self, device: int, host: Alert, lines: list[dict[str, Any]]) -> None:
        page = self._pages[device]
        alert = replace(host, detail=host.detail | {JOINED: lines})
        for key, value in page.open.items():
            if value.id == host.id:
                page.open[key] = alert
        page.touch(alert)
        self._tell(device, AlertChange(Change.JOINED, alert, host))

    def _tell(self, device: int, change: AlertChange) -> None:
        revision = self._revised.get(device)
        if revision is None:
            self._changes.append(change)
        else:
            revision.after[change.alert.id] = change.alert

    def keep(self, devices: Iterable[int]) -> None:
        """Age the snapshots of `devices`, as :meth:`StateTable.keep` does for their states."""
        for device in devices:
            page = self._pages.get(device)
            if page is None:
                continue
            page.open_older, page.open_newer = page.open_newer, dict(page.open)
            page.joined_older, page.joined_newer = page.joined_newer, dict(page.joined)
            page.since_older, page.since_newer = page.since_newer, {}
            if page.empty():
                del self._pages[device]

    def rewind(self, devices: Iterable[int]) -> None:
        """Return `devices` to their older snapshot and begin their revision."""
        for device in devices:
            page = self._pages.setdefault(device, _Page())
            self._revised[device] = _Revision(page.view(), page.held())
            page.open, page.open_newer = dict(page.open_older), dict(page.open_older)
            page.joined, page.joined_newer = dict(page.joined_older), dict(page.joined_older)
            page.since_newer, page.since_older = {}, {}

    def revise(
        self,
        device: int,
        known: Sequence[Alert],
        open_older: dict[Key, Alert] | None = None,
        joined_older: dict[Key, Joined] | None = None,
    ) -> None:
        """Begin the revision of `device` against `known` alerts, from a state in which `open_older` are open and
        `joined_older` lines of others."""
        page = self._pages[device] = _Page()
        page.open_older, page.joined_older = dict(open_older or {}), dict(joined_older or {})
        page.open, page.open_newer = dict(page.open_older), dict(page.open_older)
        page.joined, page.joined_newer = dict(page.joined_older), dict(page.joined_older)
        self._revised[device] = _Revision({a.id: a for a in known}, page.held())

    def open_older(self) -> list[tuple[int, Key, Alert]]:
        return [(d, k, a) for d, page in self._pages.items() for k, a in page.open_older.items()]

    def joined_older(self) -> list[tuple[int, Key, Joined]]:
        return [(d, k, j) for d, page in self._pages.items() for k, j in page.joined_older.items()]

    def told_since_older(self) -> list[Alert]:
        """The latest form of every alert that was told of fixes later than the older snapshots."""
        return [a for page in self._pages.values() for a in page.since_older.values()]

    def settle(self, *, but: Iterable[int] = ()) -> tuple[AlertChange, ...]:
        """End all revisions `but` those of some devices, and hand out every change since the last call."""
        going_on = {device: self._revised.pop(device) for device in but if device in self._revised}
        for device, revision in self._revised.items():
            # A page on which nothing was left has been torn out.
            page = self._pages.get(device) or _Page()
            self._changes.extend(self._compared(page, revision.before, revision.after))
        self._revised = going_on
        changes, self._changes = self._changes, []
        return tuple(changes)

    def _compared(self, page: _Page, before: dict[str, Alert], after: dict[str, Alert]) -> list[AlertChange]:
        gone = [a for i, a in before.items() if i not in after]
        changes: list[AlertChange] = []
        for alert in after.values():
            old = before.get(alert.id)
            if old is None:
                old = next((g for g in gone if _same_state(g, alert)), None)
                if old is None:
                    changes.append(AlertChange(Change.RAISED, alert))
                    continue
                gone.remove(old)
                alert = self._renamed(page, alert, old.id)
            if alert != old:
                changes.append(AlertChange(_what_changed(old, alert), alert, old))
        changes.extend(AlertChange(Change.WITHDRAWN, a, a) for a in gone)
        return changes

    @staticmethod
    def _renamed(page: _Page, alert: Alert, identity: str) -> Alert:
        """Give `alert` the identity it was first known by, so that people's work on it stays with it."""
        renamed = replace(alert, id=identity)
        for alerts in (page.open, page.open_newer, page.open_older):
            for key, value in alerts.items():
                if value.id == alert.id:
                    alerts[key] = replace(value, id=identity)
        for lines in (page.joined, page.joined_newer, page.joined_older):
            for key, joined in lines.items():
                if joined.host_id == alert.id:
                    lines[key] = replace(joined, host_id=identity)
        for touched in (page.since_newer, page.since_older):
            if alert.id in touched:
                touched[identity] = replace(touched.pop(alert.id), id=identity)
        return renamed


def _what_changed(old: Alert, new: Alert) -> Change:
    if old.end_s is None and new.end_s is not None and new == old.ended(new.end_s, **new.detail):
        return Change.ENDED
    lines = {JOINED: new.detail[JOINED]} if JOINED in new.detail else {}
    return Change.JOINED if lines and new == replace(old, detail=old.detail | lines) else Change.AMENDED


def _same_state(a: Alert, b: Alert) -> bool:
    """Whether two forms tell of one state: the same rule and duty, at overlapping times."""
    if (a.rule, a.device, a.duty) != (b.rule, b.device, b.duty):
        return False
    a_end = a.end_s if a.end_s is not None else float("inf")
    b_end = b.end_s if b.end_s is not None else float("inf")
    return a.start_s <= b_end and b.start_s <= a_end
