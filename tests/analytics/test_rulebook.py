"""The rules as data: what the bureau may set, and what is refused."""

from typing import Any

import pytest

from analytics.alerts import Grade
from analytics.catalogue import default_rules
from analytics.rulebook import RuleError


def test_every_rule_of_the_catalogue_is_bilingual_tells_what_to_do_and_keeps_its_own_bounds() -> None:
    for rule in default_rules().rules.values():
        for text in (rule.title, rule.meaning, rule.action, rule.basis, *(p.meaning for p in rule.parameters.values())):
            assert text.zh
            assert text.en
        assert all(p.least <= p.default <= p.most for p in rule.parameters.values()), rule.id


def test_settings_change_values_grade_version_and_whether_a_rule_is_on() -> None:
    rules = default_rules().amended(
        {"off-route": {"seconds": 90, "grade": "A", "version": 7}, "speeding": {"enabled": False}}
    )
    assert rules["off-route"]["seconds"] == 90
    assert rules["off-route"].grade is Grade.A
    assert rules["off-route"].version == 7
    assert not rules["speeding"].enabled
    assert default_rules()["off-route"]["seconds"] == 60, "the catalogue itself stays"


def test_a_time_limit_may_be_given_in_minutes_or_in_seconds() -> None:
    rules = default_rules().amended({"off-route": {"minutes": 2}, "overtime-stop": {"seconds": 300}})
    assert rules["off-route"]["seconds"] == 120
    assert rules["overtime-stop"]["minutes"] == 5


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"off-rout": {}}, "rules.off-rout: is not a rule"),
        ({"off-route": {"colour": 3}}, "rules.off-route.colour: is not a parameter"),
        ({"off-route": {"seconds": 1}}, "rules.off-route.seconds"),
        ({"off-route": {"seconds": 1e9}}, "rules.off-route.seconds"),
        ({"off-route": {"seconds": float("nan")}}, "rules.off-route.seconds"),
        ({"off-route": {"seconds": 10**400}}, "rules.off-route.seconds"),
        ({"off-route": {"seconds": "60"}}, "rules.off-route.seconds"),
        ({"off-route": {"seconds": True}}, "rules.off-route.seconds"),
        ({"overtime-stop": {"seconds": 10}}, "rules.overtime-stop.seconds"),
        ({"off-route": {"grade": "D"}}, "rules.off-route.grade"),
        ({"off-route": {"grade": ["A"]}}, "rules.off-route.grade"),
        ({"off-route": {"version": 0}}, "rules.off-route.version"),
        ({"off-route": {"version": 1.5}}, "rules.off-route.version"),
        ({"off-route": {"enabled": "no"}}, "rules.off-route.enabled"),
        ({"off-route": 60}, "rules.off-route"),
        ([], "rules"),
    ],
)
def test_a_setting_that_can_not_be_is_named(settings: Any, named: str) -> None:
    with pytest.raises(RuleError) as caught:
        default_rules().amended(settings)
    assert str(caught.value).startswith(named)
    assert "expected" in str(caught.value)
