"""What kind of day a demonstration shows."""

from enum import StrEnum


class Day(StrEnum):
    """`NORMAL`: a few things an hour, as two people meet them. `INCIDENTS`: something every few minutes."""

    NORMAL = "normal"
    INCIDENTS = "incidents"
