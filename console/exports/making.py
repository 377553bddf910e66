"""One export from beginning to end: which streams its cameras have, their clips, the ZIP. Used by the command line and
by the process that makes what was asked for over HTTP."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from av.error import FFmpegError

from console.exports.clip import make_clips
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from store.evidence.errors import ExportError
from store.evidence.export import draft_of, export
from store.evidence.files import make_folder
from store.evidence.identity import RECORDER
from store.evidence.manifest import Manifest, Request
from store.evidence.selection import Selected
from store.evidence.signer import Signer

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be exported: cameras of one recorder, from when to when (Unix nanoseconds), who wants it and why."""

    cameras: Sequence[str]
    from_ns: int
    to_ns: int
    request: Request
    custody: Sequence[Mapping[str, Any]] = ()


def make(
    folder: Path,
    out: Path,
    wish: Wish,
    signer: Signer,
    now_ns: int,
    progress: Progress = lambda _: None,
    reserve_bytes: int = 0,
    largest_pixels: int = LARGEST_PIXELS,
) -> Manifest:
    """Writes the ZIP with its clips to `out`. `progress` is told the part that is done, from 0 to 1. So many bytes stay
    free on the disk.

    Raises:
        ExportError: saying what was expected. Nothing is left at `out`.
    """
    if not (folder / RECORDER).is_file():
        raise ExportError(f"{folder}: expected a recorder's folder, with {RECORDER} in it")
    streams = [stream for camera in wish.cameras for stream in _streams(folder, camera)]
    clips = _clips_of(out)
    shutil.rmtree(clips, ignore_errors=True)  # what an earlier attempt left when it was killed
    count = _Count(progress)

    def derive(selected: Sequence[Selected]) -> Mapping[str, Path]:
        size = sum(body.bytes for stream in selected for _, body in stream.segments())
        count.total = 2 * size  # once for the clips, once for the ZIP
        _expect_room(out.parent, 3 * size, reserve_bytes)  # the ZIP holds both, and the clips lie beside it meanwhile
        make_folder(clips)
        return make_clips(folder, selected, wish.from_ns, clips, count, largest_pixels)

    try:
        return export(
            folder,
            out,
            streams=streams,
            from_ns=wish.from_ns,
            to_ns=wish.to_ns,
            request=wish.request,
            signer=signer,
            now_ns=now_ns,
            custody=wish.custody,
            clips=derive,
            written=count,
        )
    except FFmpegError as error:
        raise ExportError(f"{out}: a clip can't be written: {error.strerror}") from error
    finally:
        shutil.rmtree(clips, ignore_errors=True)


def clear(out: Path) -> None:
    """Removes the ZIP at `out`, and what attempts that were killed left of it.

    Raises:
        OSError: the disk refused.
    """
    shutil.rmtree(_clips_of(out), ignore_errors=True)
    for path in (draft_of(out), out):
        path.unlink(missing_ok=True)


def _clips_of(out: Path) -> Path:
    return out.with_name(f".{out.name}.clips")


class _Count:
    def __init__(self, progress: Progress) -> None:
        self.total = 0
        self._progress = progress
        self._done = 0

    def __call__(self, count: int) -> None:
        self._done += count
        self._progress(min(1.0, self._done / max(self.total, 1)))


def _expect_room(folder: Path, needed: int, reserve: int) -> None:
    free = shutil.disk_usage(folder).free
    if free - needed < reserve:
        told = f"{needed / 1e9:.1f} GB and a reserve of {reserve / 1e9:.1f} GB, got {free / 1e9:.1f} GB"
        raise ExportError(f"{folder}: not enough room; expected {told}")


def _streams(folder: Path, camera: str) -> list[str]:
    known = {path.name for path in folder.iterdir() if path.is_dir()}
    found = [stream for stream in (f"{camera}.video", f"{camera}.audio") if stream in known]
    if not found:
        cameras = ", ".join(sorted({name.rpartition(".")[0] for name in known if "." in name}))
        raise ExportError(f"camera {camera!r}: expected one of {cameras or 'none'}")
    return found
