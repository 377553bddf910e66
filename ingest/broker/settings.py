"""Settings of the broker of our own: the table `[nats]` of the TOML file, and the environment."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from ingest.broker.configuration import BrokerFolder, Listening
from ingest.broker.errors import BrokerError
from ingest.config import Port, read_document, read_table


class NatsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[nats]`. `folder` holds what the broker keeps; without one there is no broker of our own. `certificate` and
    `key` turn TLS on; with `ca`, clients show certificates of that authority instead of passwords, and
    `clients` holds a copy of each as NAME.crt. `console_log` writes the log to standard output instead of a file;
    at `health_port` of 127.0.0.1, `/healthz` says whether it can store."""

    folder: str | None = None
    host: str = "127.0.0.1"
    port: Port = 1883
    certificate: str | None = None
    key: str | None = None
    ca: str | None = None
    clients: str | None = None
    console_log: bool = False
    health_port: Port | None = None


def load_nats_settings(path: Path | None, environment: Mapping[str, str]) -> NatsSettings:
    """The settings in the file at `path`, if any, overridden by variables `DUCHA_NATS_{KEY}`.

    Raises:
        ConfigError: naming the file or variable, the key, and what was expected.
        BrokerError: where settings do not go together.
    """
    document = read_document(path) if path is not None else {}
    settings: NatsSettings = read_table("nats", NatsSettings, document, environment, path)
    if (settings.certificate is None) != (settings.key is None):
        raise BrokerError("nats.certificate and nats.key: expected both or neither")
    if (settings.ca is None) != (settings.clients is None):
        raise BrokerError("nats.ca and nats.clients: expected both (clients show certificates) or neither (passwords)")
    if settings.ca is not None and settings.certificate is None:
        raise BrokerError("nats.ca: expected nats.certificate and nats.key too")
    for key in ("certificate", "key", "ca"):
        file = getattr(settings, key)
        if file is not None and not Path(file).is_file():
            raise BrokerError(f"nats.{key}: expected a PEM file, found none at {file}")
    return settings


def folder_of(settings: NatsSettings) -> BrokerFolder:
    """Where the broker is kept.

    Raises:
        BrokerError: when the settings name no folder.
    """
    if settings.folder is None:
        raise BrokerError("nats.folder: expected the folder of the broker, [nats] folder or DUCHA_NATS_FOLDER")
    return BrokerFolder(Path(settings.folder))


def listening_of(settings: NatsSettings) -> Listening:
    """Where the broker listens."""
    certificate, key, ca = (
        None if file is None else Path(file).resolve() for file in (settings.certificate, settings.key, settings.ca)
    )
    return Listening(settings.host, settings.port, certificate, key, ca, settings.health_port)
