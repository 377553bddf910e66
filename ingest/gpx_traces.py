"""Rows of a GPX file (1.0 or 1.1): a `trkpt` is a row. Its device is its track's `name`, else the file's.

Names and times of points, routes, waypoints and extensions are none of the track's.
"""

from pathlib import Path
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from ingest.trace_rows import BLANKS, REQUIRED, Rejects, Rows, TraceError
from ingest.trace_text import utf8_xml

_MOST_TEXT = 1000  # of a name or time


class _Reader:
    """Follows the elements of a document. Only those with the root's own prefix and in their place count."""

    def __init__(self, file: Path, stem: str) -> None:
        self.file, self.stem = file, stem
        self.rows: dict[str, list[str | None]] = {name: [] for name in REQUIRED}
        self.lines: list[int] = []
        self.others = 0  # waypoints and points of routes, which are no trace
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._entity
        self._prefix = ""
        self._path: list[str] = []
        self._first_of_track = 0
        self._name = self._heard = ""
        self._named = False

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._path:
            self._prefix = tag[: -len("gpx")]
            if not (tag == "gpx" or tag.endswith(":gpx")):
                raise TraceError(f"{self.file}: not GPX (its root is <{tag[:40]}>); expected <gpx>")
        local = tag.removeprefix(self._prefix) if tag.startswith(self._prefix) else "?"
        self._path.append("?" if ":" in local else local)
        match self._path:
            case ["gpx", "trk"]:
                self._first_of_track, self._name, self._named = len(self.lines), "", False
            case ["gpx", "trk", "trkseg", "trkpt"]:
                self.lines.append(self.parser.CurrentLineNumber)
                for name, value in (("lon", attributes.get("lon")), ("lat", attributes.get("lat"))):
                    self.rows[name].append(value)
                self.rows["time"].append(None)
            case ["gpx", "wpt"] | ["gpx", "rte", "rtept"]:
                self.others += 1
        self._heard = ""

    def _text(self, text: str) -> None:
        if len(self._heard) < _MOST_TEXT:
            self._heard += text[:_MOST_TEXT]

    def _end(self, _tag: str) -> None:
        match self._path:
            case ["gpx", "trk", "name"] if not self._named:
                self._name, self._named = self._heard.strip(BLANKS), True
            case ["gpx", "trk", "trkseg", "trkpt", "time"] if self.rows["time"][-1] is None:
                self.rows["time"][-1] = self._heard.strip(BLANKS)
            case ["gpx", "trk"]:
                points = len(self.lines) - self._first_of_track
                self.rows["device"] += [self._name or self.stem] * points
        self._path.pop()
        self._heard = ""

    def _entity(self, name: str, *_more: object) -> None:
        raise TraceError(f"{self.file}: declares an entity ({name[:40]}); expected plain GPX")


def read_gpx_rows(file: Path, data: bytes, stem: str, rejects: Rejects) -> Rows:
    """The track points of `data`; `stem` names the device of a track without a name.

    Raises:
        TraceError: where it is not GPX.
        LookupError, UnicodeDecodeError: where its encoding is unknown or broken.
    """
    reader = _Reader(file, stem)
    try:
        reader.parser.Parse(utf8_xml(data), True)
    except expat.ExpatError as error:
        kind = "can't be read" if reader.lines or reader._path else "not GPX"
        raise TraceError(f"{file}:{error.lineno}: {kind} ({expat.ErrorString(error.code)}); expected GPX") from error
    if not reader.lines and reader.others:
        rejects.remark(f"holds no track points (trkpt); its {reader.others} waypoints and route points are no trace")
    columns = {name: pa.chunked_array([pa.array(values, pa.string())]) for name, values in reader.rows.items()}
    return Rows(columns, np.array(reader.lines, np.int64), len(reader.lines))
