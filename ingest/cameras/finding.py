"""Finding cameras: who answers on the network, and what each of them says of itself."""

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from ingest.cameras.discovery import Answer, Misanswer, Place, probe
from ingest.cameras.onvif_device import Device, Login, describe
from ingest.cameras.states import SourceFault

AT_ONCE = 8  # devices
DEVICE_S = 15.0  # for all that one device is asked


class Found(Struct, frozen=True):
    """The devices that told of themselves, and the addresses of those that did not, with why."""

    devices: tuple[Device, ...]
    problems: tuple[Misanswer, ...]


def find(timeout_s: float, at: Sequence[Place] = (), login: Login | None = None, device_s: float = DEVICE_S) -> Found:
    """Wait `timeout_s` for answers, on the local networks or `at` the given places, then ask who answered.

    Raises:
        NoNetwork: nobody can be asked.
    """
    answers = probe(timeout_s, at)
    told = asyncio.run(_asked([a for a in answers if isinstance(a, Answer)], login, device_s))
    return Found(
        tuple(each for each in told if isinstance(each, Device)),
        tuple(each for each in [*answers, *told] if isinstance(each, Misanswer)),
    )


async def _asked(answers: Sequence[Answer], login: Login | None, device_s: float) -> list[Device | Misanswer]:
    turn = asyncio.Semaphore(AT_ONCE)

    async def ask(answer: Answer) -> Device | Misanswer:
        async with turn:
            try:
                return await describe(answer, login, device_s)
            except SourceFault as fault:
                return Misanswer(answer.address, str(fault))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(answer)) for answer in answers]
    return [task.result() for task in tasks]
