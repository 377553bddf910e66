"""The network side of one camera: its port, its clients, and the faults that they see."""

import asyncio
import contextlib
import socket
import time
from dataclasses import replace

from hardware.cameras.camera import Camera, Outage
from hardware.cameras.connection import Connection, garbled
from hardware.cameras.faults import Fault
from hardware.cameras.film import Film
from hardware.cameras.rtsp import MOST_HEADER
from hardware.cameras.tracks import Sample

REPORT_EVERY_S = 5.0
_CLOCKS = frozenset(fault for fault in Fault if fault.value.startswith("clock-"))
_FAREWELL_S = 2.0  # for a client to take what was still written for it
_SEND_BUFFER = 262_144  # bytes the kernel keeps for a client


class Port:
    """Lives on one event loop; only the film's thread is another."""

    def __init__(self, camera: Camera, host: str, port: int, began_s: float) -> None:
        self._camera, self._host = camera, host
        self._loop = asyncio.get_running_loop()
        self._clients: dict[Connection, asyncio.Task[None]] = {}
        self._watching: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._socket = _bound(host, port)
        self.number: int = self._socket.getsockname()[1]
        self._film = Film(camera, began_s, self._from_film)
        self._known = camera.faults
        self._obeying = asyncio.Lock()
        outages = [self._suffer(outage, began_s) for outage in camera.spec.outages]
        self._tasks = [self._loop.create_task(each) for each in (self._report(), *outages)]

    @property
    def clients(self) -> int:
        return len(self._clients)

    async def obey(self) -> None:
        """Do what the camera's faults say."""
        async with self._obeying:
            await self._change()

    async def _change(self) -> None:
        faults, known, self._known = self._camera.faults, self._known, self._camera.faults
        if Fault.DIE in faults and self._server:
            await self._shut()
            self._socket = _bound(self._host, self.number)  # bound and not listening: kept, and it refuses
        elif Fault.DIE not in faults and not self._server:
            self._server = await asyncio.start_server(self._meet, sock=self._socket, limit=MOST_HEADER)
        if Fault.WRONG_AUTH in faults and Fault.WRONG_AUTH not in known:
            await self._drop_all()
        for client in self._clients:
            (client.awake.clear if Fault.STALL in faults else client.awake.set)()
        if (faults ^ known) & _CLOCKS:
            self._report_now()

    async def close(self) -> None:
        """End everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self._shut()
        self._socket.close()
        await asyncio.to_thread(self._film.close)

    async def _shut(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        await self._drop_all()

    async def _drop_all(self) -> None:
        tasks = list(self._clients.values())
        for client in list(self._clients):
            client.drop()
        if tasks:
            await asyncio.wait(tasks)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = Connection(self._camera, self._film.tracks, (reader, writer), self._watch)
        if Fault.STALL in self._camera.faults:
            client.awake.clear()
        task = asyncio.current_task()
        if task is None or Fault.DIE in self._camera.faults:
            writer.transport.abort()
            return
        self._clients[client] = task
        try:
            await client.converse()
        finally:
            if client in self._watching:
                self._watching.remove(client)
                self._film.leave()
            with contextlib.suppress(OSError):
                async with asyncio.timeout(_FAREWELL_S):
                    await writer.wait_closed()
            writer.transport.abort()
            del self._clients[client]

    def _watch(self, client: Connection) -> None:
        if client in self._clients:
            self._watching.add(client)
            self._film.join()

    def _from_film(self, sample: Sample) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the server has ended
            self._loop.call_soon_threadsafe(self._fan_out, sample)

    def _fan_out(self, sample: Sample) -> None:
        faults = self._camera.faults
        if Fault.STALL in faults:
            return
        if Fault.GARBAGE in faults:
            sample = garbled(sample)
        ticks = self._camera.oddity.ticks(sample.track, sample.ticks)
        sample = sample if ticks == sample.ticks else replace(sample, ticks=ticks)
        for client in list(self._watching):
            client.send(sample, Fault.NO_KEYFRAME not in faults)

    async def _suffer(self, outage: Outage, began_s: float) -> None:
        """A fault of the script: commanded like any other, and so from another thread."""
        for at_s, command in ((outage.from_s, self._camera.fault), (outage.to_s, self._camera.mend)):
            await asyncio.sleep(began_s + at_s / self._camera.spec.speed - time.monotonic())
            await asyncio.to_thread(command, outage.fault)

    async def _report(self) -> None:
        due_s = time.monotonic()
        while True:
            due_s += REPORT_EVERY_S
            await asyncio.sleep(due_s - time.monotonic())
            self._report_now()

    def _report_now(self) -> None:
        if Fault.STALL not in self._camera.faults:
            for client in self._watching:
                client.report()


def _bound(host: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    made.setblocking(False)
    try:
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made
