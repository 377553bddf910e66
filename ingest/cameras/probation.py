"""The first packets of a connection, held back until they show that they are video and where it can be begun.

Nothing is decoded: a keyframe must come, the parameter sets must be readable, and about ten packets of the picture must
begin as packets of their codec do. The parameter sets are then known, wherever a camera tells them: described, in the
stream, or some here and some there.
"""

from msgspec.structs import replace

from ingest.cameras import annexb
from ingest.cameras.fmp4 import UnsupportedStream, initialisation
from ingest.cameras.packets import Media, Packet, StreamInfo
from ingest.cameras.parameter_sets import LARGEST_PIXELS, missing, most_pixels, picture, united
from ingest.cameras.states import SourceFault, State

PACKETS = 10
LONGEST_S = 1.0
MOST_HELD = 1_000  # packets
SETS_S = 5.0  # for parameter sets to come, once keyframes do


class Probation:
    """Of one connection; `streams` are those that it announced. Pictures of more than `largest_pixels` are refused."""

    def __init__(self, streams: tuple[StreamInfo, ...], largest_pixels: int = LARGEST_PIXELS) -> None:
        video = next(info for info in streams if info.media is Media.VIDEO)
        self._streams = streams
        self._codec = video.codec
        self._largest_pixels = largest_pixels
        self._held: list[Packet] = []
        self._pictures = 0
        self._sets = united(video.codec, (), annexb.parameter_sets(video.codec, video.extradata))
        self._keyframe_s: float | None = None  # when the first one came

    def add(self, packet: Packet) -> tuple[tuple[StreamInfo, ...], list[Packet]] | None:
        """The streams as they are known now, and the packets held back, once they have stood the test; None before.

        Raises:
            SourceFault: when what comes is no video.
        """
        video = next(info for info in self._streams if info.media is Media.VIDEO)
        if packet.media is Media.VIDEO:
            plausible, told = annexb.judged(video.codec, packet.data)
            if not plausible:
                raise SourceFault(State.UNUSABLE, f"what comes is no {video.codec}; expected its NAL units")
            self._sets = united(video.codec, self._sets, told) if told else self._sets
        if not self._held and not (packet.is_keyframe and packet.media is Media.VIDEO and self._is_begun(packet)):
            return None
        self._held.append(packet)
        self._pictures += packet.media is Media.VIDEO
        long_s = packet.arrived_s - self._held[0].arrived_s
        if self._pictures < PACKETS and long_s < LONGEST_S and len(self._held) < MOST_HELD:
            return None
        known = described(video, self._sets, self._largest_pixels)
        return tuple(known if info is video else info for info in self._streams), self._held

    def _is_begun(self, keyframe: Packet) -> bool:
        """Whether it can be begun with this keyframe: all that a decoder must know before it is known."""
        lacks = missing(self._codec, self._sets)
        if self._keyframe_s is None:
            self._keyframe_s = keyframe.arrived_s
        if lacks is not None and keyframe.arrived_s - self._keyframe_s > SETS_S:
            told = f"keyframes, but no {lacks} for {SETS_S:g} s, neither described nor in the stream; expected one"
            raise SourceFault(State.UNUSABLE, told)
        return lacks is None


def described(video: StreamInfo, sets: tuple[bytes, ...], largest_pixels: int = LARGEST_PIXELS) -> StreamInfo:
    """`video` as its parameter sets describe it.

    Raises:
        SourceFault: when they can't be read, or stored, or let a picture be larger than `largest_pixels`: who decodes
            it would have to make room for that before anything else is known of it.
    """
    try:
        seen, pixels = picture(video.codec, sets), most_pixels(video.codec, sets)
        if pixels > largest_pixels:
            told = f"a picture of {seen.coded[0]}x{seen.coded[1]}, {pixels} pixels"
            raise SourceFault(State.UNUSABLE, f"{told}; expected at most {largest_pixels} ([cameras] largest_pixels)")
        known = replace(video, extradata=annexb.annex_b(sets), width=seen.width, height=seen.height)
        initialisation(known)
    except (annexb.MalformedVideo, UnsupportedStream) as error:
        raise SourceFault(State.UNUSABLE, str(error)) from error
    return known
