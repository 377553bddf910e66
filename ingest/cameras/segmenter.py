"""What a camera sends, cut into segments: at a keyframe as soon as a segment is long enough; sound at the same moments.

Pure: items of a subscription in, segments out. A group of pictures longer than a segment makes a longer one; only what
would outgrow `longest_s` or `max_bytes` is cut without a keyframe, so that memory is bounded whatever a camera does.
A segment lasts until the first packet of the next arrives: what follows without a break adjoins. So do segments of one
connection whose parameters change: they stand on another initialisation segment, and nothing is missing between them.
So does sound that comes late, and by its own times follows on; where by them some is missing too, it was never sent,
and its segment ends.
"""

from dataclasses import dataclass, replace

from ingest.cameras import fmp4
from ingest.cameras.annexb import CODECS, parameter_sets
from ingest.cameras.fanout import Closed, Item, Lost, Opened
from ingest.cameras.packets import Media, Packet, StreamInfo
from ingest.cameras.parameter_sets import picture
from ingest.cameras.rtp_clock import ClockSource
from ingest.cameras.timeline import Origin, Timeline

LONGEST_S = 30.0
LATE_S = 5.0  # sound that is later than this is not waited for
LOST_S = 0.5  # longer than this without sound, by its arrival and by its own times: it was never sent
MAX_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class Segment:
    """Some packets of one stream as a fragment that stands on `init`. `run` tells apart what may not lie in one file:
    another connection, or other parameters. `wall_s`, `mono_s` and `camera_s` are of the first packet; `lost` RTP
    packets of the stream were found to be lost meanwhile."""

    info: StreamInfo
    run: int
    init: bytes
    fragment: bytes
    wall_s: float
    mono_s: float
    camera_s: float | None
    clock_source: ClockSource | None
    duration_s: float
    frames: int
    first_pts: int
    last_pts: int
    lost: int = 0


class Segmenter:
    """Cuts what one subscription tells."""

    def __init__(self, segment_s: float = 1.0, longest_s: float = LONGEST_S, max_bytes: int = MAX_BYTES) -> None:
        self._segment_s = segment_s
        self._longest_s = longest_s
        self._max_bytes = max_bytes
        self._streams: tuple[StreamInfo, ...] = ()
        self._told: tuple[StreamInfo, ...] = ()  # what the tracks are of
        self._tracks: dict[Media, _Track] | None = None  # None until the first packet tells when it is
        self._run = 0
        self._start = 0, Origin(0.0, 0.0)
        self._untold = dict.fromkeys(Media, 0)  # what was lost that no segment tells of yet

    def feed(self, item: Item) -> list[Segment]:
        """The segments that `item` completes.

        Raises:
            fmp4.UnsupportedStream, annexb.MalformedVideo: for streams that can't be stored.
        """
        match item:
            case Packet():
                return self._telling(self._add(item))
            case Opened(streams):
                self._streams = streams
                return []
            case Lost():
                return self._end()
            case Closed(_, lost):
                for media, packets in lost.items():
                    self._untold[media] += packets
                return self._end()

    def flush(self) -> list[Segment]:
        """Whatever is pending, as segments."""
        return self._telling([s for track in (self._tracks or {}).values() if (s := track.cut(None)) is not None])

    def _end(self) -> list[Segment]:
        finished = self.flush()
        self._tracks = None
        return finished

    def _telling(self, segments: list[Segment]) -> list[Segment]:
        """`segments`, of which the first of a medium tells too what was lost when its last connection ended."""
        for n, segment in enumerate(segments):
            if untold := self._untold[segment.info.media]:
                segments[n] = replace(segment, lost=segment.lost + untold)
                self._untold[segment.info.media] = 0
        return segments

    @property
    def pending(self) -> frozenset[Media]:
        """The streams of which packets wait for the end of their segment."""
        return frozenset(media for media, track in (self._tracks or {}).items() if track.packets)

    def _add(self, packet: Packet) -> list[Segment]:
        if self._tracks is None:
            self._tracks = self._begin(packet)
        if self._tracks is None:
            return []
        track = self._tracks.get(packet.media)
        finished: list[Segment] = []
        if self._streams is not self._told:
            finished = self._change(packet)
            track = self._tracks.get(packet.media)
        if track is None:
            return finished
        size = len(packet.data)
        if not track.packets:
            track.latest_s = packet.arrived_s + self._longest_s
        elif (
            track.is_due
            or track.lost_before(packet)
            or packet.arrived_s >= track.latest_s
            or track.bytes + size > self._max_bytes
            or (packet.is_keyframe and packet.media is Media.VIDEO and self._is_long_enough(track, packet))
        ):
            finished += self._cut(track, packet)
            track.latest_s = packet.arrived_s + self._longest_s
        track.packets.append(packet)
        track.bytes += size
        return finished

    def _cut(self, track: "_Track", packet: Packet) -> list[Segment]:
        """The segment that ends where `packet` of the same track begins, and what ends with it."""
        finished = [track.cut(None if track.lost_before(packet) else packet.arrived_s)]
        if track.media is Media.VIDEO:
            for other in (self._tracks or {}).values():
                if other is not track and other.is_due and packet.arrived_s - other.packets[-1].arrived_s > LATE_S:
                    finished.append(other.cut(None))
                other.is_due = other is not track and bool(other.packets)
        return [segment for segment in finished if segment is not None]

    def _is_long_enough(self, track: "_Track", keyframe: Packet) -> bool:
        # by the camera's clock too, for packets arrive unevenly; and with half a frame of patience, for it rounds
        enough_s = self._segment_s - min(0.5 * track.frame_s, 0.5 * self._segment_s)
        length_s = keyframe.arrived_s - track.packets[0].arrived_s
        if length_s < 0.5 * enough_s:
            return False  # whatever the camera's clock says
        return length_s >= enough_s or enough_s <= track.media_s(keyframe) <= self._longest_s

    def _begin(self, packet: Packet) -> dict[Media, "_Track"] | None:
        """The tracks, with the first packet; None where it is of no stream that was announced."""
        first = next((info for info in self._streams if info.media is packet.media), None)
        if first is None:
            return None
        self._run += 1
        self._told = self._streams
        numerator, denominator = first.time_base
        offset_s = int(packet.arrived_wall_s) - packet.dts * numerator // denominator
        self._start = offset_s, Origin(packet.arrived_s, packet.dts * numerator / denominator + offset_s)
        return {info.media: self._track(info) for info in self._streams}

    def _track(self, info: StreamInfo) -> "_Track":
        offset_s, origin = self._start
        return _Track(info, self._run, Timeline(info.time_base[1], offset_s, origin, reorders=_reorders(info)))

    def _change(self, packet: Packet) -> list[Segment]:
        """The parameters changed in mid-stream; `packet` is the first after that. What ends with it."""
        tracks, known = self._tracks or {}, self._told
        self._told = self._streams
        finished: list[Segment] = []
        for media in [info.media for info in known if info not in self._streams]:
            if (track := tracks.get(media)) is not None:
                finished += self._cut(track, packet)
                del tracks[media]
            info = next((info for info in self._streams if info.media is media), None)
            if info is not None:
                is_alike = track is not None and track.is_like(info)
                tracks[media] = track.goes_on(info) if track is not None and is_alike else self._track(info)
        for info in self._streams:
            if info.media not in {each.media for each in known}:
                tracks[info.media] = self._track(info)
        return finished


class _Track:
    """The packets of one stream that are not yet cut."""

    def __init__(self, info: StreamInfo, run: int, timeline: Timeline) -> None:
        self.packets: list[Packet] = []
        self.bytes = 0
        self.is_due = False  # to be cut before its next packet
        self.latest_s = 0.0  # when it is cut wherever it is, by the monotonic clock
        self._info = info
        self._run = run
        self._init = fmp4.initialisation(info)
        self._timeline = timeline
        self._number = 0

    def is_like(self, info: StreamInfo) -> bool:
        """Whether the times of a stream go on where these ended."""
        return info.time_base == self._info.time_base

    def goes_on(self, info: StreamInfo) -> "_Track":
        """What follows without a break under other parameters."""
        return _Track(info, self._run, self._timeline.goes_on(reorders=_reorders(info)))

    @property
    def media(self) -> Media:
        return self._info.media

    @property
    def frame_s(self) -> float:
        """How long a packet lasts."""
        return self._timeline.step * self._info.time_base[0] / self._info.time_base[1]

    def media_s(self, packet: Packet) -> float:
        """How long the pending packets are by the camera's clock, if `packet` comes next."""
        return (packet.pts - self.packets[0].pts) * self._info.time_base[0] / self._info.time_base[1]

    def lost_before(self, packet: Packet) -> bool:
        """Whether sound is missing between the last packet and this one. A camera's times alone may leap, and packets
        alone come late; a picture stands until the next."""
        if not self.packets or self.media is not Media.AUDIO or packet.media is not Media.AUDIO:
            return False
        last = self.packets[-1]
        if packet.arrived_s - last.arrived_s <= LOST_S:
            return False
        numerator, denominator = self._info.time_base
        return (packet.pts - last.pts) * numerator / denominator - self.frame_s > LOST_S

    def cut(self, until_s: float | None) -> Segment | None:
        """The pending packets as a segment that lasts until `until_s`, where the next one begins, or else as long as
        its last packet; None if there are none."""
        packets, self.packets, self.bytes, self.is_due = self.packets, [], 0, False
        if not packets:
            return None
        self._number += 1
        samples = self._samples(packets)
        first, last = packets[0], packets[-1]
        if until_s is None:
            until_s = last.arrived_s + samples[-1].duration * self._info.time_base[0] / self._info.time_base[1]
        return Segment(
            info=self._info,
            run=self._run,
            init=self._init,
            fragment=fmp4.fragment(self._number, samples),
            wall_s=first.arrived_wall_s,
            mono_s=first.arrived_s,
            camera_s=first.camera_s,
            clock_source=first.clock_source,
            duration_s=until_s - first.arrived_s,
            frames=len(packets),
            first_pts=first.pts,
            last_pts=last.pts,
            lost=sum(packet.lost for packet in packets),
        )

    def _samples(self, packets: list[Packet]) -> list[fmp4.Sample]:
        placed = self._timeline.place(packets)
        lasts = packets[-1].duration if packets[-1].duration > 0 else self._timeline.step
        ends = [time for time, _ in placed[1:]] + [placed[-1][0] + lasts]
        data = [packet.data for packet in packets]
        if self._info.codec in CODECS:
            data = [fmp4.length_prefixed(each) for each in data]
        sound = self._info.media is Media.AUDIO
        return [
            fmp4.Sample(
                data=each, time=time, duration=end - time, shown_later=later, is_sync=sound or packet.is_keyframe
            )
            for packet, each, (time, later), end in zip(packets, data, placed, ends, strict=True)
        ]


def _reorders(info: StreamInfo) -> bool:
    """Whether its pictures may come in another order than they are shown."""
    if info.codec not in CODECS:
        return False
    return picture(info.codec, parameter_sets(info.codec, info.extradata)).reorders
