"""`camera-tampered` 遮挡 / 移位 / 虚焦 / 黑屏 / 冻结: the picture is black, covered, defocused, moved or frozen."""

from dataclasses import dataclass, field

from analytics.alerts import Alert, Grade
from analytics.report import rounded
from analytics.rulebook import Parameter, Rule, Text, define
from analytics.video.lasting import Patience, Verdict
from analytics.video.picture import PictureState
from analytics.video.standing import Changes, Standing, Subject, advance

RULE = define(
    "camera-tampered",
    Grade.B,
    Text("摄像机遮挡、移位、虚焦、黑屏或冻结", "Camera tampered"),
    Text("画面黑屏、被遮挡、虚焦、移位或冻结", "The picture is black, covered, defocused, moved or frozen"),
    Text("看实时画面核实；派人到现场检查并恢复摄像机", "Check the live picture; have the camera seen to"),
    Text("本局视频巡查规定", "The bureau's rules of video patrol"),
    {"seconds": Parameter(30, 1, 3600, Text("允许时长（秒）", "Seconds that are let pass"))},
)
_CLEAR_S = 5.0
_FLAPS = 2  # a picture between two kinds of tampering may look ok for a moment


@dataclass(frozen=True, slots=True)
class State:
    """The standing of one camera, and for how many samples it was of each kind."""

    standing: Standing = field(default_factory=Standing)
    kinds: dict[str, int] = field(default_factory=dict)

    @classmethod
    def resumed(cls, alert: Alert) -> "State":
        return cls(Standing.resumed(alert))


def step(
    rule: Rule, subject: Subject, state: State, picture: PictureState | None, since_s: float, t_s: float
) -> tuple[State, Changes]:
    """After a sample whose picture is so since `since_s`; None where no picture came."""
    kinds = state.kinds
    if picture is None:
        verdict = Verdict.UNKNOWN
    elif picture is PictureState.OK:
        verdict = Verdict.FINE
    else:
        verdict = Verdict.BREACH
        kinds = kinds | {picture.value: kinds.get(picture.value, 0) + 1}
    kind = max(kinds, key=kinds.__getitem__, default=PictureState.OK.value)
    patience = Patience(rule["seconds"], clear_s=_CLEAR_S, flaps=_FLAPS)
    standing, changes = advance(
        rule, subject, state.standing, verdict, t_s, patience, since_s=since_s, kind=kind, kinds=sorted(kinds),
        **rounded({"limit_s": rule["seconds"]}),
    )  # fmt: skip
    return State(standing, {} if standing.lasting.start_s is None else kinds), changes
