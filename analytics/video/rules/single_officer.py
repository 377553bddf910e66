"""`single-officer` 单人讯问: a session is open and fewer people than detainees and required officers are in the room.

The picture counts people; who they are, roster and card tell: the finding is a suspicion (疑似). An empty room is a
break, not a questioning.
"""

from analytics.alerts import Grade
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.video.lasting import Patience, Verdict
from analytics.video.rooms import Procedure, Room
from analytics.video.standing import Changes, Standing, Subject, advance

RULE = define(
    "single-officer",
    Grade.A,
    Text("疑似单人讯问", "Suspected single-officer questioning"),
    Text(
        "讯问中室内人数少于被讯问人与应到民警之和（疑似，须人工核实）",
        "A session is open and fewer people are in the room than detainees and required officers (suspected: check)",
    ),
    Text("看实时画面核实；确系单人讯问的立即叫停", "Check the live picture; stop the session where it is so"),
    Text(
        "刑事诉讼法第 118 条；治安管理处罚法（2025）第 108 条",
        "Criminal Procedure Law, art. 118; Public Security Administration Punishments Law (2025), art. 108",
    ),
    {
        "seconds": Parameter(60, 5, 3600, Text("允许时长（秒）", "Seconds that are let pass")),
        "criminal": Parameter(2, 1, 9, Text("刑事案件应到民警", "Officers required in a criminal case")),
        "administrative": Parameter(2, 1, 9, Text("行政案件应到民警", "Officers required in an administrative case")),
        "recorded": Parameter(
            1,
            1,
            9,
            Text(
                "行政案件在标准场所且录像可证完整时应到民警",
                "The same in a standard place while the recording is provably complete",
            ),
        ),
    },
)
_CLEAR_S = 5.0


def step(
    rule: Rule, subject: Subject, standing: Standing, people: int | None, room: Room, t_s: float
) -> tuple[Standing, Changes]:
    """After a sample in which `people` are taken to be in the room, None where nobody can tell."""
    required = officers_required(rule, room)
    expected = room.detainees + required
    if room.session is None or people == 0 or (people is not None and people >= expected):
        verdict = Verdict.FINE
    else:
        verdict = Verdict.UNKNOWN if people is None else Verdict.BREACH
    return advance(
        rule, subject, standing, verdict, t_s, Patience(rule["seconds"], clear_s=_CLEAR_S), people=people,
        detainees=room.detainees, officers_required=required, limit_s=rule["seconds"], suspected=True,
        session=room.session.id if room.session else None,
    )  # fmt: skip


def officers_required(rule: Rule, room: Room) -> int:
    """How many officers the room's session requires; none where no session is open."""
    session = room.session
    if session is None:
        return 0
    if session.procedure is Procedure.CRIMINAL:
        return int(rule["criminal"])
    return int(rule["recorded" if session.standard_place and room.provably_complete else "administrative"])
