"""The bytes of a text file as UTF-8: what Windows, spreadsheets and Chinese tools write is read too."""

import codecs
import re

# GB 18030 holds all of GBK and GB 2312, whatever of the three a file says it is.
_CHINESE = "gb18030"
_GB_NAMES = {"gb2312", "gbk", "gb18030"}
_PLACE = b"?"
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._:-]+)[\"']")


def utf8_lines(data: bytes) -> tuple[bytes, list[int]]:
    r"""`data` in UTF-8 with `\n` between its lines, and the lines (from 1) that are no text; `?` stands in their place.

    Raises:
        UnicodeDecodeError: where it is UTF-16 that is broken.
    """
    wide = _utf16(data)
    if wide is not None:
        data = data.decode(wide).encode()
    data = data.removeprefix(codecs.BOM_UTF8)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if data.isascii() or _decodes(data, "utf-8"):
        return data, []
    lines = data.split(b"\n")
    foreign = [i for i, line in enumerate(lines) if not line.isascii()]
    broken = [i for i in foreign if not _decodes(lines[i], "utf-8")]
    if len(broken) * 2 >= len(foreign):
        # Most of what isn't ASCII isn't UTF-8: the file is in the other encoding that is written here.
        broken = []
        for i in foreign:
            try:
                lines[i] = lines[i].decode(_CHINESE).encode()
            except UnicodeDecodeError:
                broken.append(i)
    for i in broken:
        lines[i] = _PLACE
    return b"\n".join(lines), [i + 1 for i in broken]


def utf8_xml(data: bytes) -> bytes:
    """An XML document in UTF-8, whatever it declares.

    Raises:
        LookupError: where it declares an encoding that there is not.
        UnicodeError: where it is in none of those that it may be in.
    """
    wide = _utf16(data)
    if wide is not None:
        return data.decode(wide).encode()
    data = data.removeprefix(codecs.BOM_UTF8)
    match = _DECLARED.match(data[:1024])
    declared = match[1].decode().lower() if match else "utf-8"
    if codecs.lookup(declared).name.startswith("utf-16") or declared.startswith("ucs"):
        declared = "utf-8"  # the declaration itself has one byte a character
    first = _CHINESE if codecs.lookup(declared).name in _GB_NAMES else declared
    for encoding in (first, "utf-8"):
        try:
            return data.decode(encoding).encode()
        except UnicodeError:
            continue
    return data.decode(_CHINESE).encode()


def _utf16(data: bytes) -> str | None:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = data[:4]
    if len(head) == 4 and head[1] == head[3] == 0 and head[0] and head[2]:
        return "utf-16-le"
    if len(head) == 4 and head[0] == head[2] == 0 and head[1] and head[3]:
        return "utf-16-be"
    return None


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
