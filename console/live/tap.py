"""A client of the tap: the packets of one camera from its worker's Unix socket (docs/video.md)."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

from ingest.cameras.packets import Packet, StreamInfo
from ingest.cameras.tap import ANNOUNCED

CONNECT_S = 3.0
LINE_BYTES = 64 * 1024
PACKET_BYTES = 8 * 1024 * 1024  # a keyframe of a 4K camera is well under 2 MiB

_LENGTH = struct.Struct(">I")


class TapClosed(Exception):  # noqa: N818  (a state of the worker)
    """The worker gives no packets: what it said, or that it is not there."""


class _Answer(msgspec.Struct):
    streams: list[StreamInfo] | None = None
    error: str | None = None


_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_packet = msgspec.msgpack.Decoder(Packet).decode


@dataclass(frozen=True, slots=True)
class Tap:
    """An open connection: what the camera sends, then its packets, beginning with the last group of pictures."""

    streams: tuple[StreamInfo, ...]
    _reader: asyncio.StreamReader

    async def next(self) -> Packet | tuple[StreamInfo, ...]:
        """The next packet; or the streams, where their parameters are others from here on.

        Raises:
            TapClosed: when the worker closed the connection or sent what is no packet.
        """
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            announced, length = length & ANNOUNCED, length & ~ANNOUNCED
            if length > PACKET_BYTES:
                raise TapClosed(f"a packet of {length} bytes; expected at most {PACKET_BYTES}")
            data = await self._reader.readexactly(length)
            return tuple(_decode_answer(data).streams or ()) if announced else _decode_packet(data)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise TapClosed("the camera's worker closed the connection") from error
        except msgspec.MsgspecError as error:
            raise TapClosed(f"expected a packet: {error}") from error

    async def packets(self) -> AsyncIterator[Packet | tuple[StreamInfo, ...]]:
        """Every packet, and other parameters where they come, until `TapClosed`."""
        while True:
            yield await self.next()


@asynccontextmanager
async def connect(path: str, camera: str) -> AsyncIterator[Tap]:
    """A connection to the tap at `path` for the camera with id `camera`.

    Raises:
        TapClosed: when nobody answers there within 3 s, or the worker refuses.
    """
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_unix_connection(path, limit=LINE_BYTES)
    except OSError as error:  # TimeoutError among them
        raise TapClosed(f"the camera's worker can't be reached ({error.strerror or 'no answer'})") from error
    try:
        yield Tap(await _ask(reader, writer, camera), reader)
    finally:
        writer.transport.abort()  # nothing of ours is under way; to wait for the other side would be to trust it


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, camera: str) -> tuple[StreamInfo, ...]:
    try:
        async with asyncio.timeout(CONNECT_S):
            writer.write(msgspec.json.encode({"camera": camera}) + b"\n")
            await writer.drain()
            answer = _decode_answer(await reader.readuntil(b"\n"))
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise TapClosed("the camera's worker does not answer") from error
    except msgspec.MsgspecError as error:
        raise TapClosed(f"expected the camera's streams: {error}") from error
    if answer.streams is None:
        raise TapClosed(answer.error or "the camera's worker told no streams")
    return tuple(answer.streams)
