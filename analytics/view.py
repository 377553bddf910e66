"""What a rule sees of a batch."""

from dataclasses import dataclass

from analytics.plausibility import Plausibility
from analytics.samples import Samples
from analytics.situation import Ground, Situation
from analytics.steps import Heard, Steps


@dataclass(frozen=True, slots=True)
class View:
    """The steps of duties that are believed, with their situation; the samples of patrols; all that was `heard` in
    duties, pings too; and the steps of devices, on and off duty, with how far they are to be trusted."""

    ground: Ground
    duties: Situation
    samples: Samples
    heard: Heard
    devices: Steps
    trust: Plausibility
