"""What people may do with an alert, as pure functions: a standing and an action in, a decision out.

NEW → ACKED → DISPATCHED → EXPLAINED → CLOSED; beside them SHELVED (for minutes, with a reason, never grade A), FALSE
(with a code) and CLEARED (a C that ended and that nobody took up). That the state itself ended is no state of the
alert: A and B still need a person. Nothing is ever deleted; what was closed can be reopened.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from analytics.alerts import Grade
from store.errors import StoreError


class State(StrEnum):
    """How far people are with an alert."""

    NEW = "NEW"
    ACKED = "ACKED"
    DISPATCHED = "DISPATCHED"
    EXPLAINED = "EXPLAINED"
    CLOSED = "CLOSED"
    SHELVED = "SHELVED"
    FALSE = "FALSE"
    CLEARED = "CLEARED"


class Action(StrEnum):
    """What a person, or the clock (the last three), does with an alert."""

    ACK = "ack"
    DISPATCH = "dispatch"
    EXPLAIN = "explain"
    RESOLVE = "resolve"
    SHELVE = "shelve"
    NOTE = "note"
    FALSE_ALARM = "false-alarm"
    REOPEN = "reopen"
    UNSHELVE = "unshelve"
    CLEAR = "clear"
    ESCALATE = "escalate"


OPEN = frozenset({State.NEW, State.ACKED, State.DISPATCHED, State.EXPLAINED, State.SHELVED})
FINDINGS = frozenset({"upheld", "excused"})
FALSE_CODES = frozenset({"gps-drift", "wrong-plan", "authorised", "device-fault", "other"})
SHELF_LIMIT_MIN = 24 * 60
NOTE_LIMIT = 4000

_TAKEN_UP = frozenset({State.ACKED, State.DISPATCHED, State.EXPLAINED})
# In the order in which they are offered: the first that is possible is the next sensible one.
_FROM: dict[Action, frozenset[State]] = {
    Action.ACK: frozenset({State.NEW}),
    Action.DISPATCH: frozenset({State.ACKED}),
    Action.EXPLAIN: frozenset({State.ACKED, State.DISPATCHED}),
    Action.RESOLVE: _TAKEN_UP,
    Action.REOPEN: frozenset({State.CLOSED, State.FALSE, State.CLEARED, State.SHELVED}),
    Action.SHELVE: _TAKEN_UP | {State.NEW},
    Action.FALSE_ALARM: _TAKEN_UP | {State.NEW, State.SHELVED},
    Action.NOTE: frozenset(State),
}

# Seconds unacknowledged until each level of escalation.
ESCALATION_S: dict[Grade, tuple[float, ...]] = {Grade.A: (60.0, 180.0), Grade.B: (300.0,), Grade.C: ()}
CLEAR_AFTER_S = 24 * 3600.0


class IllegalTransition(StoreError):  # noqa: N818
    """The alert's state does not allow the action."""

    def __init__(self, action: Action, standing: "Standing") -> None:
        possible = ", ".join(sorted(action.value for action in allowed_actions(standing)))
        state = f"{standing.state.value}{' and withdrawn' if standing.withdrawn else ''}"
        super().__init__(f"{action.value}: not possible for an alert that is {state}; possible are {possible}")
        self.action = action
        self.state = standing.state


class InvalidAction(StoreError):  # noqa: N818
    """The action lacks something or names something unknown; `field` is what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an alert stands. What a late fix has withdrawn never was: it can be noted, and nothing else."""

    state: State
    grade: Grade
    shelved_from: State | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """An action with what is said along with it: a note (or the reason), a code of a false alarm, a finding."""

    action: Action
    note: str | None = None
    code: str | None = None
    minutes: float | None = None
    finding: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the alert. `waits_anew`: the time for acknowledging it starts again."""

    to_state: State
    shelved_from: State | None = None
    shelved_for: timedelta | None = None
    finding: str | None = None
    false_code: str | None = None
    waits_anew: bool = False


def allowed_actions(standing: Standing) -> tuple[Action, ...]:
    """What a person may do with an alert that stands so, the next sensible action first."""
    if standing.withdrawn:
        return (Action.NOTE,)
    possible = (action for action, states in _FROM.items() if standing.state in states)
    return tuple(action for action in possible if action is not Action.SHELVE or standing.grade is not Grade.A)


def escalates_at_s(standing: Standing, escalation: int, waiting_since_s: float) -> float | None:
    """When the clock takes the alert one level up unless somebody acknowledges it; None where no level is left."""
    if standing.state is not State.NEW or standing.withdrawn:
        return None
    left = ESCALATION_S[standing.grade][escalation:]
    return waiting_since_s + left[0] if left else None


def decide(standing: Standing, step: Step) -> Decision:
    """What `step` makes of an alert that stands so; raises :class:`IllegalTransition` or :class:`InvalidAction`."""
    if standing.withdrawn and step.action is not Action.NOTE:
        raise IllegalTransition(step.action, standing)
    if standing.state not in _FROM.get(step.action, frozenset()):
        raise IllegalTransition(step.action, standing)
    if step.note is not None and len(step.note) > NOTE_LIMIT:
        raise InvalidAction("note", f"{len(step.note)} characters, expected at most {NOTE_LIMIT}")
    match step.action:
        case Action.ACK:
            return Decision(State.ACKED)
        case Action.DISPATCH:
            return Decision(State.DISPATCHED)
        case Action.EXPLAIN:
            _need_note(step, "an explanation")
            return Decision(State.EXPLAINED)
        case Action.RESOLVE:
            if step.finding not in FINDINGS:
                raise InvalidAction("finding", f"{step.finding!r}, expected one of {_listed(FINDINGS)}")
            _need_note(step, "why")
            return Decision(State.CLOSED, finding=step.finding)
        case Action.SHELVE:
            return _shelve(standing, step)
        case Action.FALSE_ALARM:
            if step.code not in FALSE_CODES:
                raise InvalidAction("code", f"{step.code!r}, expected one of {_listed(FALSE_CODES)}")
            if step.code == "other":
                _need_note(step, "what was wrong, as the code is other")
            return Decision(State.FALSE, false_code=step.code)
        case Action.REOPEN:
            _need_note(step, "why")
            if standing.state is State.SHELVED:
                return unshelved(standing)
            return Decision(State.NEW, waits_anew=True)
        case _:
            _need_note(step, "the note")
            return Decision(standing.state, shelved_from=standing.shelved_from)


def unshelved(standing: Standing) -> Decision:
    """Back to where the alert stood before it was shelved."""
    before = standing.shelved_from or State.NEW
    return Decision(before, waits_anew=before is State.NEW)


def _shelve(standing: Standing, step: Step) -> Decision:
    if standing.grade is Grade.A:
        raise InvalidAction("grade", "an alert of grade A can't be shelved")
    if step.minutes is None or not 1 <= step.minutes <= SHELF_LIMIT_MIN:
        raise InvalidAction("minutes", f"{step.minutes}, expected 1 to {SHELF_LIMIT_MIN}")
    _need_note(step, "the reason")
    return Decision(State.SHELVED, shelved_from=standing.state, shelved_for=timedelta(minutes=step.minutes))


def _need_note(step: Step, what: str) -> None:
    if step.note is None or not step.note.strip():
        field = "reason" if step.action is Action.SHELVE else "note"
        raise InvalidAction(field, f"missing, expected {what}")


def _listed(words: frozenset[str]) -> str:
    return ", ".join(sorted(words))
