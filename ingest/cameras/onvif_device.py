"""One ONVIF device, asked who it is and where its pictures are: SOAP by `onvif-zeep-async`, over HTTP that we bound.

What goes wrong becomes a `SourceFault`, in the words that a recorded camera has too. No question, and so no password,
goes to another host than the one that was found.
"""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from msgspec import Struct
from onvif import ONVIFCamera, ONVIFError
from onvif.util import is_auth_error
from zeep.exceptions import EntitiesForbidden, Fault, TransportError

from ingest.cameras.discovery import Answer, is_at, plain
from ingest.cameras.states import SourceFault, State

MOST_BYTES = 1_000_000  # of an answer
MOST_PROFILES = 16

_AS_UNICAST = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}


class Login(Struct, frozen=True):
    """Who asks. Not to be written anywhere."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "Login(…)"


class Profile(Struct, frozen=True, kw_only=True):
    """A stream: where it is (without credentials) or else what is the `problem`, and what the device says of it, None
    where it does not. Profiles of one `source` show the same."""

    name: str
    source: str | None
    uri: str | None = None
    problem: str | None = None
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None

    @property
    def pixels(self) -> int:
        return (self.width or 0) * (self.height or 0)


class Device(Struct, frozen=True, kw_only=True):
    """What is known of a device."""

    address: str
    name: str | None
    model: str | None
    profiles: tuple[Profile, ...]


async def describe(found: Answer, login: Login | None, timeout_s: float) -> Device:
    """Ask the device that answered; the whole takes at most `timeout_s`.

    Raises:
        SourceFault: when it does not tell; as with any camera.
    """
    try:
        async with asyncio.timeout(timeout_s), _Session(found, login) as session:
            return await _described(found, session)
    except SourceFault:
        raise
    except TimeoutError:
        raise SourceFault(State.LOST, f"no answer within {timeout_s:g} s; expected one in SOAP") from None
    except Exception as error:  # whatever a device makes the library do, the other devices are listed
        raise _explained(error, login) from None


async def _described(found: Answer, session: "_Session") -> Device:
    await session.camera.update_xaddrs()
    device = await session.camera.create_devicemgmt_service()
    about = await device.GetDeviceInformation()
    media = await session.camera.create_media_service()
    profiles = (await media.GetProfiles() or [])[:MOST_PROFILES]
    return Device(
        address=found.address,
        name=found.name,
        model=" ".join(filter(None, (plain(about.Manufacturer), plain(about.Model)))) or found.model,
        profiles=tuple([await _profile(media, told, found.address) for told in profiles]),
    )


async def _profile(media: Any, told: Any, address: str) -> Profile:
    source, encoder = told.VideoSourceConfiguration, told.VideoEncoderConfiguration
    size = getattr(encoder, "Resolution", None)
    rate = getattr(encoder, "RateControl", None)
    uri, problem = await _stream(media, told.token, address)
    return Profile(
        name=plain(told.Name) or plain(told.token) or "?",
        source=plain(getattr(source, "SourceToken", None)),
        uri=uri,
        problem=problem,
        codec=plain(getattr(encoder, "Encoding", None)),
        width=getattr(size, "Width", None),
        height=getattr(size, "Height", None),
        fps=getattr(rate, "FrameRateLimit", None),
    )


async def _stream(media: Any, token: str, address: str) -> tuple[str | None, str | None]:
    """Where the stream of a profile is, or else why that is not known."""
    try:
        told = await media.GetStreamUri({"StreamSetup": _AS_UNICAST, "ProfileToken": token})
    except Fault as fault:
        return None, f"names no address ({plain(fault.message) or 'no reason'}); expected rtsp://{address}/…"
    if not is_at(told.Uri or "", address, ("rtsp",)):
        return None, f"names an address that is not its own; expected rtsp://{address}/…"
    place = urlsplit(told.Uri)
    return urlunsplit(place._replace(netloc=place.netloc.rpartition("@")[2])), None


def _explained(error: Exception, login: Login | None) -> SourceFault:
    match error:
        case _Oversized():
            return SourceFault(State.UNUSABLE, f"answers more than {MOST_BYTES} bytes; expected SOAP of less")
        case _Elsewhere():
            return SourceFault(State.UNUSABLE, "sends us to another host; expected its services at its own address")
        case EntitiesForbidden():
            return SourceFault(State.UNUSABLE, "answers XML with entities; expected SOAP, which has none")
        case _ if is_auth_error(error) or getattr(error, "status_code", None) in (401, 403):
            if login is None:
                return SourceFault(State.REFUSED, "the camera wants a user name and a password; none is set")
            return SourceFault(State.REFUSED, "the user name or password was refused; expected the camera's own")
        case Fault():
            return SourceFault(State.UNUSABLE, f"answers an error ({plain(error.message)}); expected what was asked")
        case ONVIFError():
            return SourceFault(State.UNUSABLE, "tells of no media service of version 1; expected one")
        case aiohttp.ClientConnectionError():
            return SourceFault(State.LOST, "no connection, or a broken one; expected an ONVIF service")
        case TransportError():
            return SourceFault(State.UNUSABLE, "answers no SOAP; expected an ONVIF service")
    return SourceFault(State.UNUSABLE, f"answers what is no ONVIF ({type(error).__name__}); expected an ONVIF service")


class _Oversized(Exception):  # noqa: N818
    """An answer that is too long."""


class _Elsewhere(Exception):  # noqa: N818
    """The way leads to another host."""


class _BoundedResponse(ClientResponse):
    """One of which no more is read than is bearable."""

    async def read(self) -> bytes:
        body = bytearray()
        async for part in self.content.iter_chunked(65_536):
            body += part
            if len(body) > MOST_BYTES:
                self.close()
                raise _Oversized
        return bytes(body)


class _Camera(ONVIFCamera):  # type: ignore[misc]  # the library has no types
    """Asks at the address that the device named, and by `session` alone."""

    def __init__(self, found: Answer, login: Login | None, session: aiohttp.ClientSession) -> None:
        who = ("", "") if login is None else (login.username, login.password)
        super().__init__(found.address, 0, *who, no_cache=True, adjust_time=True)
        self._found = found
        self._ours = session

    def get_definition(self, name: str, port_type: str | None = None) -> tuple[str, str, str]:
        address, description, binding = super().get_definition(name, port_type)
        return (self._found.service if name == "devicemgmt" else address), description, binding

    async def create_onvif_service(self, *args: Any, **kwargs: Any) -> Any:
        service = await super().create_onvif_service(*args, **kwargs)
        service.transport.session = self._ours
        return service


class _Session:
    """Everything that has to be closed when a device has been asked."""

    def __init__(self, found: Answer, login: Login | None) -> None:
        digest = [] if login is None else [aiohttp.DigestAuthMiddleware(login.username, login.password)]
        self._http = aiohttp.ClientSession(
            response_class=_BoundedResponse,
            middlewares=[*digest, _only_to(found.address)],
            connector=aiohttp.TCPConnector(ssl=False),  # a camera's certificate is its own
            trust_env=False,
        )
        self.camera = _Camera(found, login, self._http)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.camera.close()
        await self._http.close()


def _only_to(address: str) -> Callable[[ClientRequest, ClientHandlerType], Awaitable[ClientResponse]]:
    async def only_to(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if request.url.host != address:
            raise _Elsewhere
        return await handler(request)

    return only_to
