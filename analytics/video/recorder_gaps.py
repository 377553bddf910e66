"""What a recorder itself leaves out: told once, of the recorder, and not once of each stream that it should have kept.

A county's recorder that is down for a minute makes a gap in a hundred streams, for one reason; two people need to hear
of it once. Only in an interrogation room what is missing is a finding of the room's own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from analytics.alerts import Alert, Because, Grade
from analytics.rulebook import Rule, Rulebook
from analytics.video.lasting import Lasting
from analytics.video.rules.recording_gap import RULE
from analytics.video.standing import Changes, Standing, Subject, ended_alert, raise_alert

OWN_REASONS = frozenset({"process-restart", "stopped", "disk-full", "disk-slow", "clock-step"})
"""Why a recorder leaves something out of all that it records."""

SETTLED_S = 15.0  # a gap that lasts is declared every 10 s, and after a restart camera follows camera


DISK_SETTLED_S = 25.0  # a disk that is full to the brim has room for a few seconds every now and then
_SETTLED_S = {"disk-full": DISK_SETTLED_S, "disk-slow": DISK_SETTLED_S}


def settled_s(reason: str) -> float:
    """How long nothing more must be declared for a reason until it is over."""
    return _SETTLED_S.get(reason, SETTLED_S)


def is_recorders(alert: Alert) -> bool:
    """Whether an alert tells of what a recorder itself left out."""
    return alert.rule == RULE.id and "cameras" in alert.detail


def is_own(reason: str, *, interrogation: bool) -> bool:
    """Whether a gap is told of the recorder rather than of the camera, which is in an interrogation room or is not."""
    return reason in OWN_REASONS and not interrogation


@dataclass(frozen=True, slots=True)
class Hole:
    """A gap in one stream of `camera` as the recorder declared it, in Unix seconds."""

    camera: str
    from_s: float
    to_s: float
    reason: str


@dataclass(slots=True)
class _Own:
    """A gap that is being told: as far as it is known, and when it was last heard of."""

    standing: Standing
    from_s: float
    to_s: float
    heard_s: float
    cameras: set[str] = field(default_factory=set)


class RecorderWatcher:
    """Follows one recorder, or what it leaves out of one interrogation room's camera, which is of a `grade` of its own.
    `known` are the alerts about it that are open, and those that ended lately: what they told of is not told again."""

    def __init__(
        self, recorder: str, rules: Rulebook, known: Sequence[Alert], now_s: float, grade: Grade | None = None
    ) -> None:
        self._recorder = recorder
        self._grade = grade
        self._rules = rules
        self._own: dict[str, _Own] = {}  # by reason
        self._told = [alert for alert in known if alert.end_s is not None]
        for alert in known:
            if alert.end_s is None:
                self._own[str(alert.detail.get("reason"))] = _Own(
                    Standing.resumed(alert),
                    alert.start_s,
                    alert.start_s,
                    now_s,
                    set(map(str, alert.detail.get("cameras", ()))),
                )

    def use(self, rules: Rulebook, t_s: float) -> Changes:
        """Go by `rules` from `t_s` on; what is open ends where the rule is off, and says that this is why."""
        self._rules = rules
        if rules[RULE.id].enabled:
            return ()
        own, self._own = self._own, {}
        return tuple(
            change for gap in own.values() for change in ended_alert(gap.standing, t_s, ended_because=Because.RULE_OFF)
        )

    def gaps(self, holes: Iterable[Hole], now_s: float) -> Changes:
        """What is to be told at `now_s`, the recorder having declared `holes` since the last time."""
        rule = self._rules[RULE.id]
        if not rule.enabled:
            return ()
        changes: Changes = ()
        for hole in sorted(holes, key=lambda each: (each.from_s, each.to_s, each.camera)):
            if hole.reason in OWN_REASONS and not self._is_told(hole):
                changes += self._take(rule, hole, now_s)
        for reason, own in list(self._own.items()):
            over = now_s - own.heard_s >= settled_s(reason)
            changes += self._end(rule, reason, now_s) if over else self._raise_due(rule, reason, now_s)
        return changes

    def _take(self, rule: Rule, hole: Hole, now_s: float) -> Changes:
        changes: Changes = ()
        own = self._own.get(hole.reason)
        if own is not None and hole.from_s > own.to_s + settled_s(hole.reason):
            changes, own = self._end(rule, hole.reason, now_s), None
        if own is None:
            own = self._own[hole.reason] = _Own(Standing(), hole.from_s, hole.to_s, now_s)
        own.to_s, own.heard_s = max(own.to_s, hole.to_s), now_s
        own.cameras.add(hole.camera)
        return changes

    def _raise_due(self, rule: Rule, reason: str, now_s: float) -> Changes:
        own = self._own[reason]
        missing_s = own.to_s - own.from_s
        if own.standing.alert is not None or missing_s <= rule["seconds"]:
            return ()
        lasting = Lasting(start_s=own.from_s, seen_s=missing_s, on=True)
        own.standing, raised = raise_alert(
            rule, Subject(self._recorder, part=reason), lasting, now_s, grade=self._grade, reason=reason,
            limit_s=rule["seconds"], cameras=sorted(own.cameras), frames=[],
        )  # fmt: skip
        return raised

    def _end(self, rule: Rule, reason: str, now_s: float) -> Changes:
        raised = self._raise_due(rule, reason, now_s)
        own = self._own.pop(reason)
        return raised + ended_alert(own.standing, own.to_s, cameras=sorted(own.cameras))

    def _is_told(self, hole: Hole) -> bool:
        return any(
            alert.detail.get("reason") == hole.reason
            and alert.end_s is not None
            and alert.start_s - SETTLED_S <= hole.from_s
            and hole.to_s <= alert.end_s + SETTLED_S
            for alert in self._told
        )
