"""The registrar of a county's interrogation rooms: opens a session over the console's API and signs people in, as the
digital interrogation system of a bureau would."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

_TIMEOUT_S = 3.0
_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Registration:
    """A session to be open in a room: who is in as what, by name."""

    room: str
    kind: str
    case_number: str
    people: Sequence[tuple[str, str]]


def register(address: str, registration: Registration, stop: Event) -> bool:
    """Open the session as soon as the console at `address` answers, unless one is open; whether it is open now."""
    while not stop.is_set():
        try:
            _open(address, registration)
            return True
        except urllib.error.HTTPError as error:
            if error.code == 409:  # the room has one already
                return True
        except OSError:
            pass  # the console is not there yet
        stop.wait(_AGAIN_S)
    return False


def _open(address: str, registration: Registration) -> None:
    told = {"room": registration.room, "kind": registration.kind, "case_number": registration.case_number}
    session = _post(f"{address}/api/v1/sessions", told)["id"]
    for name, role in registration.people:
        _post(f"{address}/api/v1/sessions/{session}/sign-in", {"name": name, "role": role})


def _post(url: str, body: dict[str, str]) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
        return json.load(answer)
