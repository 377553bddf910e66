"""What of a page can't be read or reached: asked of the browser, which knows boxes and styles."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_QUESTIONS = (Path(__file__).parent / "layout.js").read_text("utf-8")
# What a page does when a size changed, it does before it draws: whoever observes sizes last comes after all others.
_DRAWN = "await new Promise((drawn) => new ResizeObserver(drawn).observe(document.documentElement));"


def cut(page: Page) -> list[str]:
    """Words that reach out of the window, or of what holds them and does not scroll."""
    return list(_ask(page, "cut"))


def covered(page: Page) -> list[str]:
    """Controls that lie under something else, though they were scrolled to."""
    return list(_ask(page, "covered"))


def small(page: Page, least_px: float) -> list[str]:
    """Acts that are lower than a finger needs."""
    return list(_ask(page, "small", least_px))


def tiny(page: Page, least_px: float) -> list[str]:
    """Words in smaller type than that; key caps aside."""
    return list(_ask(page, "tiny", least_px))


def meet(page: Page, one: str, other: str) -> bool:
    """Whether the boxes of two elements overlap."""
    return bool(_ask(page, "meet", [one, other]))


def _ask(page: Page, question: str, about: object = None) -> Any:
    return page.evaluate(f"async (about) => {{ {_DRAWN} return ({_QUESTIONS.strip()}).{question}(about); }}", about)
