"""What a rule sees of a batch."""

from dataclasses import dataclass

from analytics.plausibility import Plausibility
from analytics.samples import Samples
from analytics.situation import Ground, Situation
from analytics.steps import Steps


@dataclass(frozen=True, slots=True)
class View:
    """The steps of duties that are believed, with their situation; the samples of patrols; all steps of duties that
    were `heard`; and the steps of devices, on and off duty, with how far they are to be trusted."""

    ground: Ground
    duties: Situation
    samples: Samples
    heard: Steps
    devices: Steps
    trust: Plausibility
