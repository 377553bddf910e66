"""A camera as a value (`CameraSpec`), and while it serves (`Camera`): its faults, its clock, its film."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from hardware.cameras.digest import Credentials, Scheme
from hardware.cameras.encoder import AudioCodec, VideoCodec
from hardware.cameras.faults import Fault
from hardware.cameras.oddity import ORDINARY, Oddity
from hardware.cameras.picture import Picture, Size
from hardware.cameras.rtp import NTP_EPOCH_S
from hardware.cameras.sound import Hearing, Tone

DAY_S = 86_400.0


class View(Protocol):
    """What a camera looks at: the picture of a moment of the script, in seconds since its beginning."""

    def picture(self, t_s: float, size: Size) -> Picture: ...


@dataclass(frozen=True, slots=True)
class Outage:
    """A fault from `from_s` to `to_s` of the script's seconds."""

    from_s: float
    to_s: float
    fault: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSpec:
    """A camera.

    `size` is width and height, both even; `preset` that of x264 or x265: with H.264, ultrafast makes the Constrained
    Baseline profile, veryfast High at twice the cost. With `b_frames` pictures come late and out of order; `delimiters`
    begin every access unit with one. `noise` is a standard deviation in grey levels; `speed` makes the view and the
    `outages`, faults that come by themselves, run faster than the clock. With no `audio` it is deaf; with no
    `credentials` anybody may look, with some who proves them by one of the `schemes`. An `oddity` is how it is odd
    without being broken.
    """

    name: str
    view: View
    size: Size = (1280, 720)
    fps: float = 15.0
    bitrate_bps: int = 1_500_000
    codec: VideoCodec = VideoCodec.H264
    preset: str = "ultrafast"
    b_frames: int = 0
    delimiters: bool = False
    keyframe_every_s: float = 1.0
    audio: AudioCodec | None = AudioCodec.PCMA
    hearing: Hearing = field(default_factory=Tone)
    credentials: Credentials | None = None
    schemes: tuple[Scheme, ...] = (Scheme.MD5,)
    speed: float = 1.0
    noise: float = 2.0
    outages: tuple[Outage, ...] = ()
    oddity: Oddity = ORDINARY


class Camera:
    """A serving camera. All methods may be called from any thread; a fault holds when the call returns."""

    def __init__(self, spec: CameraSpec, obey: Callable[["Camera"], None]) -> None:
        self.spec = spec
        self.heard: deque[tuple[str, str]] = deque(maxlen=100)
        """What was asked last: the method, and how the asker proved who he is."""
        self.oddity = spec.oddity  # another may be set at any time
        self._obey = obey
        self._changing = threading.Lock()
        self._faults: frozenset[Fault] = frozenset()

    @property
    def faults(self) -> frozenset[Fault]:
        return self._faults

    def fault(self, fault: Fault) -> None:
        """Break it. Faults add up."""
        with self._changing:
            self._faults |= {fault}
        self._obey(self)

    def mend(self, fault: Fault | None = None) -> None:
        """Repair one fault, or all."""
        with self._changing:
            self._faults -= {fault} if fault else self._faults
        self._obey(self)

    def clock_s(self, true_s: float) -> float:
        """What the camera's own clock shows at `true_s`; Unix seconds."""
        return true_s + (DAY_S if Fault.CLOCK_JUMP in self._faults else 0.0)

    def reported_s(self) -> float:
        """The time that its sender reports tell, Unix seconds; that of its clock but for faults."""
        told = {
            Fault.CLOCK_ZERO: -NTP_EPOCH_S,
            Fault.CLOCK_UPTIME: time.monotonic() - NTP_EPOCH_S,
            Fault.CLOCK_UNIX: time.time() - NTP_EPOCH_S,
            Fault.CLOCK_1969: time.time() % DAY_S - 200 * DAY_S,
            Fault.CLOCK_WILD: random.uniform(0, 1 << 32) - NTP_EPOCH_S,
        }
        return next((time_s for fault, time_s in told.items() if fault in self._faults), self.clock_s(time.time()))
