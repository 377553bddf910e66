"""The rule catalogue: every GPS rule, in the order in which the engine asks them.

The order matters once: `not-on-patrol` does not tell again what the three rules before it have told.
"""

from types import ModuleType

from analytics.rulebook import Rulebook
from analytics.rules import (
    implausible_position,
    missed_checkpoint,
    not_on_patrol,
    off_post,
    off_route,
    off_standby,
    out_of_area,
    overtime_stop,
    signal_lost,
    speeding,
)

OF_DUTIES: tuple[ModuleType, ...] = (
    off_route,
    out_of_area,
    overtime_stop,
    not_on_patrol,
    missed_checkpoint,
    off_post,
    off_standby,
    signal_lost,
)
OF_DEVICES: tuple[ModuleType, ...] = (implausible_position, speeding)


def default_rules() -> Rulebook:
    """All rules with the defaults of the catalogue."""
    return Rulebook([module.RULE for module in (*OF_DUTIES, *OF_DEVICES)])
