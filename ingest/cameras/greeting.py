"""Is there a camera, does it let us in, and where does it send us? Asked before FFmpeg is: the answer is then known by
name, and can be waited for while being ready to stop.

The password is only given where the camera that the settings name has asked for it by itself; redirections are followed
here alone, and may lead to other places of the same host only. What FFmpeg does later goes through a relay of ours
(`rtsp_relay.py`), which follows none.
"""

import socket
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from msgspec.structs import replace

from ingest.cameras.address import Address, place_of
from ingest.cameras.conversation import Answer, Conversation, Stopped
from ingest.cameras.digest import Challenge, answer, challenges, taken
from ingest.cameras.states import SourceFault, State

REDIRECTIONS = 2


def greet(address: Address, timeout_s: float, bell: socket.socket, stopped: Callable[[], bool]) -> Address:
    """Where FFmpeg is to look, and with whose name: `address`, without a password that was not asked for, and at the
    end of redirections. Returns too when `bell` rings and `stopped` says so.

    Raises:
        SourceFault: when nobody is there, or nobody who speaks RTSP; when who is there does not let us in; or when it
            sends us elsewhere.
    """
    url = address.url
    try:
        for _ in range(REDIRECTIONS + 1):
            with Conversation(*place_of(url), timeout_s, bell, stopped) as with_it:
                found = _asked(with_it, url, address)
            if isinstance(found, Address):
                return found
            url = _sent(url, found)
    except Stopped:
        return address
    raise SourceFault(State.REFUSED, f"the camera sends us on and on; expected a stream after {REDIRECTIONS} times")


def _asked(with_it: Conversation, url: str, address: Address) -> Address | str:
    """Where FFmpeg is to look, or where we are sent."""
    there, nobody = replace(address, url=url), replace(address, url=url, username=None, password=None)
    asked = with_it.ask("OPTIONS", url)
    if sent := _location(asked):
        return sent
    described = with_it.ask("DESCRIBE", url, _ACCEPT)
    if sent := _location(described):
        return sent
    if described.status != 401:
        return nobody  # it lets everybody in, or something is wrong that FFmpeg has words for
    if address.username is None:
        raise SourceFault(State.REFUSED, "the camera wants a user name and a password; none is set")
    if place_of(url) != place_of(address.url):
        raise SourceFault(State.REFUSED, "another port than the camera's asks for the password; expected its own alone")
    challenge = _taken(challenges(described.all_of("www-authenticate")))
    proof = answer(challenge, "DESCRIBE", url, address.username, address.password or "")
    described = with_it.ask("DESCRIBE", url, _ACCEPT | {"Authorization": proof})
    if described.status == 401:
        raise SourceFault(State.REFUSED, "the user name or password was refused; expected the camera's own")
    return _location(described) or replace(there, proved_by=challenge.scheme)


_ACCEPT = {"Accept": "application/sdp"}


def _taken(offered: list[Challenge]) -> Challenge:
    """The challenge that is met.

    Raises:
        SourceFault: when none can be.
    """
    if (challenge := taken(offered)) is not None:
        return challenge
    if digests := [each for each in offered if each.scheme == "DIGEST"]:
        wanted = " and ".join(dict.fromkeys(each.algorithm[:20] for each in digests))
        advice = "expected MD5 or SHA-256: allow one in the camera's security settings"
        raise SourceFault(State.REFUSED, f"the camera asks for the password by Digest with {wanted}; {advice}")
    raise SourceFault(State.REFUSED, "the camera asks for a password in a way of its own; expected Digest or Basic")


def _location(asked: Answer) -> str | None:
    if not 300 <= asked.status < 400:
        return None
    return next(iter(asked.all_of("location")), "")


def _sent(url: str, location: str) -> str:
    """The place we are sent to from `url`, without a user name that may stand in it."""
    try:
        there = urlsplit(urljoin("http" + url.removeprefix("rtsp"), location.strip()))  # which knows of relative ones
        port = there.port
    except ValueError:
        there, port = urlsplit(""), None
    is_rtsp = there.scheme == "rtsp" or (there.scheme == "http" and "://" not in location)
    if not is_rtsp or not there.hostname or there.hostname != urlsplit(url).hostname:
        raise SourceFault(State.REFUSED, "the camera sends us to another host; expected a stream of its own")
    netloc = f"[{there.hostname}]" if ":" in there.hostname else there.hostname
    netloc += "" if port is None else f":{port}"
    return there._replace(scheme="rtsp", netloc=netloc).geturl()
