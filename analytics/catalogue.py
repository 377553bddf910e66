"""The rule catalogue: every GPS rule, in the order in which the engine asks them, and every video rule.

The order matters: a rule joins only the open alerts of rules before it (`joins` of a rule).
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
from analytics.video.rules import (
    camera_tampered,
    dress,
    left_alone,
    meeting_headcount,
    post_unattended,
    recording_contradicted,
    recording_gap,
    single_officer,
    stream_lost,
    unrecorded_session,
    unregistered_use,
)

OF_DUTIES: tuple[ModuleType, ...] = (
    signal_lost,
    off_route,
    out_of_area,
    overtime_stop,
    not_on_patrol,
    missed_checkpoint,
    off_post,
    off_standby,
)
OF_DEVICES: tuple[ModuleType, ...] = (implausible_position, speeding)


OF_CAMERAS: tuple[ModuleType, ...] = (
    post_unattended,
    camera_tampered,
    stream_lost,
    recording_gap,
    recording_contradicted,
    single_officer,
    left_alone,
    unregistered_use,
    unrecorded_session,
    meeting_headcount,
    dress,
)


def default_rules() -> Rulebook:
    """All GPS rules with the defaults of the catalogue."""
    return Rulebook([module.RULE for module in (*OF_DUTIES, *OF_DEVICES)])


def video_rules() -> Rulebook:
    """All video rules with the defaults of the catalogue."""
    return Rulebook([module.RULE for module in OF_CAMERAS])


def all_rules() -> Rulebook:
    """Every rule there is: what the store holds, and what a document of settings may name."""
    return Rulebook([*default_rules().rules.values(), *video_rules().rules.values()])
