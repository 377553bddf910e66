from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.alerts import Grade
from store.workflow import (
    FALSE_CODES,
    OPEN,
    Action,
    Decision,
    IllegalTransition,
    InvalidAction,
    Standing,
    State,
    Step,
    allowed_actions,
    decide,
    escalates_at_s,
)

FULL = {
    Action.ACK: Step(Action.ACK),
    Action.DISPATCH: Step(Action.DISPATCH),
    Action.EXPLAIN: Step(Action.EXPLAIN, note="fuel"),
    Action.RESOLVE: Step(Action.RESOLVE, note="seen", finding="excused"),
    Action.SHELVE: Step(Action.SHELVE, note="road works", minutes=30),
    Action.NOTE: Step(Action.NOTE, note="called"),
    Action.FALSE_ALARM: Step(Action.FALSE_ALARM, code="gps-drift"),
    Action.REOPEN: Step(Action.REOPEN, note="new facts"),
}


def standing(state: State, grade: Grade = Grade.B) -> Standing:
    return Standing(state, grade, State.ACKED if state is State.SHELVED else None)


def test_the_straight_way():
    state = State.NEW
    for action in (Action.ACK, Action.DISPATCH, Action.EXPLAIN, Action.RESOLVE):
        state = decide(standing(state), FULL[action]).to_state
    assert state is State.CLOSED


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", FULL)
def test_an_action_is_done_where_it_is_allowed_and_refused_elsewhere(state, action):
    if action in allowed_actions(standing(state)):
        assert decide(standing(state), FULL[action]).to_state in State
    else:
        with pytest.raises(IllegalTransition, match=state.value):
            decide(standing(state), FULL[action])


@pytest.mark.parametrize("action", [Action.UNSHELVE, Action.CLEAR, Action.ESCALATE])
def test_what_the_clock_does_no_person_does(action):
    with pytest.raises(IllegalTransition):
        decide(standing(State.SHELVED), Step(action, note="x"))


@pytest.mark.parametrize("state", State)
def test_what_was_withdrawn_can_only_be_noted(state):
    withdrawn = Standing(state, Grade.B, State.NEW if state is State.SHELVED else None, withdrawn=True)
    assert allowed_actions(withdrawn) == (Action.NOTE,)
    assert decide(withdrawn, FULL[Action.NOTE]).to_state is state
    for action in FULL.keys() - {Action.NOTE}:
        with pytest.raises(IllegalTransition, match="withdrawn"):
            decide(withdrawn, FULL[action])


@pytest.mark.parametrize(
    ("state", "first"),
    [
        (State.NEW, Action.ACK),
        (State.ACKED, Action.DISPATCH),
        (State.DISPATCHED, Action.EXPLAIN),
        (State.EXPLAINED, Action.RESOLVE),
        (State.SHELVED, Action.REOPEN),
        (State.CLOSED, Action.REOPEN),
    ],
)
def test_the_next_sensible_action_comes_first(state, first):
    assert allowed_actions(standing(state))[0] is first


@pytest.mark.parametrize(
    ("grade", "escalation", "after_s"),
    [
        (Grade.A, 0, 60),
        (Grade.A, 1, 180),
        (Grade.A, 2, None),
        (Grade.B, 0, 300),
        (Grade.B, 1, None),
        (Grade.C, 0, None),
    ],
)
def test_an_alert_escalates_from_when_its_waiting_began(grade, escalation, after_s):
    expected = None if after_s is None else 1000.0 + after_s
    assert escalates_at_s(Standing(State.NEW, grade), escalation, 1000.0) == expected


@pytest.mark.parametrize("state", [state for state in State if state is not State.NEW])
def test_only_what_nobody_took_up_escalates(state):
    assert escalates_at_s(standing(state, Grade.B), 0, 1000.0) is None
    assert escalates_at_s(Standing(State.NEW, Grade.A, withdrawn=True), 0, 1000.0) is None


def test_a_grade_a_alert_is_never_shelved():
    assert Action.SHELVE not in allowed_actions(Standing(State.NEW, Grade.A))
    with pytest.raises(InvalidAction, match="grade A"):
        decide(Standing(State.NEW, Grade.A), FULL[Action.SHELVE])


def test_the_shelf_remembers_where_the_alert_stood():
    shelved = decide(standing(State.DISPATCHED), FULL[Action.SHELVE])
    assert shelved == Decision(State.SHELVED, shelved_from=State.DISPATCHED, shelved_for=timedelta(minutes=30))
    back = decide(Standing(State.SHELVED, Grade.B, State.DISPATCHED), FULL[Action.REOPEN])
    assert back.to_state is State.DISPATCHED


@pytest.mark.parametrize(
    ("state", "step", "field"),
    [
        (State.ACKED, Step(Action.EXPLAIN), "note"),
        (State.ACKED, Step(Action.EXPLAIN, note="  "), "note"),
        (State.ACKED, Step(Action.RESOLVE, note="x", finding="guilty"), "finding"),
        (State.ACKED, Step(Action.RESOLVE, finding="upheld"), "note"),
        (State.NEW, Step(Action.SHELVE, note="x"), "minutes"),
        (State.NEW, Step(Action.SHELVE, note="x", minutes=0), "minutes"),
        (State.NEW, Step(Action.SHELVE, note="x", minutes=float("nan")), "minutes"),
        (State.NEW, Step(Action.SHELVE, minutes=10), "reason"),
        (State.NEW, Step(Action.FALSE_ALARM, code="boring"), "code"),
        (State.NEW, Step(Action.FALSE_ALARM, code="other"), "note"),
        (State.NEW, Step(Action.NOTE), "note"),
        (State.NEW, Step(Action.NOTE, note="x" * 5000), "note"),
        (State.CLOSED, Step(Action.REOPEN), "note"),
    ],
)
def test_what_is_missing_is_named(state, step, field):
    with pytest.raises(InvalidAction) as refused:
        decide(standing(state), step)
    assert refused.value.field == field


@given(steps=st.lists(st.sampled_from(list(FULL.values())), max_size=30), grade=st.sampled_from(Grade))
def test_no_way_leads_out_of_the_table_or_back_to_new_without_a_fresh_wait(steps, grade):
    now = Standing(State.NEW, grade)
    for step in steps:
        try:
            decision = decide(now, step)
        except (IllegalTransition, InvalidAction):
            continue
        if decision.to_state is State.NEW and now.state is not State.NEW:
            assert decision.waits_anew
        assert (decision.to_state is State.SHELVED) == (decision.shelved_from is not None)
        assert (decision.to_state is State.FALSE) >= (decision.false_code in FALSE_CODES)
        now = Standing(decision.to_state, grade, decision.shelved_from)
    assert now.state in OPEN or Action.REOPEN in allowed_actions(now)
