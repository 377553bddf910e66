"""What a rule sees of a batch."""

from dataclasses import dataclass

from analytics.samples import Samples
from analytics.situation import Ground, Situation
from analytics.steps import Steps


@dataclass(frozen=True, slots=True)
class View:
    """The steps of duties with their situation, the samples of patrols, and the steps of devices, on and off duty."""

    ground: Ground
    duties: Situation
    samples: Samples
    devices: Steps
