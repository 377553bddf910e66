"""`ducha cameras find`: the cameras that answer on the network, for people to read or as tables of `ducha.toml`."""

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence

import typer

from ingest.cameras.config import Kind
from ingest.cameras.discovery import PORT, Place
from ingest.cameras.finding import find
from ingest.cameras.onvif_device import Device, Login, Profile
from ingest.errors import ConfigError

PASSWORD = "DUCHA_CAMERA_PASSWORD"  # the variable that holds it
_RECORDABLE = ("H264", "H265", None)

Say = Callable[[str], object]


def show(timeout_s: float, at: Sequence[str], user: str | None, toml: str | None, say: Say, complain: Say) -> bool:
    """Say who answers: as lines, or as tables `[[camera]]` of the kind that `toml` names. Whether any camera told of
    itself.

    Raises:
        ConfigError: a place, a kind or the password is not as expected.
        NoNetwork: nobody can be asked.
    """
    kind = None if toml is None else _kind(toml)
    places = [_place(text) for text in at]
    found = find(timeout_s, places, _login(user))
    for line in _tables(found.devices, user, kind) if kind else _lines(found.devices):
        say(line)
    for problem in found.problems:
        complain(f"{problem.address}: {problem.problem}")
    if not found.devices and not found.problems:
        where = ", ".join(at) or "the local networks"
        complain(
            f"no camera answered within {timeout_s:g} s on {where}; expected one that speaks ONVIF, switched on there"
        )
    return bool(found.devices)


def _lines(devices: Sequence[Device]) -> Iterator[str]:
    for device in devices:
        yield "  ".join(filter(None, (device.address, device.name, device.model)))
        for profile in device.profiles:
            yield f"    {_about(profile)}  {profile.uri or profile.problem}"


def _tables(devices: Sequence[Device], user: str | None, kind: Kind) -> Iterator[str]:
    """One table for each source of each device: its largest picture that can be recorded; the others as comments."""
    taken: dict[str, int] = {}
    for device in devices:
        for source in dict.fromkeys(profile.source for profile in device.profiles):
            of_it = [profile for profile in device.profiles if profile.source == source and profile.uri]
            of_it.sort(key=lambda profile: (profile.codec in _RECORDABLE, profile.pixels), reverse=True)
            if not of_it:
                continue
            name = f"camera-{device.address.replace('.', '-')}"
            taken[name] = taken.get(name, 0) + 1
            yield "[[camera]]"
            yield f"id = {_text(name if taken[name] == 1 else f'{name}-{taken[name]}')}"
            yield f"name = {_text(_title(device))}"
            yield f"kind = {_text(kind)}"
            yield f"url = {_text(of_it[0].uri or '')}  # {_about(of_it[0])}"
            if user is not None:
                yield f"username = {_text(user)}"
                yield f"password_variable = {_text(PASSWORD)}"
            for profile in of_it[1:]:
                yield f"# url = {_text(profile.uri or '')}  # {_about(profile)}"
            yield ""


def _title(device: Device) -> str:
    return " ".join(filter(None, (device.name, device.model)))[:200] or device.address


def _about(profile: Profile) -> str:
    size = f"{profile.width}x{profile.height}" if profile.width and profile.height else None
    rate = f"{profile.fps:g}/s" if profile.fps else None
    return " ".join(filter(None, (profile.name, profile.codec, size, rate)))


def _text(text: str) -> str:
    """A string of TOML; what devices say holds no control characters, which alone JSON would write otherwise."""
    return json.dumps(text, ensure_ascii=False)


def _kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError:
        raise ConfigError(f"--toml {text}: expected one of {', '.join(Kind)}") from None


def _place(text: str) -> Place:
    host, colon, port = text.partition(":")
    expected = f"--at {text}: expected HOST or HOST:PORT"
    if not host or (colon and not (port.isdecimal() and 0 < int(port) < 65_536)):
        raise ConfigError(expected)
    try:
        address = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)[0][4][0]
    except OSError as error:
        raise ConfigError(f"{expected} with an IPv4 address ({error.strerror})") from error
    return str(address), int(port) if colon else PORT


def _login(user: str | None) -> Login | None:
    if user is None:
        return None
    password = os.environ.get(PASSWORD)
    if password is None:
        if not sys.stdin.isatty():
            raise ConfigError(
                f"--user {user}: expected the password in the variable {PASSWORD}, or a terminal to ask at"
            )
        password = typer.prompt(f"Password of {user}", hide_input=True, err=True)
    return Login(user, str(password))
