"""A viewer's right to see a camera, asked for again for as long as they look: a purpose holds for a shift, and a camera
may be set up to film another room."""

import asyncio
from collections.abc import Awaitable, Callable

from store.errors import NotFound, StoreUnavailable
from store.looks import PurposeNeeded

ASK_S = 10.0


class Right:
    """What `ask` says, at most every 10 s and when it ends: until when (Unix seconds) the viewer may look, None for
    without end; it raises `PurposeNeeded` or `NotFound` where they may not. `clock` is the console's."""

    def __init__(self, ask: Callable[[], Awaitable[float | None]], clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._until_s: float | None = None
        self._asked_s: float | None = None

    async def ended(self) -> str | None:
        """Why the viewer may not look any longer; None while they may. While nobody can be asked, what was said last
        holds, to its end."""
        if self._is_over or self._asked_s is None or _monotonic_s() - self._asked_s >= ASK_S:
            self._asked_s = _monotonic_s()
            try:
                self._until_s = await self._ask()
            except (PurposeNeeded, NotFound) as refusal:
                return str(refusal)
            except StoreUnavailable as error:
                return f"the time is over, and more can't be asked for: {error}" if self._is_over else None
        return None

    @property
    def _is_over(self) -> bool:
        return self._until_s is not None and self._clock() >= self._until_s


def _monotonic_s() -> float:
    return asyncio.get_running_loop().time()
