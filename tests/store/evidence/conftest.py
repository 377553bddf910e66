"""A key and a log of a recorder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.evidence.log import EvidenceLog
from store.evidence.signer import FileSigner


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> FileSigner:
    """The recorder's key."""
    return FileSigner.open_or_create(tmp_path_factory.mktemp("key") / "recorder.pem")


@pytest.fixture
def log(tmp_path: Path, signer: FileSigner) -> Iterator[EvidenceLog]:
    """An empty log in `tmp_path / "r1"`."""
    with EvidenceLog(tmp_path / "r1", "r1", signer) as log:
        yield log
