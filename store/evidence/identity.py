"""Who a log is of. A recorder is a key and a first leaf; its log's origin is unique in the world.

The origin names the log in each leaf and head, and to a witness. It is the bureau's name, the recorder's and a random
part, made once with the folder and kept in `recorder.json`. Logs from before that have the recorder's name for origin,
and keep it (docs/decisions/016).
"""

import re
import secrets
from pathlib import Path

import msgspec
from msgspec import Struct

from store.evidence.errors import LogCorrupt
from store.evidence.leaf import decoded

RECORDER = "recorder.json"
_RANDOM_BYTES = 8
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9./-]+")


class Identity(Struct, frozen=True, kw_only=True):
    """What `recorder.json` says. `recorder`: the log's origin. `name`: of the recorder; None where the origin is it."""

    v: int
    recorder: str
    created_ns: int = 0
    name: str | None = None

    @property
    def called(self) -> str:
        """The recorder's name."""
        return self.recorder if self.name is None else self.name


def identity_of(folder: Path) -> Identity | None:
    """Whose log lies in the folder, as it says itself; None where it does not.

    Raises:
        LogCorrupt: what it says can't be read.
    """
    path = folder / RECORDER
    try:
        known = decoded(path.read_bytes(), Identity)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LogCorrupt(f"{path}: expected JSON that names a recorder: {error}") from error
    if known.v != 1:
        raise LogCorrupt(f"{path}: expected version 1, got {known.v}")
    return known


def new_origin(bureau: str, name: str) -> str:
    """An origin that no other log has."""
    return f"{bureau}/{name}/{secrets.token_hex(_RANDOM_BYTES)}"


def as_bureau(host: str) -> str:
    """The name of a machine as that of a bureau, where nobody named one."""
    return _NOT_IN_NAMES.sub("-", host).strip("./-")[:60] or "bureau"
