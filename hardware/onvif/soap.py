"""The few SOAP messages of an ONVIF device, as text; and whether a request is signed (WS-Security, password digest)."""

import base64
import hmac
from datetime import UTC, datetime
from hashlib import sha1
from xml.sax.saxutils import escape

from lxml import etree

from hardware.cameras.digest import Credentials
from hardware.onvif.spec import OnvifSpec, Profile

MEDIA = "http://www.onvif.org/ver10/media/wsdl"
DEVICE = "http://www.onvif.org/ver10/device/wsdl"
SIGNED_WITHIN_S = 300.0

_ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"


def parsed(message: bytes) -> etree._Element:
    """The root of a message.

    Raises:
        ValueError: it is no XML.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        return etree.fromstring(message, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from error


def operation(request: etree._Element) -> str:
    """What is asked for: the name of the first element of the body."""
    asked = request.find(f"{{{_ENVELOPE}}}Body/*")
    return "" if asked is None else etree.QName(asked).localname


def argument(request: etree._Element, name: str) -> str | None:
    """The text of the element `name` of the body, whatever its namespace."""
    found = request.find(f"{{{_ENVELOPE}}}Body//{{*}}{name}")
    return None if found is None else found.text


def is_signed(request: etree._Element, credentials: Credentials, now_s: float) -> bool:
    """Whether the request proves `credentials`, and was made about now by the device's clock."""
    told = {
        name: (request.findtext(f".//{{{space}}}{name}") or "").strip()
        for space, name in ((_WSSE, "Username"), (_WSSE, "Password"), (_WSSE, "Nonce"), (_WSU, "Created"))
    }
    try:
        nonce = base64.b64decode(told["Nonce"])
        made_s = datetime.fromisoformat(told["Created"]).timestamp()
    except ValueError:
        return False
    digest = sha1(nonce + told["Created"].encode() + credentials.password.encode(), usedforsecurity=False).digest()
    is_right = hmac.compare_digest(base64.b64encode(digest).decode(), told["Password"])
    return is_right and told["Username"] == credentials.user and abs(made_s - now_s) < SIGNED_WITHIN_S


def envelope(body: str, header: str = "") -> bytes:
    """A message."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_ENVELOPE}" xmlns:tds="{DEVICE}" '
        f'xmlns:trt="{MEDIA}" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:ter="http://www.onvif.org/ver10/error">'
        f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault(code: str, words: str) -> bytes:
    """An error, like `ter:NotAuthorized`."""
    return envelope(
        f"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{code}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{escape(words)}</s:Text></s:Reason></s:Fault>'
    )


def system_date_and_time(now_s: float) -> bytes:
    """The device's clock."""
    now = datetime.fromtimestamp(now_s, UTC)
    return envelope(
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
        "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>"
        f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}</tt:Second>"
        f"</tt:Time><tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day>"
        "</tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def services(device: str, media: str) -> bytes:
    """Where the services are."""
    told = "".join(
        f"<tds:Service><tds:Namespace>{space}</tds:Namespace><tds:XAddr>{escape(where)}</tds:XAddr>"
        "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
        for space, where in ((DEVICE, device), (MEDIA, media))
    )
    return envelope(f"<tds:GetServicesResponse>{told}</tds:GetServicesResponse>")


def device_information(spec: OnvifSpec) -> bytes:
    """Who made it."""
    told = {"Manufacturer": spec.maker, "Model": spec.model, "FirmwareVersion": "1.0"}
    told |= {"SerialNumber": spec.name, "HardwareId": spec.model}
    elements = "".join(f"<tds:{name}>{escape(text)}</tds:{name}>" for name, text in told.items())
    return envelope(f"<tds:GetDeviceInformationResponse>{elements}</tds:GetDeviceInformationResponse>")


def profiles(of: tuple[Profile, ...]) -> bytes:
    """The streams."""
    return envelope(f"<trt:GetProfilesResponse>{''.join(map(_profile, of))}</trt:GetProfilesResponse>")


def _profile(profile: Profile) -> str:
    name = escape(profile.token)
    width, height = profile.size
    return (
        f'<trt:Profiles token="{name}" fixed="true"><tt:Name>{name}</tt:Name>'
        f'<tt:VideoSourceConfiguration token="{name}-source"><tt:Name>{name}</tt:Name><tt:UseCount>1</tt:UseCount>'
        f'<tt:SourceToken>{escape(profile.source)}</tt:SourceToken><tt:Bounds x="0" y="0" width="{width}" '
        f'height="{height}"/></tt:VideoSourceConfiguration>'
        f'<tt:VideoEncoderConfiguration token="{name}-encoder"><tt:Name>{name}</tt:Name><tt:UseCount>1</tt:UseCount>'
        f"<tt:Encoding>{escape(profile.codec)}</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width>"
        f"<tt:Height>{height}</tt:Height></tt:Resolution><tt:Quality>5</tt:Quality><tt:RateControl>"
        f"<tt:FrameRateLimit>{round(profile.fps)}</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval>"
        "<tt:BitrateLimit>2048</tt:BitrateLimit></tt:RateControl><tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type>"
        "<tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address><tt:Port>0</tt:Port><tt:TTL>0</tt:TTL>"
        "<tt:AutoStart>false</tt:AutoStart></tt:Multicast><tt:SessionTimeout>PT60S</tt:SessionTimeout>"
        "</tt:VideoEncoderConfiguration></trt:Profiles>"
    )


def stream_uri(uri: str) -> bytes:
    """Where a stream is."""
    return envelope(
        f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{escape(uri)}</tt:Uri>"
        "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
        "<tt:Timeout>PT60S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>"
    )


def bomb() -> bytes:
    """A small document that would be three gigabytes if its entities were expanded."""
    grown = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "lol">{grown}]><x>&e9;</x>'.encode()
