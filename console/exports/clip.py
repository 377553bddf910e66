"""Playable clips of a range: picture and sound of a camera in one MP4, copied, with the index before the data. A clip
goes on where a camera's parameters change and its codec and picture size stay: the new ones come with the keyframe.

They are derived, for looking at; what proves something are the segments. A camera's first clip begins with the range,
or with the segment under way there. A gap stays a gap in time: times are those of the leaves. A segment that can't be
read is left out.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.container import OutputContainer
from av.error import FFmpegError

from console.exports.tracks import Track, opened, track_of
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from store.evidence.data import in_folder
from store.evidence.leaf import SegmentBody
from store.evidence.selection import Selected

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment of a camera's picture or sound, recorded from `begin_ns` (Unix nanoseconds) on. Segments of one `kind`
    may follow each other in a file."""

    media: str
    begin_ns: int
    body: SegmentBody
    kind: str


@dataclass(slots=True)
class Part:
    """What goes into one clip: pieces in the order of time, those of a medium all of one kind."""

    pieces: list[Piece] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)

    def takes(self, piece: Piece) -> bool:
        """Whether the piece goes on from what is there."""
        return self.kinds.get(piece.media, piece.kind) == piece.kind

    def add(self, piece: Piece) -> None:
        self.pieces.append(piece)
        self.kinds[piece.media] = piece.kind


def make_clips(
    folder: Path,
    selected: Sequence[Selected],
    from_ns: int,
    into: Path,
    told: Told,
    largest_pixels: int = LARGEST_PIXELS,
) -> dict[str, Path]:
    """Writes into the folder `into` the clips of what was `selected` in a recorder's `folder`; returns them by name:
    `CAMERA.mp4`, and `CAMERA.2.mp4` … where the codec or the size changed in the range; none of a camera without a
    picture. The range begins at `from_ns` (Unix nanoseconds). `told` is given the bytes of footage as they are done.

    Raises:
        OSError: the disk refused.
    """
    made: dict[str, Path] = {}
    cameras: dict[str, list[Piece]] = {}
    kind_of = _Kinds(folder, largest_pixels)
    for stream in selected:
        camera, _, media = stream.stream.rpartition(".")
        pieces = [Piece(media, leaf.begin_ns, body, kind_of(body)) for leaf, body in stream.segments()]
        cameras.setdefault(camera, []).extend(pieces)
    for camera, pieces in cameras.items():
        for number, part in enumerate(parts_of(pieces), 1):
            name = f"{camera}.mp4" if number == 1 else f"{camera}.{number}.mp4"
            begin_ns = part.pieces[0].begin_ns
            origin_ns = min(from_ns, begin_ns) if number == 1 else begin_ns
            if _write(folder, part, origin_ns, into / name, told, largest_pixels):
                made[name] = into / name
    return made


def parts_of(pieces: Sequence[Piece]) -> list[Part]:
    """The pieces of one camera in the order of time, parted where picture or sound stands on something else; what holds
    no picture is left out."""
    parts = [Part()]
    for piece in sorted(pieces, key=lambda piece: piece.begin_ns):
        if not parts[-1].takes(piece):
            parts.append(Part())
        parts[-1].add(piece)
    return [part for part in parts if "video" in part.kinds]


def _write(folder: Path, part: Part, origin_ns: int, path: Path, told: Told, largest_pixels: int) -> bool:
    """One clip; False, and no file, where not one picture can be read."""
    media = sorted(part.kinds, reverse=True)
    examples = {each: _first_readable(folder, part, each, largest_pixels) for each in media}
    if examples["video"] is None:
        told(sum(piece.body.bytes for piece in part.pieces))
        return False
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as file:
        tracks = {
            each: _track(file, example, largest_pixels) for each, example in examples.items() if example is not None
        }
        for piece in part.pieces:
            data = _read(folder, piece.body)
            if data is not None and piece.media in tracks:
                at_s, lasts_s = (piece.begin_ns - origin_ns) / 1e9, piece.body.duration_ns / 1e9
                for packet in tracks[piece.media].packets(data, at_s, lasts_s):
                    file.mux_one(packet)
            told(piece.body.bytes)
        for track in tracks.values():
            for packet in track.rest():
                file.mux_one(packet)
    return True


class _Kinds:
    """Of what kind the segments of a recorder's `folder` are: a picture's codec and size, else what it stands on."""

    def __init__(self, folder: Path, largest_pixels: int) -> None:
        self._folder = folder
        self._largest_pixels = largest_pixels
        self._known: dict[str, str] = {}

    def __call__(self, body: SegmentBody) -> str:
        if body.init_sha256 not in self._known:
            self._known[body.init_sha256] = self._read(body)
        return self._known[body.init_sha256]

    def _read(self, body: SegmentBody) -> str:
        data = _read(self._folder, body)
        with suppress(FFmpegError), opened(data or b"", self._largest_pixels) as source:
            for stream in source.streams.video:
                return f"{body.codec} {stream.width}x{stream.height}"
        return body.init_sha256


def _track(file: OutputContainer, example: bytes, largest_pixels: int) -> Track:
    with opened(example, largest_pixels) as source:
        return track_of(source, file, largest_pixels)


def _first_readable(folder: Path, part: Part, media: str, largest_pixels: int) -> bytes | None:
    for data in (_read(folder, piece.body) for piece in part.pieces if piece.media == media):
        if data is not None and _is_readable(data, largest_pixels):
            return data
    return None


def _is_readable(segment: bytes, largest_pixels: int) -> bool:
    try:
        with opened(segment, largest_pixels) as source:
            return any(packet.size for packet in source.demux())
    except FFmpegError:
        return False


def _read(folder: Path, body: SegmentBody) -> bytes | None:
    """A segment behind its initialisation segment; None where the data are not there."""
    place = in_folder(folder)(body.file)
    if place is None or place.size < body.offset + body.bytes:
        return None
    with place.path.open("rb") as file:
        init = file.read(body.init_bytes)
        file.seek(body.offset)
        return init + file.read(body.bytes)
