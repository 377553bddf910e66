"""The users of the broker of our own: entered, removed, and told to a broker that runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from ingest.broker.errors import BrokerError
from ingest.broker.server import become, reload
from ingest.broker.settings import NatsSettings, folder_of, listening_of
from ingest.broker.users import INGEST, Role, User, hashed, new_password, replaced

_AS_THE_SERVER_HAS_THEM = {NameOID.SERIAL_NUMBER: "serialNumber"}


@dataclass(frozen=True, slots=True)
class Entered:
    """A user's name, and the password that was made; None where a certificate says who it is."""

    name: str
    password: str | None


def serve(settings: NatsSettings) -> None:
    """Turn this process into the broker; does not return. Where clients show certificates, ingest is entered by itself.

    Raises:
        BrokerError: when it can't be started as the settings say.
    """
    folder = folder_of(settings)
    if settings.clients is not None:
        add(settings, [INGEST])
    folder.write(listening_of(settings), log_to_file=not settings.console_log)
    become(folder)


def add(
    settings: NatsSettings, names: Sequence[str], units: Sequence[str] = (), devices: Sequence[str] = ()
) -> list[Entered]:
    """Enter users; with `units` or `devices` they are gateways that speak for those. Who is there already gets the
    rights, and a new password or the present certificate.

    Raises:
        BrokerError: when a name can't be used, or there is no certificate for it; then nobody is entered.
    """
    entered, users = [], []
    for name in names:
        role = Role.INGEST if name == INGEST else Role.GATEWAY if units or devices else Role.DEVICE
        user = User(name=name, role=role, units=tuple(units), devices=tuple(devices))
        password = None if settings.clients is not None else new_password()
        known = {"password_hash": hashed(password)} if password else {"subject": _subject(settings, name)}
        users.append(replaced(user, **known))
        entered.append(Entered(name, password))
    with folder_of(settings).changing() as present:
        present |= {user.name: user for user in users}
    reload(folder_of(settings))
    return entered


def remove(settings: NatsSettings, names: Sequence[str]) -> None:
    """Remove users; a running broker disconnects them.

    Raises:
        BrokerError: when there is no such user; then nobody is removed.
    """
    with folder_of(settings).changing() as present:
        for name in names:
            if name not in present:
                raise BrokerError(f"user {name!r}: there is none; `ducha broker list` names all")
        for name in names:
            del present[name]
    reload(folder_of(settings))


def lines(settings: NatsSettings) -> list[str]:
    """All users, one a line: name, role, and whom a gateway speaks for."""
    users = sorted(folder_of(settings).users(), key=lambda user: user.name)
    return ["\t".join([user.name, user.role, *user.units, *user.devices]) for user in users]


def _subject(settings: NatsSettings, name: str) -> str:
    file = Path(settings.clients or "") / f"{name}.crt"
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BrokerError(f"user {name}: expected the client's certificate at {file}: {error}") from error
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if [attribute.value for attribute in names] != [name]:
        raise BrokerError(
            f"{file}: expected a certificate of {name}, got one of {certificate.subject.rfc4514_string()}"
        )
    return certificate.subject.rfc4514_string(_AS_THE_SERVER_HAS_THEM)
