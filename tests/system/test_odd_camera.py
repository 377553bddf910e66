"""One camera that does everything wrong beside an interrogation room that is recorded: the room has no gap.

`DUCHA_ODD_S` (default 2) is how long each oddity lasts.
"""

import os
import random
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from virtual_cameras import QUICK, spec
from waiting import wait_until

from hardware.cameras import CameraServer, Fault
from hardware.cameras.encoder import AudioCodec
from hardware.cameras.oddity import (
    H264_PPS,
    H264_SPS,
    ORDINARY,
    Oddity,
    at_rate,
    changing_pps,
    describing_only,
    noise,
    paired,
    picture_of,
    picture_parameters,
    sending_without,
    stepping,
    telling,
)
from ingest.cameras.config import CameraSettings, Kind, RecorderSettings, Settings
from ingest.cameras.worker import Worker
from ingest.config import DatabaseSettings
from store.evidence.leaf import GapBody, Leaf, SegmentBody, StartBody
from store.evidence.verification import read_leaves, verify_folder

ODD_S = float(os.environ.get("DUCHA_ODD_S", "2"))
SEED = int(os.environ.get("DUCHA_SEED", "11"))
DICE = random.Random(SEED)


def scrambled(description: bytes) -> bytes:
    """Some octets of it are others, some lines twice or not at all."""
    lines = [line for line in description.split(b"\r\n") for _ in range(DICE.choice((0, 1, 1, 1, 1, 2)))]
    told = bytearray(b"\r\n".join(lines))
    for _ in range(DICE.randrange(6)):
        told[DICE.randrange(len(told))] = DICE.randrange(256)
    return bytes(told)


def cut_and_mixed(units: list[bytes], is_keyframe: bool) -> list[bytes]:  # noqa: ARG001
    """Units that are cut off, or have an octet that is another."""
    made = [bytearray(unit) for unit in units]
    for unit in made:
        if DICE.random() < 0.2:
            unit[DICE.randrange(len(unit))] = DICE.randrange(256)
        if DICE.random() < 0.1:
            del unit[DICE.randrange(1, len(unit) + 1) :]
    return [bytes(unit) for unit in made]


def long_configuration(description: bytes) -> bytes:
    """AAC whose configuration has 300 bytes."""
    return description.replace(b"config=", b"config=" + b"1408" + b"00" * 298)


ODDITIES: dict[str, Oddity | Fault] = {
    **{fault.value: fault for fault in Fault if fault.value.startswith("clock-")},
    "noise for reports": Oddity(report=noise),
    "SPS described, PPS sent": Oddity(describing_only(H264_SPS), sending_without(H264_SPS)),
    "PPS described, SPS sent": Oddity(describing_only(H264_PPS), sending_without(H264_PPS)),
    "no PPS at all": Oddity(describing_only(H264_SPS), sending_without(H264_PPS)),
    "another PPS each time": Oddity(units=changing_pps()),
    "256 PPS": Oddity(units=telling(*(picture_parameters(n) for n in range(256)))),
    "an SPS of 70,000 bytes": Oddity(units=telling(picture_of(160, 128) + b"\xff" * 70_000)),
    "a picture of 16384x16384": Oddity(units=telling(picture_of(16_384, 16_384))),
    "AAC with a configuration of 300 bytes": Oddity(long_configuration),
    "a step back of the picture": Oddity(ticks=stepping(0, 5, -135_000)),
    "a step forward of the sound": Oddity(ticks=stepping(1, 5, 40_000)),
    "a step of hours": Oddity(ticks=stepping(0, 5, 1 << 31)),
    "pairs with one time": Oddity(ticks=paired()),
    "a clock twice as fast": Oddity(ticks=at_rate(2.0)),
    "times without sense": Oddity(ticks=lambda _, ticks: ticks + DICE.randrange(-(2**31), 2**31)),
    "a description without sense": Oddity(scrambled),
    "units without sense": Oddity(units=cut_and_mixed),
    "random bytes for every payload": Fault.GARBAGE,
    "no keyframe": Fault.NO_KEYFRAME,
}


@pytest.fixture
def server() -> Iterator[CameraServer]:
    with CameraServer([spec("room"), spec("odd", audio=AudioCodec.AAC)]) as running:
        yield running


def leaves_of(folder: Path, stream: str) -> list[Leaf]:
    return [leaf for leaf in read_leaves(folder / "leaves.jsonl") if leaf and leaf.stream == stream]


def test_a_room_has_no_gap_whatever_the_camera_beside_it_does(
    tmp_path: Path, server: CameraServer, postgres_uri: str
) -> None:
    folder = tmp_path / "recordings"
    settings = Settings(
        database=DatabaseSettings(url=postgres_uri),
        recorder=RecorderSettings(
            folder=str(folder), key=str(tmp_path / "key.pem"), tap=str(tmp_path / "tap"), reserve_gb=0.0, segment_s=0.5
        ),
        cameras=(
            CameraSettings(id="room", url=server.url("room"), kind=Kind.INTERROGATION),
            CameraSettings(id="odd", url=server.url("odd"), kind=Kind.STREET),
        ),
    )
    stop, odd = threading.Event(), server.camera("odd")
    with Worker(settings, patience=QUICK) as worker:
        running = threading.Thread(target=worker.run, args=(stop,))
        running.start()
        wait_until(lambda: len(leaves_of(folder, "room.video")) > 2, 30, "it records")
        began_s = time.monotonic()
        told: dict[str, set[str]] = {}
        for name, oddity in ODDITIES.items():
            odd.fault(Fault.DIE)  # so that it is met anew, description and all
            odd.oddity = oddity if isinstance(oddity, Oddity) else ORDINARY
            odd.mend()
            if isinstance(oddity, Fault):
                odd.fault(oddity)
            until_s, states = time.monotonic() + ODD_S, set()
            while time.monotonic() < until_s:
                states.add(f"{worker.cameras[1].condition.state}: {worker.cameras[1].condition.reason}")
                stop.wait(0.05)
            told[name] = states
            assert running.is_alive(), name
        odd.fault(Fault.DIE)
        odd.oddity = ORDINARY
        odd.mend()
        stored = len(leaves_of(folder, "odd.video"))
        wait_until(lambda: len(leaves_of(folder, "odd.video")) > stored + 3, 60, "the odd one is recorded again")
        lasted_s = time.monotonic() - began_s
        stop.set()
        running.join(60)
    for name, states in told.items():
        print(f"{name}: {'; '.join(sorted(states))}")
    for stream in ("room.video", "room.audio"):
        leaves = leaves_of(folder, stream)
        segments = [leaf for leaf in leaves if isinstance(leaf.body, SegmentBody)]
        assert not [leaf.body for leaf in leaves if isinstance(leaf.body, GapBody)]
        assert sum(isinstance(leaf.body, StartBody) for leaf in leaves) == 1
        seams_s = np.array([b.begin_ns - a.end_ns for a, b in pairwise(segments)]) / 1e9
        largest_s = np.abs(seams_s).max()
        assert largest_s < 0.01
        assert segments[-1].end_ns - segments[0].begin_ns > lasted_s * 0.95e9
        print(
            f"{stream}: {len(segments)} segments, {lasted_s:.0f} s, largest seam {np.abs(seams_s).max() * 1e6:.0f} µs"
        )
    gaps = [leaf.body for leaf in leaves_of(folder, "odd.video") if isinstance(leaf.body, GapBody)]
    assert all(gap.from_ns <= gap.to_ns for gap in gaps)
    assert [str(finding) for finding in verify_folder(folder).findings if not finding.sound] == []
