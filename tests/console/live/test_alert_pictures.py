"""The pictures that an alert rests on, over HTTP: those that were kept, and nothing else of the disk."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from console_examples import NOW, raised, stop

from analytics.fixes import FixBatch
from store.ledger import Ledger
from store.records import AlertPicture

Console = Callable[..., Any]
ALERT = stop("car-3")
DATA = b"\xff\xd8 a picture"


def kept(ledger: Ledger, folder: Path, file: str) -> None:
    picture = AlertPicture(ALERT.id, 0, NOW, hashlib.sha256(DATA).digest(), str(folder), file)
    ledger.commit(FixBatch.empty(), raised(ALERT), pictures=[picture], received_s=NOW)


def test_an_alert_names_its_pictures_and_they_can_be_seen(ledger: Ledger, console: Console, tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames" / "a-0.jpg").write_bytes(DATA)
    kept(ledger, tmp_path, "frames/a-0.jpg")
    (told,) = console(lambda client: client.get(f"/api/v1/alerts/{ALERT.id}")).json()["pictures"]
    assert told == {"number": 0, "taken_at": "2026-01-05T08:00:00Z", "sha256": hashlib.sha256(DATA).hexdigest()}
    answer = console(lambda client: client.get(f"/api/v1/alerts/{ALERT.id}/pictures/0"))
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "image/jpeg", DATA)


@pytest.mark.parametrize("file", ["../secret", "/etc/passwd", "frames/../../secret", "frames/none.jpg"])
def test_nothing_outside_the_recorders_folder_is_shown(
    ledger: Ledger, console: Console, tmp_path: Path, file: str
) -> None:
    folder = tmp_path / "recorder"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    kept(ledger, folder, file)
    assert console(lambda client: client.get(f"/api/v1/alerts/{ALERT.id}/pictures/0")).status_code == 404


def test_a_picture_that_was_not_kept_is_not_found(ledger: Ledger, console: Console) -> None:
    ledger.commit(FixBatch.empty(), raised(ALERT), received_s=NOW)
    assert console(lambda client: client.get(f"/api/v1/alerts/{ALERT.id}/pictures/0")).status_code == 404
