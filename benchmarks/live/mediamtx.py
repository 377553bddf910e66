"""MediaMTX as the peer: the same cameras, taken in by RTSP and handed on by WHEP."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.rig import within

VARIABLE = "DUCHA_MEDIAMTX"  # the path of its binary
BINARY = os.environ.get(VARIABLE) or shutil.which("mediamtx")
ABSENT = f"not measured: no mediamtx on PATH, and {VARIABLE} names none"
_SETTINGS = """
logLevel: error
rtsp: no
rtmp: no
hls: no
srt: no
moq: no
webrtcAddress: 127.0.0.1:{http}
webrtcLocalUDPAddress: :{udp}
pathDefaults: {{sourceOnDemand: no}}
paths:
{paths}
"""


@dataclass(frozen=True, slots=True)
class MediaMtx:
    """Where it serves, and its process id."""

    address: str
    process: int

    def whep(self, camera: str) -> str:
        """Where a viewer of `camera` joins."""
        return f"{self.address}/{camera}/whep"

    def page(self, camera: str) -> str:
        """The page on which it shows `camera` to a person."""
        return f"{self.address}/{camera}/?controls=false&muted=true&autoplay=true"


@contextmanager
def running(binary: str, sources: Mapping[str, str]) -> Iterator[MediaMtx]:
    """MediaMTX with the cameras at `sources` (RTSP, by name)."""
    paths = "".join(f"  {camera}: {{source: '{url}', rtspTransport: tcp}}\n" for camera, url in sources.items())
    http, udp = _free_ports()
    with tempfile.TemporaryDirectory(prefix="mediamtx-") as folder:
        settings = Path(folder) / "mediamtx.yml"
        settings.write_text(_SETTINGS.format(http=http, udp=udp, paths=paths), "utf-8")
        child = subprocess.Popen([binary, str(settings)], cwd=folder)
        try:
            served = MediaMtx(f"http://127.0.0.1:{http}", child.pid)
            within(30, lambda: _answers(served.address))
            yield served
        finally:
            child.terminate()
            child.wait(30)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False).status_code < 500
    except httpx.TransportError:
        return False


def _free_ports() -> tuple[int, int]:
    with socket.socket() as http, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        http.bind(("127.0.0.1", 0))
        udp.bind(("127.0.0.1", 0))
        return http.getsockname()[1], udp.getsockname()[1]
