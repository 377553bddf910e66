"""Forty recorded seconds of streams that take turns: each segment is written when it is over, at another part of the
second for each stream, and a head is signed between two of them."""

from pathlib import Path

from evidence_hour import INIT, SECOND, SESSION, T0, segment, write

from store.evidence.leaf import HeartbeatBody, SealBody, StartBody
from store.evidence.log import EvidenceLog
from store.evidence.signer import Signer

BEGINS_MS = {"cam1.video": 0, "cam1.audio": 400, "cam2.video": 700}
SILENT = "cam3.audio"
LENGTH_MS = 40_000
SIGNED_MS = 300  # of every second


def ns(ms: int) -> int:
    """So many milliseconds from the beginning, in Unix nanoseconds."""
    return T0 + ms * SECOND // 1_000


def record_turns(folder: Path, signer: Signer) -> None:
    """Records into `folder` segments of three streams and a heartbeat of a fourth every 10 s."""
    files = {f"{stream}/1.mp4": bytearray(INIT) for stream in BEGINS_MS}
    with EvidenceLog(folder, "county/r1", signer) as log:
        for stream in (*BEGINS_MS, SILENT):
            log.append(stream, SESSION, T0, 0, StartBody(reason="questioning"))
        for ms in range(100, LENGTH_MS, 100):
            for stream, begins_ms in BEGINS_MS.items():
                number, rest = divmod(ms - begins_ms, 1_000)
                if number >= 1 and rest == 0:
                    data = files[f"{stream}/1.mp4"]
                    fragment = f"{stream} {ms:06d} ".encode() * 8
                    body = segment(f"{stream}/1.mp4", len(data), fragment, number)
                    log.append(stream, SESSION, ns(ms - 1_000), ms, body)
                    data += fragment
            if ms % 10_000 == 0:
                log.append(SILENT, SESSION, ns(ms), ms, HeartbeatBody())
            if ms % 1_000 == SIGNED_MS:
                log.sign_head()
        for stream in (*BEGINS_MS, SILENT):
            last = log.last(stream)
            assert last is not None
            log.append(stream, SESSION, ns(LENGTH_MS), LENGTH_MS, SealBody(final_seq=last.seq + 1))
        log.sign_head()
    write(folder, files)
