"""What a virtual ONVIF device is, and what can be wrong with it."""

from dataclasses import dataclass
from enum import StrEnum

from hardware.cameras.camera import CameraSpec
from hardware.cameras.digest import Credentials
from hardware.cameras.encoder import VideoCodec
from hardware.cameras.picture import Size


class Misbehaviour(StrEnum):
    """What no device should answer: first to a probe, then to SOAP."""

    PROBE_GARBAGE = "probe-garbage"
    PROBE_OVERSIZED = "probe-oversized"
    PROBE_ENTITIES = "probe-entities"  # an XML document that grows beyond measure where its entities are expanded
    WRONG_UUID = "wrong-uuid"  # the answer to a question that nobody asked
    SERVICE_ELSEWHERE = "service-elsewhere"  # its service is at another host, it says

    GARBAGE = "garbage"
    OVERSIZED = "oversized"  # a body without end
    ENTITIES = "entities"
    SILENT = "silent"  # takes the request and answers nothing
    REDIRECT = "redirect"  # sends the request, and with it the credentials, on to another host
    STREAM_ELSEWHERE = "stream-elsewhere"  # its pictures are at another host, it says


@dataclass(frozen=True, slots=True)
class Profile:
    """A stream as the media service describes it; `uri` holds no credentials. Those of one lens have one `source`."""

    token: str
    uri: str
    codec: str
    size: Size
    fps: float
    source: str = "source-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnvifSpec:
    """A device. With no `credentials` it tells everything to everybody; its clock is `clock_ahead_s` ahead; it is
    `found_by_multicast` or only where it is asked directly."""

    name: str
    maker: str = "Ducha"
    model: str = "Virtual"
    profiles: tuple[Profile, ...] = ()
    credentials: Credentials | None = None
    clock_ahead_s: float = 0.0
    found_by_multicast: bool = True
    misbehaviour: Misbehaviour | None = None


def profile_of(camera: CameraSpec, uri: str) -> Profile:
    """The profile of a virtual camera that is watched at `uri`."""
    codec = {VideoCodec.H264: "H264", VideoCodec.H265: "H265"}[camera.codec]
    return Profile(f"profile-{camera.name}", uri, codec, camera.size, camera.fps)
