"""Rooms where people are questioned: who is in, who is counted, what is recorded, which clocks run."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from analytics.clocks import Clock, Stay, clocks_of
from analytics.interrogations import Role
from analytics.rulebook import Rule, Text
from analytics.video.rooms import Procedure, Room, Session
from analytics.video.rules import single_officer
from console.api.context import NowS, Store
from console.api.room_shapes import Rooms
from store import rooms, rules
from store.pool import Pool
from store.times import moment, rfc3339, seconds

Row = dict[str, Any]

router = APIRouter(prefix="/rooms", tags=["rooms"])


@router.get("", response_model=Rooms)
async def list_rooms(store: Store, now_s: NowS) -> Any:
    """Every room that cameras look into or that a session is open in. The clocks run from when somebody was signed in;
    by law the holding runs from the arrival, which is not known here."""
    rule = await _officers_rule(store)
    items = [row | _of_session(row["session"], rule, now_s) for row in await rooms.rooms(store)]
    return {"at": rfc3339(moment(now_s)), "items": items}


async def _officers_rule(store: Pool) -> Rule:
    """`single-officer` with the numbers that the bureau has set."""
    known = single_officer.RULE
    told = next((row for row in await rules.current(store) if row["id"] == known.id), None)
    return known if told is None else replace(known, values={**known.values, **told["parameters"]})


def _of_session(session: Row | None, rule: Rule, now_s: float) -> Row:
    if session is None:
        return {"required": None, "clocks": []}
    stays = [
        Stay(
            person["name"],
            Role(person["role"]),
            _seconds(person["signed_in"]),
            None if person["signed_out"] is None else _seconds(person["signed_out"]),
        )
        for person in session["people"]
    ]
    procedure = Procedure(session["kind"])
    clocks = clocks_of(procedure, _seconds(session["opened_at"]), stays)
    detainees = sum(stay.role is Role.DETAINEE and stay.to_s is None for stay in stays)
    room = Room(Session(session["id"], procedure, session["standard_place"]), detainees)
    return {
        "required": {
            "detainees": detainees,
            "officers": single_officer.officers_required(rule, room),
            "officers_if_recorded": single_officer.officers_required(rule, replace(room, provably_complete=True)),
        },
        "clocks": [_clock(clock, now_s) for clock in clocks],
    }


def _clock(clock: Clock, now_s: float) -> Row:
    tiers = [
        {
            "limit_s": tier.limit_s,
            "ends_at": rfc3339(moment(clock.since_s + tier.limit_s)),
            "condition": None if tier.condition is None else _words(tier.condition),
        }
        for tier in clock.limit.tiers
    ]
    tier = clock.tier(now_s)
    return {
        "kind": clock.kind.value,
        "person": clock.person,
        "since": rfc3339(moment(clock.since_s)),
        "held_s": clock.held_s(now_s),
        "limit_s": tier.limit_s,
        "ends_at": rfc3339(moment(clock.since_s + tier.limit_s)),
        "standing": clock.standing(now_s).value,
        "tiers": tiers,
        "basis": _words(clock.limit.basis),
    }


def _words(text: Text) -> Row:
    return {"zh": text.zh, "en": text.en}


def _seconds(time: str) -> float:
    return seconds(datetime.fromisoformat(time))
