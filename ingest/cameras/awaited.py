"""Body-worn cameras: nobody connects to them; they publish (see `whip`) when they are on duty."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ingest.cameras.fanout import NOTHING_LOST, Ending, Fanout
from ingest.cameras.packets import Media, StreamInfo
from ingest.cameras.states import Condition, State
from ingest.cameras.whip import Whip
from ingest.cameras.whip_socket import SUFFIX, WhipSocket

WAITING = "waiting for the device to publish"


class AwaitedFanout(Fanout):
    """What one of them sends; `told` hears when it begins and when it is gone. One that is off duty is at no fault, so
    it is waited for, not lost."""

    def __init__(self, told: Callable[[Condition], None]) -> None:
        super().__init__()
        self._condition_told = told

    def open(self, streams: tuple[StreamInfo, ...]) -> None:
        """It publishes, or the parameters of its streams change."""
        super().open(streams)
        self._condition_told(Condition(State.LIVE, time.time()))

    def interrupt(self, ending: Ending = Ending.LOST, lost: Mapping[Media, int] = NOTHING_LOST) -> None:
        """It publishes no more."""
        super().interrupt(ending, lost)
        self._condition_told(awaited())


class Entrance:
    """Takes what the devices of `fanouts` publish, at the socket beside the tap; from those with one of the `tokens`
    only with theirs. `lost` hears of which device and medium how many RTP packets never came.

    Raises:
        OSError: when the socket can't be made.
    """

    def __init__(
        self,
        tap: Path,
        fanouts: Mapping[str, Fanout],
        tokens: Mapping[str, str],
        largest_pixels: int,
        lost: Callable[[str, Media, int], None],
    ) -> None:
        self._whip = Whip(largest_pixels=largest_pixels, lost=lost)
        try:
            self._socket = WhipSocket(tap.with_name(tap.name + SUFFIX), self._whip, fanouts.get, tokens)
        except OSError:
            self._whip.close()
            raise

    def close(self) -> None:
        """Let nobody in any more, and let everybody go."""
        self._socket.close()
        self._whip.close()


def awaited() -> Condition:
    """The condition of a camera that does not publish now."""
    return Condition(State.CONNECTING, time.time(), WAITING)
