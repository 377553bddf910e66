"""`stream-lost` 断流: a camera sends no packets for longer than the limit. Noticed by the clock."""

from analytics.alerts import Grade
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.video.lasting import Patience, Verdict
from analytics.video.standing import Changes, Standing, Subject, advance

RULE = define(
    "stream-lost",
    Grade.C,
    Text("断流", "Stream lost"),
    Text("摄像机无数据", "A camera sends nothing"),
    Text("检查摄像机电源与网络", "Check the camera's power and network"),
    Text("本局视频巡查规定", "The bureau's rules of video patrol"),
    {"seconds": Parameter(20, 1, 3600, Text("允许中断时长（秒）", "Seconds of silence that are let pass"))},
)
_FRESH_S = 2.0  # packets come far more often


def step(
    rule: Rule, subject: Subject, standing: Standing, last_packet_s: float, now_s: float
) -> tuple[Standing, Changes]:
    """At `now_s`, the last packet having come at `last_packet_s` (the start of the watch where none ever came)."""
    silent_s = now_s - last_packet_s
    verdict = Verdict.BREACH if silent_s > _FRESH_S else Verdict.FINE
    patience = Patience(rule["seconds"], gap_s=max(60.0, 2 * rule["seconds"]))
    since_s = last_packet_s if verdict is Verdict.BREACH else None
    return advance(
        rule, subject, standing, verdict, now_s, patience, since_s=since_s, silent_s=silent_s, limit_s=rule["seconds"],
        last_packet=last_packet_s, frames=[],
    )  # fmt: skip
