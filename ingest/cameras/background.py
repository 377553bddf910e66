"""Work on a thread of its own, until it is asked to end."""

from collections.abc import Callable
from threading import Event, Thread


class Background:
    """Does `work` on a thread called `name`; `work` is to end soon after `_stop` is set."""

    def __init__(self, work: Callable[[], None], name: str) -> None:
        self._stop = Event()
        self._thread = Thread(target=work, name=name, daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Whether it ended within `timeout_s`."""
        self._stop.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()
