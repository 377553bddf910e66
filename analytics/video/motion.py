"""Whether a camera turned: a motion between two pictures that, undone, makes them alike.

A small one is found by alignment (ECC, Evangelidis and Psarakis 2008), a large one by features (ORB, RANSAC). Somebody
who walks leads to a motion too, but to undo it makes nothing alike but him.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from analytics.video.blocks import HEIGHT, WIDTH, Blocks, Bools, Grey, brightness_of, likeness, smooth

_MOVED_PX = 6.0  # mean displacement of the corners: 2 % of the width, or 2 degrees
_UNMOVED = 0.97  # mean likeness of pictures that need no search for a move
_BETTER = 0.35  # the share of what is unlike that must be gone when a move is undone; people who lean explain .31
_ALIKE = 0.45  # the least mean likeness of what both pictures show, when a move is undone
_IN_PLACE = 0.65  # mean likeness of pictures that alignment, where it finds no move, is believed about
_WHOLE = 0.99  # the share of a block that both show
_LEAST_COMMON = 8  # blocks that both pictures show
_COMMON = 0.35  # share of the blocks that both show: some motion always explains a few, in the folds of a cloth too
_LEAST_MATCHES = 6
_SURE_MATCHES = 25  # that stay where they were: the camera did
_FEATURES = 300
_LEVELS = 5
_SOFT_CORNER, _HARD_CORNER = 10, 20  # grey levels
_HALF = (WIDTH // 2, HEIGHT // 2)
_STEPS = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 30, 1e-3)
_ALIGNED_PX = 5  # the blur by which alignment sees its way

Motion = NDArray[np.float64]


def is_moved(before: Grey, now: Grey, judged: Bools) -> bool:
    """Whether turning and shifting `now` back makes it more like `before` in the blocks `judged`."""
    smooth_before, smooth_now = smooth(before), smooth(now)
    alike = likeness(smooth_now, smooth_before)
    if alike[judged].mean() >= _UNMOVED:
        return False
    motion = _aligned(smooth_before, smooth_now, judged)
    if motion is not None:
        if _displacement_px(motion) < _MOVED_PX:
            if alike[judged].mean() >= _IN_PLACE:
                return False
        elif _explains(motion, smooth_before, smooth_now, judged, alike):
            return True
    # many soft corners, or the few hard ones: plain walls have only these, and where people walk they are the wall's
    for a, b, corner in ((smooth_before, smooth_now, _SOFT_CORNER), (before, now, _HARD_CORNER)):
        motion, matches = _matched(a, b, corner)
        if motion is None:
            continue
        if _displacement_px(motion) >= _MOVED_PX:
            if _explains(motion, smooth_before, smooth_now, judged, alike):
                return True
        elif matches >= _SURE_MATCHES:
            return False
    return False


def _explains(motion: Motion, before: Grey, now: Grey, judged: Bools, alike: Blocks) -> bool:
    common = judged & (brightness_of(_undone(np.ones_like(now), motion)) > _WHOLE)
    if common.sum() < max(_LEAST_COMMON, _COMMON * judged.sum()):
        return False
    undone = float(likeness(_undone(now, motion), before)[common].mean())
    unlike = 1 - float(alike[common].mean())
    return undone >= _ALIKE and unlike - (1 - undone) >= _BETTER * unlike


def _undone(now: Grey, motion: Motion) -> Grey:
    """As if the camera had not moved; 0 where it does not look any more."""
    back = cv2.warpAffine(now, motion, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return back.astype(np.float32, copy=False)


def _aligned(before: Grey, now: Grey, judged: Bools) -> Motion | None:
    """The turn and shift (2x3) from `before` to `now`, found step by step; None where the steps lead nowhere."""
    mask = cv2.resize(judged.astype(np.uint8), _HALF, interpolation=cv2.INTER_NEAREST)
    small_before, small_now = (cv2.resize(p, _HALF, interpolation=cv2.INTER_AREA) for p in (before, now))
    start = np.eye(2, 3, dtype=np.float32)
    try:
        _, found = cv2.findTransformECC(small_before, small_now, start, cv2.MOTION_EUCLIDEAN, _STEPS, mask, _ALIGNED_PX)
    except cv2.error:  # it does not converge
        return None
    motion = found.astype(np.float64)
    motion[:, 2] *= 2
    return motion


def _matched(before: Grey, now: Grey, corner: int) -> tuple[Motion | None, int]:
    """The turn, shift and zoom (2x3) from `before` to `now` by corners at least so hard, and how many follow it."""
    orb = cv2.ORB.create(_FEATURES, nlevels=_LEVELS, fastThreshold=corner)
    here, there = (orb.detectAndCompute(np.clip(p, 0, 255).astype(np.uint8), None) for p in (before, now))
    if min(len(here[0]), len(there[0])) < _LEAST_MATCHES:
        return None, 0
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(here[1], there[1])
    if len(matches) < _LEAST_MATCHES:
        return None, 0
    source = np.array([here[0][m.queryIdx].pt for m in matches])
    target = np.array([there[0][m.trainIdx].pt for m in matches])
    motion, follow = cv2.estimateAffinePartial2D(source, target, method=cv2.RANSAC, ransacReprojThreshold=3.0)
    return (None, 0) if motion is None else (motion.astype(np.float64), int(follow.sum()))


def _displacement_px(motion: Motion) -> float:
    corners = np.array([(0, 0, 1), (WIDTH, 0, 1), (0, HEIGHT, 1), (WIDTH, HEIGHT, 1)], np.float64)
    return float(np.linalg.norm(corners @ motion.T - corners[:, :2], axis=1).mean())
