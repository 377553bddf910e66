"""`python -m benchmarks.publisher PORT DEVICES FIRST STEP ROUNDS TOGETHER RATE EVERY`: a gateway of a fleet.

It speaks for the devices FIRST, FIRST + STEP, …: ROUNDS messages each, of TOGETHER fixes, at QoS 1, RATE messages a
second (0: as fast as they are taken), their fixes about EVERY seconds apart. Packets are built beforehand; only the
time of each fix is written into them as they leave, so that `tst` of the last fix is the moment of publishing. Plain
sockets: a client library would use the processor that the system under test needs. Says `ready`, begins when a line
comes, and at the end says as JSON when it began and ended and how much it sent. It logs in as `gateway-FIRST` where
the variable DUCHA_BENCH_PASSWORDS (JSON) has a password for it.
"""

import json
import os
import socket
import sys
import time
from typing import NamedTuple

from analytics.fixes import FixBatch
from benchmarks.fleet import Fleet, Size

CYCLE_S = 40.0
PASSWORDS = "DUCHA_BENCH_PASSWORDS"
_IN_FLIGHT = 1_000
_CHUNK = 20
_TIME = b"0000000000.000"


class Template(NamedTuple):
    """A packet around the times of its fixes."""

    device: int
    parts: tuple[bytes, ...]


def fleet_of(devices: int, every_s: float) -> Fleet:
    """The fleet that publishers and rig agree on: one in ten misbehaves for ten seconds, again and again."""
    now_s = time.time() // 3_600 * 3_600
    return Fleet(Size(devices=devices, misbehaving=0.1, cycle_s=CYCLE_S), start_s=now_s, every_s=every_s)


def main() -> int:
    port, devices, first, step, rounds, together = map(int, sys.argv[1:7])
    rate, every_s = float(sys.argv[7]), float(sys.argv[8])
    fleet = fleet_of(devices, every_s)
    mine = range(first, devices, step)
    # a path seen twice would look late; so all batches are made once, in order of time
    batches = list(fleet.rounds(rounds * together))
    templates = _templates(fleet, mine, batches, together)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        _connect(connection, f"gateway-{first}")
        print("ready", flush=True)
        sys.stdin.readline()
        began_s = time.time()
        _publish(connection, templates, together, rate, every_s)
        print(json.dumps({"began_s": began_s, "ended_s": time.time(), "messages": len(templates)}), flush=True)
    return 0


def _templates(fleet: Fleet, mine: range, batches: list[FixBatch], together: int) -> list[Template]:
    """The packets, in the order in which they are to leave."""
    bodies: dict[int, list[bytes]] = {device: [] for device in mine}
    templates: list[Template] = []
    for batch in batches:
        columns = (batch.device, batch.lon, batch.lat, batch.speed_mps)
        for device, lon, lat, speed in zip(*(c.tolist() for c in columns), strict=True):
            held = bodies.get(device)
            if held is None:
                continue
            held.append(b',"lat":%.7f,"lon":%.7f,"acc":8,"vel":%d,"batt":80,"tid":"c7"}' % (lat, lon, speed * 3.6))
            if len(held) == together:
                number = len(templates) % 65_535 + 1
                parts = _packet(f"ducha/west/{fleet.names[device]}/fix".encode(), number, held)
                templates.append(Template(device, parts))
                held.clear()
    return templates


def _packet(topic: bytes, number: int, bodies: list[bytes]) -> tuple[bytes, ...]:
    head = b'{"_type":"location","tst":'
    opening, closing = (b"[", b"]") if len(bodies) > 1 else (b"", b"")
    parts = [opening + head, *(body + b"," + head for body in bodies[:-1]), bodies[-1] + closing]
    size = 2 + len(topic) + 2 + sum(map(len, parts)) + len(_TIME) * len(bodies)
    prefix = b"\x32" + _length(size) + len(topic).to_bytes(2) + topic + number.to_bytes(2)
    return (prefix + parts[0], *parts[1:])


def _length(size: int) -> bytes:
    out = bytearray()
    while size > 127:
        out.append(size % 128 | 128)
        size //= 128
    out.append(size)
    return bytes(out)


def _connect(connection: socket.socket, client: str) -> None:
    name = client.encode()
    password = json.loads(os.environ.get(PASSWORDS, "{}")).get(client)
    flags, login = (0x02, []) if password is None else (0xC2, [name, password.encode()])
    body = b"\x00\x04MQTT\x04" + bytes([flags]) + b"\x00\x3c"
    body += b"".join(len(text).to_bytes(2) + text for text in (name, *login))
    connection.sendall(b"\x10" + _length(len(body)) + body)
    if connection.recv(4)[3:] != b"\x00":
        raise ConnectionError("the broker refused the publisher")


def _publish(connection: socket.socket, templates: list[Template], together: int, rate: float, every_s: float) -> None:
    """Send all, never more than _IN_FLIGHT unacknowledged; return when all are acknowledged."""
    acknowledged, began_s = 0, time.monotonic()
    told_s: dict[int, float] = {}
    for start in range(0, len(templates), _CHUNK):
        while start + _CHUNK - acknowledged // 4 > _IN_FLIGHT:
            acknowledged += _received(connection)
        if rate:
            time.sleep(max(0.0, began_s + start / rate - time.monotonic()))
        now_s = time.time()
        chunk = bytearray()
        for device, parts in templates[start : start + _CHUNK]:
            before_s = told_s.get(device, now_s - together * every_s)
            told_s[device] = now_s
            for n, part in enumerate(parts[:-1], start=1):
                chunk += part
                chunk += b"%.3f" % (before_s + (now_s - before_s) * n / together)
            chunk += parts[-1]
        connection.sendall(chunk)
    while acknowledged // 4 < len(templates):
        acknowledged += _received(connection)


def _received(connection: socket.socket) -> int:
    """Bytes of acknowledgements, 4 each."""
    got = len(connection.recv(65_536))
    if not got:
        raise ConnectionError("the broker closed the connection")
    return got


if __name__ == "__main__":
    sys.exit(main())
