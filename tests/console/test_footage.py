"""Video files as pictures."""

import struct
from pathlib import Path

import av
import numpy as np
import pytest

from analytics.video.detection import Picture
from console.footage import frames_of, pace_of, picture_of

WIDTH, HEIGHT = 64, 32
_MATRIX_AT = 44  # bytes from the type of a version 0 `tkhd` box to its matrix (ISO/IEC 14496-12)


def film(file: Path, turn: tuple[int, int, int, int]) -> None:
    """A picture whose left upper quarter is white, in a file that asks players to apply the matrix `turn` to it."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[: HEIGHT // 2, : WIDTH // 2] = 255
    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    whole = bytearray(file.read_bytes())
    at = whole.index(b"tkhd") + _MATRIX_AT
    a, b, c, d = turn
    whole[at : at + 36] = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    file.write_bytes(whole)


def first(file: Path) -> Picture:
    _, frame = next(iter(frames_of(file, pace_of(file), False, lambda _line: None)))
    return picture_of(frame)


@pytest.mark.parametrize(
    ("turn", "shape", "white"),
    [
        ((1, 0, 0, 1), (HEIGHT, WIDTH), (0, 0)),
        ((0, 1, -1, 0), (WIDTH, HEIGHT), (0, 1)),  # a phone held upright: a quarter clockwise
        ((-1, 0, 0, -1), (HEIGHT, WIDTH), (1, 1)),
        ((0, -1, 1, 0), (WIDTH, HEIGHT), (1, 0)),
    ],
)
def test_a_film_is_seen_as_it_was_held(
    tmp_path: Path, turn: tuple[int, int, int, int], shape: tuple[int, int], white: tuple[int, int]
) -> None:
    film(tmp_path / "film.mp4", turn)
    picture = first(tmp_path / "film.mp4")
    assert picture.shape == (*shape, 3)
    half = shape[0] // 2, shape[1] // 2
    quarters = {
        (row, column): picture[row * half[0] :, column * half[1] :][: half[0], : half[1]].mean()
        for row in (0, 1)
        for column in (0, 1)
    }
    assert max(quarters, key=lambda place: quarters[place]) == white
