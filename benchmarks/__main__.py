"""`python -m benchmarks [--only engine,replay,…] [--quick]`: measures, and prints the README's table."""

import os

# Before NumPy is imported: one thread, so that "one core" means one.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks.figures import Figure, markdown
from benchmarks.subjects import LONG, SUBJECTS, measure


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", default=",".join(SUBJECTS), help=f"subjects, joined by commas: %(default)s; or {', '.join(LONG)}"
    )
    parser.add_argument("--quick", action="store_true", help="shorter runs: a look, not a figure to quote")
    asked = parser.parse_args()
    subjects = asked.only.split(",")
    if unknown := set(subjects) - {*SUBJECTS, *LONG}:
        parser.error(f"{', '.join(sorted(unknown))}: expected some of {', '.join((*SUBJECTS, *LONG))}")
    figures: list[Figure] = []
    load = os.getloadavg()[0]  # of what runs beside it
    for subject in subjects:
        print(f"{subject} …", file=sys.stderr)
        # A process of its own, so that no subject pays for another's memory.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            figures += process.submit(measure, subject, quick=asked.quick).result()
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
    print(f"{machine}, load {load:.1f} before it began; best of three runs unless said otherwise.\n")
    print(markdown(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
