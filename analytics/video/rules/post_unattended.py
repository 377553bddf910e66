"""`post-unattended` 窗口无人: during service hours nobody is in the window's region for longer than the limit.

Before it is told, a burst of pictures is asked for and examined: somebody in one of them starts the waiting anew.
"""

from dataclasses import dataclass, field, replace

from analytics.alerts import Alert, Grade
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.video.lasting import Lasting, Patience, Turn, Verdict, follow
from analytics.video.presence import STAY, Presence, Seen
from analytics.video.standing import Changes, Standing, Subject, ended_alert, raise_alert

RULE = define(
    "post-unattended",
    Grade.B,
    Text("窗口无人", "Post unattended"),
    Text("服务时间内窗口区域无人", "Nobody is at the window during service hours"),
    Text("看实时画面核实；通知值班领导派人补岗", "Check the live picture; have somebody sent to the window"),
    Text("本局窗口服务规定", "The bureau's window service regulations"),
    {
        "minutes": Parameter(5, 0.1, 240, Text("允许无人时长（分钟）", "Minutes unattended that are let pass")),
        "burst": Parameter(5, 1, 30, Text("报警前复核的画面数", "Pictures examined before it is told")),
        "burst_s": Parameter(15, 1, 120, Text("复核最长时间（秒）", "Seconds for which they are waited for")),
    },
)
_VERDICTS = {Seen.ABSENT: Verdict.BREACH, Seen.PRESENT: Verdict.FINE, Seen.UNKNOWN: Verdict.UNKNOWN}


@dataclass(frozen=True, slots=True)
class State:
    """The standing of one region, the burst asked for at `asked_s`, and the times of its pictures that were empty."""

    standing: Standing = field(default_factory=Standing)
    asked_s: float | None = None
    examined: tuple[float, ...] = ()
    counts_from_s: float | None = None  # service began, or a burst showed somebody

    @property
    def burst_wanted(self) -> bool:
        return self.asked_s is not None

    @classmethod
    def resumed(cls, alert: Alert) -> "State":
        return cls(Standing.resumed(alert))


def step(
    rule: Rule, subject: Subject, state: State, presence: Presence, t_s: float, in_service: bool = True
) -> tuple[State, Changes]:
    """After a sample."""
    verdict = _VERDICTS[presence.seen] if in_service else Verdict.FINE
    if not in_service:
        state = replace(state, counts_from_s=t_s)
    since_s = presence.since_s
    if since_s is not None and state.counts_from_s is not None:
        since_s = max(since_s, state.counts_from_s)
    before = state.standing
    lasting, turn = follow(before.lasting, verdict, t_s, Patience(rule["minutes"] * 60), since_s)
    state = replace(state, standing=Standing(lasting, before.alert))
    if turn is Turn.BEGAN:
        return replace(state, asked_s=t_s, examined=()), ()
    if turn is Turn.ENDED:
        return State(Standing(lasting), counts_from_s=state.counts_from_s), ended_alert(
            before, t_s if since_s is None else since_s
        )
    if state.asked_s is not None and verdict is Verdict.BREACH and t_s - state.asked_s >= rule["burst_s"]:
        return _told(rule, subject, state, t_s)
    return state, ()


def examine(rule: Rule, subject: Subject, state: State, score: float, t_s: float) -> tuple[State, Changes]:
    """After a picture of the burst, taken at `t_s`, in which the region's surest person had `score`."""
    if state.asked_s is None or t_s <= max((state.asked_s, *state.examined)):
        return state, ()
    if score >= STAY:
        return State(Standing(Lasting(at_s=t_s)), counts_from_s=t_s), ()
    state = replace(state, examined=(*state.examined, t_s))
    return _told(rule, subject, state, t_s) if len(state.examined) >= rule["burst"] else (state, ())


def finish(rule: Rule, subject: Subject, state: State, t_s: float) -> tuple[State, Changes]:
    """No more pictures come: what is still being examined is told if nothing spoke against it."""
    return _told(rule, subject, state, t_s) if state.asked_s is not None else (state, ())


def _told(rule: Rule, subject: Subject, state: State, t_s: float) -> tuple[State, Changes]:
    lasting = state.standing.lasting
    standing, changes = raise_alert(
        rule, subject, lasting, t_s, region=subject.part, limit_s=rule["minutes"] * 60, burst=len(state.examined),
        frames=[round(t, 3) for t in (*lasting.frames, *state.examined)],
    )  # fmt: skip
    return State(standing), changes
