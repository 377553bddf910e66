"""Twenty minutes of a county in which every rule has something to find: what the laws of the engine are tried on."""

from collections.abc import Mapping
from typing import Any

from analytics_examples import T0, Track, duty, plan_of

from analytics.fixes import FixFlag
from analytics.planning import Plan

MINUTES = 18.0
# Shorter limits than the catalogue's, so that twenty minutes hold every act.
RULES = {
    "overtime-stop": {"minutes": 4},
    "not-on-patrol": {"minutes": 5},
    "off-post": {"minutes": 2},
    "implausible-position": {"jumps": 4},
}


def county_plan(rules: Mapping[str, Any] = RULES) -> Plan:
    """Sixteen duties of fifteen devices, of which one never reports."""
    patrols = [
        duty(d, "r1", MINUTES) for d in ("off-route", "stop", "silent", "fast", "ghost", "astray", "odd", "creep")
    ]
    areas = [duty(d, "a1", MINUTES) for d in ("out", "crossing", "calm", "leap", "coarse")]
    return plan_of(
        *patrols,
        *areas,
        duty("post", "p1", MINUTES),
        duty("standby", "st", MINUTES),
        duty("standby", "r1", 6, start=12),
        rules=rules,
        dispatches=[{"device": "calm", "from": T0 + 300, "to": T0 + 480}],
    )


def county_tracks(seed: int = 1) -> list[Track]:
    """What the devices report, about 600 fixes at 15 to 20 s."""

    def track(device: str, at: tuple[float, float], every_s: float = 15.0) -> Track:
        return Track(device, at, every_s=every_s, noise_m=5.0, seed=seed * 100 + len(device))

    off_route = track("off-route", (0, 0)).drive((2400, 0), 10).leap((2500, 400)).drive((3500, 400), 6)
    off_route.leap((3600, 0)).drive((6000, 0), 10).drive((4000, 0), 8)
    stop = track("stop", (0, 0)).drive((2000, 0), 10).stay(420).drive((5000, 0), 12)
    silent = track("silent", (0, 0)).drive((3000, 0), 10).silent(330).drive((6000, 0), 12)
    fast = track("fast", (0, 0)).drive((1500, 0), 10).drive((6000, 0), 45).drive((3000, 0), 12).drive((1400, 0), 5)
    astray = track("astray", (0, 900), 20).drive((1500, 900), 4).drive((0, 900), 3)
    odd = track("odd", (0, 0)).stay(90, flags=int(FixFlag.MOCK)).drive((1000, 0), 10)
    for _ in range(5):
        odd.leap((9000, 9000)).stay(15).leap((1100, 0)).stay(15)
    odd.drive((3000, 0), 10).stay(120, speed=8.0, exact=True)
    out = track("out", (500, 300)).drive((1800, 300), 8).drive((2400, 300), 8).stay(120).drive((1700, 300), 8)
    out.drive((300, 300), 6)
    crossing = track("crossing", (200, 1800)).drive((800, 1800), 8).leap((1200, 1800)).drive((1900, 1500), 8)
    crossing.drive((1000, 300), 8).drive((200, 200), 6)
    calm = track("calm", (200, 200)).drive((1800, 300), 8).drive((2600, 300), 8).drive((300, 300), 8)
    post = track("post", (10, -2000), 20).stay(300).leap((350, -2000)).stay(260).leap((0, -2000)).stay(500)
    standby = track("standby", (-200, 3100), 20).stay(240).leap((900, 3100)).stay(200).leap((-200, 3100)).stay(120)
    standby.leap((0, 0)).drive((4000, 0), 9)
    creep = track("creep", (0, 0)).drive((2000, 0), 10).stay(330).drive((2120, 0), 0.5).drive((5000, 0), 12)
    leap = track("leap", (500, 300)).drive((1800, 300), 8).leap((70_000, 0)).stay(150).leap((1700, 300))
    leap.drive((2400, 300), 8).stay(90).drive((500, 300), 8)
    coarse = track("coarse", (500, 300)).drive((1800, 300), 8)
    coarse.accuracy_m = 900
    coarse.drive((500, 300), 5).silent(200).drive((1200, 300), 5)
    coarse.accuracy_m = 8
    coarse.drive((500, 300), 6)
    return [off_route, stop, silent, fast, astray, odd, out, crossing, calm, post, standby, creep, leap, coarse]
