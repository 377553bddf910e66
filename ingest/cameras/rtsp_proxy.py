"""The RTSP conversation of a player with a camera, from between them: the player is given neither the camera's address
nor the password, and can't be sent elsewhere. Pure: bytes in, bytes out.

The player (FFmpeg) speaks to an address of ours and proves nothing. What it asks is asked of the camera in its own
name, with the proof that the camera wants; a challenge and a redirection don't get through. The player takes packets
interleaved with the conversation in any case: where the camera is to send them by UDP, that is agreed with it here.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from struct import Struct

from ingest.cameras import rtp_fragments, rtp_samples
from ingest.cameras.address import Address
from ingest.cameras.digest import Challenge, answer, challenges, taken
from ingest.cameras.packets import Media
from ingest.cameras.rtp_loss import Losses, RtpLoss
from ingest.cameras.rtsp_messages import Frames, Joined, Message, NoRtsp, Place, Splitter, framed
from ingest.cameras.states import SourceFault, State

MOST_PENDING = 64  # questions without an answer
_RTP = Struct(">BxH4xI")  # of its header: version and more, sequence number, SSRC
_STATIC = {"0": "PCMU", "8": "PCMA"}  # payload types that need no `rtpmap` (RFC 3551)
_CHANNELS = re.compile(r"interleaved=(\d{1,3})(?:-(\d{1,3}))?", re.IGNORECASE)
_SERVER_PORTS = re.compile(r"server_port=(\d{1,5})(?:-(\d{1,5}))?", re.IGNORECASE)
_FROM = re.compile(r"source=([^;\s]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the camera sends by UDP to the ports of one stream comes to the player in `channel` and the one after it;
    from the camera's `server_ports`, and from `source` where it is not the camera itself."""

    channel: int
    server_ports: tuple[int, int] | None = None
    source: str | None = None


@dataclass(slots=True)
class _Described:
    """A medium that the camera offers: where it is asked for, and its codec as SDP calls it."""

    media: Media | None
    control: str = ""
    codec: str = ""


@dataclass(frozen=True, slots=True)
class _Stream:
    """One that the camera sends, in a channel. `joined` gives its frames as the player is to have them."""

    loss: RtpLoss
    joined: Callable[[bytes, Sequence[Place]], Joined]

    def count(self, data: bytes, at: int, packets: int = 1) -> None:
        """The RTP packet in `data` from `at` on, and those that are joined in it."""
        if len(data) - at >= _RTP.size:
            first, number, source = _RTP.unpack_from(data, at)
            if first & 0xC0 == 0x80:
                self.loss.see(number, source, packets)


@dataclass(slots=True)
class _Question:
    """One of the player's, on its way. `asked` is as the camera is asked it, but for number and proof."""

    number: str  # as the player counts
    asked: Message
    proved: Challenge | None = None
    is_second: bool = False  # after a challenge
    channel: int | None = None  # where it asks for a stream


class Proxy:
    """Of one connection to the camera at `address`, which the player knows as `local`. `bind` gives the two ports here
    for the stream of a channel, by UDP; `agreed` hears what the camera said to that.

    Raises:
        SourceFault: in any method, when the conversation is over.
    """

    def __init__(
        self,
        address: Address,
        local: str,
        losses: Losses,
        bind: Callable[[int], tuple[int, int]] | None = None,
        agreed: Callable[[Agreed], None] = lambda _: None,
    ) -> None:
        self._address, self._local, self._losses = address, local, losses
        self._bind, self._agreed = bind, agreed
        self._player, self._camera = Splitter(), Splitter()
        self._to_camera: list[bytes] = []
        self._to_player: list[bytes] = []
        self._questions: dict[str, _Question] = {}  # by number, as the camera knows them
        self._asked = 0
        self._challenge: Challenge | None = None
        self._proofs: Counter[str] = Counter()  # by nonce
        self._is_admitted = False  # the player named the address that it alone was given
        self._media: list[_Described] = []
        self._streams: dict[int, _Stream] = {}  # by the channel of its packets
        self.is_playing = False
        """Whether the player knows that packets come."""

    def from_player(self, data: bytes) -> bytes:
        """What the camera is to be told."""
        for item in _split(self._player, data):
            if isinstance(item, Message):
                self._asks(item)
            elif self._bind is None and self._is_admitted:
                self._to_camera.append(item.data)
        sent, self._to_camera = b"".join(self._to_camera), []
        return sent

    def from_camera(self, data: bytes) -> tuple[bytes, bytes]:
        """What the player is to be told, and what the camera."""
        for item in _split(self._camera, data):
            if isinstance(item, Frames):
                self._to_player += self._passed(item)
            elif item.is_answer:
                self._answers(item)
            else:
                self._to_player.append(item.encoded())
        told, asked = b"".join(self._to_player), b"".join(self._to_camera)
        self._to_player, self._to_camera = [], []
        return told, asked

    def _passed(self, frames: Frames) -> list[bytes]:
        """Those of each stream together, and what belongs to none behind them: a stream's end comes after its last
        packet."""
        passed, others = list[bytes](), list[bytes]()
        for channel, places in frames.places.items():
            stream = self._streams.get(channel)
            if stream is None:
                others += [frames.data[at - 4 : end] for at, end in places]
                continue
            for frame, packets in stream.joined(frames.data, places):
                stream.count(frame, 4, packets)
                passed.append(frame)
        return passed + others

    def datagram(self, channel: int, data: bytes) -> bytes:
        """What came by UDP, as the player is to be told it."""
        stream = self._streams.get(channel)
        if stream is not None:
            stream.count(data, 0)
        return framed(channel, data)

    # --- the player's questions ---

    def _asks(self, message: Message) -> None:
        if message.is_answer:  # to something that the camera asked
            self._to_camera.append(message.encoded())
            return
        url = message.url
        if url == self._local or url.startswith(f"{self._local}/"):
            self._is_admitted = True
            url = self._address.url + url[len(self._local) :]
        if not self._is_admitted:
            raise SourceFault(State.LOST, "somebody else came to the connection that was made for the camera")
        headers = tuple(
            (name, value) for name, value in message.headers if name.lower() not in ("cseq", "authorization")
        )
        asked = replace(message, first=f"{message.method} {url} RTSP/1.0", headers=headers)
        question = _Question(message.header("CSeq"), asked)
        if message.method == "SETUP":
            found = _CHANNELS.search(message.header("Transport"))
            question.channel = int(found[1]) if found else 0
            if self._bind is not None:
                here = "-".join(map(str, self._bind(question.channel)))
                question.asked = asked.told("Transport", f"RTP/AVP;unicast;client_port={here}")
        self._ask(question)

    def _ask(self, question: _Question) -> None:
        if len(self._questions) >= MOST_PENDING:
            self._questions.pop(next(iter(self._questions)))  # of those the camera answers none
        self._asked += 1
        self._questions[str(self._asked)] = question
        message = question.asked.told("CSeq", str(self._asked))
        question.proved = challenge = self._challenge
        if challenge is not None:
            nonce = challenge.fields.get("nonce", "")
            self._proofs[nonce] += 1
            who = self._address.username or "", self._address.password or ""
            proof = answer(challenge, message.method, message.url, *who, self._proofs[nonce])
            message = message.told("Authorization", proof)
        self._to_camera.append(message.encoded())

    # --- the camera's answers ---

    def _answers(self, message: Message) -> None:
        number = message.header("CSeq")
        if number not in self._questions:  # not every camera repeats it as it was
            number = next(iter(self._questions), "")
        question = self._questions.pop(number, None)
        asked = "before it is asked" if question is None else question.asked.method
        if 300 <= message.status < 400:
            elsewhere = f"the camera sends us elsewhere when it is asked for the stream ({asked})"
            raise SourceFault(State.REFUSED, f"{elsewhere}; expected the stream")
        # what the player may read in another way than we do is not passed on
        message = replace(message.without("Location"), first=f"RTSP/1.0 {message.status:03d} -")
        if question is None:
            self._to_player.append(message.encoded())
            return
        if message.status == 401 and self._prove(question, message):
            return
        if message.status == 200 and question.asked.method == "DESCRIBE":
            message = self._described(question, message)
        elif message.status == 200 and question.channel is not None:
            message = self._set_up(question, question.channel, message)
        elif message.status == 200 and question.asked.method == "PLAY":
            self.is_playing = True
        self._to_player.append(message.told("CSeq", question.number).encoded())

    def _prove(self, question: _Question, message: Message) -> bool:
        """Whether the question could be asked anew, with a proof that the camera has not yet seen."""
        if self._address.username is None:
            return False
        challenge = taken(challenges(message.all_of("WWW-Authenticate")))
        if challenge is None or question.is_second or challenge == question.proved:
            return False
        if self._address.proved_by == "DIGEST" and not challenge.is_digest:
            first = "the camera asks for the password itself, where it took a proof of it before"
            raise SourceFault(State.REFUSED, f"{first}; expected Digest")
        self._challenge, question.is_second = challenge, True
        self._ask(question)
        return True

    def _described(self, question: _Question, message: Message) -> Message:
        self._media = _media(message.body)
        if not message.header("Content-Base"):  # relative to what was asked for, of which the player knows nothing
            message = message.told("Content-Base", question.asked.url)
        return message

    def _set_up(self, question: _Question, channel: int, message: Message) -> Message:
        transport = message.header("Transport")
        if self._bind is None:
            found = _CHANNELS.search(transport)
            channel = int(found[1]) if found else channel
        else:
            ports, source = _SERVER_PORTS.search(transport), _FROM.search(transport)
            there = None if ports is None else (int(ports[1]), int(ports[2] or int(ports[1]) + 1))
            self._agreed(Agreed(channel, there, None if source is None else source[1]))
            message = message.told("Transport", f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}")
        described = self._described_at(question.asked.url)
        if described is not None and described.media is not None:
            self._streams[channel] = _Stream(self._losses.stream(described.media), _joining(described, channel))
        return message

    def _described_at(self, url: str) -> "_Described | None":
        """What is described at the address of a stream."""
        named = [each for each in self._media if each.control and url.endswith(each.control)]
        if named:
            return max(named, key=lambda each: len(each.control))
        return self._media[len(self._streams)] if len(self._streams) < len(self._media) else None


def _split(splitter: Splitter, data: bytes) -> list[Message | Frames]:
    try:
        return list(splitter.feed(data))
    except NoRtsp as error:
        raise SourceFault(State.UNUSABLE, str(error)) from None


def _joining(described: _Described, channel: int) -> Callable[[bytes, Sequence[Place]], Joined]:
    if described.codec in rtp_fragments.HEADERS:
        return partial(rtp_fragments.joined, channel, rtp_fragments.HEADERS[described.codec])
    if described.codec in rtp_samples.CODECS:
        return partial(rtp_samples.joined, channel)
    return lambda data, places: [(data[at - 4 : end], 1) for at, end in places]


def _media(description: bytes) -> list[_Described]:
    """What a session description offers."""
    found: list[_Described] = []
    for line in description.decode("utf-8", "replace").splitlines():
        if line.startswith("m="):
            kind, _, _, payload, *_ = *line[2:].split(), *4 * [""]
            found.append(_Described(Media(kind) if kind in list(Media) else None, codec=_STATIC.get(payload, "")))
        elif line.startswith("a=control:") and found:
            found[-1].control = line.removeprefix("a=control:").strip()
        elif line.startswith("a=rtpmap:") and found:
            found[-1].codec = line.partition(" ")[2].partition("/")[0].strip().upper()
    return found
