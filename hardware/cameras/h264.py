"""H.264 in RTP (RFC 6184): an access unit in, payloads out. Packetisation mode 1: single NAL units and FU-A."""

import base64
from collections.abc import Iterable

from hardware.cameras.nal import nal_units
from hardware.cameras.rtp import MOST_PAYLOAD, Payload

NAME = "H264"
DELIMITER = b"\x09\xf0"
_SPS, _PPS, _FU_A = 7, 8, 28


def parameter_sets(annex_b: bytes) -> list[bytes]:
    """The SPS and PPS among the NAL units."""
    return [unit for unit in nal_units(annex_b) if unit[0] & 0x1F in (_SPS, _PPS)]


def payloads(units: Iterable[bytes]) -> list[Payload]:
    """The RTP payloads of one access unit; the last one has the marker."""
    pieces = [piece for unit in units for piece in ([unit] if len(unit) <= MOST_PAYLOAD else _fragments(unit))]
    return [Payload(piece, marker=i == len(pieces) - 1) for i, piece in enumerate(pieces)]


def _fragments(unit: bytes) -> list[bytes]:
    indicator, kind = unit[0] & 0xE0 | _FU_A, unit[0] & 0x1F
    room, made = MOST_PAYLOAD - 2, []
    for at in range(1, len(unit), room):
        begins, ends = at == 1, at + room >= len(unit)
        made.append(bytes((indicator, begins << 7 | ends << 6 | kind)) + unit[at : at + room])
    return made


def format_parameters(sets: list[bytes]) -> str:
    """The value of `a=fmtp` for these parameter sets."""
    sps = next(s for s in sets if s[0] & 0x1F == _SPS)
    sprop = ",".join(base64.b64encode(s).decode() for s in sets)
    return f"packetization-mode=1;profile-level-id={sps[1:4].hex().upper()};sprop-parameter-sets={sprop}"
