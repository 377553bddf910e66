"""How a process is told to end."""

import _thread
import signal
from threading import Event


def stopper() -> Event:
    """An event that SIGTERM and Ctrl-C set. To be called in the main thread.

    The handler leaves the setting to another thread: it runs in the main thread, between any two of its steps, and
    where that thread holds the event's own lock just then, setting it at once would wait for itself for ever.
    """
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _thread.start_new_thread(stop.set, ()))
    return stop
