"""Whether a camera's sensor hangs, though its encoder goes on and the time burnt into the picture ticks.

A live sensor has noise, which is another in every picture; what an encoder makes of the one picture of a hung sensor
differs only by how coarsely it is coded, and spreads from the digits that tick, as blocks are predicted from those
above and to the left of them. So each picture is compared with those before it, tile by tile, exactly. It *comes again*
where one of them is the same but for what spreads from a few tiles, as happens whenever the encoder comes back to a
coarseness. Of a live sensor, tiles differ that have nothing to do with each other, or all do.

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
_FEWEST = 2  # pictures that come again
_COPIED = 0.98  # share of the tiles that are as in the picture before
_GROUP_S = 11.0  # of the longest group of pictures, where nobody knows
_WRITTEN = 9  # the first and the last ninth of the rows, in which cameras write time and place
_SAME = 0.6  # share of the tiles of a picture that comes again
_ORIGINS = 1 / 700  # of the tiles, at most
_MOST = 0.3  # share of the pictures; of a live sensor's one in ten comes again at the very most
_SOME_SAME = 0.2  # share of the tiles that suffices, on average,
_FEW_ORIGINS = 0.003  # where so few changed by themselves, by those that are the same: of a live sensor's .005 and more

Tiles = NDArray[np.uint32]
Bools = NDArray[np.bool_]

_ACROSS = np.random.default_rng(16).integers(1, 256, TILE).astype(np.float32)
_DOWN = np.random.default_rng(17).integers(1, 256, TILE).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture: what its tiles show, as sums that are equal where they are, and of the picture before that is most
    like it the time, how many tiles are the same, and how many changed by themselves."""

    at_s: float
    tiles: Tiles
    like_s: float
    same: int
    origins: int

    @property
    def share(self) -> float:
        return self.same / max(1, self.tiles.size)

    @property
    def comes_again(self) -> bool:
        return self.share >= _SAME and self.origins <= max(1, _ORIGINS * self.tiles.size)


Memory = tuple[Seen, ...]


def remembered(memory: Memory, picture: Picture, t_s: float, group_s: float | None = None) -> Memory:
    """The pictures of the last `_MEMORY_S` after one more, taken at `t_s`. Where not all of them are keyframes,
    `group_s` is the length of the longest group of pictures, in seconds."""
    return with_tiles(memory, tiles_of(picture), t_s, group_s)


def with_tiles(memory: Memory, tiles: Tiles, t_s: float, group_s: float | None = None) -> Memory:
    """As `remembered`, of a picture of which only the tiles are left."""
    kept = tuple(seen for seen in memory if t_s - seen.at_s <= _MEMORY_S and seen.tiles.shape == tiles.shape)
    return (*kept, _seen(kept, tiles, t_s, group_s))


def hangs_since(memory: Memory) -> float | None:
    """Since when the sensor hangs, by the pictures that came again; None where they are too few."""
    latest = [seen for seen in memory if memory[-1].at_s - seen.at_s < _JUDGED_S]
    for alike, enough in ((_comes_again, _mostly_again), (_is_like_one, _partly_again)):
        known = [seen.like_s for seen in memory if alike(seen)]
        since_s = min(known, default=0.0)
        after = [seen for seen in memory if seen.at_s > since_s]
        if len(known) >= _FEWEST and enough(latest) and enough(after):
            return since_s
    return None


def _comes_again(seen: Seen) -> bool:
    return seen.comes_again


def _is_like_one(seen: Seen) -> bool:
    return seen.share >= _SOME_SAME


def _mostly_again(pictures: Sequence[Seen]) -> bool:
    return sum(seen.comes_again for seen in pictures) >= _MOST * len(pictures)


def _partly_again(pictures: Sequence[Seen]) -> bool:
    same, origins = sum(seen.same for seen in pictures), sum(seen.origins for seen in pictures)
    tiles = sum(seen.tiles.size for seen in pictures)
    return same >= _SOME_SAME * tiles and origins <= _FEW_ORIGINS * same


def tiles_of(picture: Picture) -> Tiles:
    """Sums over each tile of `picture`, weighted so that tiles which differ hardly ever have the same: shape (rows,
    columns)."""
    rows, columns = picture.shape[0] // TILE, picture.shape[1] // TILE
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[: rows * TILE, : columns * TILE].astype(np.float32)
    across = (grey.reshape(-1, TILE) @ _ACROSS).reshape(rows, TILE, columns)  # whole numbers below 2^24: exact
    sums: Tiles = np.einsum("rtc,t->rc", across, _DOWN).astype(np.int64).astype(np.uint32)
    return sums


def _seen(memory: Memory, tiles: Tiles, t_s: float, group_s: float | None) -> Seen:
    if not memory or not tiles.size:
        return Seen(t_s, tiles, t_s, 0, 0)
    same: Bools = np.stack([seen.tiles for seen in memory]) == tiles
    counts = same.sum(axis=(1, 2))
    if group_s is not None or counts[-1] >= _COPIED * tiles.size:
        longest_s = _GROUP_S if group_s is None else group_s
        counts = counts * np.array([t_s - seen.at_s > longest_s for seen in memory])
    best = int(counts.argmax())
    if not counts[best]:
        return Seen(t_s, tiles, t_s, 0, 0)
    return Seen(t_s, tiles, memory[best].at_s, int(counts[best]), _origins(~same[best]))


def _origins(changed: Bools) -> int:
    """In how many tiles a change can't have spread from a neighbour to the left, above, or, as in H.265, below to the
    left; without those in which cameras write."""
    padded = np.pad(changed, 1)
    spread = padded[1:-1, :-2] | padded[:-2, :-2] | padded[:-2, 1:-1] | padded[:-2, 2:] | padded[2:, :-2]
    return int((changed & ~spread)[_unwritten(changed.shape[0])].sum())


def _unwritten(rows: int) -> slice:
    """The rows of tiles in which cameras write nothing."""
    written = max(1, round(rows / _WRITTEN))
    return slice(written, rows - written)
