"""Named queries from the `.sql` files in `store/sql`.

A file holds queries one after the other; each begins with two comment lines, its name and what it does::

    -- name: newest
    -- The newest position of every device.
    SELECT …
"""

import re
from functools import cache
from importlib.resources import files

_HEAD = re.compile(r"^-- name: (?P<name>\w+)\n-- (?P<about>.+)\n", re.MULTILINE)


@cache
def queries(subject: str) -> dict[str, bytes]:
    """The queries of `store/sql/{subject}.sql` by name, as psycopg takes them."""
    text = files("store").joinpath("sql", f"{subject}.sql").read_text("utf-8")
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    found = {
        head["name"]: text[head.end() : end].strip().rstrip(";").encode() for head, end in zip(heads, ends, strict=True)
    }
    if len(found) != text.count("-- name:"):
        raise ValueError(f"{subject}.sql: every query needs a name of its own and one line saying what it does")
    return found
