"""The clock of a viewer's track: it goes on as pictures come, whatever the camera's does."""

import asyncio
import time
from itertools import pairwise

import pytest

from console.live.feed import Subscription
from console.live.track import STRAY_S, CameraTrack
from ingest.cameras.packets import Media, Packet, StreamInfo

HZ, FPS = 90_000, 15
TICK = HZ // FPS
VIDEO = StreamInfo(media=Media.VIDEO, codec="h264", time_base=(1, HZ))


def clocks(stamps: list[int]) -> list[int]:
    """The track's, for pictures that arrive evenly after the viewer joined."""
    began_s = time.monotonic() + 60
    waiting = [
        Packet(
            media=Media.VIDEO,
            data=b"x",
            pts=pts,
            dts=pts,
            duration=0,
            is_keyframe=n == 0,
            arrived_s=began_s + n / FPS,
            arrived_wall_s=0.0,
        )
        for n, pts in enumerate(stamps)
    ]
    track = CameraTrack(Subscription(Media.VIDEO, waiting), VIDEO)

    async def all_of_them() -> list[int]:
        return [int((await track.recv()).pts or 0) for _ in stamps]

    return asyncio.run(all_of_them())


@pytest.mark.parametrize(
    "stamps",
    [
        pytest.param([n * TICK for n in range(200)], id="regular"),
        pytest.param([n * TICK - 135_000 * (n > 50) for n in range(200)], id="a step back"),
        pytest.param([n * TICK + 150_000 * (n > 50) for n in range(200)], id="a step forward"),
        pytest.param([n * TICK + 40_000 * sum(n > at for at in range(20, 200, 20)) for n in range(200)], id="many"),
        pytest.param([n // 2 * 2 * TICK for n in range(200)], id="pairs with one time"),
        pytest.param([2 * n * TICK for n in range(200)], id="twice as fast"),
        pytest.param([n * TICK // 3 for n in range(200)], id="a third as fast"),
        pytest.param([7] * 200, id="one time"),
    ],
)
def test_its_clock_goes_on_as_pictures_come(stamps: list[int]) -> None:
    told = clocks(stamps)
    assert all(one < two for one, two in pairwise(told))
    assert max(abs(clock / HZ - n / FPS) for n, clock in enumerate(told)) <= STRAY_S + 1 / FPS


def test_a_regular_clock_is_told_to_the_tick() -> None:
    assert clocks([n * TICK for n in range(100)]) == [n * TICK for n in range(100)]
