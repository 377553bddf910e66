"""What every command has in common: it begins at once, and a user's mistake is one line."""

import importlib
import subprocess
import sys

import pytest

from console.cli import _MISTAKES

ASKED = """
import sys
from console.cli import main
sys.argv = {arguments!r}
try:
    main()
finally:
    print(sorted(sys.modules))
"""


def ducha(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs it and prints what was loaded."""
    code = ASKED.format(arguments=["ducha", *arguments])
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("module", _MISTAKES)
def test_each_mistake_is_an_error_of_its_module(module: str) -> None:
    assert issubclass(getattr(importlib.import_module(module), _MISTAKES[module]), Exception)


def test_help_loads_no_server_and_no_database() -> None:
    done = ducha("--help")
    assert done.returncode == 0
    assert "'typer'" in done.stdout
    for heavy in ("fastapi", "psycopg", "numpy", "av", "cv2"):
        assert f"'{heavy}'" not in done.stdout


def test_a_mistake_is_one_line_and_status_2() -> None:
    done = ducha("replay", "no-such.csv", "--plan", "no-such.geojson", "--out", "out.jsonl")
    assert done.returncode == 2
    assert done.stderr.startswith("ducha: no-such.geojson: ")
    assert done.stderr.count("\n") == 1
