"""How long to wait before the next try: longer each time, never exactly as long as another camera."""

from collections.abc import Callable


class Backoff:
    """Pauses from `first_s` to `most_s` seconds, each twice the one before, less up to a third by `jitter` (0 to 1)."""

    def __init__(self, first_s: float, most_s: float, jitter: Callable[[], float]) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._jitter = jitter
        self._next_s = first_s

    def pause_s(self) -> float:
        """The next pause."""
        pause_s = self._next_s
        self._next_s = min(2 * pause_s, self._most_s)
        return pause_s * (1 - self._jitter() / 3)

    def lengthen(self) -> None:
        """Be as patient as can be: a camera that was told a wrong password too often locks its account."""
        self._next_s = self._most_s

    def reset(self) -> None:
        """It went well."""
        self._next_s = self._first_s
