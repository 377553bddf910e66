"""RTP packets in the frames of an RTSP connection, as a camera sends them."""

from ingest.cameras.rtsp_messages import Frames, Place, Splitter


def frame(channel: int, packet: bytes) -> bytes:
    return bytes((0x24, channel)) + len(packet).to_bytes(2, "big") + packet


def rtp(
    number: int, payload: bytes, ticks: int = 0, marker: bool = False, source: int = 7, payload_type: int = 96
) -> bytes:
    return (
        bytes((0x80, payload_type | marker << 7))
        + (number & 0xFFFF).to_bytes(2, "big")
        + (ticks & 0xFFFFFFFF).to_bytes(4, "big")
        + source.to_bytes(4, "big")
        + payload
    )


def places_of(data: bytes, channel: int) -> list[Place]:
    """Where the packets of a channel are in frames."""
    found = list(Splitter().feed(data))
    if not found:
        return []
    (frames,) = found
    assert isinstance(frames, Frames)
    return list(frames.places.get(channel, ()))


def packets(data: bytes, channel: int) -> list[bytes]:
    """The packets of a channel, without their frames."""
    return [data[at:end] for at, end in places_of(data, channel)]
