"""Settings of ingest: from the tables `[database]`, `[broker]` and `[ingest]` of a TOML file, and the environment.

A variable `DUCHA_{TABLE}_{KEY}` (for example `DUCHA_BROKER_PORT`) goes before the file. Other tables of the file are
for others and are left alone.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from ingest.errors import ConfigError
from ingest.inbox import MAX_BYTES, MAX_MESSAGES
from ingest.owntracks import MAX_ELEMENTS
from ingest.unknown import Unknown

Port = Annotated[int, Meta(ge=1, le=65535)]
Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]

ALL_DEVICES = ("owntracks/+/+", "ducha/+/+/fix", "ducha/+/+/status", "ducha/+/+/answer")


class DatabaseSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[database]`"""

    url: str = "postgresql://localhost/ducha"


class BrokerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[broker]`. The certificates are paths of PEM files; `ca` or `certificate` turns TLS on."""

    host: str = "127.0.0.1"
    port: Port = 1883
    client_id: str = "ducha-ingest"
    filters: tuple[str, ...] = ALL_DEVICES
    username: str | None = None
    password: str | None = None
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    keepalive_s: Annotated[int, Meta(ge=5, le=3600)] = 30


class WorkerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[ingest]`. The shard names the checkpoint and the lease of this worker; it judges the devices of `units` and of
    what is beneath them, of all units where none is named. `settle_s` is how long the broker must have been heard
    before silence counts; `mark_s` how often it is asked up to when what it delivered is complete; `listen_s` for how
    long devices must have been heard before they are believed against our clock. `past_days` is how
    old a fix may be that comes in, `keep_days` how long fixes are kept; it is more, so that nothing comes in only to be
    dropped. Of devices that nobody named `accept_most` are taken in where `unknown` is "accept", further ones held.
    What a device sends beyond `device_burst` fixes at once and `device_fixes_per_s` in the long run waits for
    a calm."""

    shard: str = "ingest"
    units: tuple[str, ...] = ()
    unknown: Unknown = Unknown.HOLD
    accept_most: Count = 1_000
    batch_messages: Count = 2_000
    gather_s: Annotated[float, Meta(ge=0, le=1)] = 0.02
    tick_s: Positive = 1.0
    settle_s: Annotated[float, Meta(ge=0)] = 5.0
    mark_s: Positive = 0.5
    listen_s: Annotated[float, Meta(ge=0, le=600)] = 20.0
    checkpoint_s: Positive = 30.0
    plan_poll_s: Positive = 3.0
    lateness_s: Positive = 120.0
    device_fixes_per_s: Positive = 10.0
    device_burst: Count = MAX_ELEMENTS
    future_s: Positive = 120.0
    past_days: Positive = 30.0
    keep_days: Count = 400
    payload_bytes: Count = 1 << 20
    inbox_messages: Count = MAX_MESSAGES
    inbox_bytes: Count = MAX_BYTES
    stop_s: Positive = 4.0
    metrics_host: str = "127.0.0.1"
    metrics_port: Port | None = None


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that `ducha ingest` needs to know."""

    database: DatabaseSettings = DatabaseSettings()
    broker: BrokerSettings = BrokerSettings()
    ingest: WorkerSettings = WorkerSettings()


_TABLES: dict[str, type[Struct]] = {
    "database": DatabaseSettings,
    "broker": BrokerSettings,
    "ingest": WorkerSettings,
}


def load_settings(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings in the file at `path`, if any, overridden by `environment`.

    Raises:
        ConfigError: naming the file or variable, the key, and what was expected.
    """
    document = read_document(path) if path is not None else {}
    tables = {name: read_table(name, kind, document, environment, path) for name, kind in _TABLES.items()}
    settings = Settings(**tables)
    broker = settings.broker
    if settings.ingest.keep_days <= settings.ingest.past_days:
        expected = f"more than past_days ({settings.ingest.past_days:g})"
        raise ConfigError(f"ingest.keep_days: expected {expected}, got {settings.ingest.keep_days}")
    if (broker.certificate is None) != (broker.key is None):
        raise ConfigError("broker.certificate and broker.key: expected both or neither")
    for key in ("ca", "certificate", "key"):
        file = getattr(broker, key)
        if file is not None and not Path(file).is_file():
            raise ConfigError(f"broker.{key}: expected a PEM file, found none at {file}")
    return settings


def read_document(path: Path) -> dict[str, Any]:
    """The TOML file at `path`.

    Raises:
        ConfigError: when it can't be read.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: expected a TOML file: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: expected TOML: {error}") from error


def read_table(
    name: str, kind: type[Struct], document: Mapping[str, Any], environment: Mapping[str, str], path: Path | None
) -> Any:
    """The table `name` of `document` as settings of `kind`, overridden by `environment`.

    Raises:
        ConfigError: naming the key and what was expected.
    """
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: {name}: expected a table [{name}]")
    try:
        settings = msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_explain(name, error)}") from error
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    changes: dict[str, Any] = {}
    for key, field in fields.items():
        variable = f"DUCHA_{name}_{key}".upper()
        if variable in environment:
            text = environment[variable]
            value = text.split(",") if key in ("filters", "units") else text
            try:
                changes[key] = msgspec.convert(value, field.type, strict=False)
            except msgspec.ValidationError as error:
                raise ConfigError(f"{variable}: {_explain('', error)}") from error
    return msgspec.structs.replace(settings, **changes)


def _explain(table: str, error: msgspec.ValidationError) -> str:
    """msgspec's words with the key in front: `broker.port: expected …`."""
    text, _, place = str(error).partition(" - at `$")
    key = (table + place.rstrip("`")).strip(".")
    return f"{key}: {text[:1].lower()}{text[1:]}" if key else text[:1].lower() + text[1:]
