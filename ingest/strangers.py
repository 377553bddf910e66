"""Devices that nobody has named: no plan, no import, no person. What the settings say is done with what they send."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ingest.decode import Decoded
from store.records import Held, HeldDevice

KEPT = 1_000  # fixes of one unknown device, the latest


def part(decoded: Decoded, strange: NDArray[np.bool_]) -> tuple[Decoded, Held]:
    """`decoded` without the devices that are `strange` (by their place in its names), and what these sent."""
    fixes, retained, mistimed = decoded.fixes, decoded.retained, decoded.mistimed
    theirs = fixes.take(strange[fixes.device])
    held = []
    for device in np.flatnonzero(strange).tolist():
        mine = theirs.take(theirs.device == device)
        latest = mine.take(np.argsort(-mine.t_s, kind="stable")[:KEPT])
        held.append(HeldDevice(decoded.names[device], decoded.units.get(decoded.names[device]), len(mine), latest))
    known = replace(
        decoded,
        fixes=fixes.take(~strange[fixes.device]),
        retained=retained.take(~strange[retained.device]),
        mistimed=mistimed.take(~strange[mistimed.device]),
        pings=decoded.pings.take(~strange[decoded.pings.device]),
    )
    return known, Held(tuple(held))
