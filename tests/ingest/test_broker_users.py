"""Who may be a user of the broker, and what each may say and hear."""

from pathlib import Path

import pytest

from ingest.broker.configuration import BrokerFolder, Listening
from ingest.broker.errors import BrokerError
from ingest.broker.users import Role, User, entry, hashed


@pytest.mark.parametrize(
    "name", ["a/b", "a b", "a\tb", "a\n", "+", "#", "", "x" * 65, "_ingest", "车", "$a", "a>", "*"]
)
def test_a_name_that_no_topic_can_carry_is_refused(name: str) -> None:
    with pytest.raises(BrokerError, match="expected 1 to 64 of"):
        User(name=name)
    with pytest.raises(BrokerError, match="expected 1 to 64 of"):
        User(name="gateway", role=Role.GATEWAY, devices=(name,))


@pytest.mark.parametrize("unit", ["a/b", "a b", "_ingest", "+", "", "a..b", "x" * 65])
def test_a_unit_that_no_topic_can_carry_is_refused(unit: str) -> None:
    with pytest.raises(BrokerError, match="unit"):
        User(name="gateway", role=Role.GATEWAY, units=(unit,))


@pytest.mark.parametrize("name", ["ingest", "server", "ca"])
def test_the_systems_names_are_no_devices(name: str) -> None:
    with pytest.raises(BrokerError, match="kept for the system"):
        User(name=name)


def test_a_gateway_speaks_for_somebody() -> None:
    """An empty list would let it say everything."""
    with pytest.raises(BrokerError, match="units or devices"):
        User(name="gateway", role=Role.GATEWAY)


@pytest.mark.parametrize(
    "user",
    [
        User(name="car.07"),
        User(name="gateway", role=Role.GATEWAY, units=("county.west",), devices=("off-1",)),
        User(name="ingest", role=Role.INGEST),
    ],
    ids=lambda user: user.role,
)
def test_nobody_has_a_right_that_was_not_meant(user: User) -> None:
    made = entry(user)
    allowed = [*made["permissions"]["publish"]["allow"], *made["permissions"]["subscribe"]["allow"]]
    assert allowed
    assert all(subject.split(".")[0] in ("ducha", "owntracks") for subject in allowed)
    assert made["allowed_connection_types"] == ["MQTT"]
    if user.role is not Role.INGEST:
        assert ">" not in "".join(allowed)
        names = {"car//07", "off-1", "county//west"}
        assert all(names & set(subject.split(".")) for subject in allowed)


def test_users_are_read_as_they_were_written(tmp_path: Path) -> None:
    folder = BrokerFolder(tmp_path / "broker")
    assert folder.users() == []
    with folder.changing() as users:
        users["car-07"] = User(name="car-07", password_hash=hashed("secret"))
    assert [user.name for user in folder.users()] == ["car-07"]
    assert "secret" not in (folder.path / "users.conf").read_text()


def test_a_broken_file_of_users_is_one_line_that_names_it(tmp_path: Path) -> None:
    folder = BrokerFolder(tmp_path)
    (folder.path / "users.json").write_text("[{]")
    with pytest.raises(BrokerError, match=r"users\.json: expected the users"):
        folder.users()


def test_passwords_go_over_no_network_in_clear(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="expected a certificate and key"):
        BrokerFolder(tmp_path).write(Listening("0.0.0.0", 1883))
