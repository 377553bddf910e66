"""Files that are there whole or not at all, whatever happens in between."""

import os
import secrets
from pathlib import Path


def create(path: Path, data: bytes, mode: int = 0o644) -> bool:
    """Writes `data` to a new file and waits for the disk; False, with nothing done, where `path` exists."""
    draft = _draft(path, data, mode)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    sync_folder(path.parent)
    return True


def replace(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Puts `data` in the place of what the file held before, and waits for the disk."""
    draft = _draft(path, data, mode)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Waits until the disk knows the names in `folder`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _draft(path: Path, data: bytes, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
    except OSError:
        draft.unlink()
        raise
    return draft
