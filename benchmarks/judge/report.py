"""The judgement on paper: a table for people, a JSON file for whoever mends a rule."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.judge.files import stamp
from benchmarks.judge.measure import measure
from benchmarks.judge.score import Score, Verdict
from benchmarks.judge.window import Raised, Window


def table(scores: Mapping[str, Score]) -> str:
    """Recall by act, false alerts by kind of window and by rule, one column a decider."""
    any_score = next(iter(scores.values()))
    lines = [_row("", "windows", scores), _row("acts: found / planted", "", {})]
    for kind in sorted(any_score.asked):
        cells = {name: _found(s, kind) for name, s in scores.items()}
        lines.append(_row(f"  {kind}", str(any_score.asked[kind]), cells))
    lines.append(_row("  recall", "", {name: f"{s.recall:.3f}" for name, s in scores.items()}))
    lines.append(_row("false alerts, by story", "", {}))
    for kind in sorted(any_score.windows_by_kind):
        cells = {name: str(s.false_by_kind[kind]) for name, s in scores.items()}
        lines.append(_row(f"  {kind}", str(any_score.windows_by_kind[kind]), cells))
    lines.append(_row("false alerts, by rule", "", {}))
    rules = sorted({rule for s in scores.values() for rule in s.false_by_rule})
    lines.extend(_row(f"  {rule}", "", {n: s.false_by_rule[rule] for n, s in scores.items()}) for rule in rules)
    hours = f"{any_score.hours:.0f} h"
    lines.append(_row("  a device-hour", hours, {n: f"{s.false_per_hour:.4f}" for n, s in scores.items()}))
    lines.append(_row("not counted", "", {}))
    uncounted: tuple[Verdict, ...] = ("repeat", "mistimed", "related", "arguable", "grey")
    lines.extend(_row(f"  {v}", "", {n: s.verdicts[v] for n, s in scores.items()}) for v in uncounted)
    return "\n".join(lines)


def _row(title: str, count: str, cells: Mapping[str, Any]) -> str:
    shown = [name if isinstance(cell, Score) else str(cell) for name, cell in cells.items()]
    return f"{title:<28}{count:>8}" + "".join(f"{cell:>24}" for cell in shown)


def _found(s: Score, kind: str) -> str:
    late = f" {np.median(s.delays[kind]):.0f}..{max(s.delays[kind]):.0f} s" if s.delays[kind] else ""
    return f"{s.found[kind]}/{s.asked[kind]}{late}"


def write_report(path: Path, windows: Sequence[Window], scores: Mapping[str, Score]) -> None:
    """Misses and every alert that is no hit, with the window it came from, and the truth that was checked."""
    document = {
        "truth": truth_ranges(windows),
        "deciders": {name: _decider(s) for name, s in scores.items()},
    }
    path.write_text(json.dumps(document, indent=1))


def truth_ranges(windows: Sequence[Window]) -> dict[str, dict[str, list[float]]]:
    """Least and greatest of each figure by kind, measured on the noise-free truth: acts exceed, near misses don't."""
    figures: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for window in windows:
        found = measure(window.scene, window.duty, window.t)
        of_kind = figures[window.story.kind]
        of_kind["outside_s"].append(found.outside_s)
        of_kind["depth_m"].append(round(found.depth_m, 1))
        of_kind["stay_s"].append(found.stay_s)
        of_kind["silence_s"].append(found.silence_s)
        of_kind["unvisited"].append(float(found.unvisited))
        of_kind["minutes"].append(round(window.length_s / 60, 1))
    return {k: {name: [min(v), max(v)] for name, v in of.items()} for k, of in sorted(figures.items())}


def _decider(s: Score) -> dict[str, Any]:
    return {
        "recall": s.recall,
        "false_per_hour": s.false_per_hour,
        "hours": s.hours,
        "verdicts": dict(s.verdicts),
        "missed": [{**_window(w), "alerts": [_alert(w, a) for a in raised]} for w, raised in s.missed],
        "alerts": [
            {"verdict": verdict, **_window(w), "alert": _alert(w, a)} for verdict, w, a in s.judged if verdict != "hit"
        ],
        "unknown_devices": sorted({a.device for a in s.strangers}),
    }


def _window(w: Window) -> dict[str, Any]:
    return {
        "device": w.device,
        "kind": w.story.kind,
        "shape": w.duty.shape,
        "source": w.source,
        "interval_s": w.interval_s,
        "duty": [stamp(w.start_s), stamp(w.start_s + w.length_s)],
        "story": [stamp(w.start_s + w.story.onset_s), stamp(w.start_s + w.story.end_s)],
    }


def _alert(w: Window, a: Raised) -> dict[str, Any]:
    onset = w.start_s + w.story.onset_s
    return {
        "rule": a.rule,
        "from": stamp(a.from_s),
        "to": None if a.to_s is None else stamp(a.to_s),
        "noticed": stamp(a.noticed_s),
        "from_after_onset_s": round(a.from_s - onset, 1),
        "noticed_after_onset_s": round(a.noticed_s - onset, 1),
        "detail": dict(a.detail),
    }
