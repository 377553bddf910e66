"""Leaves marks in the log while it is recorded. They only save time later: whatever goes wrong, recording goes on."""

from pathlib import Path

import structlog

from store.evidence.errors import LogCorrupt
from store.evidence.marking import Marker
from store.evidence.signer import Signer

LEAVES = (
    5_000  # at a time: a log of a day that has no marks yet has them in half an hour, for a few hundredths of a core
)

log = structlog.get_logger("ingest.cameras")


class Marking:
    """Marks the log in `folder`, which `signer` signs. For one thread."""

    def __init__(self, folder: Path, recorder: str, signer: Signer) -> None:
        self._folder = folder
        self._recorder = recorder
        self._signer = signer
        self._marker: Marker | None = None
        self._is_over = False

    def look(self) -> None:
        """Mark what is signed since, as far as it can be read in some thirty milliseconds."""
        if self._is_over:
            return
        try:
            if self._marker is None:
                self._marker = Marker(self._folder, self._recorder, self._signer)
            self._marker.follow(LEAVES)
        except LogCorrupt as error:
            self._is_over = True
            log.error("the log is not as it was signed and gets no more marks", problem=str(error))
        except OSError as error:
            log.warning("the log could not be marked, trying again", problem=str(error))
        except Exception:
            self._is_over = True
            log.exception("the log gets no more marks")
