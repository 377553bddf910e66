"""Settings of the cameras: the table `[cameras]` and one table `[[camera]]` for each, of the same TOML file.

A variable `DUCHA_CAMERAS_{KEY}` goes before the file. Passwords are read here, used in `source`, and shown nowhere.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from ingest.cameras.address import Address
from ingest.cameras.hours import ServiceHours
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from ingest.config import Count, DatabaseSettings, Port, Positive, read_document, read_table
from ingest.errors import ConfigError

Id = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]  # it becomes a folder's name
Name = Annotated[str, Meta(min_length=1, max_length=200)]

_UNIT = re.compile(r"[A-Za-z0-9_-]{1,200}(\.[A-Za-z0-9_-]{1,200}){0,30}")
_SHORTEST_TOKEN, _LONGEST_TOKEN = 16, 500
_UNIX_PATH_BYTES = 102  # 107 of sockaddr_un, less the ".whip" of the socket beside it


class Kind(StrEnum):
    """What a camera looks at."""

    WINDOW = "window"
    INTERROGATION = "interrogation"
    WAITING = "waiting"
    STREET = "street"
    BODYCAM = "bodycam"


class RecorderSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[cameras]`. `folder` holds the recordings, `key` is the file of the private key that signs the heads of its log,
    and `recorder` its name in the `bureau`, by default the machine's: its log is called by both. `tap` is the path of
    the Unix socket. Recording stops while less than `reserve_gb` is free on the disk. Pictures of more than
    `largest_pixels` are not taken. Where `look`,
    pictures are judged, by the operator's own YOLOX network in the file `model`, or by the one that came with us, on
    `looking_threads` threads, or as many as suit the machine."""

    folder: Annotated[str, Meta(min_length=1)] = "var/recordings"
    recorder: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9./-]{0,99}$")] = "ducha/recorder"
    bureau: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9./-]{0,59}$")] | None = None
    key: Annotated[str, Meta(min_length=1)] = "var/recorder.pem"
    tap: Annotated[str, Meta(min_length=1)] = "var/tap.sock"
    segment_s: Annotated[float, Meta(ge=0.2, le=10)] = 1.0
    pack_minutes: Annotated[float, Meta(gt=0, le=60)] = 5.0
    keep_days: Count = 30
    reserve_gb: Annotated[float, Meta(ge=0)] = 2.0
    stall_s: Annotated[float, Meta(ge=1, le=60)] = 4.0
    keyframe_s: Positive = 20.0
    largest_pixels: Annotated[int, Meta(ge=64 * 64, le=16_384 * 16_384)] = LARGEST_PIXELS
    look: bool = True
    looking_threads: Annotated[int, Meta(ge=1, le=64)] | None = None
    model: Annotated[str, Meta(min_length=1)] | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: Port | None = None


class CameraSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[camera]]`. A body-worn one without a `url` publishes by itself (WHIP), and shows its `token` where one is set;
    without one, whoever reaches the console may publish in its name. Password and token may be here or in the variables
    of the environment that `password_variable` and `token_variable` name. `service` are the hours in which somebody is
    expected at a window, like 08:30-12:00 in the bureau's time; without any it is always. `region` is the part of the
    picture that its rules look at, by name: two corners of a rectangle or three and more of a polygon, each pair in
    fractions of width and height."""

    id: Id
    url: Annotated[str, Meta(min_length=1, max_length=2_000)] | None = None
    kind: Kind
    name: Name | None = None
    username: str | None = None
    password: str | None = None
    password_variable: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    token: Annotated[str, Meta(min_length=_SHORTEST_TOKEN, max_length=_LONGEST_TOKEN)] | None = None
    token_variable: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    unit: str | None = None
    room: str | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    record: bool = True
    service: tuple[str, ...] = ()
    region: dict[str, tuple[float, ...]] = {}

    def __repr__(self) -> str:
        return f"CameraSettings({self.id!r})"

    @property
    def publishes(self) -> bool:
        """Whether it comes to us, and nobody connects to it."""
        return self.url is None

    @property
    def looks_into(self) -> str | None:
        """The room it looks into; an interrogation camera that names none is a room of its own name."""
        return self.room or ((self.name or self.id) if self.kind is Kind.INTERROGATION else None)

    @property
    def address(self) -> Address:
        """Where the camera is, and who may look; of one that does not publish."""
        assert self.url is not None
        return Address(url=self.url, username=self.username, password=self.password, transport=self.transport)


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that `ducha cameras` needs to know."""

    database: DatabaseSettings
    recorder: RecorderSettings
    cameras: tuple[CameraSettings, ...]
    exports: str | None = None  # the folder of exports on this machine: their heads are compared with the log


class _Exports(Struct, frozen=True, kw_only=True):
    """`[exports]`, as far as it matters here."""

    folder: Annotated[str, Meta(min_length=1)] = "var/exports"


def load_camera_settings(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings in the file at `path`, if any, overridden by `environment`.

    Raises:
        ConfigError: naming the file or variable, the key, and what was expected.
    """
    document = read_document(path) if path is not None else {}
    recorder = read_table("cameras", RecorderSettings, document, environment, path)
    if len(recorder.tap.encode()) > _UNIX_PATH_BYTES:
        raise ConfigError(f"cameras.tap: expected a path of at most {_UNIX_PATH_BYTES} bytes, as sockets have them")
    return Settings(
        database=read_table("database", DatabaseSettings, document, environment, path),
        recorder=recorder,
        cameras=_cameras(document.get("camera", []), environment, path),
        exports=_exports(document.get("exports", {}), environment),
    )


def load_largest_pixels(path: Path | None, environment: Mapping[str, str]) -> int:
    """How many pixels a picture may have, for those who decode some without knowing the cameras.

    Raises:
        ConfigError: where the table [cameras] is not as expected.
    """
    document = read_document(path) if path is not None else {}
    settings: RecorderSettings = read_table("cameras", RecorderSettings, document, environment, path)
    return settings.largest_pixels


def _exports(table: Any, environment: Mapping[str, str]) -> str | None:
    """Where exports lie; what else their table says is read, and judged, by those who make them."""
    if "DUCHA_EXPORTS_FOLDER" in environment:
        return environment["DUCHA_EXPORTS_FOLDER"]
    try:
        return msgspec.convert(table, _Exports).folder
    except msgspec.ValidationError:
        return None


def _cameras(tables: Any, environment: Mapping[str, str], path: Path | None) -> tuple[CameraSettings, ...]:
    if not isinstance(tables, list):
        raise ConfigError(f"{path}: camera: expected tables [[camera]]")
    cameras: dict[str, CameraSettings] = {}
    for number, table in enumerate(tables):
        where = f"{path}: camera[{number}]"
        try:
            camera = msgspec.convert(table, CameraSettings)
        except msgspec.ValidationError as error:
            text, _, place = str(error).partition(" - at `$")
            key = place.rstrip("`")
            if key == ".kind":  # msgspec would repeat what was written
                text = f"expected one of {', '.join(Kind)}"
            raise ConfigError(f"{where}{key}: {text[:1].lower()}{text[1:]}") from None
        if problem := _problem(camera):
            raise ConfigError(f"{where}.{problem}")
        if camera.password_variable is not None:
            if camera.password_variable not in environment:
                raise ConfigError(f"{where}.password_variable: expected {camera.password_variable} in the environment")
            camera = msgspec.structs.replace(camera, password=environment[camera.password_variable])
        if camera.token_variable is not None:
            token = environment.get(camera.token_variable, "")
            if not _SHORTEST_TOKEN <= len(token) <= _LONGEST_TOKEN:
                lengths = f"of {_SHORTEST_TOKEN} to {_LONGEST_TOKEN} signs"
                expected = f"expected {camera.token_variable} in the environment, {lengths}"
                raise ConfigError(f"{where}.token_variable: {expected}")
            camera = msgspec.structs.replace(camera, token=token)
        if camera.id in cameras:
            raise ConfigError(f"{where}.id: expected an id of its own, got {camera.id} again")
        cameras[camera.id] = camera
    return tuple(cameras.values())


def _problem(camera: CameraSettings) -> str | None:
    """What is wrong with a camera, without repeating its address, which may hold a password."""
    if problem := _address_problem(camera):
        return problem
    if camera.password is not None and camera.password_variable is not None:
        return "password: expected it here or in a variable, not both"
    if (camera.token, camera.token_variable) != (None, None) and not camera.publishes:
        return "token: expected one only where the device publishes by itself, which one with a url does not"
    if camera.token is not None and camera.token_variable is not None:
        return "token: expected it here or in a variable, not both"
    if camera.username is None and (camera.password, camera.password_variable) != (None, None):
        return "username: expected one with the password"
    if camera.username is not None and (set(camera.username) & set(':"\\') or not camera.username.isprintable()):
        return 'username: expected one without a colon, " and \\, which no camera can be told'
    if camera.unit is not None and not _UNIT.fullmatch(camera.unit):
        return "unit: expected names joined by dots, of letters, digits, - and _"
    if (camera.lon is None) != (camera.lat is None):
        return "lon: expected lon and lat, or neither"
    try:
        ServiceHours(camera.service)
    except ValueError as error:
        return f"service: {error}"
    for name, corners in camera.region.items():
        if len(corners) < 4 or len(corners) % 2 or not all(0 <= corner <= 1 for corner in corners):
            return f"region.{name}: expected at least two corners x0, y0, x1, y1, … from 0 to 1"
    return None


def _address_problem(camera: CameraSettings) -> str | None:
    if camera.url is None:
        return None if camera.kind is Kind.BODYCAM else "url: expected one; only a bodycam publishes by itself"
    try:
        place = urlsplit(camera.url)
        port_is_sound = place.port is None or place.port > 0
    except ValueError:
        return "url: expected rtsp://HOST[:PORT]/PATH"
    if place.scheme != "rtsp" or not place.hostname or not port_is_sound:
        return "url: expected rtsp://HOST[:PORT]/PATH"
    if "@" in place.netloc:
        return "url: expected no user name and password in it, but in the keys username and password"
    return None
