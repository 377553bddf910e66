"""The evidence screen has Chinese words for what verification finds."""

from pathlib import Path

import pytest

import console.api.app
from store.evidence.continuity import OF_THE_LOG
from store.evidence.data import Fault
from store.evidence.spans import Standing

WORDS = Path(console.api.app.__file__).parents[1] / "web" / "src" / "i18n"
DETAILS = sorted([*OF_THE_LOG, *(fault.value for fault in Fault), *(standing.value for standing in Standing)])


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_finding_is_said_in_words(detail: str, language: str) -> None:
    assert f'"finding.{detail}": "' in (WORDS / f"{language}.ts").read_text()
