"""Settings of exports: the table `[exports]` of the TOML file that all of Ducha reads, and `DUCHA_EXPORTS_{KEY}`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from ingest.config import read_document, read_table


class ExportSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[exports]`. `folder` holds the ZIPs, `key` is the file of the private key that signs them, made where there is
    none. A ZIP is removed `keep_days` after it was made. None is made while less than `reserve_gb` would be left free
    on its disk: the recordings may lie on the same one."""

    folder: Annotated[str, Meta(min_length=1)] = "var/exports"
    key: Annotated[str, Meta(min_length=1)] = "var/exporter.pem"
    keep_days: Annotated[float, Meta(gt=0, le=3650)] = 7.0
    reserve_gb: Annotated[float, Meta(ge=0)] = 2.0


def load_export_settings(path: Path | None, environment: Mapping[str, str]) -> ExportSettings:
    """The settings in the file at `path`, if any, overridden by `environment`.

    Raises:
        ConfigError: naming the file or variable, the key, and what was expected.
    """
    document = read_document(path) if path is not None else {}
    settings: ExportSettings = read_table("exports", ExportSettings, document, environment, path)
    return settings


def zip_path(settings: ExportSettings, export: object) -> Path:
    """Where the ZIP of the export with this id lies."""
    return Path(settings.folder) / f"{export}.zip"
