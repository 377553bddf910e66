"""One client of a camera: its RTSP conversation, and the packets it is sent."""

import asyncio
import contextlib
import re
import secrets
import time
from collections.abc import Callable
from functools import partial

from hardware.cameras import rtsp
from hardware.cameras.camera import Camera
from hardware.cameras.digest import Challenge
from hardware.cameras.faults import Fault
from hardware.cameras.rtp import Payload
from hardware.cameras.rtsp import Request, respond
from hardware.cameras.tracks import VIDEO, Sample, Track, describe
from hardware.cameras.transports import Sender, TcpSender, UdpSender

SESSION_TIMEOUT_S = 60
MOST_UNREAD = 400_000  # bytes written for a client that it has not taken; more, and it is dropped
_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
_PORTS = re.compile(r"client_port=(\d+)(?:-(\d+))?")
_CHANNELS = re.compile(r"interleaved=(\d+)(?:-(\d+))?")
_TRACK = re.compile(r"/trackID=(\d+)/?$")


class Connection:
    """One client. `on_play` is called when it begins to watch."""

    def __init__(
        self,
        camera: Camera,
        tracks: list[Track],
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        on_play: Callable[["Connection"], None],
    ) -> None:
        self._camera, self._tracks, self._on_play = camera, tracks, on_play
        self._reader, self._writer = streams
        self._challenge = Challenge(camera.spec.name, camera.spec.schemes)
        self._session = secrets.token_hex(8)
        self._senders: dict[int, Sender] = {}
        self._heard_s = time.monotonic()
        self._waits_for_keyframe = True
        self.playing = False
        self.awake = asyncio.Event()
        self.awake.set()

    async def converse(self) -> None:
        """Answer until the client leaves, is silent for too long, or says what cannot be understood."""
        try:
            while message := await self._next():
                if isinstance(message, Request):
                    await self.awake.wait()
                    self._writer.write(await self._answer(message))
                    self._drop_if_unread()
                    if message.method == "TEARDOWN":
                        break
        except rtsp.RequestError:
            self._writer.write(respond(400, "0"))
        except (asyncio.IncompleteReadError, OSError):
            pass  # it has gone, or there is no port left to send from
        finally:
            self.drop(politely=True)

    async def _next(self) -> rtsp.Request | rtsp.Interleaved | None:
        while (left_s := self._heard_s + SESSION_TIMEOUT_S - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    message = await rtsp.read(self._reader)
                    self._hear()
                    return message
        return None

    def _hear(self) -> None:
        self._heard_s = time.monotonic()

    async def _answer(self, request: Request) -> bytes:
        method, cseq = request.method, request.sequence
        self._camera.heard.append((method, request.headers.get("authorization", "")))
        if sent := self._camera.oddity.location(method, "authorization" in request.headers):
            return respond(302, cseq, {"Location": sent})
        if method == "OPTIONS":
            return respond(200, cseq, {"Public": _METHODS})
        if refused := self._refused(request):
            return refused
        if method == "DESCRIBE":
            body = self._camera.oddity.description(describe(self._camera.spec.name, self._tracks))
            base = request.url.rstrip("/") + "/"
            return respond(200, cseq, {"Content-Base": base, "Content-Type": "application/sdp"}, body)
        if method == "SETUP":
            return await self._set_up(request)
        session = {"Session": self._session}
        if method in ("PLAY", "TEARDOWN") and request.headers.get("session", "").split(";")[0] != self._session:
            return respond(454, cseq)
        if method == "PLAY":
            return self._play(request)
        if method in ("GET_PARAMETER", "SET_PARAMETER", "TEARDOWN"):
            return respond(200, cseq, session if self._senders else {})
        return respond(501, cseq, {"Public": _METHODS})

    def _refused(self, request: Request) -> bytes | None:
        path = "/" + request.url.split("://", 1)[-1].partition("/")[2]
        if _TRACK.sub("", path).rstrip("/") != f"/{self._camera.spec.name}":
            return respond(404, request.sequence)
        credentials, refuses = self._camera.spec.credentials, Fault.WRONG_AUTH in self._camera.faults
        if not credentials and not refuses:
            return None
        answer = request.headers.get("authorization", "")
        if credentials and not refuses and self._challenge.is_met(answer, request.method, request.url, credentials):
            return None
        wanted = self._camera.oddity.challenge(self._challenge.headers())
        return respond(401, request.sequence, {"WWW-Authenticate": wanted})

    async def _set_up(self, request: Request) -> bytes:
        found = _TRACK.search(request.url)
        number = int(found[1]) if found else 0
        if number >= len(self._tracks):
            return respond(404, request.sequence)
        if self.playing or number in self._senders:
            return respond(455, request.sequence)
        for offer in request.headers.get("transport", "").split(","):
            if sender := await self._sender(offer, self._tracks[number], number):
                self._senders[number] = sender
                session = f"{self._session};timeout={SESSION_TIMEOUT_S}"
                return respond(200, request.sequence, {"Session": session, "Transport": sender.transport})
        return respond(461, request.sequence)

    async def _sender(self, offer: str, track: Track, number: int) -> Sender | None:
        """The sender for one of the transports that the client offers, if it is one of ours."""
        protocol = offer.strip().split(";")[0].upper()
        if protocol == "RTP/AVP/TCP":
            channels = _CHANNELS.search(offer)
            channel = int(channels[1]) if channels else 2 * number
            return TcpSender(track, self._writer, channel) if channel < 255 else None
        ports = _PORTS.search(offer)
        if protocol in ("RTP/AVP", "RTP/AVP/UDP") and ports and "multicast" not in offer:
            rtp_port = int(ports[1])
            rtcp_port = int(ports[2] or rtp_port + 1)
            here, there = (self._writer.get_extra_info(name)[0] for name in ("sockname", "peername"))
            if max(rtp_port, rtcp_port) < 65_536:
                return await UdpSender.open(track, here, (there, rtp_port, rtcp_port), self._hear)
        return None

    def _play(self, request: Request) -> bytes:
        if not self._senders:
            return respond(455, request.sequence)
        now_s, base = time.monotonic(), re.sub(r"/?$", "", request.url)
        about = [f"url={base}/trackID={n};{s.position(now_s)}" for n, s in sorted(self._senders.items())]
        headers = {"Session": self._session, "Range": "npt=now-", "RTP-Info": ",".join(about)}
        asyncio.get_running_loop().call_soon(self._begin)
        return respond(200, request.sequence, headers)

    def _begin(self) -> None:
        if self.playing or self._writer.is_closing():
            return
        self.playing = True
        self.report()
        self._on_play(self)

    def report(self) -> None:
        """Send a sender report on every track."""
        for sender in self._senders.values():
            sender.report(time.monotonic(), self._camera.reported_s(), self._camera.oddity.report)

    def send(self, sample: Sample, keyframes_come: bool) -> None:
        """Send one sample, from the first keyframe on where `keyframes_come`; drop a client that does not read."""
        sender = self._senders.get(sample.track)
        if sender is None:
            return
        if sample.track == VIDEO and self._waits_for_keyframe:
            if keyframes_come and not sample.is_keyframe:
                return
            self._waits_for_keyframe = False
        for payload in sample.payloads:
            sender.send(payload, sample.ticks, partial(self._camera.oddity.way, sample.track))
        self._drop_if_unread()

    def _drop_if_unread(self) -> None:
        if self._writer.transport.get_write_buffer_size() > MOST_UNREAD:
            self.drop()

    def drop(self, *, politely: bool = False) -> None:
        """End it: at once, or with what is still to be said."""
        self.playing = False
        for sender in self._senders.values():
            sender.close()
        self._senders = {}
        if politely:
            self._writer.close()
        else:
            self._writer.transport.abort()
        self.awake.set()


def garbled(sample: Sample) -> Sample:
    """The sample with random bytes for its payloads."""
    noise = tuple(Payload(secrets.token_bytes(len(p.data)), p.marker) for p in sample.payloads)
    return Sample(sample.track, sample.ticks, noise, sample.is_keyframe)
