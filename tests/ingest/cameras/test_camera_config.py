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
    assert (camera.address.url, camera.address.username, camera.address.password) == (
        "rtsp://10.0.0.7/main",
        "u",
        "p@ss:/",
    )
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


WORN = '[[camera]]\nid = "b-1"\nkind = "bodycam"\n'


def test_a_devices_token_is_read_from_the_file_or_the_environment_and_shown_nowhere(tmp_path: Path) -> None:
    shortest = "0123456789abcdef"
    for text, environment in (
        (f'token = "{shortest}"', {}),
        ('token_variable = "TOKEN_OF_B1"', {"TOKEN_OF_B1": shortest}),
    ):
        settings = load_camera_settings(written(tmp_path, WORN + text), environment)
        (camera,) = settings.cameras
        assert camera.publishes
        assert camera.token == shortest
        assert shortest not in repr(settings)
    (without,) = load_camera_settings(written(tmp_path, WORN), {}).cameras
    assert without.token is None


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ('token = "secret-too-short"', None),
        ('token = "secret-so-short"', "camera[0].token: expected `str` of length >= 16"),
        ('token = ""', "camera[0].token: expected `str` of length >= 16"),
        (f'token = "secret{"x" * 500}"', "camera[0].token: expected `str` of length <= 500"),
        ("token = 1234567890123456", "camera[0].token: expected `str | null`, got `int`"),
        ('token_variable = "NONE"', "camera[0].token_variable: expected NONE in the environment, of 16 to 500 signs"),
        ('token_variable = "SHORT"', "camera[0].token_variable: expected SHORT in the environment, of 16 to 500"),
        ('token_variable = "a b"', "camera[0].token_variable: expected `str` matching regex"),
        (
            'token = "secret-of-16-signs"\ntoken_variable = "LONG"',
            "camera[0].token: expected it here or in a variable, not both",
        ),
        (
            f'url = "rtsp://10.0.0.7/x"\ntoken = "{"secret" * 3}"',
            "camera[0].token: expected one only where the device publishes",
        ),
    ],
)
def test_a_token_that_can_not_be_one_is_named(tmp_path: Path, told: str, message: str | None) -> None:
    file = written(tmp_path, WORN + told)
    environment = {"SHORT": "secret-so-short", "LONG": "secret-of-16-signs"}
    if message is None:
        assert load_camera_settings(file, environment).cameras[0].token == "secret-too-short"
        return
    with pytest.raises(ConfigError) as caught:
        load_camera_settings(file, environment)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
