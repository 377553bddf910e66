"""One county and one shift of it, simulated once for all tests of the simulator."""

import pytest

from hardware.county import County, build
from hardware.scenario import Scenario

SHIFT_START_S = 1_767_571_200.0  # 2026-01-05 08:00 in China


@pytest.fixture(scope="session")
def county() -> County:
    return build(5)


@pytest.fixture(scope="session")
def shift(county: County) -> Scenario:
    return county.shift(SHIFT_START_S, 8, 30, 30)


@pytest.fixture(scope="session")
def demo(county: County) -> Scenario:
    return county.demo(SHIFT_START_S, 30, 16, 20)
