"""A process that is told to end does, wherever it is at that moment."""

import subprocess
import sys

PROGRAM = """
from ingest.stopping import stopper
stop = stopper()
print(flush=True)
while not stop.wait(0):  # inside the event's lock nearly all the time
    pass
"""


def test_a_process_that_is_just_about_to_wait_hears_it_too() -> None:
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.terminate()
            try:
                assert process.wait(20) == 0
            finally:
                process.kill()
