"""The front end against its own checks and the server's words."""

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from analytics.catalogue import all_rules
from console.api.__main__ import document

WEB = Path(__file__).resolve().parents[2] / "console" / "web"


def build_hook() -> ModuleType:
    """The module that builds the pages, which is no part of the installed packages."""
    spec = importlib.util.spec_from_file_location("build_hook", WEB / "build_hook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_kept_openapi_document_is_the_servers() -> None:
    kept = (WEB / "openapi.json").read_text("utf-8")
    assert kept == document(), "run: make openapi"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_rule_has_a_name_in_both_languages(language: str) -> None:
    words = (WEB / "src" / "i18n" / f"{language}.ts").read_text("utf-8")
    assert [rule for rule in all_rules().rules if f'"rule.{rule}":' not in words] == []


@pytest.mark.parametrize("script", ["check", "test"])
def test_the_front_ends_types_and_tests_hold(script: str) -> None:
    npm, environment = build_hook().find_npm()
    if not (WEB / "node_modules").is_dir():
        subprocess.run([*npm, "ci", "--ignore-scripts"], cwd=WEB, env=environment, check=True)
    done = subprocess.run([*npm, "run", script], cwd=WEB, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
