"""`unregistered-use` 未登记使用: an interrogation room is occupied for longer than the limit with no open session."""

from analytics.alerts import Grade
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.video.lasting import Patience, Verdict
from analytics.video.rooms import Room
from analytics.video.standing import Changes, Standing, Subject, advance

RULE = define(
    "unregistered-use",
    Grade.A,
    Text("讯问室未登记使用", "Interrogation room used without registration"),
    Text("讯问室有人而无登记的讯问", "An interrogation room is occupied with no open session"),
    Text("看实时画面核实；要求补登记或离开", "Check the live picture; have it registered or the room left"),
    Text("公安机关执法办案场所管理规定", "Rules on case-handling places of public-security organs"),
    {"minutes": Parameter(2, 0.1, 240, Text("允许时长（分钟）", "Minutes that are let pass"))},
)
_CLEAR_S = 15.0  # somebody bent out of sight has not left


def step(
    rule: Rule, subject: Subject, standing: Standing, people: int | None, room: Room, t_s: float
) -> tuple[Standing, Changes]:
    """After a sample in which `people` are taken to be in the room, None where nobody can tell."""
    if room.session is not None:
        verdict = Verdict.FINE
    elif people is None:
        verdict = Verdict.UNKNOWN
    else:
        verdict = Verdict.BREACH if people else Verdict.FINE
    patience = Patience(rule["minutes"] * 60, clear_s=0.0 if room.session is not None else _CLEAR_S, flaps=2)
    return advance(
        rule, subject, standing, verdict, t_s, patience, people=people, limit_s=rule["minutes"] * 60
    )  # fmt: skip
