"""`recording-gap` 录像缺失: seconds of a recording that has to be are missing; grave in an interrogation room."""

from dataclasses import dataclass

from analytics.alerts import Grade
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.video.lasting import Lasting
from analytics.video.standing import Changes, Standing, Subject, ended_alert, raise_alert

RULE = define(
    "recording-gap",
    Grade.C,
    Text("录像缺失", "Recording gap"),
    Text(
        "应录时段缺少录像；讯问室为一级",
        "Seconds of a required recording are missing; grade A in an interrogation room",
    ),
    Text("核实原因；检查录像机、磁盘与摄像机", "Find the reason; check recorder, disk and camera"),
    Text(
        "治安管理处罚法（2025）第 97、137、139 条；公安机关讯问犯罪嫌疑人录音录像工作规定（2014）",
        "Public Security Administration Punishments Law (2025), art. 97, 137, 139; rules on recordings (2014)",
    ),
    {"seconds": Parameter(1, 0, 3600, Text("允许缺失时长（秒）", "Seconds missing that are let pass"))},
)


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap of a recording: from `from_s` to `to_s`, None while it lasts; its reason as the recorder tells it."""

    from_s: float
    to_s: float | None
    reason: str


def step(
    rule: Rule, subject: Subject, standing: Standing, gap: Gap, now_s: float, interrogation: bool = False
) -> tuple[Standing, Changes]:
    """What is known at `now_s` of the gap of one stream (`subject.part`): told again when it grows or ends."""
    changes: Changes = ()
    if standing.alert is not None and gap.from_s > standing.alert.start_s:
        changes = ended_alert(standing, gap.from_s)
        standing = Standing()
    missing_s = (now_s if gap.to_s is None else gap.to_s) - gap.from_s
    if standing.alert is None and missing_s > rule["seconds"]:
        lasting = Lasting(start_s=gap.from_s, seen_s=missing_s, on=True)
        grade = Grade.A if interrogation else None
        standing, raised = raise_alert(
            rule, subject, lasting, now_s, grade=grade, stream=subject.part, reason=gap.reason, limit_s=rule["seconds"],
            frames=[],
        )  # fmt: skip
        changes += raised
    if standing.alert is not None and gap.to_s is not None:
        return Standing(), changes + ended_alert(standing, gap.to_s)
    return standing, changes
