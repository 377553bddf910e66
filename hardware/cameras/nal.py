"""NAL units, of which H.264 and H.265 are made, in the byte stream of Annex B."""

import re

_START = re.compile(rb"\x00*\x00\x00\x01")


def nal_units(annex_b: bytes) -> list[bytes]:
    """The units of a byte stream, without start codes."""
    return [unit for unit in _START.split(annex_b) if unit]
