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

from analytics.video.blocks import (
    BLOCK,
    HEIGHT,
    WIDTH,
    Blocks,
    Bools,
    Grey,
    around,
    brightness_of,
    contrast_of,
    grey_of,
    likeness,
    sharpness_of,
    smooth,
)
from analytics.video.detection import Person, Picture
from analytics.video.motion import is_moved
from analytics.video.picture import PictureState

FROZEN_AFTER_S = 30.0
ACCEPT_AFTER_S = 1800.0  # a new view that lasts this long is the camera's view from then on; its alert has been raised

_UNWRITTEN = np.s_[BLOCK:-BLOCK]  # rows; above and below, cameras write time and place
_TEXTURED = 4.0  # standard deviation in grey levels from which a block shows something
_PLAIN = 2.5  # up to which it shows nothing but a shade
_LEAST_TEXTURED = 10  # blocks; a picture with fewer gives nothing to compare
_ALIKE = 0.6  # correlation with the reference
_TELLING = 2.5  # grey levels of contrast that the present light must leave of a block, for it to tell anything
_COVERED = 0.45  # share of the picture that shows something else: less than is covered, as covers hide plain walls too
_ANOTHER_VIEW = 0.9  # share of the picture from which on nothing is where it was
_FLAT = 0.25  # of the reference's contrast, allowing for the light
_FLAT_SHARE = 0.4  # of what showed something, gone flat: no other view
_EVEN = 0.42  # lower by upper quartile of contrast: cloth, paper or leaves look the same all over, a view does not
_LEAST_FREE = 0.4  # share of the textured blocks; what is left beside people who fill the picture moves with them
_OCCUPIED = 0.2  # how often somebody is seen in a block that is a person's as much as the room's
_BRIGHTNESS = 12.0  # grey levels by which a bare wall may change
_SURE = 0.5  # score of somebody who is believed to hide the view; patterns of cloth have got .6
_UNMOVED = 1.0  # grey levels between two pictures, of what moves most but for a tenth; somebody who sits still has more
_HIDDEN_BY_PEOPLE = 0.65  # share of what has changed that is behind them
_LEFT = 0.7  # share of what has changed that people used to hide
_BESIDE = 0.35  # share of the places beside them that may have changed as well: shadows
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
_MEMORY = 60.0  # pictures of which the reference is about the mean


@dataclass(frozen=True, slots=True)
class Reference:
    """What the camera usually shows: its picture, the contrast and sharpness of each block, from `pictures` so far; how
    often somebody was seen in it (0 to 1), from `looks` for people; and the `latest` picture, in which people sit as
    they sit now."""

    grey: Grey
    latest: Grey
    contrast: Blocks
    sharpness: Blocks
    occupied: Blocks
    pictures: int
    looks: int


@dataclass(frozen=True, slots=True)
class _Change:
    """What shows something else: its share of the picture, or of what had texture; where that is, where plain walls
    `gained` texture, and where all is the `same`; and whether it is a view."""

    share: float
    where: Bools
    gained: Bools
    same: Bools
    is_view: bool


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a picture is; `changed` are the blocks that tell so, where people before the camera could be the reason."""

    picture: PictureState
    changed: Bools | None = None

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
    suspect_s: float | None = None  # since when it may be covered or moved; once, somebody who passes can look so
    doubted: Bools | None = None  # blocks that people could hide
    looked_s: float | None = None  # when `with_people` was last told of people

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


def examine(state: Tamper, picture: Picture, t_s: float, media_s: float | None = None) -> Tamper:
    """The state after `picture`, taken at `t_s`; live, `media_s` is the camera's own time of it, which must go on.

    Where it is `doubted` afterwards, people before the camera could be the reason, and `with_people` is to tell. Cloth
    can look like people to a detector, but nobody stands as still as cloth.
    """
    if state.at_s is not None and t_s <= state.at_s:
        return state
    grey = grey_of(picture)
    still_since_s = _still_since(state, grey, t_s, media_s)
    finding = _judge(state.reference, grey)
    found, since_s, suspect_s, doubted = finding.picture, t_s, None, finding.changed
    usual = found is PictureState.OK
    if finding.at_second_sight:
        suspect_s = since_s = t_s if state.suspect_s is None else state.suspect_s
        found = PictureState.OK if state.suspect_s is None else found
        if state.suspect_s is not None and doubted is not None and _is_unmoved(state.last, grey, doubted):
            doubted = None
    elif usual and still_since_s is not None and t_s - still_since_s >= FROZEN_AFTER_S:
        found, since_s = PictureState.FROZEN, still_since_s
    if found is state.picture and state.at_s is not None:
        since_s = state.since_s
    reference = state.reference
    if found is PictureState.MOVED and t_s - since_s >= ACCEPT_AFTER_S:
        reference = _renewed(None, grey)
    elif usual and found is PictureState.OK:
        reference = _renewed(reference, grey)
    return Tamper(found, since_s, t_s, reference, grey, media_s, still_since_s, suspect_s, doubted, state.looked_s)


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
        hidden = _places_of([person for person in people if person.score >= _SURE])
        if hidden[state.doubted].mean() < _HIDDEN_BY_PEOPLE:
            return state
        assert state.last is not None
        reference = _renewed(reference, state.last)
        since_s = state.since_s if state.picture is PictureState.OK else state.at_s or 0.0  # of being ok
        state = replace(state, picture=PictureState.OK, since_s=since_s, suspect_s=None, doubted=None)
    looks = reference.looks + 1
    occupied = reference.occupied + max(1 / looks, 1 / _MEMORY) * (_places_of(people) - reference.occupied)
    return replace(state, reference=replace(reference, occupied=occupied, looks=looks))


def _places_of(people: Sequence[Person]) -> Blocks:
    """1 for blocks in which somebody is, 0 elsewhere."""
    rows, columns = HEIGHT // BLOCK, WIDTH // BLOCK
    places = np.zeros((rows, columns), np.float32)
    for person in people:
        top, bottom = int(person.y0 * rows), int(np.ceil(person.y1 * rows))
        left, right = int(person.x0 * columns), int(np.ceil(person.x1 * columns))
        places[top:bottom, left:right] = 1.0
    return places


def _still_since(state: Tamper, grey: Grey, t_s: float, media_s: float | None) -> float | None:
    """Since when the picture has not changed, or the camera's clock has not gone on; None where they have, or where
    nobody looked for long. A clock that goes back is one that began anew, as with each connection."""
    if state.last is None or state.at_s is None or t_s - state.at_s > _UNWATCHED_S:
        return None
    stalled = media_s is not None and media_s == state.media_s
    if not stalled and float(np.abs(grey - state.last).mean()) >= _STILL:
        return None
    return state.at_s if state.still_since_s is None else state.still_since_s


def _is_unmoved(last: Grey | None, grey: Grey, blocks: Bools) -> bool:
    if last is None:
        return False
    change = brightness_of(np.abs(smooth(grey) - smooth(last)))
    return float(np.quantile(change[blocks], 0.9)) < _UNMOVED


def _judge(reference: Reference | None, grey: Grey) -> _Finding:
    if float(np.percentile(grey[_UNWRITTEN], 98)) < _BLACK:
        return _Finding(PictureState.BLACK)
    smoothed = smooth(grey)
    featureless = float(smoothed[_UNWRITTEN].std()) < _FEATURELESS
    textured = None if reference is None or reference.pictures < _LEARNT_AFTER else _textured(reference)
    if reference is None or textured is None or textured.sum() < _LEAST_TEXTURED:
        return _Finding(PictureState.COVERED if featureless else PictureState.OK)
    unmoving = _unmoving(reference, textured)
    alike = likeness(smoothed, smooth(reference.grey))
    if _is_blurred(reference, grey, unmoving):
        return _Finding(PictureState.DEFOCUSED)
    if is_moved(reference.grey, grey, unmoving) or is_moved(reference.latest, grey, textured):
        return _Finding(PictureState.MOVED)
    if featureless and alike[unmoving].mean() < _ALIKE:
        return _Finding(PictureState.COVERED)
    contrast = contrast_of(smoothed)
    change = _change(reference, contrast, textured, alike)
    if change.share < _COVERED or _have_people_left(reference, grey, change):
        return _Finding(PictureState.OK)
    return _Finding(PictureState.MOVED if change.is_view else PictureState.COVERED, change.where)


def _unmoving(reference: Reference, textured: Bools) -> Bools:
    """The blocks that tell of a room: those where nobody uses to be, or all where people fill the picture."""
    free = textured & (reference.occupied < _OCCUPIED)
    return free if free.sum() >= max(_LEAST_TEXTURED, _LEAST_FREE * textured.sum()) else textured


def _textured(reference: Reference) -> Bools:
    """The blocks that show something that stays, without time and place, which the camera itself writes and no cover
    hides."""
    lasting = np.minimum(reference.contrast, contrast_of(smooth(reference.grey)))
    textured: Bools = lasting >= _TEXTURED
    unwritten = textured.copy()
    unwritten[[0, -1]] = False
    return unwritten if unwritten.sum() >= _LEAST_TEXTURED else textured


def _change(reference: Reference, contrast: Blocks, judged: Bools, alike: Blocks) -> _Change:
    """What does not show what it did, as far as the light lets it be told.

    A block that shows something tells it by its structure, a plain one by having got some; each then goes by the
    majority about it, because now and then something else looks alike, and a thing that moves is small.
    """
    left = contrast[judged] / np.maximum(reference.contrast[judged], 1.0)
    light = float(np.clip(np.quantile(left, 0.8), 0.1, 1.0))
    telling = judged & (reference.contrast * light >= _TELLING)
    other = telling & (alike < _ALIKE)
    plain = reference.contrast < _TEXTURED
    plain[[0, -1]] = False
    gained = plain & (contrast >= np.maximum(_TEXTURED, 2 * reference.contrast))
    of_textured, _ = _mostly(other, telling)
    of_all, where = _mostly(other | gained, telling | plain)
    flat = other & (contrast < np.maximum(_FLAT * light * reference.contrast, _PLAIN))
    low, high = np.quantile(contrast[1:-1], (0.25, 0.75))
    is_view = (
        other.sum() > _ANOTHER_VIEW * telling.sum() and flat.sum() < _FLAT_SHARE * telling.sum() and low < _EVEN * high
    )
    return _Change(max(of_textured, of_all), where | other, gained, telling & ~other, bool(is_view))


def _mostly(some: Bools, of: Bools) -> tuple[float, Bools]:
    """Where most blocks of those about each are so, and the share of the picture that this is."""
    many = around(of)
    mostly: Bools = (2 * around(some) >= many) & (many > 0)
    return float(mostly.sum() / max(int((many > 0).sum()), 1)), mostly


def _have_people_left(reference: Reference, grey: Grey, change: _Change) -> bool:
    """Whether what has changed is where people used to be, and the places beside them are as they were."""
    occupied = reference.occupied >= _OCCUPIED
    if (change.where & occupied).sum() < _LEFT * change.where.sum():
        return False
    beside = (around(occupied) > 0) & (reference.contrast < _TEXTURED)
    beside[[0, -1]] = False
    if not beside.any():
        return True
    before, now = brightness_of(reference.grey), brightness_of(grey)
    told = change.same.sum() >= _LEAST_TEXTURED
    light = float(np.median((now / np.maximum(before, 1.0))[change.same])) if told else 1.0
    shade = np.abs(now - light * before) > _BRIGHTNESS
    return float((shade | change.gained)[beside].mean()) < _BESIDE


def _is_blurred(reference: Reference, grey: Grey, judged: Bools) -> bool:
    """Whether every detail is gone and the outlines have stayed."""
    left = sharpness_of(grey)[judged] / np.maximum(reference.sharpness[judged], 1e-6)
    if float(np.median(left)) >= _BLURRED:
        return False
    outlines = likeness(smooth(grey, _OUTLINE_PX), smooth(reference.grey, _OUTLINE_PX))
    return float(outlines[judged].mean()) >= _LEAST_OUTLINES


def _renewed(reference: Reference | None, grey: Grey) -> Reference:
    contrast, sharpness = contrast_of(smooth(grey)), sharpness_of(grey)
    if reference is None:
        return Reference(grey, grey, contrast, sharpness, np.zeros_like(contrast), 1, 0)
    share = max(1 / (reference.pictures + 1), 1 / _MEMORY)
    return Reference(
        reference.grey + share * (grey - reference.grey),
        grey,
        reference.contrast + share * (contrast - reference.contrast),
        reference.sharpness + share * (sharpness - reference.sharpness),
        reference.occupied,
        reference.pictures + 1,
        reference.looks,
    )
