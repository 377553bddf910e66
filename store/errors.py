"""What can go wrong in the store, by what the caller can do about it."""

from typing import ClassVar


class StoreError(Exception):
    """Base of every error of this package."""


class StoreUnavailable(StoreError):  # noqa: N818  (a state of the world, not a fault of the caller)
    """The database can't be reached or went away mid-way: repeat the same call, it is harmless."""


class CommitRefused(StoreError):  # noqa: N818
    """The database refused what was to be written; repeating it will not help."""


class LeaseLost(StoreError):  # noqa: N818
    """Another worker has this shard: what is not committed is its to commit."""


class MigrationError(StoreError):
    """The database's schema and the migrations of this program do not fit together."""


class EmbeddedError(StoreError):
    """The embedded PostgreSQL could not be started or stopped."""


class InvalidRecord(StoreError):  # noqa: N818
    """A value that can't be stored or read: the message names it. `where` is the field that holds it, if it is one;
    each case that a person may meet has a `kind`, a word that is the same for ever."""

    kind: ClassVar[str] = "invalid-value"

    def __init__(self, message: str, where: str | None = None) -> None:
        super().__init__(message)
        self.where = where


class NotFound(StoreError):  # noqa: N818
    """There is no such record."""


class Conflict(StoreError):  # noqa: N818  (a state of the world)
    """The present state does not allow it; each case has a `kind`, a word that is the same for ever."""

    kind: ClassVar[str]
