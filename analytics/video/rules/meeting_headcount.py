"""`meeting-headcount` 参会人数: some minutes after its start a meeting has fewer people than its roster says."""

from analytics.alerts import Grade
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.video.lasting import Patience, Verdict
from analytics.video.rooms import Meeting
from analytics.video.standing import Changes, Standing, Subject, advance

RULE = define(
    "meeting-headcount",
    Grade.C,
    Text("参会人数不足", "Meeting short of people"),
    Text("会议开始后到会人数少于应到人数", "Fewer people than rostered are at a meeting"),
    Text("核对签到；通知缺席人员所在单位", "Check who signed in; tell the units of those missing"),
    Text("本局会议纪律规定", "The bureau's rules on meetings"),
    {
        "minutes": Parameter(5, 0, 120, Text("开始后多少分钟起算", "Minutes after its start from which it counts")),
        "seconds": Parameter(60, 5, 3600, Text("持续时长（秒）", "Seconds for which it must last")),
    },
)
_CLEAR_S = 10.0


def step(
    rule: Rule, subject: Subject, standing: Standing, people: int | None, meeting: Meeting | None, t_s: float
) -> tuple[Standing, Changes]:
    """After a sample in which `people` are taken to be in the room, None where nobody can tell."""
    on = meeting is not None and meeting.start_s + rule["minutes"] * 60 <= t_s < meeting.end_s
    rostered = meeting.rostered if meeting is not None else 0
    if not on:
        verdict = Verdict.FINE
    elif people is None:
        verdict = Verdict.UNKNOWN
    else:
        verdict = Verdict.BREACH if people < rostered else Verdict.FINE
    patience = Patience(rule["seconds"], clear_s=_CLEAR_S if on else 0.0)
    return advance(
        rule, subject, standing, verdict, t_s, patience, people=people, rostered=rostered,
        meeting=meeting.id if meeting is not None else None, limit_s=rule["seconds"],
    )  # fmt: skip
