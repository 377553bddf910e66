"""Every kind of problem is one that is known, and the screens have words for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import console.api.app  # imports whatever the server can answer with
from console.api.problems import TITLES
from console.problem_kinds import Kind
from ingest.cameras.whip_offer import Refusal
from store.errors import Conflict, InvalidRecord

# What these say, their statuses say.
BY_STATUS = {
    Kind.HTTP,
    Kind.NOT_FOUND,
    Kind.METHOD,
    Kind.TOO_LARGE,
    Kind.TOO_SLOW,
    Kind.CONTENT_TYPE,
    Kind.FOREIGN_HOST,
    Kind.CROSS_ORIGIN,
    Kind.FAULT,
}
WORDS = Path(console.api.app.__file__).parents[1] / "web" / "src" / "i18n"


def cases(error: type[Exception]) -> Iterator[type[Exception]]:
    for case in error.__subclasses__():
        yield case
        yield from cases(case)


@pytest.mark.parametrize("case", [InvalidRecord, *cases(InvalidRecord), *cases(Conflict)])
def test_each_case_of_the_store_is_a_kind(case: type[InvalidRecord | Conflict]) -> None:
    assert case.kind in set(Kind)


def test_each_refusal_of_a_publisher_is_a_kind() -> None:
    assert set(Refusal) <= set(Kind)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_screens_have_words_for_each_kind_and_each_status(language: str) -> None:
    words = (WORDS / f"{language}.ts").read_text("utf-8")
    told = [*(kind for kind in Kind if kind not in BY_STATUS), *TITLES]
    assert [word for word in told if f'"problem.{word}": "' not in words] == []
