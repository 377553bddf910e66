"""What a viewer offers: the media it wants and the codecs it takes; and the refusal where that does not fit."""

from dataclasses import dataclass

from aiortc.sdp import MediaDescription, SessionDescription

from console.live.feed import Feed
from console.live.track import sound_type
from console.problem_kinds import Kind
from ingest.cameras.packets import Media, StreamInfo


class Refused(Exception):  # noqa: N818  (an answer)
    """There will be no video: `status` and `kind` as in the problem document that tells of it."""

    def __init__(self, status: int, kind: Kind, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Offer:
    """An SDP offer without its candidates, and its section for sound, if there is one."""

    sdp: str
    audio: MediaDescription | None

    @classmethod
    def parse(cls, offer: str) -> "Offer":
        """Reads an offer. Its candidates are left out: they may be names that only the browser's network knows, or
        addresses of others; the viewer is found when it comes to us.

        Raises:
            Refused: when it is none, or names no H.264.
        """
        lines = [line for line in offer.splitlines() if line and not line.startswith(("a=candidate", "a=end-of-cand"))]
        sdp = "\r\n".join(lines) + "\r\n"
        try:
            media = SessionDescription.parse(sdp).media
        except Exception as error:  # whatever a parser of foreign text may stumble over
            raise Refused(422, Kind.INVALID_OFFER, f"the body can't be read as SDP ({error!r})") from error
        kinds = [part.kind for part in media]
        if sorted(kinds) not in (["video"], ["audio", "video"]):
            expected = "one video and at most one audio section, nothing else"
            has = ", ".join(kinds) or "no media"
            raise Refused(422, Kind.INVALID_OFFER, f"the offer has {has}; expected {expected}")
        by_kind = {part.kind: part for part in media}
        if "h264" not in _codecs(by_kind["video"]):
            detail = "cameras are shown as H.264, which the offer does not name; offer video/H264"
            raise Refused(406, Kind.NO_H264, detail)
        return cls(sdp, by_kind.get("audio"))

    def sound(self, feed: Feed) -> StreamInfo | None:
        """The camera's sound, where it is asked for and can go through as it is."""
        stream = feed.stream(Media.AUDIO)
        if stream is None or self.audio is None:
            return None
        kind = sound_type(stream)
        return stream if kind and kind.removeprefix("audio/").lower() in _codecs(self.audio) else None

    def said_of_sound(self, feed: Feed) -> str:
        """What becomes of the camera's sound, in a few words."""
        stream = feed.stream(Media.AUDIO)
        if stream is None:
            return "none"
        if self.audio is None:
            return f"not asked for; {stream.codec}"
        return stream.codec if self.sound(feed) else f"left out; {stream.codec} can't be sent as it is"


def _codecs(media: MediaDescription) -> set[str]:
    return {codec.name.lower() for codec in media.rtp.codecs}
