"""Why a message can't be taken in: each word is decided in one place, stays with the letter, and is in words on the
screens."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

import console
import store
from ingest.decode import Limits, decode
from ingest.messages import Message
from ingest.unread import Unread
from store.migrate import migrate

NOW_S = 1_767_600_000.0
TOPIC = "ducha/west/car-07/fix"
MIGRATIONS = Path(store.__file__).parent / "migrations"
WORDS = Path(console.__file__).parent / "web" / "src" / "i18n"


def place(**changes: Any) -> bytes:
    return json.dumps({"_type": "location", "tst": NOW_S - 5, "lat": 22.9, "lon": 113.1} | changes).encode()


REFUSED: dict[Unread, tuple[str, bytes]] = {
    Unread.TOPIC: ("ducha/west/car-07/somewhere", place()),
    Unread.SIZE: (TOPIC, place(extra="x" * 2000)),
    Unread.JSON: (TOPIC, b"{lat: 22.9}"),
    Unread.TYPE: (TOPIC, place(lat="22.9")),
    Unread.STATUS: ("ducha/west/car-07/status", b"asleep"),
    Unread.TIME: (TOPIC, place(tst=NOW_S + 86_400)),
    Unread.LATITUDE: (TOPIC, place(lat=-90.01)),
    Unread.LONGITUDE: (TOPIC, place(lon=180.5)),
    Unread.SPEED: (TOPIC, place(vel=2001)),
    Unread.ACCURACY: (TOPIC, place(acc=1e7)),
}


def letters(topic: str, payload: bytes) -> list[tuple[str, str]]:
    """The codes that a message is counted and kept by."""
    decoded = decode([Message(topic, payload, NOW_S)], NOW_S, Limits(payload_bytes=1000))
    return [(rejected.code, rejected.letter.code) for rejected in decoded.rejected]


@pytest.mark.parametrize("code", [code for code in Unread if code is not Unread.REFUSED])
def test_each_is_decided_where_the_message_is_read(code: Unread) -> None:
    assert letters(*REFUSED[code]) == [(code, code)]


def test_of_several_flaws_the_one_that_stands_first_in_the_message_counts() -> None:
    elements = [json.loads(place()), json.loads(place(lon=200)), 7]
    assert letters(TOPIC, json.dumps(elements).encode()) == [(Unread.LONGITUDE, Unread.LONGITUDE)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_screens_have_words_for_each(language: str) -> None:
    words = (WORDS / f"{language}.ts").read_text("utf-8")
    assert [code for code in Unread if f'"unread.{code}": "' not in words] == []


BEFORE = [
    ("expected JSON: JSON is malformed: object keys must be strings (byte 1)", "json"),
    ("lat: expected -90 to 90, got 91.0", "latitude"),
    ("1 of 3 elements: [2].lon: expected -180 to 180, got 200.0", "longitude"),
    ("vel: expected 0 to 2000 km/h, got 9000.0", "speed"),
    ("acc: expected 0 to 1e+06 m, got 2e+06", "accuracy"),
    ("tst: expected Unix seconds from 2025-12-06T08:00:00Z to 2026-01-05T08:02:00Z, got 0.0", "time"),
    ("payload: expected at most 1048576 bytes, got 2000000", "size"),
    ("expected at most 20000 elements, got 20001", "size"),
    ("expected online or offline, got b'here'", "status"),
    ("not a device's topic: device name: expected letters", "topic"),
    ("refused by the database: CommitRefused: x", "refused"),
    ("lat: expected `float`, got `str`", "type"),
    ("object missing required field `tst`", "type"),
]


def test_letters_from_before_keep_their_text_and_get_the_word_that_it_says(
    empty_postgres_uri: str, tmp_path: Path
) -> None:
    files = sorted(MIGRATIONS.glob("*.sql"))
    (number,) = [n for n, file in enumerate(files) if file.name.endswith("_why_unread.sql")]
    for file in files[:number]:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    migrate(empty_postgres_uri, tmp_path)
    with psycopg.connect(empty_postgres_uri, autocommit=True) as connection:
        for reason, _ in BEFORE:
            connection.execute(
                "INSERT INTO dead_letters (topic, sha256, reason, payload, size, first_at, last_at, seen)"
                " VALUES (%s, '', %s, '', 0, now(), now(), 1)",
                (reason, reason),
            )
    migrate(empty_postgres_uri)
    with psycopg.connect(empty_postgres_uri) as connection:
        assert dict(connection.execute("SELECT reason, code FROM dead_letters").fetchall()) == dict(BEFORE)
