"""What can be wrong with a camera."""

from enum import StrEnum


class Fault(StrEnum):
    """A fault that can be commanded: first those of the wire, then of the stream, then of the picture."""

    DIE = "die"  # connections close, the port refuses
    STALL = "stall"  # connections stay open, nothing comes, no request is answered
    WRONG_AUTH = "wrong-auth"  # connections close, no password is taken
    GARBAGE = "garbage"  # random bytes instead of every payload

    CLOCK_JUMP = "clock-jump"  # the camera's clock is a day ahead
    CLOCK_ZERO = "clock-zero"  # its sender reports say zero for the time of day
    CLOCK_UPTIME = "clock-uptime"  # or how long it runs
    CLOCK_UNIX = "clock-unix"  # or seconds since 1970 where those since 1900 belong
    CLOCK_1969 = "clock-1969"
    CLOCK_WILD = "clock-wild"  # or anything, another time in each
    NO_KEYFRAME = "no-keyframe"
    RESOLUTION = "resolution"  # another picture size, and so other parameter sets, in mid-stream

    FREEZE = "freeze"  # one picture again and again, its clock too
    BLACK = "black"
    COVERED = "covered"
    BLUR = "blur"
    MOVED = "moved"
