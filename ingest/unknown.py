"""What becomes of a device that nobody has named."""

from enum import StrEnum


class Unknown(StrEnum):
    """What becomes of a device that is not known."""

    HOLD = "hold"  # listed, with its latest fixes, until somebody accepts it
    ACCEPT = "accept"
    REFUSE = "refuse"  # what it sends is dropped and counted
