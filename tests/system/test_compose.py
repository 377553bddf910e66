"""`docker-compose.yml`, read and not started: what it names exists, and Ducha knows its commands and its variables."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from typer.testing import CliRunner

from console.cli import app
from console.exports.settings import ExportSettings
from console.server import is_loopback
from console.settings import ConsoleSettings
from ingest.broker.settings import NatsSettings
from ingest.cameras.config import RecorderSettings, load_camera_settings
from ingest.config import BrokerSettings, DatabaseSettings, WorkerSettings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
DUCHA = [
    name for name, service in SERVICES.items() if service["image"] == "ducha:latest" and "entrypoint" not in service
]
FIELDS = {
    "DATABASE": msgspec.structs.fields(DatabaseSettings),
    "BROKER": msgspec.structs.fields(BrokerSettings),
    "NATS": msgspec.structs.fields(NatsSettings),
    "INGEST": msgspec.structs.fields(WorkerSettings),
    "EXPORTS": msgspec.structs.fields(ExportSettings),
    "CAMERAS": msgspec.structs.fields(RecorderSettings),
}
VARIABLES = {f"DUCHA_{table}_{field.name.upper()}" for table, fields in FIELDS.items() for field in fields}
VARIABLES |= {f"DUCHA_CONSOLE_{name.upper()}" for name in ConsoleSettings.__slots__}
VARIABLES |= {"DUCHA_CAMERA_PASSWORD"}


def mounts(name: str) -> dict[str, str]:
    """Source by target."""
    told = [
        (volume["target"], volume["source"])
        if isinstance(volume, dict)
        else (volume.split(":")[1], volume.split(":")[0])
        for volume in SERVICES[name].get("volumes", [])
    ]
    return dict(told)


def environment(name: str) -> dict[str, str]:
    return SERVICES[name].get("environment", {})


def test_ducha_is_there_with_all_that_a_system_needs() -> None:
    assert set(DUCHA) == {"broker", "migrate", "ingest", "cameras", "console"}


@pytest.mark.parametrize("name", DUCHA)
def test_ducha_knows_the_command_and_its_options(name: str) -> None:
    told = CliRunner().invoke(app, [*SERVICES[name]["command"], "--help"])  # options are read before help is given
    assert told.exit_code == 0, told.output


@pytest.mark.parametrize("name", DUCHA)
def test_its_variables_are_settings(name: str) -> None:
    assert set(environment(name)) <= VARIABLES


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_names_exists(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    for source in mounts(name).values():
        if source.startswith("./"):
            assert source == "./ducha.toml" or (ROOT / source).exists(), source  # that one is the operator's
        else:
            assert source in COMPOSE["volumes"]


@pytest.mark.parametrize("name", [name for name in DUCHA if name != "migrate"])
def test_a_service_that_stays_is_restarted_and_asked_whether_it_lives(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    port = re.search(r"http://127\.0\.0\.1:(\d+)/", " ".join(service["healthcheck"]["test"]))
    assert port is not None
    told = [*service["command"], *(value for key, value in environment(name).items() if key.endswith("_PORT"))]
    assert port[1] in told


def test_the_console_listens_where_it_may() -> None:
    command = SERVICES["console"]["command"]
    assert is_loopback(command[command.index("--host") + 1])
    assert SERVICES["console"]["network_mode"] == "host"


def test_the_console_sees_the_recordings_and_the_tap_where_the_cameras_say_they_are() -> None:
    recorder = load_camera_settings(None, {k: v for k, v in environment("cameras").items() if v}).recorder
    of_cameras, of_console = mounts("cameras"), mounts("console")
    for place in (recorder.folder, str(Path(recorder.tap).parent)):
        assert of_cameras[place] == of_console[place]
    key = str(Path(recorder.key).parent)
    assert key in of_cameras
    assert of_cameras[key] not in of_console.values()  # it signs; nobody else needs it


def test_media_by_udp_reach_the_cameras_at_the_machines_own_addresses() -> None:
    assert SERVICES["cameras"]["network_mode"] == "host"
    assert not SERVICES["cameras"].get("ports")
    assert "127.0.0.1" in environment("cameras")["DUCHA_DATABASE_URL"]


def test_volumes_belong_to_whom_they_are_for() -> None:
    made = (ROOT / "Dockerfile").read_text("utf-8")
    folders = made.partition("install --directory")[2].splitlines()[0].split()
    for target, source in (mounts("broker") | mounts("cameras") | mounts("console")).items():
        if not source.startswith("./") and source != "broker-certificates":  # its files have an owner each
            assert Path(target).parent == Path("/var/lib/ducha")
            assert Path(target).name in folders
