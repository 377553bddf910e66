"""A recorded hour of two streams of one camera, with a declared gap, a head a second, marks, and its seal."""

import hashlib
import random
from pathlib import Path

from store.evidence.leaf import Body, GapBody, Reason, SealBody, SegmentBody, StartBody
from store.evidence.log import EvidenceLog
from store.evidence.marking import Marker
from store.evidence.signer import Signer

SECOND = 1_000_000_000
T0 = 1_767_571_200 * SECOND  # 2026-01-05T00:00:00Z
HOUR = 3_600
PACK = 300  # seconds to a file
VIDEO, AUDIO = "cam1.video", "cam1.audio"
STREAMS = (VIDEO, AUDIO)
GAP = range(1_200, 1_230)  # of the video
SESSION = "s1"
MARK_EVERY = 500  # leaves: some four minutes
INIT = b"ftyp and moov of about forty bytes......"


def record_hour(folder: Path, signer: Signer, seconds: int = HOUR, *, seal: bool = True, seed: int = 1) -> None:
    """Records into `folder` as the recorder does, one-second segments of random bytes and then a head."""
    chance = random.Random(seed)
    with EvidenceLog(folder, "county/r1", signer) as log:
        log.append_many([(s, SESSION, T0, 0, StartBody(reason="questioning", case="A-1")) for s in STREAMS])
        files: dict[str, bytearray] = {}
        waiting: list[tuple[str, str, int, int, Body]] = []
        for second in range(seconds):
            for stream in STREAMS:
                begins = T0 + second * SECOND
                if stream == VIDEO and second in GAP:
                    if second == GAP[-1]:
                        gap = GapBody(from_ns=T0 + GAP[0] * SECOND, to_ns=begins + SECOND, reason=Reason.SOURCE_LOST)
                        waiting.append((stream, SESSION, begins + SECOND, second * SECOND, gap))
                    continue
                file = pack(stream, second)
                data = files.setdefault(file, bytearray(INIT))
                fragment = chance.randbytes(chance.randint(200, 400))
                waiting.append((stream, SESSION, begins, second * SECOND, segment(file, len(data), fragment, second)))
                data += fragment
            log.append_many(waiting)
            waiting.clear()
            log.sign_head()
        write(folder, files)
        if seal:
            for stream in STREAMS:
                last = log.last(stream)
                assert last is not None
                log.append(stream, SESSION, T0 + seconds * SECOND, seconds * SECOND, SealBody(final_seq=last.seq + 1))
        log.sign_head()
    mark(folder, signer)


def mark(folder: Path, signer: Signer, every: int = MARK_EVERY) -> None:
    """Marks the log, as the recorder does beside recording."""
    Marker(folder, "county/r1", signer, every).follow(1_000_000)


def segment(file: str, offset: int, fragment: bytes, second: int) -> SegmentBody:
    """The leaf of a fragment."""
    return SegmentBody(
        duration_ns=SECOND,
        frames=25,
        first_pts=second * 90_000,
        last_pts=second * 90_000 + 86_400,
        time_base=(1, 90_000),
        file=file,
        offset=offset,
        bytes=len(fragment),
        sha256=hashlib.sha256(fragment).hexdigest(),
        init_bytes=len(INIT),
        init_sha256=hashlib.sha256(INIT).hexdigest(),
        codec="h264",
    )


def pack(stream: str, second: int) -> str:
    """The file that this second of the stream lies in."""
    begins = second - second % PACK
    return f"{stream}/20260105/{begins // 3600:02d}{begins // 60 % 60:02d}{begins % 60:02d}-{begins}.mp4"


def write(folder: Path, files: dict[str, bytearray]) -> None:
    """Puts the files into the folder; only what changed since is written."""
    for name, data in files.items():
        path = folder / name
        if not path.exists() or path.stat().st_size != len(data):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
