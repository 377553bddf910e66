"""What ingest hands to the ledger beside fixes and alerts, and what it gets back."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from analytics.alerts import AlertChange
from analytics.fixes import FixBatch
from analytics.outcome import Checkpoint, Crossing

PAYLOAD_LIMIT = 64 * 1024
TOPIC_LIMIT = 256


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that can't be read: kept once per topic and content, with as much of both as the limits allow, and
    counted. `code` is why in a word, `reason` names the place and the value. `mistimed`: something in it was refused
    for its time alone."""

    topic: str
    code: str
    reason: str
    payload: bytes
    mistimed: bool = False

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.payload).digest()


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """What a device (or its last will) said of itself; `at_s` is when it was received. Of a `retained` word nobody
    knows when it was said."""

    device: str
    status: Literal["online", "offline"]
    at_s: float
    retained: bool = False


class AsideReason(StrEnum):
    """Why fixes are kept and not taken in yet."""

    FLOOD = "flood"  # more than one device may have judged at once
    ACCEPTED = "accepted"  # of a device that was unknown when they came
    RETAINED = "retained"  # kept by the broker: a place of earlier, and no sign of life


@dataclass(frozen=True, slots=True)
class WantedLetter:
    """A dead letter that is to be read again."""

    topic: str
    sha256: bytes
    payload: bytes
    last_at: datetime


@dataclass(frozen=True, slots=True)
class HeldDevice:
    """A device that nobody has accepted was heard: how many fixes it sent, and the latest of them."""

    name: str
    unit: str | None
    seen: int
    fixes: FixBatch


@dataclass(frozen=True, slots=True)
class Held:
    """What devices sent that nobody has accepted."""

    devices: tuple[HeldDevice, ...] = ()


@dataclass(frozen=True, slots=True)
class Deferred:
    """What a commit leaves for later: fixes that are set `aside` with why; fixes it stores that the engine has not
    walked; the devices whose stored history the engine has `walked` since; and what is `held` of unknown devices."""

    aside: tuple[tuple[AsideReason, FixBatch], ...] = ()
    unwalked: FixBatch = field(default_factory=FixBatch.empty)
    walked: tuple[int, ...] = ()
    held: Held = field(default_factory=Held)

    def __bool__(self) -> bool:
        return bool(self.aside or len(self.unwalked) or self.walked or self.held.devices)


@dataclass(frozen=True, slots=True)
class RecordedGap:
    """A gap leaf of a recording as the database has it. Times in Unix seconds."""

    stream: str
    seq: int
    from_s: float
    to_s: float
    reason: str
    log: int = 0


@dataclass(frozen=True, slots=True)
class AlertPicture:
    """A picture that an alert rests on: `file` lies in the recorder's `folder`, fsynced; `taken_s` in Unix seconds."""

    alert: str
    number: int
    taken_s: float
    sha256: bytes
    folder: str
    file: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What a camera showed last: how many people, what state its picture was in (None where nobody could tell)."""

    camera: str
    people: int | None
    picture: str | None
    at_s: float


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit writes."""

    fixes: FixBatch
    changes: Sequence[AlertChange] = ()
    crossings: Sequence[Crossing] = ()
    dead_letters: Sequence[DeadLetter] = ()
    statuses: Sequence[DeviceStatus] = ()
    checkpoint: Checkpoint | None = None
    pictures: Sequence[AlertPicture] = ()


@dataclass(frozen=True, slots=True)
class Committed:
    """What one commit changed: fixes not known before, and the ids of the alerts it wrote."""

    new_fixes: int
    alerts: tuple[str, ...]
