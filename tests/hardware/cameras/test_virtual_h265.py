from hypothesis import given
from hypothesis import strategies as st

from hardware.cameras import h265
from hardware.cameras.rtp import MOST_PAYLOAD

FU = 49
kinds = st.sampled_from([1, 19, 20, 32, 33, 34, 39])
units = st.builds(
    lambda kind, length, fill: bytes([kind << 1, 1]) + bytes([fill]) * length,
    kinds,
    st.integers(1, 6000),
    st.integers(1, 255),
)


def depacketised(payloads: list[bytes]) -> list[bytes]:
    """The NAL units that RTP payloads carry (RFC 7798, without DONL)."""
    found: list[bytearray] = []
    for payload in payloads:
        if payload[0] >> 1 & 0x3F != FU:
            found.append(bytearray(payload))
        elif payload[2] & 0x80:
            found.append(bytearray([payload[0] & 0x81 | (payload[2] & 0x3F) << 1, payload[1]]) + payload[3:])
        else:
            found[-1] += payload[3:]
    return [bytes(unit) for unit in found]


@given(st.lists(units, min_size=1, max_size=5))
def test_what_is_packed_is_unpacked_the_same(nal_units):
    packed = h265.payloads(nal_units)
    assert depacketised([p.data for p in packed]) == nal_units
    assert all(len(p.data) <= MOST_PAYLOAD for p in packed)
    assert [p.marker for p in packed] == [False] * (len(packed) - 1) + [True]
