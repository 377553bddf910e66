"""RTSP by FFmpeg, through a relay: a connection, its streams, its packets, and what can go wrong in words of ours.

FFmpeg's own words hold the address; so they are never passed on.
"""

import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import av
import av.error
import structlog

from ingest.cameras import annexb
from ingest.cameras.address import Address
from ingest.cameras.fmp4 import AUDIO_CODECS, UnsupportedStream, initialisation
from ingest.cameras.gathering import Gathering
from ingest.cameras.guard import Guard
from ingest.cameras.packets import Media, Packet, StreamInfo
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from ingest.cameras.rtp_clock import ClockSource, time_of_day
from ingest.cameras.rtsp_relay import Relay
from ingest.cameras.states import SourceFault, State
from ingest.cameras.wall_clock import wall_at

MOST_TICKS = 1 << 61
REORDERED = 16  # packets that wait for one before them, by UDP
ASK_S = 1.0  # how often FFmpeg is asked for the camera's clock, which goes on with the stream's time in between

log = structlog.get_logger("ingest.cameras")


def connect(
    address: Address, open_s: float, read_s: float, largest_pixels: int = LARGEST_PIXELS
) -> tuple[av.container.InputContainer, Relay]:
    """The container of the stream at `address`, and the relay to it; no wait within it is longer than `open_s`. Later
    it ends when not a byte comes for `read_s` seconds, or the relay's line is cut.

    Raises:
        SourceFault: in words that don't hold the address.
    """
    # a probe of the least size: FFmpeg then guesses nothing from the first seconds but hands them on as they come
    options = {
        "rtsp_transport": "tcp",  # as far as the relay
        "reorder_queue_size": str(REORDERED if address.transport == "udp" else 0),
        "allowed_media_types": "video+audio",
        "probesize": "32",
        "fpsprobesize": "0",
        "max_pixels": str(largest_pixels),  # should it decode a picture all the same
        "timeout": str(round(read_s * 1e6)),
    }
    began_s = time.monotonic()
    relay = Relay(address, open_s)
    try:
        return av.open(relay.url, format="rtsp", options=options, timeout=(open_s, None)), relay
    except (av.error.FFmpegError, OSError) as error:
        waited_s = time.monotonic() - began_s
        relay.close()
        raise relay.fault or _explained(error, address, open_s, slow=waited_s >= 0.9 * open_s) from None
    except BaseException:
        relay.close()
        raise


def _explained(error: BaseException, address: Address, open_s: float, *, slow: bool) -> SourceFault:
    match error:
        case av.error.HTTPUnauthorizedError() | av.error.HTTPForbiddenError():
            if address.username is None:
                return SourceFault(State.REFUSED, "the camera wants a user name and a password; none is set")
            return SourceFault(State.REFUSED, "the user name or password was refused; expected the camera's own")
        case av.error.HTTPNotFoundError():
            return SourceFault(State.REFUSED, "there is nothing at this path; expected the path of a stream")
        case av.error.HTTPClientError():
            return SourceFault(State.REFUSED, "the camera refused the request; expected the path of a stream")
        case av.error.HTTPServerError():
            return SourceFault(State.LOST, "the camera answered with an error of its own; expected a stream")
        case _ if slow:
            waited = f"{open_s:g} s"
            return SourceFault(State.LOST, f"the stream did not begin within {waited}; expected an answer in RTSP")
        case av.error.InvalidDataError():
            return SourceFault(
                State.UNUSABLE, "what was answered describes no stream; expected RTSP with H.264 or H.265"
            )
    return SourceFault(State.LOST, f"{_words(error)}; expected a stream")


def streams_of(container: av.container.InputContainer) -> dict[int, StreamInfo]:
    """The streams that we take, by their index: the first picture, the first sound."""
    taken: dict[int, StreamInfo] = {}
    for stream in container.streams:
        context = getattr(stream, "codec_context", None)
        if context is None or stream.time_base is None or any(i.media.value == stream.type for i in taken.values()):
            continue
        codec = context.name.removeprefix("lib")
        time_base = (stream.time_base.numerator, stream.time_base.denominator)
        extradata = bytes(context.extradata or b"")
        if stream.type == "video" and codec in annexb.CODECS:
            taken[stream.index] = StreamInfo(media=Media.VIDEO, codec=codec, time_base=time_base, extradata=extradata)
        elif stream.type == "audio" and codec in AUDIO_CODECS and (codec != "aac" or extradata):
            sound = StreamInfo(
                media=Media.AUDIO,
                codec=codec,
                time_base=time_base,
                extradata=extradata,
                sample_rate=context.sample_rate,
                channels=context.channels or 1,
            )
            if _is_storable(sound):
                taken[stream.index] = sound
        else:
            log.warning("a stream that is not taken", kind=stream.type, codec=codec)
    return taken


def _is_storable(sound: StreamInfo) -> bool:
    """Where it is not, the picture goes without."""
    try:
        initialisation(sound)
    except UnsupportedStream as error:
        log.warning("a stream that is not taken", kind="audio", codec=sound.codec, reason=str(error))
        return False
    return True


def watchable(container: av.container.InputContainer) -> dict[int, StreamInfo]:
    """The streams that we take, with a picture among them.

    Raises:
        SourceFault: when there is none.
    """
    streams = streams_of(container)
    if not any(info.media is Media.VIDEO for info in streams.values()):
        raise SourceFault(State.UNUSABLE, f"the camera offers {_offered(container)}; expected H.264 or H.265")
    return streams


def _offered(container: av.container.InputContainer) -> str:
    names = [
        s.codec_context.name if getattr(s, "codec_context", None) else "something unknown" for s in container.streams
    ]
    return ", ".join(names) or "no stream"


def packets_of(
    container: av.container.InputContainer,
    streams: dict[int, StreamInfo],
    guard: Guard,
    gathering: Gathering,
    lost: Callable[[Media], int],
) -> Iterator[Packet]:
    """What comes, with the time of its arrival, and how much of its medium was `lost` before it; ends when the camera
    ends it.

    Raises:
        SourceFault: when no packet comes for as long as `guard` has patience, or the connection breaks.
    """
    incoming = {index: _Incoming(info) for index, info in streams.items()}
    demuxed = container.demux()
    while True:
        try:
            received = next(demuxed)
        except (StopIteration, av.error.FFmpegError, OSError) as error:
            if guard.has_cut or isinstance(error, TimeoutError):
                silence = f"nothing for {guard.patience_s:g} s; expected a packet"
                raise SourceFault(State.STALLED, silence) from None
            if isinstance(error, StopIteration):
                return
            raise SourceFault(State.LOST, f"{_words(error)}; expected the next packet") from None
        guard.heard_s = arrived_s = time.monotonic()
        stream = incoming.get(received.stream_index)
        if stream is not None and received.size:
            if not stream.is_sound:
                gathering.see(received.size, arrived_s)
            yield stream.packet(received, arrived_s, lost(stream.media))


class _Incoming:
    """One stream as it comes. What FFmpeg leaves open of its packets is filled in."""

    def __init__(self, info: StreamInfo) -> None:
        self._info = info
        self.media = info.media
        self.is_sound = info.media is Media.AUDIO
        self._tick_s = info.time_base[0] / info.time_base[1]
        self._pts = self._lasts = 0  # of the last packet
        self._clock: tuple[int, float] | None = None  # a PTS, and the camera's clock at it
        self._source: ClockSource | None = None
        self._asked_s = 0.0

    def packet(self, received: "av.Packet[Any]", arrived_s: float, lost: int) -> Packet:
        """What was received at `arrived_s`, just now, when `lost` had been lost."""
        pts, dts, duration = _sane(received.pts), _sane(received.dts), received.duration
        if pts is None:  # FFmpeg can't always tell the time of a connection's first packet
            pts = dts if dts is not None else self._pts + self._lasts
        self._pts = pts
        self._lasts = duration if duration is not None and duration > 0 else 0
        if self._clock is None or arrived_s - self._asked_s >= ASK_S:
            self._ask_clock(received, pts)
            self._asked_s = arrived_s
        return Packet(
            media=self._info.media,
            data=bytes(received),
            pts=pts,
            dts=dts if dts is not None else pts,
            duration=self._lasts,
            is_keyframe=self.is_sound or received.is_keyframe,
            arrived_s=arrived_s,
            arrived_wall_s=wall_at(arrived_s),
            camera_s=None if self._clock is None else self._clock[1] + (pts - self._clock[0]) * self._tick_s,
            clock_source=self._source,
            lost=lost,
        )

    def _ask_clock(self, received: "av.Packet[Any]", pts: int) -> None:
        reported_s = _reported_s(received)
        told_s = None if reported_s is None else time_of_day(reported_s, time.time())
        self._clock = None if told_s is None else (pts, told_s)
        if reported_s is not None:
            self._source = ClockSource.RTCP if told_s is not None else ClockSource.RTCP_IMPLAUSIBLE


def _sane(ticks: int | None) -> int | None:
    """A time that a leaf can hold; FFmpeg adds up whatever a camera says."""
    return ticks if ticks is not None and abs(ticks) <= MOST_TICKS else None


def _reported_s(packet: "av.Packet[Any]") -> float | None:
    """What the camera says its clock is at this packet (Unix seconds): FFmpeg works it out from the RTCP sender reports
    (`AVProducerReferenceTime`, microseconds)."""
    if not packet.has_sidedata("prft"):
        return None
    told = bytes(packet.get_sidedata("prft"))
    return float(struct.unpack_from("=q", told)[0]) / 1e6 if len(told) >= 8 else None


def _words(error: BaseException) -> str:
    """What the system calls the error, without the address."""
    return str(getattr(error, "strerror", None) or "the connection broke").lower()
