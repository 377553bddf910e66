"""Whether a camera's sensor hangs, though its encoder goes on and the time burnt into the picture ticks.

A live sensor has noise, which is another in every picture; what an encoder makes of the one picture of a hung sensor
differs only by how coarsely it is coded, and spreads from the digits that tick, as blocks are predicted from those
above and to the left of them. So each picture is compared with those before it, tile by tile, exactly.

What tells is a tile all of whose neighbours that it may be predicted from are as they were: of a hung sensor it stays,
for nothing is left that could change it; of a live one its own noise changes it, or has changed the neighbours before.
Only tiles with detail are asked, for what an encoder predicts whole has no noise to lose. Where a picture is too coarse
to have any, it *comes again* if it is the same but for what spreads from a few tiles, whatever is in them.

Between keyframes a thrifty encoder copies, be the sensor live or not. So a picture that is the same as the one before
it is compared only with those that can't belong to its group of pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from analytics.video.detection import Picture

TILE = 16  # pixels: a macroblock of H.264
_MEMORY_S = 40.0
_JUDGED_S = 20.0
_JUDGED = 4  # pictures at least, where keyframes are rare
_FEWEST = 2  # pictures that tell so
_COPIED = 0.98  # share of the tiles that are as in the picture before
_GROUP_S = 11.0  # of the longest group of pictures, where nobody knows
_WRITTEN = 9  # the first and the last ninth of the rows, in which cameras write time and place
_SAME = 0.6  # share of the lit tiles of a picture that comes again
_ORIGINS = 1 / 700  # of the tiles, at most
_LIT = (8, 247)  # grey levels; beyond, a sensor is at its limit and has no noise
_MOST = 0.3  # share of the pictures; of a live sensor's one in ten comes again at the very most
_CHANGED = 0.06  # share of the tiles whose neighbours stayed; of a live sensor's one in ten and more
_TELLING = 5  # such tiles, from which on they say something
_FEWEST_TILES = 30  # at different places,
_COVERAGE = 0.15  # at this share of those with detail, of a live sensor's less than a tenth,
_QUARTERS = 3  # and in so many quarters of the picture, for a part of it can be a still
_DETAILED = 1 / 12  # share of the tiles, at least; fewer are left where the coarseness is all but the coarsest
_DETAIL = 1.0  # grey levels
_RECENT = 7  # pictures at most, and of so many seconds; where they don't tell of a hung sensor, it lives again
_RECENT_S = 12.0
_CHANGED_OF_FEW = 0.2  # share of the tiles in so few pictures; of a live sensor's nearly all
_INSIDE = 13  # pixels of a tile that smoothing across its right and lower edge leaves alone
_LOOKED_AT = (slice(2, _INSIDE - 1, 4), slice(3, _INSIDE, 4))  # rows of a tile, and those below them

Sums = NDArray[np.uint32]
Bools = NDArray[np.bool_]

_DOWN = np.random.default_rng(17).integers(1, 256, _INSIDE).astype(np.float32)
_ACROSS = np.zeros(TILE)
_ACROSS[:_INSIDE] = np.random.default_rng(16).integers(1, 256, _INSIDE)


@dataclass(frozen=True, slots=True)
class Tiles:
    """A picture in tiles, each shape (rows, columns): `sums` of what is inside, which are equal where that is; which
    are `lit`; and which are `detailed`, that is, differ along both axes by more than any prediction from an edge
    does."""

    sums: Sums
    lit: Bools
    detailed: Bools


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture: its `sums`, how many of its tiles are `lit` and `detailed`, and of the picture before that is most
    like it the time, how many lit tiles are the same, and how many changed by themselves. Of the tiles with detail
    whose neighbours are the same: where they are, how many, and how many of them changed."""

    at_s: float
    sums: Sums
    lit: int
    detailed: int
    like_s: float
    same: int
    origins: int
    places: Bools
    asked: int
    changed: int

    @property
    def comes_again(self) -> bool:
        few_origins = self.origins <= max(1, _ORIGINS * self.sums.size)
        return self.same >= max(_FEWEST_TILES, _SAME * self.lit) and few_origins

    @property
    def stays(self) -> bool:
        return self.asked >= _TELLING and self.changed <= _CHANGED * self.asked


Memory = tuple[Seen, ...]


def remembered(memory: Memory, picture: Picture, t_s: float, group_s: float | None = None) -> Memory:
    """The pictures of the last `_MEMORY_S` after one more, taken at `t_s`. Where not all of them are keyframes,
    `group_s` is the length of the longest group of pictures, in seconds."""
    tiles = tiles_of(picture)
    kept = tuple(seen for seen in memory if t_s - seen.at_s <= _MEMORY_S and seen.sums.shape == tiles.sums.shape)
    return (*kept, _seen(kept, tiles, t_s, group_s))


def hangs_since(memory: Memory, group_s: float | None = None) -> float | None:
    """Since when the sensor hangs, by the pictures that tell so; None where they are too few, or none of late."""
    if not hangs_still(memory, group_s):
        return None
    latest = memory[-max(_JUDGED, len(_last(memory, _JUDGED_S))) :]
    found = []
    for alike, enough in ((_comes_again, _mostly_again), (_stays, _mostly_stay)):
        known = [seen.like_s for seen in memory if alike(seen)]
        since_s = min(known, default=0.0)
        after = [seen for seen in memory if seen.at_s > since_s]
        if len(known) >= _FEWEST and enough(latest) and enough(after):
            found.append(since_s)
    return min(found, default=None)


def hangs_still(memory: Memory, group_s: float | None = None) -> bool:
    """Whether a sensor that is known to hang does so by the last few pictures, or those of the last group of pictures,
    of which the later ones tell little."""
    recent = _last(memory, _RECENT_S)[-_RECENT:] if group_s is None else _last(memory, group_s + _RECENT_S)
    asked, changed = _asked(recent)
    told = asked >= _TELLING and changed <= _CHANGED_OF_FEW * asked and _are_detailed(recent)
    return told or any(map(_comes_again, recent))


def _last(memory: Memory, seconds: float) -> Memory:
    return tuple(seen for seen in memory if memory[-1].at_s - seen.at_s < seconds)


def _comes_again(seen: Seen) -> bool:
    return seen.comes_again


def _stays(seen: Seen) -> bool:
    return seen.stays


def _mostly_again(pictures: Sequence[Seen]) -> bool:
    return sum(seen.comes_again for seen in pictures) >= _MOST * len(pictures)


def _mostly_stay(pictures: Sequence[Seen]) -> bool:
    asked, changed = _asked(pictures)
    places: Bools = np.logical_or.reduce([seen.places for seen in pictures])
    detailed = sum(seen.detailed for seen in pictures) / len(pictures)
    everywhere = places.sum() >= max(_FEWEST_TILES, _COVERAGE * detailed) and _quarters(places) >= _QUARTERS
    return bool(everywhere) and changed <= _CHANGED * asked and _are_detailed(pictures)


def _are_detailed(pictures: Sequence[Seen]) -> bool:
    tiles = sum(seen.sums.size for seen in pictures)
    return sum(seen.detailed for seen in pictures) >= _DETAILED * tiles


def _quarters(places: Bools) -> int:
    """In how many quarters of the picture there are any."""
    rows, columns = places.shape
    halves = (places[: rows // 2], places[rows // 2 :])
    return sum(bool(half.any()) for both in halves for half in (both[:, : columns // 2], both[:, columns // 2 :]))


def _asked(pictures: Sequence[Seen]) -> tuple[int, int]:
    """How many tiles were asked, and how many of them changed."""
    return sum(seen.asked for seen in pictures), sum(seen.changed for seen in pictures)


def tiles_of(picture: Picture) -> Tiles:
    """The tiles of `picture`, with sums so weighted that tiles which differ hardly ever have the same."""
    rows, columns = picture.shape[0] // TILE, picture.shape[1] // TILE
    whole = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    grey = whole[: rows * TILE, : columns * TILE].reshape(rows, TILE, columns * TILE)
    down = np.einsum("t,rtx->rx", _DOWN, grey[:, :_INSIDE].astype(np.float32))  # < 2^24: exact
    across = down.reshape(rows, columns, TILE).astype(np.float64) @ _ACROSS  # < 2^32
    darkest, brightest = _LIT
    middle = grey[:, TILE // 2, TILE // 2 :: TILE]
    return Tiles(across.astype(np.uint32), (middle >= darkest) & (middle <= brightest), _detailed(grey))


def _detailed(grey: NDArray[np.uint8]) -> Bools:
    """Which tiles differ along both axes; `grey` has the shape (rows of tiles, rows of a tile, width)."""
    upper, lower = (grey[:, rows].astype(np.int16) for rows in _LOOKED_AT)
    both = np.abs(np.diff(lower - upper, axis=2, append=0)).sum(axis=1, dtype=np.int32)
    inside = both.reshape(len(grey), grey.shape[2] // TILE, TILE)[:, :, : _INSIDE - 1]
    detailed: Bools = inside.sum(axis=2) >= _DETAIL * upper.shape[1] * (_INSIDE - 1)
    return detailed


def _seen(memory: Memory, tiles: Tiles, t_s: float, group_s: float | None) -> Seen:
    lit, detailed = int(tiles.lit.sum()), int(tiles.detailed.sum())
    nothing = Seen(t_s, tiles.sums, lit, detailed, t_s, 0, 0, np.zeros_like(tiles.detailed), 0, 0)
    if not memory or not tiles.sums.size:
        return nothing
    same: Bools = np.stack([seen.sums for seen in memory]) == tiles.sums
    counts = same.sum(axis=(1, 2))
    if group_s is not None or counts[-1] >= _COPIED * tiles.sums.size:
        longest_s = _GROUP_S if group_s is None else group_s
        counts = counts * np.array([t_s - seen.at_s > longest_s for seen in memory])
    best = int(counts.argmax())
    if not counts[best]:
        return nothing
    changed = ~same[best]
    alone = _unwritten(~_neighboured(changed))
    places = alone & tiles.detailed
    return Seen(
        t_s,
        tiles.sums,
        lit,
        detailed,
        memory[best].at_s,
        same=int((same[best] & tiles.lit).sum()),
        origins=int((changed & alone).sum()),
        places=places,
        asked=int(places.sum()),
        changed=int((changed & places).sum()),
    )


def _neighboured(changed: Bools) -> Bools:
    """To which tiles a change can have spread from a neighbour to the left, above, or, as in H.265, below to the
    left."""
    padded = np.pad(changed, 1)
    spread: Bools = padded[1:-1, :-2] | padded[:-2, :-2] | padded[:-2, 1:-1] | padded[:-2, 2:] | padded[2:, :-2]
    return spread


def _unwritten(tiles: Bools) -> Bools:
    """Without the rows of tiles in which cameras write."""
    rows = len(tiles)
    written = max(1, round(rows / _WRITTEN))
    left = np.zeros_like(tiles)
    left[written : rows - written] = tiles[written : rows - written]
    return left
