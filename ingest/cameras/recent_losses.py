"""How many RTP packets of each camera never came lately: what is lost now says more of a line than what ever was."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from threading import Lock

HOUR_S, MINUTE_S = 3600.0, 60.0


class RecentLosses:
    """Of the last hour, minute by minute. Told by the threads that receive, asked by the one that writes rows."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._minutes: dict[str, deque[list[float]]] = defaultdict(deque)  # of each camera [when it began, packets]
        self._lock = Lock()

    def add(self, camera: str, packets: int) -> None:
        """So many packets of a camera never came."""
        if not packets:
            return
        now_s = self._clock()
        with self._lock:
            minutes = self._minutes[camera]
            if not minutes or now_s - minutes[-1][0] >= MINUTE_S:
                minutes.append([now_s, 0])
            minutes[-1][1] += packets
            self._forget(minutes, now_s)

    def of(self, camera: str) -> int:
        """How many of a camera's packets never came in the last hour, to a minute."""
        with self._lock:
            minutes = self._minutes[camera]
            self._forget(minutes, self._clock())
            return int(sum(packets for _, packets in minutes))

    @staticmethod
    def _forget(minutes: deque[list[float]], now_s: float) -> None:
        while minutes and now_s - minutes[0][0] >= HOUR_S:
            minutes.popleft()
