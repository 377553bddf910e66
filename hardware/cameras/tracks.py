"""The tracks of a camera, and what is sent on them."""

from dataclasses import dataclass

from hardware.cameras.rtp import Payload

VIDEO, AUDIO = 0, 1


@dataclass(frozen=True, slots=True)
class Track:
    """One track as the session description tells it. `format_lines` are its `a=` lines without `a=`."""

    media: str
    payload_type: int
    clock_rate_hz: int
    format_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """An access unit or a frame of sound: `ticks` of the track's clock since the monotonic clock's beginning."""

    track: int
    ticks: int
    payloads: tuple[Payload, ...]
    is_keyframe: bool = True


def describe(name: str, tracks: list[Track]) -> bytes:
    """The session description (RFC 8866)."""
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", f"s={name}", "c=IN IP4 0.0.0.0", "t=0 0", "a=control:*"]
    lines.append("a=range:npt=now-")
    for number, track in enumerate(tracks):
        lines.append(f"m={track.media} 0 RTP/AVP {track.payload_type}")
        lines += [f"a={line}" for line in track.format_lines]
        lines.append(f"a=control:trackID={number}")
    return ("\r\n".join(lines) + "\r\n").encode()
