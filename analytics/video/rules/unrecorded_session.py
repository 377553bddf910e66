"""`unrecorded-session` 未录先讯: a session is open and its picture or its sound is not being recorded."""

from analytics.alerts import Grade
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.video.lasting import Patience, Verdict
from analytics.video.rooms import Room
from analytics.video.standing import Changes, Standing, Subject, advance

RULE = define(
    "unrecorded-session",
    Grade.A,
    Text("未录先讯", "Session not recorded"),
    Text("讯问进行中而画面或声音未在录制", "A session is open and its picture or sound is not being recorded"),
    Text("立即通知讯问民警暂停；恢复录音录像", "Have the session paused at once; mend the recording"),
    Text(
        "刑事诉讼法第 123 条；治安管理处罚法（2025）第 97 条",
        "Criminal Procedure Law, art. 123; Public Security Administration Punishments Law (2025), art. 97",
    ),
    {"seconds": Parameter(10, 0, 600, Text("允许时长（秒）", "Seconds that are let pass"))},
)


def step(rule: Rule, subject: Subject, standing: Standing, room: Room, t_s: float) -> tuple[Standing, Changes]:
    """With what is known of the room at `t_s`."""
    recorded = {"picture": room.recorded_picture, "sound": room.recorded_sound}
    missing = [what for what, is_recorded in recorded.items() if is_recorded is False]
    if room.session is None:
        verdict = Verdict.FINE
    elif missing:
        verdict = Verdict.BREACH
    else:
        verdict = Verdict.UNKNOWN if None in recorded.values() else Verdict.FINE
    return advance(
        rule, subject, standing, verdict, t_s, Patience(rule["seconds"]), missing=missing, limit_s=rule["seconds"],
        session=room.session.id if room.session else None, frames=[],
    )  # fmt: skip
