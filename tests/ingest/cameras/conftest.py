"""A recorder's log that was stopped, and one that was killed: recorded once, for tests to copy."""

from pathlib import Path

import pytest
from recorded_log import copied, record


@pytest.fixture(scope="session")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a recorder that was stopped."""
    folder = tmp_path_factory.mktemp("stopped") / "recordings"
    record(folder).evidence.close()
    return folder


@pytest.fixture(scope="session")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is on the disk of one that was killed."""
    folder = tmp_path_factory.mktemp("running") / "recordings"
    running = record(folder)
    copy = copied(folder, tmp_path_factory.mktemp("killed") / "site")
    running.evidence.close()
    return copy
