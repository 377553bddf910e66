"""The first packets of a connection, held back until they show that they are video and where it can be begun.

Nothing is decoded: a keyframe must come, the parameter sets must be readable, and about ten packets of the picture must
begin as packets of their codec do. The parameter sets are then known even of a camera that tells them only in band.
"""

from msgspec.structs import replace

from ingest.cameras import annexb
from ingest.cameras.packets import Media, Packet, StreamInfo
from ingest.cameras.states import SourceFault, State

PACKETS = 10
LONGEST_S = 1.0
MOST_HELD = 1_000  # packets


class Probation:
    """Of one connection; `streams` are those that it announced."""

    def __init__(self, streams: tuple[StreamInfo, ...]) -> None:
        self._streams = streams
        self._held: list[Packet] = []
        self._pictures = 0
        self._sets: tuple[bytes, ...] = ()

    def add(self, packet: Packet) -> tuple[tuple[StreamInfo, ...], list[Packet]] | None:
        """The streams as they are known now, and the packets held back, once they have stood the test; None before.

        Raises:
            SourceFault: when what comes is no video.
        """
        video = next(info for info in self._streams if info.media is Media.VIDEO)
        if packet.media is Media.VIDEO:
            if not annexb.is_plausible(video.codec, packet.data):
                raise SourceFault(State.UNUSABLE, f"what comes is no {video.codec}; expected its NAL units")
            if packet.is_keyframe and not self._held:
                told = annexb.parameter_sets(video.codec, packet.data)
                self._sets = told or annexb.parameter_sets(video.codec, video.extradata)
        if not self._held and not (packet.is_keyframe and packet.media is Media.VIDEO):
            return None
        self._held.append(packet)
        self._pictures += packet.media is Media.VIDEO
        long_s = packet.arrived_s - self._held[0].arrived_s
        if self._pictures < PACKETS and long_s < LONGEST_S and len(self._held) < MOST_HELD:
            return None
        known = described(video, self._sets)
        return tuple(known if info is video else info for info in self._streams), self._held


def described(video: StreamInfo, sets: tuple[bytes, ...]) -> StreamInfo:
    """`video` as its parameter sets describe it.

    Raises:
        SourceFault: when they can't be read.
    """
    try:
        picture = annexb.picture(video.codec, sets)
    except annexb.MalformedVideo as error:
        raise SourceFault(State.UNUSABLE, str(error)) from error
    return replace(video, extradata=annexb.annex_b(sets), width=picture.width, height=picture.height)
