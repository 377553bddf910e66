"""Fewer wakings for whoever reads from a camera, without that anything comes later which somebody waits for."""

from ingest.cameras.line import Line

RECONSIDERED_S = 1.0  # how often it is asked how large pictures are
MOST_BYTES = 1_500  # that are waited for: about an RTP packet


class Gathering:
    """Spares the reader of `line` those of its wakings that bring no picture: sound comes three times as often.

    To wake costs more than what is done for a packet. So what comes waits for the next picture, for which the smallest
    of the last second stands: whatever picture comes next, it is there at once.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._smallest: int | None = None
        self._since_s: float | None = None

    def see(self, picture_bytes: int, arrived_s: float) -> None:
        """The next picture."""
        if self._smallest is None or picture_bytes < self._smallest:
            self._smallest = picture_bytes
        if self._since_s is None:
            self._since_s = arrived_s
        if arrived_s - self._since_s >= RECONSIDERED_S:
            self._line.gather(max(1, min(self._smallest // 2, MOST_BYTES)))
            self._smallest, self._since_s = None, arrived_s
