"""The rules as the bureau edits them."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Strict

from analytics.catalogue import all_rules
from analytics.rulebook import Rule, RuleError, Text
from console.api.context import ACTOR, NowS, Store, whole
from console.api.shapes import Grade, Rows, RuleRow
from store import rules
from store.errors import NotFound

router = APIRouter(prefix="/rules", tags=["rules"])

_OTHER_UNIT = {"minutes": "seconds", "seconds": "minutes"}


class Bilingual(BaseModel):
    """A text in Chinese and English."""

    model_config = ConfigDict(extra="forbid")
    zh: str
    en: str


class RuleEdit(BaseModel):
    """What is to change; the rest stays."""

    model_config = ConfigDict(extra="forbid")
    grade: Grade | None = None
    enabled: bool | None = None
    parameters: dict[str, Annotated[float, Strict()]] | None = None
    basis: Bilingual | None = None


@router.get("", response_model=Rows[RuleRow])
async def list_rules(store: Store) -> Any:
    """The newest version of every rule; `limits` says what each parameter means and how far it may go."""
    return whole([_with_limits(row) for row in await rules.current(store)])


@router.get("/{rule}", response_model=Rows[RuleRow])
async def list_versions(store: Store, rule: str) -> Any:
    """All versions of one rule, newest first: old alerts rest on old versions."""
    versions = await rules.versions(store, rule)
    if not versions:
        raise NotFound(f"rule {rule}: there is none with this id")
    return whole([_with_limits(row) for row in versions])


@router.put("/{rule}", response_model=RuleRow)
async def edit_rule(store: Store, now_s: NowS, rule: str, edit: RuleEdit) -> Any:
    """A new version with what is told; the versions before it are kept."""
    known = all_rules().rules.get(rule)
    if known is None:
        raise NotFound(f"rule {rule}: there is none with this id")
    changes = edit.model_dump(exclude_none=True)
    if edit.parameters is not None:
        changes["parameters"] = _checked(known, edit.parameters)
    return _with_limits(await rules.edit(store, rule, changes, author=ACTOR, now_s=now_s))


def _checked(rule: Rule, told: Mapping[str, float]) -> dict[str, float]:
    """The parameters by the rule's own names and in its units."""
    for name in ("grade", "enabled", "version"):
        if name in told:
            raise RuleError(f"parameters.{name}", "is not a parameter", "one of " + ", ".join(rule.parameters))
    values = all_rules().amended({rule.id: told}, "rules")[rule.id].values
    names = [name if name in rule.parameters else _OTHER_UNIT[name] for name in told]
    return {name: values[name] for name in names}


def _with_limits(row: dict[str, Any]) -> dict[str, Any]:
    known = all_rules().rules.get(row["id"])
    limits = {
        name: {"default": p.default, "least": p.least, "most": p.most, "meaning": _text(p.meaning)}
        for name, p in (known.parameters if known else {}).items()
    }
    return row | {"limits": limits}


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
