"""A recorder with its folder, its log and its clocks in the hands of a test."""

import time
from collections.abc import Sequence
from pathlib import Path

from camera_films import BEGAN_WALL_S, film
from waiting import wait_until

from ingest.cameras.fanout import Fanout
from ingest.cameras.leaves import newest_first
from ingest.cameras.metrics import CameraMetrics
from ingest.cameras.packets import Packet
from ingest.cameras.reconcile import compare, reconcile
from ingest.cameras.recorder import Clock, Recorder
from store.evidence.leaf import Leaf
from store.evidence.log import EvidenceLog
from store.evidence.signer import FileSigner
from store.evidence.verification import verify_folder

VIDEO, AUDIO = "c-1.video", "c-1.audio"
INFO, PACKETS = film()


def faults(folder: Path) -> list[str]:
    """What verification holds against a recorder's folder."""
    return [str(finding) for finding in verify_folder(folder).findings if not finding.sound]


class Bench:
    """A recorder on a fan-out that the test feeds, with clocks that the test sets."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.folder = folder / "recordings"
        self.evidence = EvidenceLog(self.folder, "r", FileSigner.open_or_create(folder / "key.pem"))
        self.problems = [
            absent.file for absent in reconcile(self.folder, compare(self.folder), self.evidence, time.monotonic_ns())
        ]
        self.fanout = Fanout()
        self.metrics = CameraMetrics()
        self.failures: list[BaseException] = []
        self.wall_s, self.mono_s = BEGAN_WALL_S, 1_000.0
        self.clock = Clock(lambda: round(self.wall_s * 1e9), lambda: round(self.mono_s * 1e9))
        arguments = {"clock": self.clock, "look_s": 0.1, **options}
        self.recorder = Recorder(
            "c-1", self.fanout, self.evidence, self.folder, self.metrics, self.failures.append, **arguments
        )
        self.recorder.start()

    def wait_until_it_has_followed(self) -> None:
        """Return when all whole groups of pictures that were sent have been dealt with."""
        wait_until(lambda: self.recorder._subscription.is_idle, 60, "the recorder follows")

    def send(self, packets: Sequence[Packet]) -> None:
        for packet in packets:
            self.fanout.publish(packet)
        self.wall_s, self.mono_s = packets[-1].arrived_wall_s, packets[-1].arrived_s

    def leaves(self, stream: str = VIDEO) -> list[Leaf]:
        return [leaf for _, leaf in newest_first(self.folder) if leaf.stream == stream][::-1]

    def bodies(self, kind: type, stream: str = VIDEO) -> list:
        return [leaf.body for leaf in self.leaves(stream) if isinstance(leaf.body, kind)]

    def wait_for(self, kind: type, count: int, stream: str = VIDEO) -> None:
        wait_until(lambda: len(self.bodies(kind, stream)) >= count, 60, f"{count} {kind.__name__}")

    def stop(self) -> None:
        self.fanout.end()
        assert self.recorder.join(5)
        assert not self.failures
        self.evidence.sign_head()
        self.evidence.close()

    def kill(self) -> None:
        """As if the process had ended: what is not on the disk is gone. (Its thread is let go without a word.)"""
        self.evidence.close()
        self.fanout.end()
        self.recorder.join(5)
