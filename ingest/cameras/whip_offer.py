"""What a publisher offers (SDP), read before anything is made of it; and the refusals it may get."""

from dataclasses import dataclass
from enum import StrEnum

from aiortc.sdp import MediaDescription, SessionDescription

from ingest.cameras.packets import StreamInfo
from ingest.cameras.published import SOUNDS
from ingest.cameras.whip_sdp import Adapted
from ingest.errors import IngestError

OFFER_BYTES = 64 * 1024
MAX_LINES = 2_000
MAX_MEDIA = 8  # sections, to be read; two are taken


class Refusal(StrEnum):
    """Why there will be no publication: words that are the same for ever."""

    INVALID_OFFER = "invalid-offer"
    NO_H264 = "no-h264"
    NO_SOUND_CODEC = "no-sound-codec"
    PUBLISHED_ALREADY = "published-already"
    TOO_MANY = "too-many-publishers"
    NO_SUCH_DEVICE = "no-such-device"
    WRONG_TOKEN = "wrong-token"
    NO_SUCH_PUBLICATION = "no-such-publication"
    NO_ANSWER = "no-answer"
    STOPPING = "stopping"


class WhipRefused(IngestError):  # noqa: N818  (an answer)
    """A publisher is refused: `kind` says it to machines, the message to people."""

    def __init__(self, kind: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that can be taken, `adapted` to aiortc. `sound_type` is the MIME type of the sound, `sound` what it will
    be as a stream; both None where none is offered."""

    adapted: Adapted
    sound_type: str | None
    sound: StreamInfo | None

    @classmethod
    def of(cls, text: str) -> "Offer":
        """Reads an offer. Its candidates are left out: they may be names that only the device's network knows, or
        addresses of others; the device is found when it comes to us.

        Raises:
            WhipRefused: with the reason.
        """
        adapted = Adapted.of(_without_candidates(text))
        try:
            session = SessionDescription.parse(adapted.offer)
        except Exception as error:  # whatever a parser of foreign text may stumble over
            raise WhipRefused(Refusal.INVALID_OFFER, f"it can't be read as SDP ({error!r:.200})") from error
        media = session.media
        kinds = [part.kind for part in media]
        if sorted(kinds) not in (["video"], ["audio", "video"]):
            expected = "one video and at most one audio section, nothing else"
            told = ", ".join(kinds[:MAX_MEDIA]) or "no media"
            raise WhipRefused(Refusal.INVALID_OFFER, f"the offer has {told:.200}; expected {expected}")
        by_kind = {part.kind: part for part in media}
        video, audio = by_kind["video"], by_kind.get("audio")
        if not any(codec.name.lower() == "h264" for codec in video.rtp.codecs):
            raise WhipRefused(Refusal.NO_H264, "pictures are taken as H.264 alone, which the offer does not name")
        for part in media:
            if part.direction not in (None, "sendonly", "sendrecv"):
                detail = f"its {part.kind} is {part.direction}; expected sendonly"
                raise WhipRefused(Refusal.INVALID_OFFER, detail)
        mids = {part.rtp.muxId for part in media} - {""}
        if len(mids) < len(media) or any(set(map(str, group.items)) - mids for group in session.group):
            detail = "expected an a=mid of its own in every section, and in a=group those alone"
            raise WhipRefused(Refusal.INVALID_OFFER, detail)
        name = None if audio is None else _sound(audio)
        return cls(adapted, name and f"audio/{name}", None if name is None else SOUNDS[name])


def _without_candidates(text: str) -> str:
    if len(text.encode("utf-8", "replace")) > OFFER_BYTES:
        raise WhipRefused(Refusal.INVALID_OFFER, f"it is longer than {OFFER_BYTES} bytes")
    lines = [line for line in text.splitlines() if line and not line.startswith(("a=candidate", "a=end-of-cand"))]
    if len(lines) > MAX_LINES:
        raise WhipRefused(Refusal.INVALID_OFFER, f"it has more than {MAX_LINES} lines")
    return "\r\n".join(lines) + "\r\n"


def _sound(audio: MediaDescription) -> str:
    """The kind of sound to take, Opus where there is a choice."""
    offered = {codec.name.lower() for codec in audio.rtp.codecs}
    for name in SOUNDS:
        if name in offered:
            return name
    told = ", ".join(sorted(offered)) or "nothing"
    raise WhipRefused(Refusal.NO_SOUND_CODEC, f"sound is taken as Opus or G.711; the offer names {told:.200}")
