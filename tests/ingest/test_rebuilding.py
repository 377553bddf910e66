"""Whose history is walked first."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from analytics.catalogue import default_rules
from analytics.engine import Engine
from analytics.fixes import FixBatch
from analytics.planning import Plan
from ingest.metrics import Metrics
from ingest.rebuilding import AT_ONCE, Rebuilds
from store.intake import Intake
from store.records import Batch


def at_once(work: Callable[[], Any]) -> Any:
    return work()


def test_devices_that_nobody_named_have_half_of_the_turns_and_the_others_go_first(postgres_uri: str) -> None:
    now_s = time.time()
    names = [*(f"name-{number}" for number in range(40)), "car-07"]
    rules = default_rules()
    with Intake(postgres_uri) as intake:
        intake.admit(names[:-1], {})
        intake.register(names[-1:])
        assert intake.only_heard() == list(range(40))
        devices = np.arange(41, dtype=np.int32)
        fixes = FixBatch.build(devices, np.full(41, now_s - 60), np.full(41, 113.1), np.full(41, 22.1))
        intake.take(Batch(fixes), received_s=now_s)
        engine = Engine(Plan(), rules, intake.devices(), lateness_s=0.0, began_s=now_s)
        rebuilds = Rebuilds(intake, at_once, Metrics(), tuple(rules.rules))
        rebuilds.strangers = intake.only_heard()
        rebuilds.note(dict.fromkeys(range(41), now_s - 60))
        walked = rebuilds.work(engine, now_s, 60.0).walked
    assert walked[0] == 40
    assert len(walked) == 1 + AT_ONCE // 2
