import asyncio
import os
import signal

from store_examples import NOON, drive, plan, raised, stop

from analytics.fixes import FixBatch
from store.alert_actions import act
from store.embedded import EmbeddedPostgres
from store.ledger import Ledger
from store.migrate import migrate
from store.notices import Notice, listen, parse
from store.pool import make_pool
from store.workflow import Action, Step


async def hear(notices, until):
    async with asyncio.timeout(60):
        heard = []
        while not until(heard):
            heard.append(await anext(notices))
        return heard


def test_consoles_hear_what_was_committed_and_done(ledger, postgres_uri):
    few, many = [stop("car-1")], [stop(f"car-{n}") for n in range(2, 203)]

    async def main():
        notices = listen(postgres_uri)
        await anext(notices)
        ledger.commit(drive(0, 5), raised(*few), received_s=NOON)
        ledger.commit(FixBatch.empty(), raised(*many), received_s=NOON)
        ledger.commit(FixBatch.empty(), received_s=NOON)
        ledger.save_plan(plan(), "desk", now_s=NOON)
        async with make_pool(postgres_uri) as pool:
            await act(pool, few[0].id, Step(Action.ACK), actor="desk", now_s=NOON)
        heard = await hear(notices, lambda heard: len(heard) == 4)
        await notices.aclose()
        return heard

    assert asyncio.run(main()) == [
        Notice(alerts=(few[0].id,), positions=True),
        Notice(refetch=True),
        Notice(plan=1),
        Notice(alerts=(few[0].id,)),
    ]


def test_a_listener_outlives_the_database_and_says_refetch(tmp_path):
    with EmbeddedPostgres(tmp_path / "data") as server:
        migrate(server.uri())

        async def main():
            notices = listen(server.uri())
            first = await hear(notices, lambda heard: len(heard) == 1)
            os.kill(server.pid(), signal.SIGKILL)
            waiting = asyncio.create_task(hear(notices, lambda heard: len(heard) == 1))
            await asyncio.to_thread(server.start)
            again = await waiting
            with Ledger(server.uri()) as ledger:
                ledger.register(["car-0"])
                ledger.commit(drive(0, 1), received_s=NOON)
            told = await hear(notices, lambda heard: len(heard) == 1)
            await notices.aclose()
            return first, again, told

        refetch = [Notice(refetch=True, positions=True, cameras=True)]
        assert asyncio.run(main()) == (refetch, refetch, [Notice(positions=True)])


def test_what_is_not_understood_means_refetch():
    for payload in ("", "[]", "{", '"x"'):
        assert parse(payload).refetch
    assert parse('{"alerts": null}') == Notice(refetch=True)
    assert parse('{"rules": true, "new": 1}') == Notice(rules=True)
    assert parse('{"cameras": true}') == Notice(cameras=True)
