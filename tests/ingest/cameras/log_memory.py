"""What a database remembers of a recorder's log, and what the log says when it is opened again."""

import os
from pathlib import Path

from recorded_log import NAME, VIDEO, opened, origin

from ingest.cameras.leaves import newest_first
from ingest.cameras.log_opening import Memory, identity_in_database
from ingest.cameras.reconcile import compare, reconcile
from store.evidence.leaf import UnacknowledgedBody
from store.evidence.signer import FileSigner
from store.recordings import CameraRow, Recordings

CAMERA = CameraRow(
    id="c-1", name="c-1", kind="window", unit=None, room=None, lon=None, lat=None, recorder=NAME, folder="", tap="",
    state="live", reason=None, since_s=1.0, codec=None, width=None, height=None, audio=None, recorded=True, seen_s=1.0,
)  # fmt: skip


def index(uri: str, folder: Path, moved_from: Path | None = None, *, named: bool = True) -> None:
    """Puts all that the log says into the database, as the projection does."""
    site = opened(folder)
    identity = identity_in_database(site, FileSigner.open(folder.parent / "key.pem"))
    assert identity is not None
    with Recordings(uri) as recordings:
        log = recordings.register_log(identity, NAME, str(moved_from or folder), 1.0, named=named)
        recordings.write_leaves([leaf for _, leaf in newest_first(folder)][::-1], log=log.rows_as)
        recordings.remember_head(log, site.evidence.vouched.size, site.evidence.vouched.root)
    site.evidence.close()


def remembered(uri: str) -> Memory:
    with Recordings(uri) as recordings:
        return Memory(recordings.memory(NAME, [VIDEO]))


def forget_footage(folder: Path) -> None:
    """Takes away what the log says nothing of."""
    for leftover in compare(folder).leftovers:
        os.truncate(folder / leftover.file, leftover.offset)
        if not leftover.offset:
            (folder / leftover.file).unlink()


def said(folder: Path) -> list[UnacknowledgedBody]:
    return [leaf.body for _, leaf in newest_first(folder) if isinstance(leaf.body, UnacknowledgedBody)]


def goes_on(folder: Path, memory: Memory | None = None) -> None:
    """The recorder starts in the same log, and nothing contradicts anything."""
    before = origin(folder)
    site = opened(folder, memory)
    assert (site.folder, site.contradictions, site.evidence.origin) == (folder, [], before)
    assert reconcile(site.folder, site.compared, site.evidence, 0) == []
    site.evidence.close()
