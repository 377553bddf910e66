"""Settings of the console: the table `[console]` of the TOML file that ingest reads too, and the environment."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ConsoleSettingsError(ValueError):
    """A setting that can't be used: names the file or variable, the key, and what was expected."""


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """`[console]`. `basemap` is a GeoJSON file; `remote` allows a host that is not of this machine."""

    host: str = "127.0.0.1"
    port: int = 8080
    basemap: Path | None = None
    remote: bool = False


def load_console_settings(file: Path | None, environment: Mapping[str, str]) -> ConsoleSettings:
    """The settings in `file`, if any, overridden by variables `DUCHA_CONSOLE_{KEY}`.

    Raises:
        ConsoleSettingsError: on the first value that is not as expected.
    """
    values: dict[str, Any] = {}
    if file is not None:
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8")).get("console", {})
        except (OSError, ValueError) as error:
            raise ConsoleSettingsError(f"{file}: can't be read ({error}); expected TOML") from error
        if not isinstance(table, dict):
            raise ConsoleSettingsError(f"{file}: console: expected a table [console]")
        values = {f"{file}: console.{key}": (key, value) for key, value in table.items()}
    for key in ConsoleSettings.__slots__:
        variable = f"DUCHA_CONSOLE_{key.upper()}"
        if variable in environment:
            values[variable] = (key, environment[variable])
    return ConsoleSettings(**{key: _value(where, key, value) for where, (key, value) in values.items()})


def _value(where: str, key: str, value: Any) -> Any:
    if key == "host" and isinstance(value, str) and value:
        return value
    if key == "port" and str(value).isdigit() and 1 <= int(value) <= 65535:
        return int(value)
    if key == "basemap" and isinstance(value, str) and value:
        return Path(value)
    if key == "remote" and str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    expected = {
        "host": "a host name",
        "port": "a port from 1 to 65535",
        "basemap": "the path of a GeoJSON file",
        "remote": "true or false",
    }
    if key not in expected:
        raise ConsoleSettingsError(f"{where}: unknown; expected one of {', '.join(expected)}")
    raise ConsoleSettingsError(f"{where}: is {value!r}; expected {expected[key]}")
