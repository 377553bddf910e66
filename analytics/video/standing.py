"""From states to alerts: what a rule follows about one subject, and the alert that is open about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from analytics.alerts import Alert, AlertChange, Because, Change, Grade, alert_id
from analytics.report import rounded
from analytics.rulebook import Rule
from analytics.video.lasting import Lasting, Patience, Turn, Verdict, follow

Changes = tuple[AlertChange, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an alert is about: a camera, where it stands, the model that looked, and the part of its picture (`part`)
    or the stream that is meant, where there are several."""

    camera: str
    model: Mapping[str, str] = field(default_factory=dict)
    lon: float | None = None
    lat: float | None = None
    part: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the state has come, and its alert while it is open."""

    lasting: Lasting = field(default_factory=Lasting)
    alert: Alert | None = None

    @classmethod
    def resumed(cls, alert: Alert) -> "Standing":
        """As it stood when `alert` was open, after a restart."""
        return cls(Lasting(start_s=alert.start_s, breach_s=alert.noticed_s, on=True), alert)


def advance(
    rule: Rule,
    subject: Subject,
    standing: Standing,
    verdict: Verdict,
    t_s: float,
    patience: Patience,
    *,
    since_s: float | None = None,
    grade: Grade | None = None,
    **detail: Any,
) -> tuple[Standing, Changes]:
    """After a sample at `t_s`: the alert that it raised or ended. `detail` holds the figures that led to it."""
    before = standing.lasting
    lasting, turn = follow(before, verdict, t_s, patience, since_s)
    if turn is Turn.BEGAN:
        return raise_alert(rule, subject, lasting, t_s, grade=grade, **detail)
    if turn is Turn.ENDED:
        end_s = before.fine_since_s if before.fine_since_s is not None else (t_s if since_s is None else since_s)
        return Standing(lasting), ended_alert(standing, end_s)
    return Standing(lasting, standing.alert), ()


def raise_alert(
    rule: Rule, subject: Subject, lasting: Lasting, t_s: float, *, grade: Grade | None = None, **detail: Any
) -> tuple[Standing, Changes]:
    """The alert of a state that has lasted long enough, noticed at `t_s`."""
    assert lasting.start_s is not None
    start_s = round(lasting.start_s, 3)
    figures = rounded({"seen_s": lasting.seen_s} | detail)
    if subject.model:
        figures["model"] = dict(subject.model)
    figures.setdefault("frames", [round(t, 3) for t in lasting.frames])
    alert = Alert(
        rule.id, rule.version, grade or rule.grade, subject.camera, None, start_s, None, round(t_s, 3), subject.lon,
        subject.lat, figures, alert_id(rule.id, subject.camera, subject.part or None, start_s),
    )  # fmt: skip
    return Standing(lasting, alert), (AlertChange(Change.RAISED, alert),)


def ended_alert(standing: Standing, end_s: float, **detail: Any) -> Changes:
    """What is to be told when the state is over since `end_s`, or is followed no more, as `detail` says."""
    alert = standing.alert
    if alert is None:
        return ()
    end_s = max(round(end_s, 3), alert.start_s)
    ended = alert.ended(end_s, duration_s=round(end_s - alert.start_s, 1), **detail)
    return (AlertChange(Change.ENDED, ended, alert),)


def unwatched(standings: Iterable[Standing], t_s: float) -> Changes:
    """What is to be told when nobody looks at what they are about any more."""
    return tuple(
        change for standing in standings for change in ended_alert(standing, t_s, ended_because=Because.UNWATCHED)
    )
