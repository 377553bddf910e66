from hypothesis import given
from hypothesis import strategies as st
from plain_rtsp_client import depacketised

from hardware.cameras import h264, nal
from hardware.cameras.rtp import MOST_PAYLOAD

kinds = st.sampled_from([0x41, 0x65, 0x67, 0x68, 0x06, 0x01])
units = st.builds(
    lambda kind, length, fill: bytes([kind]) + bytes([fill]) * length, kinds, st.integers(1, 6000), st.integers(1, 255)
)


@given(st.lists(units, min_size=1, max_size=5))
def test_what_is_packed_is_unpacked_the_same(nal_units):
    packed = h264.payloads(nal_units)
    assert depacketised([p.data for p in packed]) == nal_units
    assert all(len(p.data) <= MOST_PAYLOAD for p in packed)
    assert [p.marker for p in packed] == [False] * (len(packed) - 1) + [True]


@given(st.lists(units, min_size=1, max_size=5), st.sampled_from([b"\0\0\1", b"\0\0\0\1"]))
def test_start_codes_of_either_length_part_the_units(nal_units, start):
    assert nal.nal_units(b"".join(start + unit for unit in nal_units)) == nal_units
