"""`ducha evidence export`: what it writes is what `verify` finds intact."""

import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from evidence_hour import SECOND, T0, record_hour
from typer.testing import CliRunner

from console.cli import app, main
from store.evidence.errors import ExportError
from store.evidence.signer import FileSigner

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "r1"
    record_hour(folder, FileSigner.open_or_create(folder.parent / "recorder.pem"), seconds=60)
    return folder


def at(second: int) -> str:
    return datetime.fromtimestamp(T0 // SECOND + second, SHANGHAI).isoformat()


def command(folder: Path, out: Path, **changed: str) -> list[str]:
    told = {
        "camera": "cam1",
        "from": at(10),
        "to": at(30),
        "asked-by": "a",
        "approved-by": "b",
        "reason": "complaint",
        "key": str(folder.parent / "exporter.pem"),
        "out": str(out),
    }
    options = [part for name, value in (told | changed).items() for part in (f"--{name}", value)]
    return ["evidence", "export", str(folder), *options]


def test_an_export_is_intact_on_its_own(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, command(folder, tmp_path / "e.zip"))
    assert done.exit_code == 0, done.output
    assert "2 streams" in done.output
    verified = CliRunner().invoke(app, ["evidence", "verify", str(tmp_path / "e.zip"), "--untrusted-key"])
    assert verified.exit_code == 0, verified.output


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"camera": "cam9"}, "camera 'cam9': expected one of cam1"),
        ({"from": "yesterday"}, "--from: expected a time with its zone"),
        ({"to": "2026-01-05T08:00:00"}, "--to: expected a time with its zone"),
        ({"approved-by": "a"}, "approved_by: expected another person"),
        ({"reason": " "}, "reason: expected why"),
    ],
)
def test_what_is_wrong_is_said_in_a_line_and_nothing_is_left(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changed: dict[str, str],
    message: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["ducha", *command(folder, tmp_path / "e.zip", **changed)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_recorders_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, command(tmp_path, tmp_path / "e.zip"))
    assert isinstance(done.exception, ExportError)
    assert "expected a recorder's folder" in str(done.exception)
