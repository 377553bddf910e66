"""Files that are there whole or not at all, whatever happens in between; and files and folders for their owner alone,
whatever the umask.
"""

import errno
import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_OTHERS = 0o077
_DRAFT_BYTES = 8
_DRAFT = re.compile(rf"\..+\.[0-9a-f]{{{2 * _DRAFT_BYTES}}}")


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it that are missing, for their owner alone; one that exists stays as it is."""
    for each in reversed((folder, *folder.parents)):
        if not each.exists():
            with suppress(FileExistsError):
                each.mkdir(mode=FOLDER_MODE)
                each.chmod(FOLDER_MODE)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def open_own(path: Path, flags: int) -> int:
    """Opens a file of ours, made where there is none and `flags` say so, for its owner alone; returns the handle."""
    handle = os.open(path, flags | os.O_CLOEXEC, FILE_MODE)
    with suppress(PermissionError):  # of another user who lets us write: `ducha doctor` names it
        if stat.S_IMODE(os.fstat(handle).st_mode) != FILE_MODE:
            os.fchmod(handle, FILE_MODE)
    return handle


def tighten(folder: Path) -> None:
    """Closes a folder of ours, and what lies directly in it, to all but its owner, as far as they are ours."""
    for path in exposed(folder):
        with suppress(PermissionError, FileNotFoundError):
            path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)


def exposed(folder: Path) -> list[Path]:
    """Of a folder and what lies directly in it, what others than its owner may read, write or enter."""
    return [
        path
        for path in (folder, *sorted(folder.iterdir()))
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & _OTHERS
    ]


def create(path: Path, data: bytes) -> bool:
    """Writes `data` to a new file and waits for the disk; False, with nothing done, where `path` exists."""
    draft = _draft(path, data)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    sync_folder(path.parent)
    return True


def replace(path: Path, data: bytes) -> None:
    """Puts `data` in the place of what the file held before, and waits for the disk."""
    draft = _draft(path, data)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink()
        raise
    sync_folder(path.parent)


def sweep(folder: Path) -> None:
    """Removes the drafts that somebody who died left in a folder; nobody else may write there now."""
    for path in folder.iterdir():
        if _DRAFT.fullmatch(path.name) and path.is_file():
            path.unlink()


def sync_folder(folder: Path) -> None:
    """Waits until the disk knows the names in `folder`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _draft(path: Path, data: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(_DRAFT_BYTES)}")
    handle = open_own(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
    except OSError:
        draft.unlink()
        raise
    return draft
