"""Alerts against stories: what was found in time, what was raised for nothing, what only has to do with an act."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from benchmarks.judge.window import Raised, Window

ONSET_S = 90.0
GRACE_S = 60.0
_AROUND_S = 120.0
LIMIT_S = {
    "off-route": 60.0,
    "out-of-area": 60.0,
    "overtime-stop": 600.0,
    "signal-lost": 180.0,
    "off-post": 300.0,
}

# What an act may bring about beside its own rule. A detour misses what it goes around; a long stop and a long
# silence are close to no patrol; an abrupt detour is a jump.
_RELATED = {
    "detour": {"missed-checkpoint", "not-on-patrol"},
    "detour-abrupt": {"missed-checkpoint", "not-on-patrol", "implausible-position"},
    "stop-14min": {"not-on-patrol"},
    "silence": {"not-on-patrol"},
    "excursion": {"not-on-patrol"},
}
# A kilometre in a second is implausible, 70 m by multipath too: a bureau may want to hear of it or not.
_ARGUABLE = {"wild-fixes", "stop-14min", "stop-8min", "detour-75s-abrupt"}

Verdict = Literal["hit", "repeat", "mistimed", "related", "arguable", "grey", "false"]


@dataclass(slots=True)
class Score:
    """What one decider did on one deal."""

    hours: float = 0.0
    found: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    false_by_rule: Counter[str] = field(default_factory=Counter)
    false_by_kind: Counter[str] = field(default_factory=Counter)
    hours_by_kind: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    windows_by_kind: Counter[str] = field(default_factory=Counter)
    delays: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    onsets: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    judged: list[tuple[Verdict, Window, Raised]] = field(default_factory=list)
    missed: list[tuple[Window, list[Raised]]] = field(default_factory=list)
    strangers: list[Raised] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return sum(self.found.values()) / max(1, sum(self.asked.values()))

    @property
    def false_per_hour(self) -> float:
        return (self.verdicts["false"] + len(self.strangers)) / max(1e-9, self.hours)


def score(windows: Sequence[Window], alerts: Iterable[Raised]) -> Score:
    """Judges every alert of a replay over `windows`."""
    result = Score()
    of_device: defaultdict[str, list[Raised]] = defaultdict(list)
    for alert in alerts:
        of_device[alert.device].append(alert)
    for window in windows:
        kind = window.story.kind
        raised = sorted(of_device.pop(window.device, []), key=lambda a: (a.from_s, a.noticed_s))
        result.hours += window.hours
        result.hours_by_kind[kind] += window.hours
        result.windows_by_kind[kind] += 1
        hit = next((a for a in raised if _is_hit(window, a)), None)
        if window.story.nature == "act":
            result.asked[kind] += 1
            if hit is None:
                result.missed.append((window, raised))
            else:
                result.found[kind] += 1
                onset = window.start_s + window.story.onset_s
                result.onsets[kind].append(hit.from_s - onset)
                result.delays[kind].append(hit.noticed_s - onset)
        for alert in raised:
            verdict: Verdict = "hit" if alert is hit else _verdict(window, alert, hit)
            result.verdicts[verdict] += 1
            result.judged.append((verdict, window, alert))
            if verdict == "false":
                result.false_by_rule[alert.rule] += 1
                result.false_by_kind[kind] += 1
    result.strangers = [a for rest in of_device.values() for a in rest]
    return result


def _is_hit(window: Window, alert: Raised) -> bool:
    story = window.story
    if story.nature != "act" or alert.rule != story.rule:
        return False
    end = window.start_s + window.length_s
    if story.rule == "missed-checkpoint":
        return window.start_s <= alert.from_s <= end and alert.noticed_s <= end + GRACE_S
    assert story.rule is not None
    onset = window.start_s + story.onset_s
    in_time = alert.noticed_s <= onset + LIMIT_S[story.rule] + GRACE_S
    return abs(alert.from_s - onset) <= ONSET_S and in_time


def _verdict(window: Window, alert: Raised, hit: Raised | None) -> Verdict:
    story = window.story
    from_s, to_s = window.start_s + story.onset_s, window.start_s + story.end_s
    until = max(alert.from_s, alert.to_s if alert.to_s is not None else alert.noticed_s)
    # A missed checkpoint is said at the end of the duty, whenever the act was that kept the device from it.
    overlaps = alert.rule == "missed-checkpoint" or (alert.from_s <= to_s + _AROUND_S and until >= from_s - _AROUND_S)
    if overlaps and story.nature == "grey" and alert.rule == "off-route":
        return "grey"
    if overlaps and story.nature == "act":
        if alert.rule == story.rule:
            return "mistimed" if hit is None else "repeat"
        if alert.rule in _RELATED.get(story.kind, set()):
            return "related"
    if overlaps and alert.rule == "implausible-position" and story.kind in _ARGUABLE:
        return "arguable"
    return "false"
