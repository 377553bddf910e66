"""`left-alone` 无人看管: exactly one person is in the room for longer than the limit while a detainee is signed in."""

from analytics.alerts import Grade
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.video.lasting import Patience, Verdict
from analytics.video.rooms import Room
from analytics.video.standing import Changes, Standing, Subject, advance

RULE = define(
    "left-alone",
    Grade.A,
    Text("疑似无人看管", "Detainee suspected to be left alone"),
    Text(
        "有人员登记在室内而室内仅一人（疑似，须人工核实）",
        "A detainee is signed in and one person is in the room (suspected)",
    ),
    Text("看实时画面核实；立即派人看管", "Check the live picture; send somebody at once"),
    Text("公安机关执法办案场所管理规定", "Rules on case-handling places of public-security organs"),
    {"seconds": Parameter(60, 5, 3600, Text("允许时长（秒）", "Seconds that are let pass"))},
)
_CLEAR_S = 5.0


def step(
    rule: Rule, subject: Subject, standing: Standing, people: int | None, room: Room, t_s: float
) -> tuple[Standing, Changes]:
    """After a sample in which `people` are taken to be in the room, None where nobody can tell."""
    if room.detainees == 0:
        verdict = Verdict.FINE
    elif people is None:
        verdict = Verdict.UNKNOWN
    else:
        verdict = Verdict.BREACH if people == 1 else Verdict.FINE
    return advance(
        rule, subject, standing, verdict, t_s, Patience(rule["seconds"], clear_s=_CLEAR_S), people=people,
        detainees=room.detainees, limit_s=rule["seconds"], suspected=True,
    )  # fmt: skip
