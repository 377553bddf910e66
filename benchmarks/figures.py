"""What a benchmark found, and the table that the README shows."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `met` says whether a target was reached; None where there is none."""

    what: str
    found: str
    target: str = ""
    met: bool | None = None


def at_least(what: str, found: float, target: float, unit: str) -> Figure:
    """A rate that should reach `target`."""
    return Figure(what, f"{found:,.0f} {unit}", f"≥ {target:,.0f}", found >= target)


def at_most(what: str, found: float, target: float, unit: str, digits: int = 2) -> Figure:
    """A time or a ratio that should stay below `target`."""
    return Figure(what, f"{found:,.{digits}f} {unit}".strip(), f"≤ {target:g}", found <= target)


def markdown(figures: Iterable[Figure]) -> str:
    """The figures as a Markdown table."""
    mark = {True: "yes", False: "**no**", None: ""}
    lines = ["| what | measured | target | met |", "|---|---|---|---|"]
    lines += [f"| {f.what} | {f.found} | {f.target} | {mark[f.met]} |" for f in figures]
    return "\n".join(lines)
