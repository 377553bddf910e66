"""The leaves of a log, read from either end."""

from pathlib import Path

import pytest

from ingest.cameras import leaves as reading
from ingest.cameras.leaves import Follower, newest_first
from store.evidence.leaf import HeartbeatBody
from store.evidence.log import EvidenceLog
from store.evidence.signer import FileSigner


def test_leaves_are_read_from_either_end_whatever_the_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = EvidenceLog(tmp_path / "r", "r", FileSigner.open_or_create(tmp_path / "key.pem"))
    made = [evidence.append(f"c-{n % 3}.video", "s", n, n, HeartbeatBody()) for n in range(40)]
    evidence.close()
    with (tmp_path / "r" / "leaves.jsonl").open("ab") as file:
        file.write(b'{"torn')
    for block in (1, 7, 100, 300, 1 << 18):
        monkeypatch.setattr(reading, "BLOCK", block)
        found = list(newest_first(tmp_path / "r"))
        assert [leaf for _, leaf in found] == made[::-1]
        follower = Follower(tmp_path / "r", found[10][0])
        end = found[0][0] + len(made[-1].line) + 1
        assert follower.read(100, end) == made[29:]
        assert follower.read(100, found[0][0]) == made[29:-1]
        assert follower.read(3, end) == made[29:32]
        follower.advance()
        assert follower.read(3, end) == made[32:35]
        follower.close()
