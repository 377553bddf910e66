"""Who is on duty where and when, and what the script lets each do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hardware.acts import Act, Cue, Duty
from hardware.area_patrol import idle_nodes
from hardware.beats import AreaBeat, Beats, PostBeat, RouteBeat, StandbyBeat
from hardware.patrolling import Ground
from hardware.route_patrol import idle_vertices, top_speed_run_m, turning_vertex

Beat = RouteBeat | AreaBeat | PostBeat | StandbyBeat
SHIFT_S = 8 * 3600.0
_CAR_SHARES = (0.60, 0.25, 0.15)
_OFFICER_SHARES = (0.60, 0.20, 0.20)
MOTORWAY_RUN_M = 7000.0
_SPACING_S = 2100.0


@dataclass(frozen=True, slots=True)
class Device:
    """A terminal and the beat it is assigned to."""

    id: str
    name: str
    kind: str
    unit: str
    beat: Beat

    @property
    def interval_s(self) -> int:
        return 5 if self.kind == "car" else 10


def devices(beats: Beats, cars: int, officers: int, rng: np.random.Generator) -> list[Device]:
    """Cars on routes, in areas and on standby; officers at posts, in areas and on routes."""
    found = []
    car_beats = _dealt([beats.car_routes, beats.car_areas, beats.standbys], _CAR_SHARES, cars, rng)
    officer_beats = _dealt([beats.posts, beats.foot_areas, beats.foot_routes], _OFFICER_SHARES, officers, rng)
    for kind, prefix, word, dealt in (
        ("car", "car", "警车", car_beats),
        ("officer", "off", "民警", officer_beats),
    ):
        width = max(2, len(str(len(dealt))))
        for i, beat in enumerate(dealt, 1):
            found.append(Device(f"{prefix}-{i:0{width}d}", f"{word}{i:0{width}d}", kind, beat.unit, beat))
    return found


def _dealt(
    kinds: Sequence[Sequence[Beat]], shares: Sequence[float], count: int, rng: np.random.Generator
) -> list[Beat]:
    ends = np.round(np.cumsum(shares) * count).astype(int)
    dealt: list[Beat] = []
    for beats, start, end in zip(kinds, [0, *ends[:-1]], ends, strict=True):
        order: list[int] = []
        while len(order) < end - start:
            order += rng.permutation(len(beats)).tolist()
        dealt += [beats[i] for i in order[: end - start]]
    return dealt


def place_of(beat: Beat) -> tuple[str, dict[str, str]]:
    """The kind of duty on a beat, and what the duty names."""
    if isinstance(beat, RouteBeat):
        return "patrol", {"route": beat.id}
    if isinstance(beat, AreaBeat):
        return "patrol", {"area": beat.id}
    if isinstance(beat, PostBeat):
        return "post", {"post": beat.id}
    return "standby", {"area": beat.id}


def shifts(device: Device, start_s: float, end_s: float, rng: np.random.Generator) -> list[Duty]:
    """Eight-hour shifts round the clock (00, 08, 16 o'clock in China); of the officers half have the night off."""
    spans = []
    t = start_s - start_s % SHIFT_S
    while t < end_s:
        night = t % 86400 == 16 * 3600
        if not (night and device.kind == "officer" and rng.random() < 0.5):
            spans.append((max(t, start_s), min(t + SHIFT_S, end_s)))
        t += SHIFT_S
    return duties(device, [s for s in spans if s[1] - s[0] >= 60])


def blocks(device: Device, start_s: float, end_s: float, rng: np.random.Generator) -> list[Duty]:
    """Duties of about two hours one after the other, the last one ending well after `end_s`."""
    spans, t = [], start_s
    while t < end_s:
        to_s = t + round(float(rng.uniform(100, 160))) * 60.0
        spans.append((t, to_s))
        t = to_s
    return duties(device, spans)


def duties(device: Device, spans: Sequence[tuple[float, float]]) -> list[Duty]:
    kind, place = place_of(device.beat)
    return [
        Duty(f"{device.id}-d{i}", device.id, kind, from_s, to_s, device.unit, place)
        for i, (from_s, to_s) in enumerate(spans, 1)
    ]


def repertoire(device: Device, ground: Ground) -> tuple[dict[Act, float], dict[Act, float]]:
    """The weights of the acts and of the near misses that a device's beat allows."""
    acts = {Act.SIGNAL_LOST: 1.0, Act.MOCK: 0.5, Act.FLAPPING: 0.5}
    near = {Act.WILD_FIX: 1.0, Act.SHORT_SILENCE: 1.0}
    beat = device.beat
    if isinstance(beat, PostBeat):
        return acts | {Act.OFF_POST: 5.0}, near | {Act.SHORT_ABSENCE: 4.0}
    if isinstance(beat, StandbyBeat):
        return acts | {Act.OFF_STANDBY: 4.0}, near | {Act.DISPATCHED: 4.0}
    acts[Act.OVERTIME_STOP], near[Act.SHORT_STOP] = 3.0, 2.5
    if not beat.foot:
        acts[Act.FROZEN] = 0.8
    if isinstance(beat, AreaBeat):
        acts[Act.OUT_OF_AREA] = 3.0
        if idle_nodes(beat, ground):
            acts[Act.NOT_ON_PATROL] = 1.5
        return acts, near
    acts[Act.OFF_ROUTE], near[Act.SWING] = 3.0, 2.0
    if idle_vertices(beat, ground):
        acts[Act.NOT_ON_PATROL] = 2.0
    if turning_vertex(beat) is not None:
        acts[Act.MISSED_CHECKPOINT] = 2.0
    if top_speed_run_m(beat) >= MOTORWAY_RUN_M:
        acts[Act.SPEEDING], near[Act.DISPATCHED_FAST] = 14.0, 8.0
    return acts, near


def cues(
    duty: Duty,
    choice: tuple[dict[Act, float], dict[Act, float]],
    acts_per_hour: float,
    near_per_hour: float,
    rng: np.random.Generator,
) -> list[Cue]:
    """The acts and near misses of one duty, well apart from each other."""
    hours = (duty.to_s - duty.from_s) / 3600
    wanted = [
        (choice[0], int(rng.poisson(acts_per_hour * hours))),
        (choice[1], int(rng.poisson(near_per_hour * hours))),
    ]
    found: list[Cue] = []
    for weights, count in wanted:
        for _ in range(count):
            act = _drawn(weights, rng)
            cue = Cue(act, _time(duty, act, rng))
            if cue.at_s + 1500 < duty.to_s and all(abs(cue.at_s - c.at_s) >= _SPACING_S for c in found):
                found.append(cue)
    missed = [c for c in found if c.act == Act.MISSED_CHECKPOINT]
    return missed[:1] or found


def _drawn(weights: dict[Act, float], rng: np.random.Generator) -> Act:
    acts = list(weights)
    p = np.array([weights[a] for a in acts])
    return acts[int(rng.choice(len(acts), p=p / p.sum()))]


def _time(duty: Duty, act: Act, rng: np.random.Generator) -> float:
    if act == Act.MISSED_CHECKPOINT or (act == Act.NOT_ON_PATROL and rng.random() < 0.5):
        return duty.from_s
    length_s = duty.to_s - duty.from_s
    return round(duty.from_s + float(rng.uniform(min(600, 0.1 * length_s), max(0.6 * length_s, length_s - 4800))))
