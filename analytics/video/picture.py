"""What can be wrong with a camera's picture."""

from enum import StrEnum


class PictureState(StrEnum):
    """What is wrong with a picture, or OK."""

    OK = "ok"
    BLACK = "black"
    COVERED = "covered"
    DEFOCUSED = "defocused"
    MOVED = "moved"
    FROZEN = "frozen"
