"""`python -m benchmarks.judge --seed 7 --windows 400 --out DIR`: exit 0 passed, 1 not passed, 2 could not judge."""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.judge import deciders, files
from benchmarks.judge.deal import Exhausted, deal
from benchmarks.judge.replay import NoReplay, replay
from benchmarks.judge.report import table, write_report
from benchmarks.judge.score import Score, score
from benchmarks.judge.sources import DATA, MissingData, load

RECALL = 0.98
FALSE_PER_HOUR = 0.01


def main() -> int:
    """Deals, replays, scores and prints."""
    asked = _arguments()
    try:
        windows = deal(load(asked.data), asked.seed, asked.windows)
    except (MissingData, Exhausted) as error:
        print(f"judge: {error}", file=sys.stderr)
        return 2
    scores: dict[str, Score] = {}
    with tempfile.TemporaryDirectory(prefix="judge-") as scratch:
        asked.out.mkdir(parents=True, exist_ok=True)
        folder = asked.out if asked.keep else Path(scratch)
        traces, plan, alerts = folder / "traces.csv", folder / "plan.geojson", folder / "alerts.jsonl"
        fixes = files.write_traces(windows, traces, np.random.default_rng([asked.seed, asked.windows]))
        files.write_plan(windows, plan)
        if not asked.no_replay:
            try:
                alerts.unlink(missing_ok=True)
                took = replay(traces, plan, alerts)
                scores["ducha"] = score(windows, files.read_alerts(alerts))
            except (NoReplay, files.UnreadableAlerts) as error:
                print(f"judge: {error}", file=sys.stderr)
                return 2
            print(f"{fixes} fixes of {len(windows)} windows replayed in {took:.1f} s")
    scores["one fix"] = score(windows, [a for w in windows for a in deciders.one_fix(w)])
    scores["median 50 s"] = score(windows, [a for w in windows for a in deciders.median(w)])
    print(table(scores))
    write_report(asked.out / "report.json", windows, scores)
    if asked.no_replay:
        return 0
    ours = scores["ducha"]
    passed = ours.recall >= RECALL and ours.false_per_hour <= FALSE_PER_HOUR
    print(f"{'passed' if passed else 'NOT passed'}: recall {ours.recall:.3f}, {ours.false_per_hour:.4f} false an hour")
    return 0 if passed else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--windows", type=int, default=400)
    parser.add_argument("--out", type=Path, required=True, help="folder for report.json")
    parser.add_argument("--keep", action="store_true", help="leave traces.csv, plan.geojson, alerts.jsonl in --out")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the real traces")
    parser.add_argument("--no-replay", action="store_true", help="only the built-in deciders")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
