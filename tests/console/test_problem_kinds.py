"""Every kind of problem is one that is known."""

from collections.abc import Iterator

import pytest

import console.api.app  # noqa: F401  imports whatever the server can answer with
from console.problem_kinds import Kind
from ingest.cameras.whip_offer import Refusal
from store.errors import Conflict, InvalidRecord


def cases(error: type[Exception]) -> Iterator[type[Exception]]:
    for case in error.__subclasses__():
        yield case
        yield from cases(case)


@pytest.mark.parametrize("case", [InvalidRecord, *cases(InvalidRecord), *cases(Conflict)])
def test_each_case_of_the_store_is_a_kind(case: type[InvalidRecord | Conflict]) -> None:
    assert case.kind in set(Kind)


def test_each_refusal_of_a_publisher_is_a_kind() -> None:
    assert set(Refusal) <= set(Kind)
