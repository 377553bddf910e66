"""Messages that wait, of one device or of several that have one share together."""

from collections import deque
from collections.abc import Iterator

from ingest.messages import Message

TURN_MESSAGES, TURN_BYTES = 100, 32 << 10  # of one device among several


class Queue:
    """The messages of one device, never none for long: who takes the last lets go of the queue."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    def __bool__(self) -> bool:
        return bool(self._messages)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)

    def firsts(self) -> Iterator[Message]:
        """The message that came first, of each device."""
        return iter(self._messages[:1])

    def add(self, _device: str, message: Message) -> None:
        self._messages.append(message)

    def take(self, messages: int, size: int) -> list[Message]:
        """So many messages of so many bytes at most, but where there is one, one."""
        count = taken = 0
        for message in self._messages[:messages]:
            if taken >= size:
                break
            taken += size_of(message)
            count += 1
        part = self._messages[:count]
        del self._messages[:count]
        return part


class Crowd:
    """The messages of several devices, which take turns."""

    def __init__(self) -> None:
        self._queues: dict[str, Queue] = {}
        self._turns: deque[str] = deque()  # the devices in it, the one whose turn it is first

    def __bool__(self) -> bool:
        return bool(self._turns)

    def __iter__(self) -> Iterator[Message]:
        return (message for queue in self._queues.values() for message in queue)

    def firsts(self) -> Iterator[Message]:
        """The message that came first, of each device."""
        return (message for queue in self._queues.values() for message in queue.firsts())

    def add(self, device: str, message: Message) -> None:
        if device not in self._queues:
            self._queues[device] = Queue()
            self._turns.append(device)
        self._queues[device].add(device, message)

    def take(self, messages: int, size: int) -> list[Message]:
        """So many messages of so many bytes at most, but where there is one, one."""
        taken: list[Message] = []
        while self._turns and len(taken) < messages and size > 0:
            device = self._turns.popleft()
            part = self._queues[device].take(min(TURN_MESSAGES, messages - len(taken)), min(TURN_BYTES, size))
            taken += part
            size -= sum(map(size_of, part))
            if self._queues[device]:
                self._turns.append(device)
            else:
                del self._queues[device]
        return taken


def size_of(message: Message) -> int:
    """Bytes; a topic may have 64 KiB."""
    return len(message.payload) + len(message.topic)
