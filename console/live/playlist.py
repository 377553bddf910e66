"""What was recorded as HLS (RFC 8216): byte ranges of the recorder's files, nothing copied, nothing encoded anew."""

import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlencode

from store.cameras import SEAM, Fragment
from store.times import rfc3339

MEDIA_TYPE = "application/vnd.apple.mpegurl"
SOUND = "sound"  # the group of the audio rendition


class Outside(Exception):  # noqa: N818  (an answer)
    """A file that is not of this recording."""


def media_playlist(fragments: Sequence[Fragment], log: int = 0) -> str:
    """The fragments of one stream in the order of time. A gap or another initialisation segment is a discontinuity.
    Those of another log than `log`, in which the camera is recorded now, are asked for with its number."""
    longest_s = max((_duration_s(fragment) for fragment in fragments), default=1.0)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{max(1, math.ceil(longest_s))}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]
    before: Fragment | None = None
    for fragment in fragments:
        lines += _joined(before, fragment, log)
        lines += [
            f"#EXTINF:{_duration_s(fragment):.6f},",
            f"#EXT-X-BYTERANGE:{fragment.bytes}@{fragment.offset}",
            _address(fragment, log),
        ]
        before = fragment
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def master_playlist(fragments: Sequence[Fragment], span: tuple[datetime, datetime]) -> str:
    """The video with its sound as a rendition of its own; both are this playlist's address with `media`."""
    query = {"from": rfc3339(span[0]), "to": rfc3339(span[1])}
    video, audio = (f"playlist.m3u8?{urlencode(query | {'media': media})}" for media in ("video", "audio"))
    highest = max((8 * fragment.bytes / _duration_s(fragment) for fragment in fragments), default=1.0)
    sound = f'TYPE=AUDIO,GROUP-ID="{SOUND}",NAME="{SOUND}",DEFAULT=YES,AUTOSELECT=YES,URI="{audio}"'
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-MEDIA:{sound}",
        f'#EXT-X-STREAM-INF:BANDWIDTH={math.ceil(highest)},AUDIO="{SOUND}"',
        video,
    ]
    return "\n".join([*lines, ""])


def inside(folder: Path, file: str) -> Path:
    """The file called `file` in a recorder's `folder`.

    Raises:
        Outside: where the name leads anywhere else, be it by `..`, by a link or from the root; or is no file.
    """
    root = folder.resolve()
    path = root / file
    if path.resolve() != path or not path.is_relative_to(root) or not path.is_file():
        raise Outside(f"file {file}: there is none of this name in the recording")
    return path


def _joined(before: Fragment | None, fragment: Fragment, log: int) -> list[str]:
    """What stands before a fragment that does not just go on from the one before."""
    same_file = before is not None and (before.log, before.file) == (fragment.log, fragment.file)
    goes_on = before is not None and fragment.begins - before.ends <= SEAM
    if same_file and goes_on:
        return []
    lines = [] if before is None else ["#EXT-X-DISCONTINUITY"]
    if not same_file:
        lines.append(f'#EXT-X-MAP:URI="{_address(fragment, log)}",BYTERANGE="{fragment.init_bytes}@0"')
    return [*lines, f"#EXT-X-PROGRAM-DATE-TIME:{rfc3339(fragment.begins)}"]


def _duration_s(fragment: Fragment) -> float:
    return max(0.001, (fragment.ends - fragment.begins).total_seconds())


def _address(fragment: Fragment, log: int) -> str:
    """Relative to the playlist."""
    file = f"files/{quote(fragment.file)}"
    return file if fragment.log == log else f"{file}?log={fragment.log}"
