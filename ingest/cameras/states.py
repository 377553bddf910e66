"""How a camera is, in words that the wall, the database and the rules share."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What a source makes of its camera."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALLED = "stalled"  # the connection stands and nothing comes
    LOST = "lost"
    REFUSED = "refused"  # wrong user name, password or path
    UNUSABLE = "unusable"  # what comes is no video that we take


@dataclass(frozen=True, slots=True)
class Condition:
    """A state, since when (Unix seconds), and where it is not live, why: what came and what was expected."""

    state: State
    since_s: float
    reason: str | None = None


class SourceFault(Exception):  # noqa: N818  (a state of the world)
    """Why a connection came to nothing or to its end. The reason never holds an address or a password."""

    def __init__(self, state: State, reason: str) -> None:
        super().__init__(f"{state}: {reason}")
        self.state = state
        self.reason = reason
