"""NAL units in Annex B byte streams: what lies between start codes, whatever else there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.cameras.annexb import annex_b, is_plausible, nal_units, unit_spans

START = b"\0\0\1"
octets = st.lists(st.sampled_from([b"\0", b"\1", b"\2", b"\xff", START, b"\0" + START]), max_size=200).map(b"".join)


@given(octets)
def test_units_are_what_lies_between_start_codes_without_the_zeros_before_them(data):
    if START in data:
        assert nal_units(data) == [unit for part in data.split(START) if (unit := part.rstrip(b"\0"))]
    else:
        assert nal_units(data) == ([data] if data else [])


@given(octets)
def test_spans_are_of_the_units(data):
    assert [data[begin:end] for begin, end in unit_spans(data)] == nal_units(data)


@given(st.lists(st.binary(min_size=1, max_size=30).filter(lambda u: START not in u and u[-1] and u[:1] != b"\1")))
def test_units_put_together_come_apart_again(units):
    assert nal_units(annex_b(tuple(units))) == units


@pytest.mark.parametrize("count", [1, 63, 64, 65, 1_000])
def test_many_units_and_many_zeros_are_told_apart_as_well(count):
    units = [bytes([0x41, 0, 0, 2, n % 255 + 1]) for n in range(count)]
    assert nal_units(annex_b(tuple(units))) == units
    assert nal_units(bytes(count) + annex_b(tuple(units)) + bytes(count)) == units


def test_units_of_the_codec_are_plausible_and_others_are_not():
    assert is_plausible("h264", annex_b((b"\x67\x42", b"\x68\xce", b"\x65\x88")))
    assert is_plausible("hevc", annex_b((b"\x40\x01\x0c", b"\x26\x01\xaf")))
    assert not is_plausible("h264", annex_b((b"\x65\x88", b"\x80\x01")))  # the forbidden bit
    assert not is_plausible("h264", annex_b((b"\x65\x88", b"\x00\x01", b"\x1f\x01")))  # no such types
    assert not is_plausible("hevc", annex_b((b"\x26\x01\xaf", b"\x26\x00\xaf")))  # a temporal id of none
    assert not is_plausible("h264", b"")
