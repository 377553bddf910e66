"""What `ducha doctor` says of cameras: their settings, the disk and the key of the recorder, the clock, the detector of
people, the cameras themselves."""

import os
import shlex
import stat
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

import msgspec

from console.doctor import Finding
from ingest.cameras.config import CameraSettings, RecorderSettings, Settings, load_camera_settings
from ingest.cameras.detectors import default_detector, detector_of
from ingest.cameras.leaves import newest_first
from ingest.cameras.log_opening import newest_folder
from ingest.cameras.lookout import looked_at, looking_threads, shares
from ingest.cameras.states import SourceFault
from ingest.cameras.visit import visit
from ingest.errors import ConfigError, DetectorUnavailable
from store.errors import StoreUnavailable
from store.evidence.errors import InvalidKey
from store.evidence.files import exposed
from store.evidence.leaf import Leaf, SegmentBody
from store.evidence.log import CERTIFICATE
from store.evidence.signer import FileSigner, fingerprint, public_key_of
from store.inspection import inspect

ASSUMED_BPS = 2_000_000  # of a camera that was never recorded
CLOCK_S = 2.0  # by which clocks may differ
_LOOKED_AT = 5_000  # leaves, for the rates at which streams are recorded
_AT_ONCE = 16
_DAY_S = 86_400


def examine_cameras(config: Path | None, environment: Mapping[str, str]) -> list[Finding]:
    """Look at everything that `ducha cameras` needs; nothing where there are no cameras."""
    try:
        settings = load_camera_settings(config, environment)
    except ConfigError as error:
        return [Finding("cameras", False, f"{error}")]
    if not settings.cameras:
        return [Finding("cameras", True, "none are named")]
    folder = newest_folder(Path(settings.recorder.folder), settings.recorder.recorder)
    recorder = msgspec.structs.replace(settings.recorder, folder=str(folder))
    leaves = _newest(Path(recorder.folder))
    return [
        Finding("cameras", True, f"{len(settings.cameras)} are named"),
        _folder(Path(recorder.folder)),
        _closed("modes", Path(recorder.folder)),
        *([] if settings.exports is None else [_closed("modes of exports", Path(settings.exports))]),
        _room(recorder, [camera for camera in settings.cameras if camera.record], leaves),
        _key(recorder),
        _clock(settings.database.url, leaves),
        *([_detector(recorder), _looking(settings)] if recorder.look else []),
        *_visited(settings.cameras, settings.recorder.largest_pixels),
    ]


def _folder(folder: Path) -> Finding:
    place = _existing(folder)
    if not place.is_dir():
        return Finding("recordings", False, f"{place} is no folder; make it one, or change [cameras] folder")
    if not os.access(place, os.W_OK | os.X_OK):
        says = f"{place} can't be written by {_me()}; give it to the user who runs `ducha cameras`"
        return Finding("recordings", False, says)
    return Finding("recordings", True, f"{folder} can be written" if place == folder else f"{folder} will be made")


def _closed(subject: str, folder: Path) -> Finding:
    """Whether what lies in a folder is for its owner alone."""
    try:
        open_to_others = exposed(folder) if folder.is_dir() else []
    except OSError:  # it is not ours to read, which the folder's finding says
        open_to_others = []
    if not open_to_others:
        return Finding(subject, True, f"{folder} is closed to others")
    named = ", ".join(f"{path} (mode {stat.S_IMODE(path.stat().st_mode):04o})" for path in open_to_others[:5])
    more = f" and {len(open_to_others) - 5} more" if len(open_to_others) > 5 else ""
    return Finding(subject, False, f"others may enter or read {named}{more}; chmod -R go= {shlex.quote(str(folder))}")


def _room(recorder: RecorderSettings, cameras: list[CameraSettings], leaves: list[Leaf]) -> Finding:
    """Whether what is kept will fit, at the rates at which the streams were recorded last."""
    rates = _rates(leaves)
    bytes_s = 0.0
    for camera in cameras:
        known = [rate for stream, rate in rates.items() if stream.rpartition(".")[0] == camera.id]
        bytes_s += sum(known) or ASSUMED_BPS / 8
    needed = bytes_s * recorder.keep_days * _DAY_S
    folder = Path(recorder.folder)
    disk = os.statvfs(_existing(folder))
    there = sum(file.stat().st_size for file in folder.glob("*.*/*/*.m*")) if folder.is_dir() else 0
    free = disk.f_bavail * disk.f_frsize - recorder.reserve_gb * 1e9
    basis = "as recorded last" if rates else f"taken as {ASSUMED_BPS / 1e6:g} Mbit/s a camera"
    told = f"{recorder.keep_days} days at {bytes_s * 8 / 1e6:.1f} Mbit/s ({basis}) take {needed / 1e9:,.0f} GB"
    if free <= 0:
        return Finding("disk", False, f"{told}; nothing is free above the reserve: nothing is recorded now; make room")
    has = f"{(there + free) / 1e9:,.0f} GB are there, with what is recorded already and without the reserve"
    if there + free < needed:
        return Finding("disk", False, f"{told}, {has}; a larger disk, or fewer [cameras] keep_days")
    return Finding("disk", True, f"{told}, {has}")


def _key(recorder: RecorderSettings) -> Finding:
    path, certificate = Path(recorder.key), Path(recorder.folder) / CERTIFICATE
    try:
        if not path.exists():
            if certificate.exists():
                says = f"{path} is not there, but recordings signed with it are; put it back, or begin a new folder"
                return Finding("recorder's key", False, says)
            return Finding("recorder's key", True, f"{path} will be made")
        ours = FileSigner.open(path).public_key
        if certificate.exists() and public_key_of(certificate.read_bytes(), str(certificate)) != ours:
            says = f"{path} is another than signed {recorder.folder}; put that one back, or begin a new folder"
            return Finding("recorder's key", False, says)
    except OSError as error:
        return Finding(
            "recorder's key", False, f"{error.filename}: {error.strerror}; {_me()} has to be able to read it"
        )
    except InvalidKey as error:
        return Finding("recorder's key", False, str(error))
    return Finding("recorder's key", True, f"{path}, {fingerprint(ours)}")


def _clock(database: str, leaves: list[Leaf]) -> Finding:
    """Whether the clock goes with what was recorded last and with the database's."""
    now_s = time.time()
    if leaves and leaves[0].wall_ns / 1e9 > now_s + CLOCK_S:
        ahead_s = leaves[0].wall_ns / 1e9 - now_s
        return Finding("clock", False, f"{ahead_s:,.0f} s behind what was recorded last; set it, by NTP")
    try:
        found = inspect(database)
    except StoreUnavailable:
        return Finding("clock", True, "not behind what was recorded; the database's could not be asked")
    apart_s = found.now_s - (now_s + time.time()) / 2
    if abs(apart_s) > CLOCK_S + (time.time() - now_s):
        return Finding("clock", False, f"{apart_s:+,.0f} s from here to the database's; set both, by NTP")
    return Finding("clock", True, "goes with the database's and with what was recorded")


def _detector(recorder: RecorderSettings) -> Finding:
    try:
        detector = detector_of(Path(recorder.model)) if recorder.model is not None else default_detector()
    except DetectorUnavailable as error:
        return Finding("people detector", False, f"{error}")
    return Finding("people detector", True, f"{detector.name}, SHA-256 {detector.sha256[:16]}…")


def _looking(settings: Settings) -> Finding:
    cameras, cores = list(looked_at(settings.cameras)), os.cpu_count() or 1
    threads = len(shares(cameras, looking_threads(settings.recorder)))
    told = f"{len(cameras)} cameras on {threads} threads, of {cores} cores"
    if threads > cores:
        return Finding("looking", False, f"{told}; more threads than cores look no sooner: fewer looking_threads")
    return Finding("looking", True, told)


def _visited(cameras: tuple[CameraSettings, ...], largest_pixels: int) -> list[Finding]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(partial(_camera, largest_pixels), cameras))


def _camera(largest_pixels: int, camera: CameraSettings) -> Finding:
    subject = f"camera {camera.id}"
    if camera.publishes:
        return Finding(subject, True, f"publishes to /api/v1/devices/{camera.id}/whip when it is on duty")
    try:
        return Finding(subject, True, f"sends {visit(camera.address, largest_pixels=largest_pixels)}")
    except SourceFault as fault:
        return Finding(subject, False, str(fault))


def _newest(folder: Path) -> list[Leaf]:
    """The newest leaves, the last first."""
    try:
        return [leaf for _, leaf in islice(newest_first(folder), _LOOKED_AT)]
    except OSError:  # there is no log yet; or it is not ours to read, which the folder's finding says
        return []


def _rates(leaves: list[Leaf]) -> dict[str, float]:
    """Bytes a second of each stream, while it was recorded."""
    sums: dict[str, tuple[int, int]] = {}
    for leaf in leaves:
        if isinstance(leaf.body, SegmentBody):
            size, lasted = sums.get(leaf.stream, (0, 0))
            sums[leaf.stream] = size + leaf.body.bytes, lasted + leaf.body.duration_ns
    return {stream: size / (lasted / 1e9) for stream, (size, lasted) in sums.items() if lasted}


def _existing(path: Path) -> Path:
    """The path, or the nearest above it that exists."""
    return next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())


def _me() -> str:
    return f"user {os.geteuid()}"
