from pathlib import Path

import pytest

from ingest.cameras.config import Kind, RecorderSettings, load_camera_settings
from ingest.errors import ConfigError

CAMERA = '[[camera]]\nid = "w-1"\nurl = "rtsp://10.0.0.7/main"\nkind = "window"\n'


def written(folder: Path, text: str) -> Path:
    file = folder / "ducha.toml"
    file.write_text(text)
    return file


def test_without_a_file_there_are_no_cameras_and_the_defaults_hold() -> None:
    settings = load_camera_settings(None, {})
    assert settings.cameras == ()
    assert settings.recorder == RecorderSettings()


def test_a_camera_is_read_and_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    text = (
        '[broker]\nport = 1\n[cameras]\nfolder = "/a"\nkeep_days = 7\n'
        + CAMERA
        + 'username = "u"\npassword = "p@ss:/"\nunit = "county.west"\nlon = 120.0\nlat = 30.0\n'
        + "region = { window = [0.1, 0.1, 0.5, 0.9] }\n"
    )
    settings = load_camera_settings(written(tmp_path, text), {"DUCHA_CAMERAS_FOLDER": "/b"})
    assert (settings.recorder.folder, settings.recorder.keep_days) == ("/b", 7)
    (camera,) = settings.cameras
    assert (camera.id, camera.kind, camera.record, camera.unit) == ("w-1", Kind.WINDOW, True, "county.west")
    assert camera.address.with_credentials() == "rtsp://u:p%40ss%3A%2F@10.0.0.7/main"
    assert "p@ss" not in repr(settings)
    assert "p@ss" not in repr(camera.address)


@pytest.mark.parametrize(
    ("text", "room"),
    [
        (CAMERA, None),
        (CAMERA + 'room = "候问室"', "候问室"),
        (CAMERA.replace("window", "interrogation"), "w-1"),
        (CAMERA.replace("window", "interrogation") + 'name = "讯问室 1"', "讯问室 1"),
        (CAMERA.replace("window", "interrogation") + 'name = "全景"\nroom = "讯问室 1"', "讯问室 1"),
    ],
)
def test_an_interrogation_camera_that_names_no_room_is_one_of_its_own_name(
    tmp_path: Path, text: str, room: str | None
) -> None:
    (camera,) = load_camera_settings(written(tmp_path, text), {}).cameras
    assert camera.looks_into == room


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[cameras]\nfolder = ""', "cameras.folder: expected `str` of length >= 1"),
        ("[cameras]\nkeep_days = 0", "cameras.keep_days: expected `int` >= 1"),
        ("[cameras]\nlooking_threads = 0", "cameras.looking_threads: expected `int` >= 1"),
        ("[cameras]\nlooking_threads = 65", "cameras.looking_threads: expected `int` <= 64"),
        ('[cameras]\nlooking_threads = "all"', "cameras.looking_threads: expected `int | null`, got `str`"),
        ("[cameras]\nfoldr = 1", "cameras: object contains unknown field `foldr`"),
        (f'[cameras]\ntap = "/{"x" * 120}"', "cameras.tap: expected a path of at most 102 bytes"),
        ("[camera]\nid = 3", "camera: expected tables [[camera]]"),
        (CAMERA.replace("w-1", "W 1"), "camera[0].id: expected `str` matching regex"),
        (CAMERA.replace("w-1", "../w"), "camera[0].id: expected `str` matching regex"),
        (CAMERA + CAMERA, "camera[1].id: expected an id of its own, got w-1 again"),
        (CAMERA.replace("window", "secret"), "camera[0].kind: expected one of window, interrogation"),
        (CAMERA.replace("rtsp:", "http:"), "camera[0].url: expected rtsp://HOST[:PORT]/PATH"),
        ('[[camera]]\nid = "w-1"\nkind = "window"', "camera[0].url: expected one; only a bodycam publishes by itself"),
        (CAMERA.replace("10.0.0.7", "10.0.0.7:99999"), "camera[0].url: expected rtsp://HOST[:PORT]/PATH"),
        (CAMERA.replace("10.0", "u:secret@10.0"), "camera[0].url: expected no user name and password in it"),
        (CAMERA + 'password = "secret"', "camera[0].username: expected one with the password"),
        (CAMERA + 'transport = "sctp"', "camera[0].transport: invalid enum value"),
        (CAMERA + 'unit = "a b"', "camera[0].unit: expected names joined by dots"),
        (CAMERA + "lon = 3.0", "camera[0].lon: expected lon and lat, or neither"),
        (CAMERA + "region = { w = [0.1, 0.2, 3.0, 0.4] }", "camera[0].region.w: expected at least two corners"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_camera_settings(written(tmp_path, text), {})
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
