"""How long a viewer who looks already may go on."""

import asyncio
from collections.abc import Iterator

import pytest

from console.live import right
from console.live.right import Right
from store.errors import NotFound, StoreUnavailable
from store.looks import PurposeNeeded
from store.times import moment

Said = float | Exception | None


class Clock:
    """Unix seconds, set by the test."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Asked:
    """Answers with one after the other, and counts."""

    def __init__(self, *said: Said) -> None:
        self._said: Iterator[Said] = iter(said)
        self.times = 0

    async def __call__(self) -> float | None:
        self.times += 1
        said = next(self._said)
        if isinstance(said, Exception):
            raise said
        return said


def test_it_holds_without_being_asked_for_until_its_end_and_ends_then() -> None:
    clock, asked = Clock(), Asked(1005.0, PurposeNeeded("room-1", moment(1005.0)))
    viewer = Right(asked, clock)
    found = []
    for clock.now_s in (1000.0, 1003.0, 1004.9, 1005.0):
        found.append(asyncio.run(viewer.ended()))
    assert found == [None, None, None, str(PurposeNeeded("room-1", moment(1005.0)))]
    assert asked.times == 2


def test_what_was_said_again_before_the_end_holds_on() -> None:
    clock, asked = Clock(), Asked(1005.0, 1009.0)
    viewer = Right(asked, clock)
    assert asyncio.run(viewer.ended()) is None
    clock.now_s = 1005.0
    assert asyncio.run(viewer.ended()) is None


@pytest.mark.parametrize("refusal", [PurposeNeeded("room-1", None), NotFound("no such camera")])
def test_what_has_no_end_is_asked_for_again_and_again(monkeypatch: pytest.MonkeyPatch, refusal: Exception) -> None:
    monkeypatch.setattr(right, "ASK_S", 0.0)
    asked = Asked(None, None, refusal)
    viewer = Right(asked, Clock())
    assert [asyncio.run(viewer.ended()) for _ in range(3)] == [None, None, str(refusal)]


def test_while_the_store_is_away_it_holds_to_its_end_and_not_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(right, "ASK_S", 0.0)
    clock, asked = Clock(), Asked(1005.0, StoreUnavailable("away"), StoreUnavailable("away"))
    viewer = Right(asked, clock)
    assert [asyncio.run(viewer.ended()) for _ in range(2)] == [None, None]
    clock.now_s = 1005.0
    assert "away" in (asyncio.run(viewer.ended()) or "")
