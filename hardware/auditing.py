"""Did a patrol really pass all its checkpoints and cover its route? What the script did not intend is recorded too."""

from collections.abc import Sequence

import numpy as np
import shapely

from hardware.acts import Act, Deed, Duty, Record
from hardware.beats import RouteBeat
from hardware.plane import Floats

_STEP_S = {False: 4.0, True: 15.0}  # in a car, on foot
_CELLS = 40
_PASSED_M = 40.0
COVERED = 0.9


class Auditor:
    """Holds true movement against the prescribed route."""

    def audit(self, beat: RouteBeat, duties: Sequence[Duty], path: tuple[Floats, Floats], record: Record) -> None:
        """Add a side effect for each duty that missed something nobody scripted."""
        scripted = {d.duty for d in record.deeds if d.rule == Act.MISSED_CHECKPOINT}
        for duty in duties:
            if duty.id in scripted:
                continue
            missed, coverage = self.passed(beat, duty, path)
            if missed or coverage < COVERED:
                words = f"missed {', '.join(missed) or 'none'}; covered {coverage:.0%}"
                record.deeds.append(
                    Deed(
                        "shortened", "missed-checkpoint", duty.device, duty.id, duty.from_s, duty.to_s, words,
                        side_effect=True,
                    )
                )  # fmt: skip

    @staticmethod
    def passed(beat: RouteBeat, duty: Duty, path: tuple[Floats, Floats]) -> tuple[list[str], float]:
        """The checkpoints not passed during a duty, and the share of the route that was covered."""
        t = np.arange(duty.from_s, duty.to_s, _STEP_S[beat.foot])
        xy = np.column_stack([np.interp(t, path[0], path[1][:, i]) for i in (0, 1)])
        missed = [
            c.id
            for c in beat.checkpoints
            if np.hypot(*(xy - beat.track.xy[c.vertex]).T).min(initial=np.inf) > _PASSED_M
        ]
        points = shapely.points(xy[:, 0], xy[:, 1])
        line = beat.line.simplify(4.0)
        near = points[shapely.distance(line, points) <= 30.0]
        if not len(near):
            return missed, 0.0
        along = shapely.line_locate_point(line, near)
        cells = np.unique(np.minimum((along / line.length * _CELLS).astype(int), _CELLS - 1))
        return missed, len(cells) / _CELLS
