"""A viewer that is no browser: aiortc as WHEP client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription

WHEP = "/api/v1/cameras/cam-1/whep"
SDP = {"content-type": "application/sdp"}


def peer(codec: str = "video/H264", *, sound: bool = False) -> RTCPeerConnection:
    """A connection that wants to receive video of one codec."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    wanted = [c for c in RTCRtpReceiver.getCapabilities("video").codecs if c.mimeType == codec]
    connection.addTransceiver("video", "recvonly").setCodecPreferences(wanted)
    if sound:
        connection.addTransceiver("audio", "recvonly")
    return connection


async def offer(connection: RTCPeerConnection) -> str:
    """The offer of `connection`, with its candidates."""
    await connection.setLocalDescription(await connection.createOffer())
    return connection.localDescription.sdp


async def looking(client: httpx.AsyncClient, connection: RTCPeerConnection) -> httpx.Response:
    """Joins; the connection then has its tracks."""
    answer = await client.post(WHEP, content=await offer(connection), headers=SDP)
    assert answer.status_code == 201, answer.text
    await connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
    return answer


@asynccontextmanager
async def viewer(
    client: httpx.AsyncClient, *, sound: bool = False
) -> AsyncIterator[tuple[RTCPeerConnection, httpx.Response]]:
    """A viewer of cam-1; it leaves at the end."""
    connection = peer(sound=sound)
    try:
        answer = await looking(client, connection)
        yield connection, answer
        await client.delete(answer.headers["location"])
    finally:
        await connection.close()


async def pictures(connection: RTCPeerConnection, n: int, within_s: float = 60.0) -> list[int]:
    """The times (in 90 kHz ticks) of the next `n` pictures."""
    (track,) = [r.track for r in connection.getReceivers() if r.track and r.track.kind == "video"]
    async with asyncio.timeout(within_s):
        return [(await track.recv()).pts for _ in range(n)]
