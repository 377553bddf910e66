"""Ways in which a camera is odd without being broken: in its description, its NAL units, its timestamps, its reports.

Each function is called for every description, access unit, sample or report; what it returns is sent. The ready-made
ones are of cameras that people own. One that remembers something belongs to one camera.
"""

import base64
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

Units = list[bytes]

H264_SPS, H264_PPS = 7, 8
H265_VPS, H265_SPS, H265_PPS = 32, 33, 34
_SPROP = re.compile(rb"sprop-(parameter-sets|vps|sps|pps)=([^;\r\n]*)")


def _as_it_is(description: bytes) -> bytes:
    return description


def _as_they_are(units: Units, is_keyframe: bool) -> Units:  # noqa: ARG001
    return units


def _in_time(track: int, ticks: int) -> int:  # noqa: ARG001
    return ticks


def _here(method: str, proves: bool) -> str | None:  # noqa: ARG001
    return None


def _as_sent(track: int, packet: bytes) -> Sequence[bytes]:  # noqa: ARG001
    return (packet,)


def _as_wanted(headers: Sequence[str]) -> Sequence[str]:
    return headers


def _as_reported(report: bytes) -> bytes:
    return report


@dataclass(frozen=True, slots=True)
class Oddity:
    """`description` changes the SDP, `units` the NAL units of an access unit (and whether it is a keyframe), `ticks`
    the time of a sample (and which track it is of: 0 the picture, 1 the sound), `report` an RTCP packet, `challenge`
    how it asks for the password (`WWW-Authenticate`); `way` is what comes of an RTP packet of a track: nothing where it
    is lost, several where more than one comes; `location` is where it sends who asks something, by the method, and
    whether he proves who he is."""

    description: Callable[[bytes], bytes] = _as_it_is
    units: Callable[[Units, bool], Units] = _as_they_are
    ticks: Callable[[int, int], int] = _in_time
    report: Callable[[bytes], bytes] = _as_reported
    challenge: Callable[[Sequence[str]], Sequence[str]] = _as_wanted
    way: Callable[[int, bytes], Sequence[bytes]] = _as_sent
    location: Callable[[str, bool], str | None] = _here


ORDINARY = Oddity()


def describing_only(*kinds: int, h265: bool = False) -> Callable[[bytes], bytes]:
    """A description that tells only the parameter sets of these kinds."""

    def kept(found: re.Match[bytes]) -> bytes:
        sets = [each for each in found[2].split(b",") if _kind(base64.b64decode(each), h265) in kinds]
        return b"sprop-" + found[1] + b"=" + b",".join(sets)

    return lambda description: _SPROP.sub(kept, description)


def sending_without(*kinds: int, h265: bool = False) -> Callable[[Units, bool], Units]:
    """A stream without the units of these kinds."""
    return lambda units, _: [unit for unit in units if _kind(unit, h265) not in kinds]


def _kind(unit: bytes, h265: bool) -> int:
    return unit[0] >> 1 & 0x3F if h265 else unit[0] & 0x1F


def changing_pps() -> Callable[[Units, bool], Units]:
    """A second PPS of H.264, which no picture uses, told otherwise in every keyframe."""
    number = count()
    return lambda units, is_keyframe: _after_sps(
        units, [picture_parameters(1, next(number) % 20)] if is_keyframe else []
    )


def telling(*sets: bytes) -> Callable[[Units, bool], Units]:
    """More parameter sets of H.264 in every keyframe."""
    return lambda units, is_keyframe: _after_sps(units, list(sets) if is_keyframe else [])


def picture_parameters(number: int, quantiser: int = 0) -> bytes:
    """A PPS of H.264 with the id `number`, on the SPS with the id 0."""
    bits = _unsigned(number) + "1" + "00" + "1" + "11" + "000" + _unsigned(2 * quantiser) + "1" + "1" + "100" + "1"
    data = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    return b"\x68" + data.replace(b"\0\0", b"\0\0\3")


def picture_of(width: int, height: int) -> bytes:
    """An SPS of H.264, Baseline, of that size (multiples of 16)."""
    size = _unsigned(width // 16 - 1) + _unsigned(height // 16 - 1)
    bits = "1" + "1" + _unsigned(2) + _unsigned(1) + "0" + size + "1" + "1" + "0" + "0" + "1"
    data = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    return b"\x67\x42\x00\x28" + data


def stepping(track: int, at: int, by: int) -> Callable[[int, int], int]:
    """Times of one track that leap `by` ticks before its sample number `at`."""
    number = count()
    return lambda of, ticks: ticks + (by if of == track and next(number) >= at else 0)


def paired() -> Callable[[int, int], int]:
    """Pictures two and two with one time."""
    number, first = count(), [0]

    def ticks_of(track: int, ticks: int) -> int:
        if track == 0 and next(number) % 2 == 0:
            first[0] = ticks
        return first[0] if track == 0 else ticks

    return ticks_of


def at_rate(factor: float) -> Callable[[int, int], int]:
    """A picture's clock that runs `factor` times as fast as its pictures come."""
    began: list[int] = []

    def ticks_of(track: int, ticks: int) -> int:
        if track:
            return ticks
        if not began:
            began.append(ticks)
        return began[0] + round((ticks - began[0]) * factor)

    return ticks_of


def noise(report: bytes) -> bytes:
    """Anything, where a report belongs; now and then with the head of one."""
    return report[: secrets.randbelow(len(report))] + secrets.token_bytes(secrets.randbelow(64))


def _after_sps(units: Units, more: Units) -> Units:
    at = next((n + 1 for n, unit in enumerate(units) if unit[0] & 0x1F == H264_SPS), 0)
    return units[:at] + more + units[at:]


def _unsigned(value: int) -> str:
    """Exp-Golomb."""
    bits = bin(value + 1)[2:]
    return "0" * (len(bits) - 1) + bits
