import asyncio

import pytest

from hardware.cameras import rtsp


def read(data: bytes) -> rtsp.Request | rtsp.Interleaved:
    async def reading() -> rtsp.Request | rtsp.Interleaved:
        reader = asyncio.StreamReader(limit=rtsp.MOST_HEADER)
        reader.feed_data(data)
        reader.feed_eof()
        return await rtsp.read(reader)

    return asyncio.run(reading())


def test_a_request_is_read_with_its_headers():
    request = read(b"SETUP rtsp://h/c RTSP/1.0\r\nCSeq: 3\r\nTRANSPORT:  RTP/AVP;unicast \r\n\r\n")
    assert (request.method, request.url, request.sequence) == ("SETUP", "rtsp://h/c", "3")
    assert request.headers["transport"] == "RTP/AVP;unicast"


def test_data_of_the_client_comes_between_requests():
    assert read(b"$\x01\x00\x04abcdOPTIONS") == rtsp.Interleaved(1, b"abcd")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"OPTIONS\r\n\r\n",
        b"\xff\xfe RTSP/1.0\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nno colon\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nContent-Length: many\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nX: " + b"x" * 2 * rtsp.MOST_HEADER + b"\r\n\r\n",
    ],
)
def test_what_is_no_request_is_an_error(data):
    with pytest.raises(rtsp.RequestError):
        read(data)
