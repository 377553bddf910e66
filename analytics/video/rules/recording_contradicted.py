"""`recording-contradicted` 录像记录矛盾: a recorder's log, its footage and the database don't agree; always grave."""

from dataclasses import dataclass

from analytics.alerts import Alert, AlertChange, Change, Grade, alert_id
from analytics.rulebook import Rule, Text, define

RULE = define(
    "recording-contradicted",
    Grade.A,
    Text("录像记录矛盾", "Recording contradicted"),
    Text(
        "录像机的日志、影像与数据库记载不一致：可能有人删去了录像",
        "A recorder's log, its footage and the database contradict one another: footage may have been taken away",
    ),
    Text(
        "封存该文件夹，查明何人何时进入该机；用 ducha evidence verify 核验",
        "Secure the folder, find out who had access and when; check it with ducha evidence verify",
    ),
    Text(
        "治安管理处罚法（2025）第 97、137、139 条；公安机关讯问犯罪嫌疑人录音录像工作规定（2014）",
        "Public Security Administration Punishments Law (2025), art. 97, 137, 139; rules on recordings (2014)",
    ),
    {},
)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Somebody knows more of what lies in `folder` than lies there: `reason` is its kind, `problem` a plain sentence.
    What is there is as it was up to `since_s` (Unix seconds); `instead` is where recording goes on, if elsewhere."""

    reason: str
    folder: str
    since_s: float
    problem: str
    instead: str | None = None


GONE = "gone"
"""The reason of a log that is not in its folder: it may come back, with its disk."""


def ended(alert: Alert, now_s: float) -> tuple[AlertChange, ...]:
    """What is to be told when it is found no more: what was gone is back. Nothing else is ever over by itself."""
    if alert.end_s is not None or alert.detail.get("reason") != GONE:
        return ()
    end_s = max(round(now_s, 3), alert.start_s)
    return (AlertChange(Change.ENDED, alert.ended(end_s, duration_s=round(end_s - alert.start_s, 1)), alert),)


def raised(rule: Rule, recorder: str, found: Contradiction, now_s: float) -> tuple[AlertChange, ...]:
    """What is to be told of it; the same one told again is the same alert."""
    if not rule.enabled:
        return ()
    start_s = round(min(found.since_s, now_s), 3)
    detail = {"reason": found.reason, "folder": found.folder, "problem": found.problem, "frames": []}
    if found.instead is not None:
        detail["instead"] = found.instead
    part = f"{found.reason} {found.folder}"
    alert = Alert(
        rule.id, rule.version, rule.grade, recorder, None, start_s, None, round(now_s, 3), None, None, detail,
        alert_id(rule.id, recorder, part, start_s),
    )  # fmt: skip
    return (AlertChange(Change.RAISED, alert),)
