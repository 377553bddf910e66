"""Score alerts against the truth of a simulated county: `python benchmarks/score.py alerts.jsonl truth.jsonl`.

An act is found when an alert of its rule and device begins within it (from 90 s before), and found in time when that
alert was noticed within the rule's limit and 60 s. An alert that tells of no act, be it only a side effect of one, is
false. Exit 0 when recall is at least .98 and there is at most one false alert per 24 h and 20 devices, else 1.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

LIMIT_S = {
    "off-route": 60.0,
    "out-of-area": 60.0,
    "overtime-stop": 600.0,
    "not-on-patrol": 900.0,
    "missed-checkpoint": 0.0,
    "off-post": 300.0,
    "off-standby": 60.0,
    "signal-lost": 180.0,
    "implausible-position": 120.0,
    "speeding": 30.0,
}
EARLY_S, SLACK_S = 90.0, 60.0
LEAST_RECALL, MOST_FALSE = 0.98, 1.0


@dataclass(slots=True)
class Span:
    """One line of either file, its times in Unix seconds."""

    rule: str
    device: str
    from_s: float
    to_s: float
    noticed_s: float
    side_effect: bool
    line: dict[str, Any]

    def covers(self, alert: "Span") -> bool:
        """Whether `alert` tells of this act."""
        late = EARLY_S if self.rule == "missed-checkpoint" else 0.0
        return (self.rule, self.device) == (
            alert.rule,
            alert.device,
        ) and self.from_s - EARLY_S <= alert.from_s <= self.to_s + late

    def due_s(self) -> float:
        """When the alert should have been noticed at the latest."""
        start = self.to_s if self.rule == "missed-checkpoint" else self.from_s
        return start + LIMIT_S.get(self.rule, 60.0) + SLACK_S


@dataclass(slots=True)
class Tally:
    """The score of one rule."""

    acts: int = 0
    found: int = 0
    in_time: int = 0
    errors_s: list[float] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)
    false: int = 0
    missed: list[Span] = field(default_factory=list)
    wrong: list[Span] = field(default_factory=list)


def read(file: Path) -> list[Span]:
    """The alerts or acts in a file of JSON lines."""
    return [_span(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def _span(line: dict[str, Any]) -> Span:
    from_s = _seconds(line["from"])
    to_s = _seconds(line["to"]) if line.get("to") else float("inf")
    noticed = line.get("detail", {}).get("noticed")
    noticed_s = _seconds(noticed) if noticed is not None else from_s
    return Span(line["rule"], line["device"], from_s, to_s, noticed_s, bool(line.get("side_effect")), line)


def _seconds(value: str | float) -> float:
    return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else float(value)


def score(alerts: list[Span], truth: list[Span]) -> dict[str, Tally]:
    """The tally of each rule."""
    tallies: dict[str, Tally] = {}
    by_device: dict[tuple[str, str], list[Span]] = {}
    for alert in alerts:
        by_device.setdefault((alert.rule, alert.device), []).append(alert)
    acts_of: dict[tuple[str, str], list[Span]] = {}
    for act in truth:
        acts_of.setdefault((act.rule, act.device), []).append(act)
        if act.side_effect:
            continue
        tally = tallies.setdefault(act.rule, Tally())
        tally.acts += 1
        told = [a for a in by_device.get((act.rule, act.device), []) if act.covers(a)]
        timely = [a for a in told if a.noticed_s <= act.due_s()]
        tally.found += bool(told)
        tally.in_time += bool(timely)
        if not timely:
            tally.missed.append(act)
        if told:
            first = min(told, key=lambda a: a.noticed_s)
            tally.delays_s.append(first.noticed_s - (act.due_s() - SLACK_S))
            if act.rule != "missed-checkpoint":
                tally.errors_s.append(abs(first.from_s - act.from_s))
    for alert in alerts:
        if not any(act.covers(alert) for act in acts_of.get((alert.rule, alert.device), [])):
            tally = tallies.setdefault(alert.rule, Tally())
            tally.false += 1
            tally.wrong.append(alert)
    return tallies


def table(tallies: dict[str, Tally]) -> str:
    """The tallies for a person to read."""
    head = ("rule", "acts", "found", "in time", "onset error med/max s", "past limit max s", "false")
    rows = [_row(head)]
    for rule, t in sorted(tallies.items()):
        errors = f"{statistics.median(t.errors_s):.0f} / {max(t.errors_s):.0f}" if t.errors_s else "–"
        delay = f"{max(t.delays_s):.0f}" if t.delays_s else "–"
        rows.append(_row((rule, t.acts, t.found, t.in_time, errors, delay, t.false)))
    return "\n".join(rows)


def _row(cells: Sequence[object]) -> str:
    widths = (-22, 5, 6, 8, 23, 18, 6)
    return "".join(f"{c!s:{'<' if w < 0 else '>'}{abs(w)}}" for c, w in zip(cells, widths, strict=True))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("alerts", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--devices", type=float, default=160)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--list", action="store_true", help="list every missed act and false alert")
    options = parser.parse_args(arguments)
    try:
        alerts, truth = read(options.alerts), read(options.truth)
    except (OSError, ValueError, KeyError) as error:
        print(f"can't be read: {error}; expected JSON lines of alerts and of acts", file=sys.stderr)
        return 2
    tallies = score(alerts, truth)
    acts = sum(t.acts for t in tallies.values())
    recall = sum(t.in_time for t in tallies.values()) / acts if acts else 1.0
    rate = sum(t.false for t in tallies.values()) / (options.hours / 24 * options.devices / 20)
    good = recall >= LEAST_RECALL and rate <= MOST_FALSE
    print(table(tallies))
    verdict = "good" if good else "not good"
    print(f"recall {recall:.3f} of {acts} acts; {rate:.2f} false alerts per 24 h and 20 devices: {verdict}")
    if options.list:
        for rule, tally in sorted(tallies.items()):
            for word, spans in (("missed", tally.missed), ("false", tally.wrong)):
                for s in spans:
                    print(f"{word} {rule}: {json.dumps(s.line, ensure_ascii=False)}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
