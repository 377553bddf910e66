"""Is the camera's picture worth looking at: black, covered, defocused, moved, frozen, or ok.

A picture is judged small and grey, in blocks, against a reference that ok pictures slowly renew. A block that had
texture and still shows the same structure agrees; correlation is blind to brightness, so that a lamp or dusk change
little, and somebody before the camera hides only some of the blocks. Blocks gone flat were covered. A turn or shift (by
ORB features and RANSAC) that makes the blocks agree better when it is undone was a move; features on somebody who walks
don't do that. Focus is the Laplacian's variance divided by the grey variance, block by block against the reference.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analytics.video.blocks import BLOCK, Bools, Grey, grey_of, likeness, sharpness_of, smooth
from analytics.video.change import ALIKE, COVERED, change_of, shows_what
from analytics.video.detection import Person, Picture
from analytics.video.hiding import have_people_left, hidden_by, is_lifeless, places_of, stirring
from analytics.video.motion import is_moved
from analytics.video.picture import PictureState
from analytics.video.reference import (
    LEAST_TEXTURED,
    Reference,
    lasting_contrast_of,
    renewed,
    textured_in,
    unmoving,
)
from analytics.video.stillness import Memory, hangs_since, hangs_still, remembered

FROZEN_AFTER_S = 30.0
HUNG_AFTER_S = 25.0
ACCEPT_AFTER_S = 1800.0  # a new view that lasts this long is the camera's view from then on; its alert has been raised

_UNWRITTEN = np.s_[BLOCK:-BLOCK]  # rows; above and below, cameras write time and place
_HIDDEN_BY_PEOPLE = 0.65  # share of what has changed that is behind them
_BLACK = 28  # grey level that no more than 2 % of a black picture exceed
_FEATURELESS = 6.0  # standard deviation of a picture of nothing at all
_BLURRED = 0.25  # of the reference's sharpness
_LEAST_OUTLINES = 0.66  # correlation of what is left of both pictures when every detail is blurred away
_OUTLINE_PX = 8.0
_STILL = 0.05  # mean difference in grey levels; a camera's own noise is more
_UNWATCHED_S = 15.0  # without a picture; what was in it nobody knows
_LEARNT_AFTER = 2  # pictures
_LOOKS = 10  # for people in as many pictures as come, then in one every
_LOOK_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a picture is; `changed` are the blocks that tell so, where people before the camera could be the reason."""

    picture: PictureState
    changed: Bools | None = None

    @property
    def proves_a_move(self) -> bool:
        """Whether a motion was found that explains the picture."""
        return self.picture is PictureState.MOVED and self.changed is None

    @property
    def at_second_sight(self) -> bool:
        """Whether one such picture proves nothing."""
        return self.changed is not None or self.picture is PictureState.MOVED


@dataclass(frozen=True, slots=True)
class Tamper:
    """The state of one camera's picture at `at_s`: `picture` since `since_s`. Times in seconds."""

    picture: PictureState = PictureState.OK
    since_s: float = 0.0
    at_s: float | None = None
    reference: Reference | None = None
    last: Grey | None = None
    media_s: float | None = None
    still_since_s: float | None = None
    memory: Memory = ()  # the pictures of the last seconds, to tell whether the sensor hangs
    suspect_s: float | None = None  # since when it may be covered or moved; once, somebody who passes can look so
    doubted: Bools | None = None  # blocks that people could hide
    stirred: Bools | None = None  # blocks that moved since the picture before, where some are doubted
    looked_s: float | None = None  # when `with_people` was last told of people
    elsewhere: Reference | None = None  # what the camera shows since a motion was found to have moved it

    @property
    def people_wanted(self) -> bool:
        """Whether `with_people` is to be told who is anywhere in the last picture."""
        if self.doubted is not None:
            return True
        if self.picture is not PictureState.OK or self.reference is None:
            return False
        if self.reference.looks < _LOOKS or self.looked_s is None or self.at_s is None:
            return True
        return self.at_s - self.looked_s >= _LOOK_EVERY_S


def examine(
    state: Tamper, picture: Picture, t_s: float, media_s: float | None = None, group_s: float | None = None
) -> Tamper:
    """The state after `picture`, taken at `t_s`; live, `media_s` is the camera's own time of it, which must go on.
    Where not every picture is a keyframe, `group_s` is the length of the longest group of pictures, in seconds.

    Where it is `doubted` afterwards, people before the camera could be the reason, and `with_people` is to tell. Cloth
    can look like people to a detector, but nobody stands as still as cloth.
    """
    if state.at_s is not None and t_s <= state.at_s:
        return state
    grey = grey_of(picture)
    still_since_s = _still_since(state, grey, t_s, media_s)
    memory = remembered(state.memory, picture, t_s, group_s)
    finding, elsewhere = _with_past_proof(state, _judge(state.reference, grey), grey)
    found, since_s, suspect_s, doubted = finding.picture, t_s, None, finding.changed
    usual = found is PictureState.OK
    if finding.at_second_sight:
        suspect_s = since_s = t_s if state.suspect_s is None else state.suspect_s
        found = PictureState.OK if state.suspect_s is None else found
        if finding.proves_a_move and state.picture is PictureState.COVERED and state.elsewhere is None:
            found = PictureState.COVERED  # what looks like a motion once, in a pattern that was told to be a cover
        if state.suspect_s is not None and state.last is not None and doubted is not None:
            doubted = None if is_lifeless(state.last, grey, doubted) else doubted
    elif usual and (frozen_s := _frozen_since(still_since_s, hangs_since(memory, group_s), t_s)) is not None:
        found, since_s = PictureState.FROZEN, frozen_s
    elif usual and state.picture is PictureState.FROZEN and hangs_still(memory, group_s):
        found = PictureState.FROZEN
    if found is state.picture and state.at_s is not None:
        since_s = state.since_s
    reference = state.reference
    if found is PictureState.MOVED and t_s - since_s >= ACCEPT_AFTER_S:
        reference, elsewhere = renewed(None, grey), None
    elif usual and found is PictureState.OK:
        reference = renewed(reference, grey)
    return Tamper(
        found,
        since_s,
        t_s,
        reference,
        grey,
        media_s,
        still_since_s,
        memory,
        suspect_s,
        doubted,
        None if doubted is None or state.last is None else stirring(state.last, grey),
        state.looked_s,
        elsewhere,
    )


def _with_past_proof(state: Tamper, finding: _Finding, grey: Grey) -> tuple[_Finding, Reference | None]:
    """The finding, and what the camera shows since it was found to be moved. People who walk before a moved camera hide
    the proof of it, but while it shows the same as when there was one, it is moved and not covered; if it is not the
    people alone who change it, for somebody who leans can look like a motion once."""
    elsewhere = state.elsewhere
    if not finding.at_second_sight:
        return finding, None
    known = elsewhere is not None and shows_what(elsewhere, grey)
    if finding.proves_a_move:
        return finding, renewed(elsewhere if known else None, grey)
    if known and state.picture is not PictureState.COVERED:
        return replace(finding, picture=PictureState.MOVED), renewed(elsewhere, grey)
    return finding, None


def with_people(state: Tamper, people: Sequence[Person]) -> Tamper:
    """The state when `people` were found in its last picture, wherever in it: it may be they who hide what was seen
    before, and who is known to be there may leave, and bares a wall."""
    state = replace(state, looked_s=state.at_s)
    reference = state.reference
    if reference is None:
        return state
    if state.doubted is not None:
        if state.suspect_s == state.at_s:
            return state  # the next picture tells whether they move
        if hidden_by(people, reference, state.doubted, state.stirred) < _HIDDEN_BY_PEOPLE:
            return state
        assert state.last is not None
        reference = renewed(reference, state.last)
        since_s = state.since_s if state.picture is PictureState.OK else state.at_s or 0.0  # of being ok
        state = replace(
            state, picture=PictureState.OK, since_s=since_s, suspect_s=None, doubted=None, stirred=None, elsewhere=None
        )
    occupied, looks = reference.seen_with(places_of(people))
    return replace(state, reference=replace(reference, occupied=occupied, looks=looks))


def _still_since(state: Tamper, grey: Grey, t_s: float, media_s: float | None) -> float | None:
    """Since when the picture has not changed, or the camera's clock has not gone on; None where they have, or where
    nobody looked for long. A clock that goes back is one that began anew, as with each connection."""
    if state.last is None or state.at_s is None or t_s - state.at_s > _UNWATCHED_S:
        return None
    stalled = media_s is not None and media_s == state.media_s
    if not stalled and float(np.abs(grey - state.last).mean()) >= _STILL:
        return None
    return state.at_s if state.still_since_s is None else state.still_since_s


def _frozen_since(still_since_s: float | None, hangs_since_s: float | None, t_s: float) -> float | None:
    """Since when the picture is frozen, where it is for long enough. The encoder of a sensor that hangs takes some
    seconds to come back to what it made of the picture before, so that this is known later than it is so."""
    if still_since_s is not None and t_s - still_since_s >= FROZEN_AFTER_S:
        return still_since_s
    enough_s = HUNG_AFTER_S if still_since_s is None else FROZEN_AFTER_S
    return hangs_since_s if hangs_since_s is not None and t_s - hangs_since_s >= enough_s else None


def _judge(reference: Reference | None, grey: Grey) -> _Finding:
    if float(np.percentile(grey[_UNWRITTEN], 98)) < _BLACK:
        return _Finding(PictureState.BLACK)
    smoothed = smooth(grey)
    featureless = float(smoothed[_UNWRITTEN].std()) < _FEATURELESS
    nothing_else = _Finding(PictureState.COVERED if featureless else PictureState.OK)
    if reference is None or reference.pictures < _LEARNT_AFTER:
        return nothing_else
    lasting = lasting_contrast_of(reference)
    textured = textured_in(lasting)
    if textured.sum() < LEAST_TEXTURED:
        return nothing_else
    of_room = unmoving(reference, textured)
    alike = likeness(smoothed, smooth(reference.grey))
    if _is_blurred(reference, grey, of_room):
        return _Finding(PictureState.DEFOCUSED)
    if is_moved(reference.grey, grey, of_room) or is_moved(reference.latest, grey, textured):
        return _Finding(PictureState.MOVED)
    if featureless and alike[of_room].mean() < ALIKE:
        return _Finding(PictureState.COVERED)
    change = change_of(reference, grey, smoothed, alike, lasting)
    if change.share < COVERED or have_people_left(reference, grey, change):
        return _Finding(PictureState.OK)
    return _Finding(PictureState.MOVED if change.is_view else PictureState.COVERED, change.where)


def _is_blurred(reference: Reference, grey: Grey, judged: Bools) -> bool:
    """Whether every detail is gone and the outlines have stayed."""
    left = sharpness_of(grey)[judged] / np.maximum(reference.sharpness[judged], 1e-6)
    if float(np.median(left)) >= _BLURRED:
        return False
    outlines = likeness(smooth(grey, _OUTLINE_PX), smooth(reference.grey, _OUTLINE_PX))
    return float(outlines[judged].mean()) >= _LEAST_OUTLINES
