"""Names of people as they are told, while there are no accounts: whether two may be the same person's."""

import unicodedata

from store.errors import InvalidRecord

NAME_LIMIT = 80


def told_name(field: str, name: str) -> str:
    """A name as it is kept: no space around it, and a plain one within.

    Raises:
        InvalidRecord: where it is empty, too long, or not to be seen.
    """
    told = " ".join(name.split())
    if not told.isprintable() or not 1 <= len(told) <= NAME_LIMIT or not _bare(told):
        expected = f"expected a name of 1 to {NAME_LIMIT} printable characters"
        raise InvalidRecord(f"{field} {told[:20]!r}: {expected}", field)
    return told


def same_person(one: str, other: str) -> bool:
    """Whether two names differ in nothing but width, case and space: 王伟 is 王　伟, and Li Ming is LI MING."""
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    folded = _composed(_composed(name).casefold())
    return _composed("".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc")))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
