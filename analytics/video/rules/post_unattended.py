"""`post-unattended` 窗口无人: during service hours nobody is in the window's region for longer than the limit.

The limit counts from the last look that showed somebody, and is reached only when it has passed since the first that
showed nobody too: between the two nobody knows. Before it is told, the newest looks (the burst) are examined more
strictly than the presence they gave: somebody in one of them, however unsure, starts the waiting anew. They are behind
us when the limit is reached, so examining them delays nothing; only where they are too few more are waited for.
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
class Look:
    """One look at the region, at `t_s`, and whether it showed somebody."""

    t_s: float
    somebody: bool


@dataclass(frozen=True, slots=True)
class State:
    """The standing of one region, the newest looks while nobody is taken to be there, and since when (`due_s`) it would
    be told, were they enough."""

    standing: Standing = field(default_factory=Standing)
    looks: tuple[Look, ...] = ()
    due_s: float | None = None
    counts_from_s: float | None = None  # service began, or a look of the burst showed somebody

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
    need_s = rule["minutes"] * 60 + _doubt_s(presence, since_s)
    lasting, turn = follow(before.lasting, verdict, t_s, Patience(need_s), since_s)
    if turn is Turn.ENDED:
        return State(Standing(lasting), counts_from_s=state.counts_from_s), ended_alert(
            before, t_s if since_s is None else since_s
        )
    looks = _looks(state.looks, lasting, presence, t_s)[-int(rule["burst"]) :]
    due_s = t_s if turn is Turn.BEGAN else state.due_s
    state = replace(state, standing=Standing(lasting, before.alert), looks=looks, due_s=due_s)
    if due_s is None or verdict is not Verdict.BREACH:
        return state, ()
    if shown := [look.t_s for look in looks if look.somebody]:
        return State(Standing(Lasting(at_s=t_s)), counts_from_s=shown[-1]), ()
    if len(looks) < rule["burst"] and t_s - due_s < rule["burst_s"]:
        return state, ()
    return _told(rule, subject, state, t_s)


def finish(rule: Rule, subject: Subject, state: State, t_s: float) -> tuple[State, Changes]:
    """No more pictures come: what is still being examined is told if nothing spoke against it."""
    return _told(rule, subject, state, t_s) if state.due_s is not None else (state, ())


def _doubt_s(presence: Presence, since_s: float | None) -> float:
    """Seconds from `since_s`, when somebody was seen last, to the first look that showed nobody."""
    return 0.0 if since_s is None or presence.shown_s is None else max(0.0, presence.shown_s - since_s)


def _looks(before: tuple[Look, ...], lasting: Lasting, presence: Presence, t_s: float) -> tuple[Look, ...]:
    """The looks of the absence that lasts; what was seen before nothing could be seen for long belongs to none."""
    if lasting.start_s is None or presence.settled is not Seen.ABSENT:
        return ()
    looks = tuple(look for look in before if look.t_s >= lasting.start_s)
    if presence.score is None or (looks and t_s <= looks[-1].t_s):
        return looks
    return (*looks, Look(t_s, presence.score >= STAY))


def _told(rule: Rule, subject: Subject, state: State, t_s: float) -> tuple[State, Changes]:
    lasting = state.standing.lasting
    frames = sorted({*lasting.frames, *(look.t_s for look in state.looks)})
    standing, changes = raise_alert(
        rule, subject, lasting, t_s, region=subject.part, limit_s=rule["minutes"] * 60, burst=len(state.looks),
        frames=[round(t, 3) for t in frames],
    )  # fmt: skip
    return State(standing), changes
