"""`ducha evidence`: verify an export or a recorder's folder, or export from one. Offline."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from console.exports.making import Wish, make
from ingest.cameras.parameter_sets import LARGEST_PIXELS
from store.evidence.errors import ExportError, Unreadable
from store.evidence.export_verification import verify_export
from store.evidence.identity import RECORDER
from store.evidence.manifest import Request
from store.evidence.signer import FileSigner, public_key_of
from store.evidence.standalone import MAX_KEY, whole
from store.evidence.verification import Key, Report, verify_folder

UNPROVED = "not proved: it fits its own keys, which prove nothing; expected --key TRUSTED.pem, or else --untrusted-key"
UNTRUSTED = "the key is not trusted: it is the one that came with it; compare it with one that you trust"


def verify(path: Path, keys: Sequence[Path], say: Callable[[str], None], *, untrusted: bool = False) -> bool:
    """Says a line for each finding and key; returns whether nothing speaks against the footage and it is proved by one
    of `keys`, PEM files (keys or certificates) that are trusted; or, where `untrusted`, by the keys that it brings.

    Raises:
        Unreadable, InvalidKey: naming the file, and what was expected.
    """
    if keys and untrusted:
        raise Unreadable("--untrusted-key: expected it without --key")
    trusted = [public_key_of(_read(key), str(key)) for key in keys]
    try:
        report = _report(path, trusted)
    except (OSError, MemoryError) as error:
        raise Unreadable(f"{path}: {getattr(error, 'strerror', None) or 'more than the memory holds'}") from error
    for finding in report.findings:
        say(str(finding))
    for key in report.keys:
        say(_about(key))
    say(_summary(report))
    if not trusted and (untrusted or report.sound):
        say(UNTRUSTED if untrusted else UNPROVED)
    return report.sound and (bool(trusted) or untrusted)


def _report(path: Path, trusted: Sequence[bytes]) -> Report:
    if not path.exists():
        raise Unreadable(f"{path}: no such file or folder; expected an export or a recorder's folder")
    if path.is_dir() and (path / RECORDER).is_file():
        return verify_folder(path, trusted)
    return verify_export(path, trusted)


def export(
    folder: Path,
    out: Path,
    cameras: Sequence[str],
    span: tuple[str, str],
    request: Request,
    key: Path,
    largest_pixels: int = LARGEST_PIXELS,
) -> str:
    """Writes to `out` what `folder` holds of `cameras` in `span`, with clips to look at; says what that is.

    Raises:
        ExportError, InvalidKey: saying what was expected.
    """
    wish = Wish(cameras, _nanoseconds("--from", span[0]), _nanoseconds("--to", span[1]), request)
    manifest = make(folder, out, wish, FileSigner.open_or_create(key), time.time_ns(), largest_pixels=largest_pixels)
    return f"{out}: {len(manifest.streams)} streams, {manifest.leaves:,} leaves, {out.stat().st_size / 1e6:,.1f} MB"


def _nanoseconds(option: str, text: str) -> int:
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        told = None
    if told is None or told.tzinfo is None:
        raise ExportError(f"{option}: expected a time with its zone like 2026-01-05T08:00:00+08:00, got {text!r}")
    return round(told.timestamp() * 1000) * 1_000_000


def _about(key: Key) -> str:
    if key.trusted is None:
        return (
            f"key of {key.of}: {key.fingerprint}, its own word: compare it with one you trust, or name that with --key"
        )
    return f"key of {key.of}: {key.fingerprint}, {'trusted' if key.trusted else 'NOT trusted'}"


def _summary(report: Report) -> str:
    answer = "intact" if report.sound else "not intact"
    return f"{report.recorder}: {answer}; {report.leaves:,} leaves, {report.bytes / 1e6:,.1f} MB of footage"


def _read(path: Path) -> bytes:
    try:
        return whole(path, MAX_KEY)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}; expected a key or certificate as PEM") from error
