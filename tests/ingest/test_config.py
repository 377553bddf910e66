from pathlib import Path

import pytest

from ingest.config import ALL_DEVICES, Settings, load_settings
from ingest.errors import ConfigError


def written(folder: Path, text: str) -> Path:
    file = folder / "ducha.toml"
    file.write_text(text)
    return file


def test_without_a_file_the_defaults_hold() -> None:
    assert load_settings(None, {}) == Settings()
    assert load_settings(None, {}).broker.filters == ALL_DEVICES


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, '[broker]\nhost = "a"\nport = 1\n[ingest]\nshard = "west"\n[console]\nport = 8080\n')
    settings = load_settings(
        file, {"DUCHA_BROKER_PORT": "8883", "DUCHA_BROKER_FILTERS": "owntracks/+/+,ducha/west/+/fix"}
    )
    assert (settings.broker.host, settings.broker.port, settings.ingest.shard) == ("a", 8883, "west")
    assert settings.broker.filters == ("owntracks/+/+", "ducha/west/+/fix")


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        ("[broker]\nport = 70000", {}, "broker.port: expected `int` <= 65535"),
        ('[broker]\nport = "x"', {}, "broker.port: expected `int`, got `str`"),
        ("[broker]\nprot = 1", {}, "broker: object contains unknown field `prot`"),
        ("broker = 3", {}, "broker: expected a table [broker]"),
        ("[ingest]\ntick_s = 0", {}, "ingest.tick_s: expected `float` > 0.0"),
        ("[broker", {}, "expected TOML"),
        ("", {"DUCHA_BROKER_PORT": "many"}, "DUCHA_BROKER_PORT: expected `int`, got `str`"),
        ("", {"DUCHA_BROKER_KEY": "/k.pem"}, "broker.certificate and broker.key: expected both or neither"),
        ("[ingest]\nkeep_days = 7", {}, "ingest.keep_days: expected more than past_days (30), got 7"),
        ("", {"DUCHA_BROKER_CA": "/no/such.pem"}, "broker.ca: expected a PEM file, found none at /no/such.pem"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(
    tmp_path: Path, text: str, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, text), environment)
    assert message in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: expected a TOML file"):
        load_settings(tmp_path / "nowhere.toml", {})
