"""Faults of a terminal's signal, scripted or natural: where in a duty they fall, and what is recorded of them."""

from collections.abc import Sequence

import numpy as np

from hardware.acts import SIGNAL_ACTS, Act, Cue, Deed, Duty, Record
from hardware.plane import Floats

_SECONDS = {
    Act.SIGNAL_LOST: (330.0, 720.0),
    Act.SHORT_SILENCE: (80.0, 125.0),
    Act.MOCK: (180.0, 480.0),
    Act.FROZEN: (150.0, 260.0),
    Act.FLAPPING: (210.0, 330.0),
    Act.WILD_FIX: (1.0, 1.0),
}
_NOTES = {
    Act.SIGNAL_LOST: "silent, nothing kept",
    Act.SHORT_SILENCE: "silent for a short while",
    Act.MOCK: "position marked as simulated",
    Act.FROZEN: "position frozen while a speed is reported",
    Act.FLAPPING: "position flaps over kilometres",
    Act.WILD_FIX: "a single fix kilometres away",
}
_APART_S = 420.0
_OFFLINE_PER_HOUR = 0.4
_LONG_OFFLINE = 0.02  # of the duties
LIVE_SILENCE_S = 170.0


def place_faults(
    duty: Duty, cues: Sequence[Cue], record: Record, t: Floats, xy: Floats, rng: np.random.Generator
) -> None:
    """Add the faults of `duty` to `record`, clear of everything else that happens in it."""
    busy = [(d.from_s, d.to_s) for d in (*record.deeds, *record.near_misses) if d.duty == duty.id]
    quiet = [b for b in busy if b[1] - b[0] < 0.9 * (duty.to_s - duty.from_s)]
    for cue in cues:
        if cue.act in SIGNAL_ACTS:
            _place(duty, cue, record, quiet, (t, xy), rng)
    if len(quiet) < len(busy):
        return  # where a checkpoint is to be missed, nothing may leave that in doubt
    lengths = rng.uniform(20, 100, int(rng.poisson(_OFFLINE_PER_HOUR * (duty.to_s - duty.from_s) / 3600))).tolist()
    if rng.random() < _LONG_OFFLINE:
        lengths.append(float(rng.uniform(300, 600)))
    for seconds in lengths:
        at_s = float(rng.uniform(duty.from_s + 300, max(duty.from_s + 301, duty.to_s - 1200)))
        if at_s + seconds + 300 > duty.to_s or not _free(at_s, at_s + seconds, quiet):
            continue
        quiet.append((at_s, at_s + seconds))
        record.faults.append((Act.OFFLINE, at_s, at_s + seconds))
        if seconds > LIVE_SILENCE_S:
            words = "offline; uploads its buffer afterwards"
            record.deeds.append(
                Deed(
                    "offline",
                    "signal-lost",
                    duty.device,
                    duty.id,
                    at_s,
                    at_s + seconds,
                    words,
                    side_effect=True,
                )
            )


def _place(
    duty: Duty,
    cue: Cue,
    record: Record,
    busy: list[tuple[float, float]],
    motion: tuple[Floats, Floats],
    rng: np.random.Generator,
) -> None:
    seconds = cue.seconds or float(rng.uniform(*_SECONDS[cue.act]))
    tries = [cue.at_s, *rng.uniform(duty.from_s + 300, max(duty.from_s + 301, duty.to_s - seconds - 300), 40)]
    for at in tries:
        at_s = float(np.round(at))
        if at_s + seconds + 240 > duty.to_s or not _free(at_s, at_s + seconds, busy):
            continue
        if cue.act == Act.FROZEN and _moved_m(motion, at_s - 1, at_s + 1) < 9:
            continue
        busy.append((at_s, at_s + seconds))
        record.faults.append((cue.act, at_s, at_s + seconds))
        _tell(duty, cue.act, record, at_s, at_s + seconds)
        return


def _tell(duty: Duty, act: Act, record: Record, from_s: float, to_s: float) -> None:
    deed = Deed(act.value, act.rule, duty.device, duty.id, from_s, to_s, _NOTES[act])
    if act in (Act.SHORT_SILENCE, Act.WILD_FIX):
        record.near_misses.append(deed)
        return
    record.deeds.append(deed)
    if act == Act.FLAPPING:
        where = next(iter(duty.place))
        rule = {"route": "off-route", "post": "off-post"}.get(
            where, "off-standby" if duty.kind == "standby" else "out-of-area"
        )
        words = "the position flaps off its place"
        record.deeds.append(Deed(act.value, rule, duty.device, duty.id, from_s, to_s, words, side_effect=True))


def _free(from_s: float, to_s: float, busy: Sequence[tuple[float, float]]) -> bool:
    return all(to_s + _APART_S < a or from_s - _APART_S > b for a, b in busy)


def _moved_m(motion: tuple[Floats, Floats], from_s: float, to_s: float) -> float:
    t, xy = motion
    ends = np.array([from_s, to_s])
    return float(np.hypot(np.diff(np.interp(ends, t, xy[:, 0])), np.diff(np.interp(ends, t, xy[:, 1])))[0])
