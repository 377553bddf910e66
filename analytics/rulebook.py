"""The rules as data: which are on, how grave, with which parameters, on what basis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from analytics.alerts import Grade

_MOST = 1e12  # beyond any parameter; a whole number may have more digits than a float


class RuleError(ValueError):
    """A rule that can't be used: `where` names the rule and key."""

    def __init__(self, where: str, problem: str, expected: str) -> None:
        super().__init__(f"{where}: {problem}; expected {expected}")
        self.where = where
        self.problem = problem
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Text:
    """A text in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number that the bureau may edit: its default, its bounds, and what it means."""

    default: float
    least: float
    most: float
    meaning: Text


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the catalogue. `values` holds every parameter by name; the units are in the names.

    What it finds is a line of an open alert of `joins` (rule, or rule/kind), where there is one: one fact, one alert.
    """

    id: str
    grade: Grade
    title: Text
    meaning: Text
    action: Text
    basis: Text
    parameters: Mapping[str, Parameter]
    values: Mapping[str, float]
    version: int = 1
    enabled: bool = True
    joins: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> float:
        return self.values[name]


def define(
    id: str,
    grade: Grade,
    title: Text,
    meaning: Text,
    action: Text,
    basis: Text,
    parameters: Mapping[str, Parameter],
    joins: tuple[str, ...] = (),
) -> Rule:
    """A rule with the default values of its parameters."""
    values = MappingProxyType({name: p.default for name, p in parameters.items()})
    return Rule(id, grade, title, meaning, action, basis, MappingProxyType(dict(parameters)), values, joins=joins)


class Rulebook:
    """All rules by id."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = {r.id: r for r in rules}

    def __getitem__(self, rule: str) -> Rule:
        return self.rules[rule]

    def amended(self, document: Any, source: str = "rules") -> "Rulebook":
        """This rulebook with the settings of `document`: {rule id: {parameter, enabled, grade, version: value}}.

        A time limit may be given in `seconds` or in `minutes`, whichever the rule's own parameter is.

        Raises:
            RuleError: naming the rule and the key that is unknown or out of bounds.
        """
        if not isinstance(document, Mapping):
            raise RuleError(source, f"is a {type(document).__name__}", "a table of rules by id")
        rules = dict(self.rules)
        for rule_id, settings in document.items():
            if rule_id not in rules:
                raise RuleError(f"{source}.{rule_id}", "is not a rule", "one of " + ", ".join(sorted(rules)))
            if not isinstance(settings, Mapping):
                raise RuleError(f"{source}.{rule_id}", f"is {settings!r}", "a table of parameters")
            rules[rule_id] = _amended(rules[rule_id], settings, f"{source}.{rule_id}")
        return Rulebook(list(rules.values()))


def _amended(rule: Rule, settings: Mapping[str, Any], where: str) -> Rule:
    values = dict(rule.values)
    for key, value in settings.items():
        at = f"{where}.{key}"
        if key == "enabled":
            if not isinstance(value, bool):
                raise RuleError(at, f"is {value!r}", "true or false")
            rule = replace(rule, enabled=value)
        elif key == "grade":
            if value not in list(Grade):
                raise RuleError(at, f"is {value!r}", "A, B or C")
            rule = replace(rule, grade=Grade(value))
        elif key == "version":
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise RuleError(at, f"is {value!r}", "a whole number from 1")
            rule = replace(rule, version=value)
        else:
            name, number = _parameter(rule, key, value, at)
            values[name] = number
    return replace(rule, values=MappingProxyType(values))


def _parameter(rule: Rule, key: str, value: Any, at: str) -> tuple[str, float]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise RuleError(at, f"is {value!r}", "a number")
    if abs(value) > _MOST:
        raise RuleError(at, f"is {value!r}", f"a number up to {_MOST:g}")
    number = float(value)
    if key == "minutes" and "seconds" in rule.parameters:
        key, number = "seconds", number * 60
    elif key == "seconds" and "minutes" in rule.parameters:
        key, number = "minutes", number / 60
    parameter = rule.parameters.get(key)
    if parameter is None:
        raise RuleError(at, "is not a parameter of this rule", "one of " + ", ".join(rule.parameters))
    if not parameter.least <= number <= parameter.most:
        raise RuleError(at, f"is {value!r}", f"{parameter.least:g} to {parameter.most:g}")
    return key, number
