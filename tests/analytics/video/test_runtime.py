"""OpenVINO runs without telling anybody."""

import os
import subprocess
import sys
from pathlib import Path

WATCHED = """
import sys
def told(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
        print(event, args)
sys.addaudithook(told)
import analytics.video.ssd, analytics.video.yolox
analytics.video.runtime.openvino.Core()
"""


def test_running_networks_reaches_no_network_and_leaves_nothing_in_the_home_directory(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD", "JENKINS_URL")}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
