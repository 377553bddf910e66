"""Who may connect to the broker, and what each may say and hear.

A device speaks under its own name only and hears only what is meant for it; a gateway does so for the units or devices
that it serves; ingest hears all. No user has a right under `$MQTT` or `$JS`: MQTT clients need none there, and to
publish on `$MQTT/msgs/…` would be to put a message straight into the stream of stored ones, under any name.

Ingest alone publishes under the name `_ingest`, on topics that its own filters match: what it says there comes back to
it behind every message that was stored before. Order holds within one filter only, so each filter needs its own.
"""

import secrets
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import bcrypt
from msgspec import Struct

from ingest.broker.errors import BrokerError
from ingest.topics import NAME_EXPECTED, OWN, UNIT_EXPECTED, is_name, is_unit

INGEST = "ingest"
RESERVED = frozenset({INGEST, "server", "ca"})
_KINDS = ("fix", "status", "answer", "radio")
# Passwords are made here, of 192 random bits: there is nothing to guess that a slow hash would protect, and a county's
# terminals connect at once when the broker is back.
_PASSWORD_BYTES = 24
_ROUNDS = 4


class Role(StrEnum):
    """What a user is."""

    DEVICE = "device"
    GATEWAY = "gateway"
    INGEST = "ingest"


class User(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A user, known by `password_hash` (bcrypt) or by the `subject` of a certificate. A gateway speaks for all devices
    of `units`, and for `devices`."""

    name: str
    role: Role = Role.DEVICE
    units: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    password_hash: str | None = None
    subject: str | None = None

    def __post_init__(self) -> None:
        if not is_name(self.name):
            raise BrokerError(f"user {self.name!r}: expected {NAME_EXPECTED}")
        if (self.role is Role.INGEST) != (self.name == INGEST) or self.name in RESERVED - {INGEST}:
            raise BrokerError(f"user {self.name!r}: the names {', '.join(sorted(RESERVED))} are kept for the system")
        if (self.role is Role.GATEWAY) != bool(self.units or self.devices):  # for nobody would mean for everybody
            raise BrokerError(f"user {self.name}: expected a gateway to name the units or devices it speaks for")
        for device in self.devices:
            if not is_name(device):
                raise BrokerError(f"gateway {self.name}: device {device!r}: expected {NAME_EXPECTED}")
        for unit in self.units:
            if not is_unit(unit) or unit == OWN:
                raise BrokerError(f"gateway {self.name}: unit {unit!r}: expected {UNIT_EXPECTED}")


def new_password() -> str:
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def hashed(password: str) -> str:
    """bcrypt of a password that :func:`new_password` made."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(_ROUNDS)).decode()


def with_passwords(users: Iterable[User]) -> tuple[list[User], dict[str, str]]:
    """The users with a fresh password each, and the passwords by name."""
    made = {user.name: new_password() for user in users}
    return [replaced(user, password_hash=hashed(made[user.name])) for user in users], made


def replaced(user: User, **changes: Any) -> User:
    return User(**{name: getattr(user, name) for name in User.__struct_fields__} | changes)


def entry(user: User) -> dict[str, Any]:
    """The user as the server's configuration has it."""
    say, hear = _rights(user)
    known_by = {"user": user.name, "password": user.password_hash} if user.subject is None else {"user": user.subject}
    return known_by | {
        "allowed_connection_types": ["MQTT"],
        "permissions": {
            "publish": {"allow": say, "deny": _not_said(user)},
            "subscribe": {"allow": hear},
        },
    }


def _rights(user: User) -> tuple[list[str], list[str]]:
    """What the user may publish, and what it may subscribe to: NATS subjects."""
    if user.role is Role.INGEST:
        return ["ducha.*.*.ask", "owntracks.*.*.cmd", f"ducha.{OWN}.>", f"owntracks.{OWN}.>"], [
            "ducha.>",
            "owntracks.>",
        ]
    say: list[str] = []
    hear: list[str] = []
    for name in map(_token, (user.name,) if user.role is Role.DEVICE else user.devices):
        say += [f"owntracks.{name}.*", f"owntracks.{name}.*.*", *(f"ducha.*.{name}.{kind}" for kind in _KINDS)]
        hear += [f"owntracks.{name}.*.cmd", f"ducha.*.{name}.ask"]
    for unit in map(_token, user.units):
        say += [f"ducha.{unit}.*.{kind}" for kind in _KINDS]
        hear += [f"ducha.{unit}.*.ask"]
    return say, hear


def _not_said(user: User) -> list[str]:
    return [] if user.role is Role.INGEST else [f"ducha.{OWN}.>", "owntracks.*.*.cmd"]


def _token(name: str) -> str:
    """A level of an MQTT topic as NATS has it in a subject, where a dot parts the levels."""
    return name.replace(".", "//")
