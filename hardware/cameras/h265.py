"""H.265 in RTP (RFC 7798): an access unit in, payloads out, as single NAL units and fragmentation units."""

import base64
from collections.abc import Iterable

from hardware.cameras.nal import nal_units
from hardware.cameras.rtp import MOST_PAYLOAD, Payload

NAME = "H265"
DELIMITER = b"\x46\x01\x50"
_VPS, _SPS, _PPS, _FU = 32, 33, 34, 49


def parameter_sets(annex_b: bytes) -> list[bytes]:
    """The VPS, SPS and PPS among the NAL units."""
    return [unit for unit in nal_units(annex_b) if _kind(unit) in (_VPS, _SPS, _PPS)]


def payloads(units: Iterable[bytes]) -> list[Payload]:
    """The RTP payloads of one access unit; the last one has the marker."""
    pieces = [piece for unit in units for piece in ([unit] if len(unit) <= MOST_PAYLOAD else _fragments(unit))]
    return [Payload(piece, marker=i == len(pieces) - 1) for i, piece in enumerate(pieces)]


def _kind(unit: bytes) -> int:
    return unit[0] >> 1 & 0x3F


def _fragments(unit: bytes) -> list[bytes]:
    header = bytes((unit[0] & 0x81 | _FU << 1, unit[1]))
    room, made = MOST_PAYLOAD - 3, []
    for at in range(2, len(unit), room):
        begins, ends = at == 2, at + room >= len(unit)
        made.append(header + bytes((begins << 7 | ends << 6 | _kind(unit),)) + unit[at : at + room])
    return made


def format_parameters(sets: list[bytes]) -> str:
    """The value of `a=fmtp` for these parameter sets."""
    names = {_VPS: "sprop-vps", _SPS: "sprop-sps", _PPS: "sprop-pps"}
    return ";".join(f"{names[_kind(s)]}={base64.b64encode(s).decode()}" for s in sets)
