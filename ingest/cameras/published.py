"""What one publisher sends, told to a camera's fan-out as it came: H.264 access units (Annex B), and packets of sound.

The fan-out opens with the first keyframe whose parameter sets are known, and anew when they change. A sender over
WebRTC makes keyframes only when it must, so one is asked for at the beginning, after a loss, and whenever none came
for `keyframe_s`: a segment of a recording begins with one.
"""

import time
from collections.abc import Callable, Iterator

import structlog

from ingest.cameras import annexb
from ingest.cameras.fanout import Ending, Fanout
from ingest.cameras.packets import Media, Packet, StreamInfo
from ingest.cameras.parameter_sets import LARGEST_PIXELS, missing, tells_news, united
from ingest.cameras.probation import described
from ingest.cameras.reassembly import Frame, Piece, Reassembly
from ingest.cameras.rtp_clock import RtpClock
from ingest.cameras.states import SourceFault
from ingest.cameras.wall_clock import wall_at

KEYFRAME_S = 2.0
ASK_AGAIN_S = 0.5
VIDEO_HZ = 90_000
SOUND_PATIENCE_S = 0.1  # nobody asks for sound to be repeated, so only order is waited for

_START = b"\0\0\0\1"
_IDR, _SPS, _PPS = 5, 7, 8
_VIDEO = StreamInfo(media=Media.VIDEO, codec="h264", time_base=(1, VIDEO_HZ))

log = structlog.get_logger("cameras")

SOUNDS = {
    "opus": StreamInfo(media=Media.AUDIO, codec="opus", time_base=(1, 48_000), sample_rate=48_000, channels=2),
    "pcma": StreamInfo(media=Media.AUDIO, codec="pcm_alaw", time_base=(1, 8_000), sample_rate=8_000, channels=1),
    "pcmu": StreamInfo(media=Media.AUDIO, codec="pcm_mulaw", time_base=(1, 8_000), sample_rate=8_000, channels=1),
}
"""The kinds of sound that are taken, by their names in SDP."""


class Published:
    """One publisher's frames on their way to `fanout`; `lost` hears how many RTP packets of a medium never came. For
    one thread."""

    def __init__(
        self,
        fanout: Fanout,
        sound: StreamInfo | None,
        *,
        keyframe_s: float = KEYFRAME_S,
        largest_pixels: int = LARGEST_PIXELS,
        lost: Callable[[Media, int], None] = lambda _media, _packets: None,
    ) -> None:
        self._lost = lost
        self._counted = dict.fromkeys(Media, 0)  # what `lost` has heard of
        self._told = dict.fromkeys(Media, 0)  # what the fan-out has
        self._largest_pixels = largest_pixels
        self._fanout = fanout
        self._sound = sound
        self._keyframe_s = keyframe_s
        self._pictures, self._picture_clock = Reassembly(), RtpClock(VIDEO_HZ)
        self._sounds, self._sound_clock = (
            Reassembly(one_each=True, patience_s=SOUND_PATIENCE_S),
            RtpClock(sound.time_base[1] if sound else 1),
        )
        self._sets: tuple[bytes, ...] = ()
        self._open: tuple[bytes, ...] = ()  # the parameter sets that the fan-out was opened with
        self._keyframe_came_s: float | None = None  # or when it began, before there is one
        self._asked_s = -float("inf")
        self._losses = 0
        self._useless = False  # whether something came that is of no use without a keyframe
        self._ended = False
        self.heard_s = time.monotonic()
        """When something of the picture came last; at first, when it was made."""

    def take_picture(self, piece: Piece) -> bool:
        """Some of the picture has come. Returns whether a keyframe is wanted."""
        self.heard_s = piece.arrived_s
        if self._ended:
            return False
        frames = self._pictures.add(piece)
        self._count(Media.VIDEO, self._pictures.lost)
        for frame in frames:
            self._picture(frame)
        return self._wants_keyframe(piece.arrived_s)

    def take_sound(self, piece: Piece) -> bool:
        """Some sound has come; of that no keyframe is wanted."""
        frames = self._sounds.add(piece)
        self._count(Media.AUDIO, self._sounds.lost)
        for frame in frames:
            if self._open and self._sound is not None:
                duration = opus_samples(frame.data) if self._sound.codec == "opus" else len(frame.data)
                self._publish(Media.AUDIO, frame, self._sound_clock, duration, is_keyframe=True)
        return False

    def report_picture(self, timestamp: int, ntp: int) -> None:
        """A sender report of the picture."""
        self._picture_clock.report(timestamp, ntp)

    def report_sound(self, timestamp: int, ntp: int) -> None:
        """A sender report of the sound."""
        self._sound_clock.report(timestamp, ntp)

    def end(self, ending: Ending) -> None:
        """The publisher is gone."""
        if not self._ended:
            for media, packets in ((Media.VIDEO, self._pictures), (Media.AUDIO, self._sounds)):
                packets.end()
                self._count(media, packets.lost)
        self._ended = True
        self._close(ending)

    def _count(self, media: Media, lost: int) -> None:
        if news := lost - self._counted[media]:
            self._counted[media] = lost
            self._lost(media, news)

    def _close(self, ending: Ending) -> None:
        if self._open:
            self._open = ()
            lost = {media: self._counted[media] - self._told[media] for media in Media}
            self._told = dict(self._counted)
            self._fanout.interrupt(ending, lost)

    def _wants_keyframe(self, now_s: float) -> bool:
        if self._keyframe_came_s is None:
            self._keyframe_came_s = now_s  # what just begins to come may be one
        due = now_s - self._keyframe_came_s >= self._keyframe_s
        lost = self._pictures.losses != self._losses
        if not (due or lost or self._useless) or now_s - self._asked_s < ASK_AGAIN_S:
            return False
        self._losses = self._pictures.losses
        self._useless = False
        self._asked_s = now_s
        return True

    def _picture(self, frame: Frame) -> None:
        if not frame.data.startswith(_START):
            return  # the end of a unit whose beginning was lost
        kinds = set(_unit_types(frame.data))
        if _SPS in kinds or _PPS in kinds:
            self._sets = united("h264", self._sets, annexb.parameter_sets("h264", frame.data))
        is_keyframe = _IDR in kinds
        if is_keyframe and self._opened():
            self._keyframe_came_s = frame.arrived_s
        self._useless = not self._open
        if self._open:
            self._publish(Media.VIDEO, frame, self._picture_clock, 0, is_keyframe=is_keyframe)

    def _opened(self) -> bool:
        """Whether the fan-out is open with the parameter sets that hold now."""
        if self._open and not tells_news("h264", self._open, self._sets):
            return True
        if missing("h264", self._sets):
            return False
        try:
            video = described(_VIDEO, self._sets, self._largest_pixels)
        except SourceFault as fault:
            log.warning("a publisher's picture can't be taken", reason=fault.reason)
            self._sets = ()
            self._close(Ending.LOST)  # and keyframes are asked for until one can be read
            return False
        self._open = self._sets
        self._fanout.open((video,) if self._sound is None else (video, self._sound))
        return True

    def _publish(self, media: Media, frame: Frame, clock: RtpClock, duration: int, *, is_keyframe: bool) -> None:
        pts = clock.unwrapped(frame.timestamp)
        lost, self._told[media] = self._counted[media] - self._told[media], self._counted[media]
        self._fanout.publish(
            Packet(
                media=media,
                data=frame.data,
                pts=pts,
                dts=pts,  # WebRTC knows no B-frames
                duration=duration,
                is_keyframe=is_keyframe,
                arrived_s=frame.arrived_s,
                arrived_wall_s=wall_at(frame.arrived_s),
                camera_s=clock.camera_s(pts),
                clock_source=clock.source,
                lost=lost,
            )
        )


def opus_samples(packet: bytes) -> int:
    """How long a packet of Opus lasts, in 1/48000 s, as its first bytes tell it (RFC 6716, 3.1)."""
    if not packet:
        return 0
    mode, code = packet[0] >> 3, packet[0] & 3
    if mode < 12:
        frame = (480, 960, 1_920, 2_880)[mode % 4]
    elif mode < 16:
        frame = (480, 960)[mode % 2]
    else:
        frame = (120, 240, 480, 960)[mode % 4]
    if code < 3:
        return frame * (1 if code == 0 else 2)
    return frame * (packet[1] & 63) if len(packet) > 1 else 0


def _unit_types(data: bytes) -> Iterator[int]:
    """The types of the NAL units of an access unit."""
    at = data.find(b"\0\0\1")
    while at >= 0 and at + 3 < len(data):
        yield data[at + 3] & 31
        at = data.find(b"\0\0\1", at + 3)
