"""The legal limits of a questioning as dated, bilingual data: which tiers, on what condition, on what basis.

Where the law demands something and names no number (rest, the length of one session) the number is the bureau's, and
the basis says so. The law that holds is that of the day, in the bureau's time, on which the clock began.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum

from analytics.rulebook import Text
from analytics.video.rooms import Procedure

HOUR_S = 3600.0

_SHANGHAI = timezone(timedelta(hours=8))
_REVISED = date(2026, 1, 1)  # 治安管理处罚法 as revised in 2025 is in force


class ClockKind(StrEnum):
    """What is counted."""

    HOLDING = "holding"  # somebody summoned for questioning, since the arrival
    SESSION = "session"  # one session, since it was opened
    REST = "rest"  # somebody in the room, without time out of it


@dataclass(frozen=True, slots=True)
class Tier:
    """How long it may last; `condition` says when it may last so long, None for always."""

    limit_s: float
    condition: Text | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """The tiers of a clock, rising, in procedures of one kind; in force from `effective_from` until before
    `effective_to`."""

    kind: ClockKind
    procedure: Procedure
    tiers: tuple[Tier, ...]
    basis: Text
    effective_from: date = date.min
    effective_to: date = date.max


_COMPLEX = Text("情况复杂、可能适用行政拘留处罚的", "where it is complex and administrative detention may apply")
_SESSION = Text("本局规定的默认值；法律未定时数", "The bureau's default; the law names no number")

LIMITS: Sequence[Limit] = (
    Limit(
        ClockKind.HOLDING,
        Procedure.ADMINISTRATIVE,
        (
            Tier(8 * HOUR_S),
            Tier(
                12 * HOUR_S,
                Text("涉案人数众多、违法行为人身份不明的", "where many are involved, or the identity is unknown"),
            ),
            Tier(24 * HOUR_S, _COMPLEX),
        ),
        Text("治安管理处罚法（2025）第 97 条", "Public Security Administration Punishments Law (2025), art. 97"),
        effective_from=_REVISED,
    ),
    Limit(
        ClockKind.HOLDING,
        Procedure.ADMINISTRATIVE,
        (Tier(8 * HOUR_S), Tier(24 * HOUR_S, _COMPLEX)),
        Text(
            "公安机关办理行政案件程序规定（2018）第 69 条",
            "Provisions on the Procedures for Handling Administrative Cases (2018), art. 69",
        ),
        effective_to=_REVISED,
    ),
    Limit(
        ClockKind.HOLDING,
        Procedure.CRIMINAL,
        (
            Tier(12 * HOUR_S),
            Tier(
                24 * HOUR_S,
                Text(
                    "案情特别重大、复杂，需要采取拘留、逮捕措施的",
                    "where the case is very grave and complex and detention or arrest is needed",
                ),
            ),
        ),
        Text(
            "刑事诉讼法第 119 条；公安机关办理刑事案件程序规定第 80、200 条",
            "Criminal Procedure Law, art. 119; Provisions on the Procedures for Handling Criminal Cases, art. 80, 200",
        ),
    ),
    Limit(
        ClockKind.REST,
        Procedure.ADMINISTRATIVE,
        (Tier(4 * HOUR_S),),
        Text(
            "治安管理处罚法（2025）第 97 条（应保证饮食和必要的休息）；时数为本局默认值",
            "Public Security Administration Punishments Law (2025), art. 97 (food and necessary rest); "
            "the hours are the bureau's default",
        ),
        effective_from=_REVISED,
    ),
    Limit(
        ClockKind.REST,
        Procedure.CRIMINAL,
        (Tier(4 * HOUR_S),),
        Text(
            "公安机关办理刑事案件程序规定第 201 条（应保证饮食和必要的休息并记录在案）；时数为本局默认值",
            "Provisions on the Procedures for Handling Criminal Cases, art. 201 (food and rest, recorded); "
            "the hours are the bureau's default",
        ),
    ),
    *(Limit(ClockKind.SESSION, procedure, (Tier(4 * HOUR_S),), _SESSION) for procedure in Procedure),
)


def limit_of(kind: ClockKind, procedure: Procedure, since_s: float) -> Limit | None:
    """The limit of a clock that began at `since_s` (Unix seconds); None where none is known for that day."""
    day = datetime.fromtimestamp(since_s, UTC).astimezone(_SHANGHAI).date()
    for limit in LIMITS:
        if (limit.kind, limit.procedure) == (kind, procedure) and limit.effective_from <= day < limit.effective_to:
            return limit
    return None
