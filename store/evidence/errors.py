"""What can go wrong with evidence, by what the caller can do about it."""

from store.errors import StoreError


class EvidenceError(StoreError):
    """Base of the errors of evidence."""


class InvalidLeaf(EvidenceError):  # noqa: N818
    """A line that is no leaf in canonical form; the message says what was expected."""


class InvalidHead(EvidenceError):  # noqa: N818
    """Text that is no signed head, or whose signature does not fit."""


class InvalidKey(EvidenceError):  # noqa: N818
    """A key or certificate that can't be used; the message names the file."""


class LogCorrupt(EvidenceError):  # noqa: N818
    """A log that is not as it was written: the message names file and line. It is for a person to look at."""


class LogRolledBack(LogCorrupt):
    """A log that is not what somebody else knows it was: shorter, or another. The message names who knows more and by
    how much. It must not be written."""


class LogLocked(EvidenceError):  # noqa: N818
    """Another process has this folder's log open."""


class LogUnavailable(EvidenceError):  # noqa: N818
    """The disk refused: nothing was added, the same call may be repeated later (for example when there is room)."""


class LogBroken(EvidenceError):  # noqa: N818
    """The disk failed in a way that leaves open what is on it: close the log and open it again."""


class Unreadable(EvidenceError):  # noqa: N818
    """An export or folder that can't be read at all, so that nothing can be said about its footage."""


class TooLong(EvidenceError):  # noqa: N818
    """A log of more leaves than may be read for one answer."""


class ExportError(EvidenceError):
    """An export that can't be made; the message says what was expected."""
