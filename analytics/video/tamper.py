"""Is the camera's picture worth looking at: black, covered, defocused, moved, frozen, or ok.

A picture is judged small and grey, in blocks, against a reference that ok pictures slowly renew. A block that had
texture and still shows the same structure agrees; correlation is blind to brightness, so that a lamp or dusk change
little, and somebody before the camera hides only some of the blocks. Blocks gone flat were covered. A turn or shift (by
ORB features and RANSAC) that makes the blocks agree better when it is undone was a move; features on somebody who walks
don't do that. Focus is the Laplacian's variance divided by the grey variance, block by block against the reference.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from analytics.video.detection import Person, Picture
from analytics.video.picture import PictureState

WIDTH, HEIGHT = 320, 180
Grey = NDArray[np.float32]
Blocks = NDArray[np.float32]
Bools = NDArray[np.bool_]

FROZEN_AFTER_S = 30.0
ACCEPT_AFTER_S = 1800.0  # a new view that lasts this long is the camera's view from then on; its alert has been raised

_BLOCK = 20  # pixels
_UNWRITTEN = np.s_[_BLOCK:-_BLOCK]  # rows; above and below, cameras write time and place
_TEXTURED = 5.0  # standard deviation in grey levels from which a block shows something
_LEAST_TEXTURED = 10  # blocks; a picture with fewer gives nothing to compare
_AGREES = 0.45  # correlation with the reference
_ANOTHER_VIEW = 0.2  # share of the textured blocks that agree
_COVERED = 0.4  # share of the textured blocks gone flat
_FLAT = 0.25  # of the reference's contrast, allowing for the light
_DULL = 0.4  # of the reference's contrast: no other view, but cloth or a hand
_NOTHING = 2.5  # standard deviation of a block that shows nothing but a shade
_LEAST_FREE = 0.4  # share of the textured blocks; what is left beside people who fill the picture moves with them
_OCCUPIED = 0.2  # how often somebody is seen in a block that is a person's as much as the room's
_BRIGHTNESS = 12.0  # grey levels by which a bare wall may change
_BLACK = 28  # grey level that no more than 2 % of a black picture exceed
_FEATURELESS = 6.0  # standard deviation of a picture of nothing at all
_BLURRED = 0.25  # of the reference's sharpness
_STILL = 0.05  # mean difference in grey levels; a camera's own noise is more
_UNWATCHED_S = 15.0  # without a picture; what was in it nobody knows
_MOVED_PX = 6.0  # mean displacement of the corners: 2 % of the width, or 2 degrees
_UNMOVED = 0.97  # mean correlation of a picture that needs no search for a move
_BETTER = 0.05  # by which the mean correlation must grow when a move is undone
_LEAST_MATCHES = 6
_FEATURES = 300
_SOFT_CORNER, _HARD_CORNER = 10, 20  # grey levels
_LEARNT_AFTER = 3  # pictures
_MEMORY = 60.0  # pictures of which the reference is about the mean


@dataclass(frozen=True, slots=True)
class Reference:
    """What the camera usually shows: its picture, the contrast and sharpness of each block, how often somebody was
    seen in it (0 to 1), from `pictures` so far."""

    grey: Grey
    contrast: Blocks
    sharpness: Blocks
    occupied: Blocks
    pictures: int


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
    moved_since_s: float | None = None


def examine(state: Tamper, picture: Picture, t_s: float, media_s: float | None = None) -> Tamper:
    """The state after `picture`, taken at `t_s`; live, `media_s` is the camera's own time of it, which must go on."""
    if state.at_s is not None and t_s <= state.at_s:
        return state
    grey = grey_of(picture)
    still_since_s = _still_since(state, grey, t_s, media_s)
    found, since_s, moved_since_s = _judge(state.reference, grey), t_s, None
    usual = found is PictureState.OK
    if found is PictureState.MOVED:
        # people who fill the picture can look like a move once; a camera stays moved
        moved_since_s = since_s = t_s if state.moved_since_s is None else state.moved_since_s
        found = PictureState.OK if state.moved_since_s is None else PictureState.MOVED
    elif usual and still_since_s is not None and t_s - still_since_s >= FROZEN_AFTER_S:
        found, since_s = PictureState.FROZEN, still_since_s
    if found is state.picture and state.at_s is not None:
        since_s = state.since_s
    reference = state.reference
    if found is PictureState.MOVED and t_s - since_s >= ACCEPT_AFTER_S:
        reference = _renewed(None, grey)
    elif usual and found is PictureState.OK:
        reference = _renewed(reference, grey)
    return Tamper(found, since_s, t_s, reference, grey, media_s, still_since_s, moved_since_s)


def with_people(state: Tamper, people: Sequence[Person]) -> Tamper:
    """The state when `people` were found in its last picture: who is known to be there may leave, and bares a wall."""
    reference = state.reference
    if reference is None:
        return state
    here = np.zeros_like(reference.occupied)
    rows, columns = here.shape
    for person in people:
        top, bottom = int(person.y0 * rows), int(np.ceil(person.y1 * rows))
        left, right = int(person.x0 * columns), int(np.ceil(person.x1 * columns))
        here[top:bottom, left:right] = 1.0
    share = max(1 / reference.pictures, 1 / _MEMORY)
    occupied = reference.occupied + share * (here - reference.occupied)
    return replace(state, reference=replace(reference, occupied=occupied))


def grey_of(picture: Picture) -> Grey:
    """`picture` grey and small: shape (HEIGHT, WIDTH)."""
    small = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)


def _still_since(state: Tamper, grey: Grey, t_s: float, media_s: float | None) -> float | None:
    """Since when the picture has not changed, or the camera's clock has not gone on; None where they have, or where
    nobody looked for long. A clock that goes back is one that began anew, as with each connection."""
    if state.last is None or state.at_s is None or t_s - state.at_s > _UNWATCHED_S:
        return None
    stalled = media_s is not None and media_s == state.media_s
    if not stalled and float(np.abs(grey - state.last).mean()) >= _STILL:
        return None
    return state.at_s if state.still_since_s is None else state.still_since_s


def _judge(reference: Reference | None, grey: Grey) -> PictureState:
    if float(np.percentile(grey[_UNWRITTEN], 98)) < _BLACK:
        return PictureState.BLACK
    if float(_smooth(grey)[_UNWRITTEN].std()) < _FEATURELESS:
        return PictureState.COVERED
    if reference is None or reference.pictures < _LEARNT_AFTER:
        return PictureState.OK
    textured, free = reference.contrast >= _TEXTURED, reference.occupied < _OCCUPIED
    if textured.sum() < _LEAST_TEXTURED:
        return PictureState.OK
    told_by_people = (textured & free).sum() < max(_LEAST_TEXTURED, _LEAST_FREE * textured.sum())
    if not told_by_people:
        textured &= free
    all_agreement = _agreement(_smooth(grey), _smooth(reference.grey))
    agreement = all_agreement[textured]
    if agreement.mean() < _UNMOVED and _is_moved(reference.grey, grey, textured, float(agreement.mean())):
        return PictureState.MOVED
    agrees = agreement >= _AGREES
    if told_by_people and _is_as_before(reference, grey, free):
        agrees[:] = True  # what has changed is only that people have left
    elif _is_covered(reference, grey, textured, all_agreement >= _AGREES):
        return PictureState.COVERED
    if _is_blurred(reference, grey, textured, agrees):
        return PictureState.DEFOCUSED
    return PictureState.OK if agrees.mean() >= _ANOTHER_VIEW else PictureState.MOVED


def _is_covered(reference: Reference, grey: Grey, textured: Bools, agrees: Bools) -> bool:
    """Whether what showed something has gone flat, or cloth or a hand is all there is."""
    seen = textured.copy()
    seen[[0, -1]] = False  # time and place, which the camera itself writes, stay whatever covers it
    if seen.sum() < _LEAST_TEXTURED:
        seen = textured
    if (_gone_flat(reference, grey) & ~agrees)[seen].mean() >= _COVERED:
        return True
    dull = _contrast(grey)[seen].mean() < _DULL * reference.contrast[seen].mean()
    return bool(dull and agrees[seen].mean() < _ANOTHER_VIEW)


def _is_moved(before: Grey, now: Grey, textured: Bools, agreement: float) -> bool:
    """Whether turning and shifting `now` back makes it agree better with `before`; somebody who walks can't."""
    smooth_before, smooth_now = _smooth(before), _smooth(now)
    # many soft corners, or the few hard ones: plain walls have only these, and where people walk they are the wall's
    for a, b, least in ((smooth_before, smooth_now, _SOFT_CORNER), (before, now, _HARD_CORNER)):
        motion = _motion(a, b, least)
        if motion is None or _displacement_px(motion) < _MOVED_PX:
            continue
        back = cv2.warpAffine(
            smooth_now,
            motion,
            (WIDTH, HEIGHT),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        if (
            float(_agreement(back.astype(np.float32, copy=False), smooth_before)[textured].mean())
            >= agreement + _BETTER
        ):
            return True
    return False


def _motion(before: Grey, now: Grey, corner: int) -> NDArray[np.float64] | None:
    """The turn, shift and zoom (2x3) from `before` to `now` by corners at least so hard; None where they don't tell."""
    orb = cv2.ORB.create(_FEATURES, fastThreshold=corner)
    here, there = (orb.detectAndCompute(np.clip(p, 0, 255).astype(np.uint8), None) for p in (before, now))
    if min(len(here[0]), len(there[0])) < _LEAST_MATCHES:
        return None
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(here[1], there[1])
    if len(matches) < _LEAST_MATCHES:
        return None
    source = np.array([here[0][m.queryIdx].pt for m in matches])
    target = np.array([there[0][m.trainIdx].pt for m in matches])
    motion, _ = cv2.estimateAffinePartial2D(source, target, method=cv2.RANSAC, ransacReprojThreshold=3.0)
    return None if motion is None else motion.astype(np.float64)


def _displacement_px(motion: NDArray[np.float64]) -> float:
    corners = np.array([(0, 0, 1), (WIDTH, 0, 1), (0, HEIGHT, 1), (WIDTH, HEIGHT, 1)], np.float64)
    return float(np.linalg.norm(corners @ motion.T - corners[:, :2], axis=1).mean())


def _agreement(grey: Grey, reference: Grey) -> Blocks:
    """The correlation of each block with the reference's, whatever their brightness and contrast."""
    a, b = _blocks(grey), _blocks(reference)
    a, b = a - a.mean(axis=-1, keepdims=True), b - b.mean(axis=-1, keepdims=True)
    norm = np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))
    agreement: Blocks = (a * b).sum(axis=-1) / np.maximum(norm, 1e-3)
    return agreement


def _gone_flat(reference: Reference, grey: Grey) -> Bools:
    """Blocks that show much less than in the reference, darker or brighter light allowed for."""
    light = np.clip(grey.mean() / max(float(reference.grey.mean()), 1.0), 0.5, 1.0)
    flat: Bools = _contrast(grey) < np.maximum(_FLAT * light * reference.contrast, _NOTHING)
    return flat


def _is_blurred(reference: Reference, grey: Grey, textured: Bools, agrees: Bools) -> bool:
    if agrees.sum() < _LEAST_TEXTURED:
        return False
    share = (_sharpness(grey) / np.maximum(reference.sharpness, 1e-6))[textured][agrees]
    return float(np.median(share)) < _BLURRED


def _is_as_before(reference: Reference, grey: Grey, free: Bools) -> bool:
    """Whether the places where nobody used to be are as bright as they were."""
    change = np.abs(_blocks(grey).mean(axis=-1) - _blocks(reference.grey).mean(axis=-1))
    return bool(free.any()) and float((change[free] > _BRIGHTNESS).mean()) < _COVERED


def _smooth(grey: Grey) -> Grey:
    """Without the noise of single pixels."""
    return cv2.GaussianBlur(grey, (0, 0), 1.2).astype(np.float32, copy=False)


def _renewed(reference: Reference | None, grey: Grey) -> Reference:
    contrast, sharpness = _contrast(grey), _sharpness(grey)
    if reference is None:
        return Reference(grey, contrast, sharpness, np.zeros_like(contrast), 1)
    share = max(1 / (reference.pictures + 1), 1 / _MEMORY)
    return Reference(
        reference.grey + share * (grey - reference.grey),
        reference.contrast + share * (contrast - reference.contrast),
        reference.sharpness + share * (sharpness - reference.sharpness),
        reference.occupied,
        reference.pictures + 1,
    )


def _contrast(grey: Grey) -> Blocks:
    contrast: Blocks = _blocks(_smooth(grey)).std(axis=-1)
    return contrast


def _sharpness(grey: Grey) -> Blocks:
    """The variance of the Laplacian by that of the grey levels; noise of single pixels is smoothed away before."""
    smooth = cv2.GaussianBlur(grey, (3, 3), 0).astype(np.float32, copy=False)
    edges = cv2.Laplacian(smooth, cv2.CV_32F).astype(np.float32, copy=False)
    sharpness: Blocks = _blocks(edges).var(axis=-1) / (_blocks(smooth).var(axis=-1) + 4)
    return sharpness


def _blocks(grey: Grey) -> Grey:
    """Shape (rows, columns, pixels of a block)."""
    rows, columns = HEIGHT // _BLOCK, WIDTH // _BLOCK
    return grey.reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2).reshape(rows, columns, _BLOCK * _BLOCK)
