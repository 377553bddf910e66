"""`ducha demo`: the whole system on one machine from nothing.

The database, the broker, ingest, console and the simulated county are processes of their own, as they would be in
production, so that any of them may be killed: it is started again, and the rest goes on.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analytics.catalogue import all_rules
from analytics.planning import parse_plan
from console import demo_cameras
from console.clock import ScaledClock
from console.demo_servers import keep_database, serve_broker
from console.demo_shift import Cast, clock_of
from console.exports.settings import ExportSettings
from console.processes import Child, kept, watch
from hardware.county import build
from hardware.day import Day
from hardware.fleet import OWN_CONNECTIONS, Broker, Fleet, served
from hardware.scenario import Scenario
from ingest.broker.configuration import BrokerFolder
from ingest.broker.server import free_port, program
from ingest.broker.users import INGEST, Role, User, with_passwords
from ingest.config import BrokerSettings, DatabaseSettings, Settings
from ingest.stopping import stopper
from store.embedded import EmbeddedPostgres
from store.evidence.files import make_folder
from store.ledger import Ledger
from store.migrate import migrate

SHIFT_MINUTES = 480.0


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo is to show. `minutes` is how long it runs, None for ever; `speed` compresses time."""

    data: Path
    port: int = 8080
    speed: float = 1.0
    seed: int = 1
    minutes: float | None = None
    cars: int = 24
    officers: int = 36
    day: Day = Day.NORMAL


def run(demo: Demo, say: Callable[[str], None]) -> None:
    """Start everything, say where the console is, and go on until Ctrl-C, SIGTERM or the last minute."""
    stop = stopper()
    make_folder(demo.data)
    until_s = None if demo.minutes is None else time.monotonic() + demo.minutes * 60
    say("starting the database …")
    program()  # a broker that is not installed is said at once
    users, passwords = with_passwords(_users(_scenario(demo, time.time())))
    broker_port = free_port()
    broker = BrokerFolder(demo.data / "broker")
    broker.write_users(users)
    servers = [
        Child("database", keep_database, (demo.data,)),
        Child("broker", serve_broker, (broker.path, broker_port)),
    ]
    with EmbeddedPostgres(demo.data) as database, kept(servers, stop):
        url = database.uri()
        migrate(url)
        drawn = build(demo.seed).basemap()
        stations = [f for f in drawn["features"] if f["properties"].get("place") == "station"]
        basemap = demo.data / "basemap.geojson"
        basemap.write_text(json.dumps(drawn, ensure_ascii=False), encoding="utf-8")
        exports = ExportSettings(
            folder=str(demo.data / "exports"), key=str(demo.data / "exporter.pem"), reserve_gb=demo_cameras.RESERVE_GB
        )
        first = True
        while not stop.is_set() and (until_s is None or time.monotonic() < until_s):
            clock = _clock(demo, url)
            _save_plan(url, _scenario(demo, clock.since_s), clock)
            children = [
                Child("ingest", _ingest, (url, broker_port, passwords[INGEST], clock)),
                Child("console", _console, (url, broker_port, demo.port, basemap, clock, exports)),
                Child("county", _county, (demo, broker_port, passwords, clock), lasting=False),
            ]
            if clock.is_the_wall_clock:
                children += demo_cameras.children(demo.data, demo.seed, demo.day, url, demo.port, stations)
                children.append(Child("exports", _exports, (url, exports)))
            elif first:
                say("no cameras: they live by the wall clock, and this county's clock is another")
            if first:
                threading.Thread(target=_announce, args=(demo.port, stop, say), daemon=True).start()
                first = False
            watch(children, stop, until_s)
    say("stopped; the data is kept in " + str(demo.data))


def _clock(demo: Demo, url: str) -> ScaledClock:
    with Ledger(url) as ledger:
        latest_s = ledger.latest_s()
    cast = Cast(demo.seed, demo.cars, demo.officers, _shift_minutes(demo), demo.speed, demo.day)
    return clock_of(demo.data, cast, latest_s, time.time())


def _shift_minutes(demo: Demo) -> float:
    return SHIFT_MINUTES if demo.minutes is None else demo.minutes * demo.speed + 30


def _scenario(demo: Demo, start_s: float) -> Scenario:
    return build(demo.seed).demo(start_s, _shift_minutes(demo), demo.cars, demo.officers, demo.day)


def _users(scenario: Scenario) -> list[User]:
    """Ingest, and each terminal or its gateway: nobody else may say anything."""
    own = [User(name=story.device.id) for story in scenario.stories[:OWN_CONNECTIONS]]
    gateways = [
        User(name=name, role=Role.GATEWAY, devices=tuple(devices)) for name, devices in served(scenario).items()
    ]
    return [User(name=INGEST, role=Role.INGEST), *own, *gateways]


def _save_plan(url: str, scenario: Scenario, clock: ScaledClock) -> None:
    plan = parse_plan(scenario.plan)
    with Ledger(url) as ledger:
        ledger.seed_rules(all_rules(), now_s=clock())
        ledger.register(
            [d.id for d in plan.devices],
            {d.id: d.kind.value for d in plan.devices},
            {d.id: d.unit for d in plan.devices if d.unit is not None},
        )
        ledger.save_plan(scenario.plan, "demo", now_s=clock())


def _announce(port: int, stop: threading.Event, say: Callable[[str], None]) -> None:
    """Say where the console is as soon as it answers."""
    import urllib.request

    address = f"http://127.0.0.1:{port}"
    while not stop.wait(0.2):
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):
                break
        except OSError:
            continue
    else:
        return
    say(f"wall: {address}/wall   desk: {address}/desk   (this machine only; accounts come later, nobody logs in yet)")
    say("Ctrl-C stops it")


def _ingest(url: str, broker_port: int, password: str, clock: ScaledClock) -> None:
    from ingest.__main__ import log_to_stderr
    from ingest.service import serve

    log_to_stderr()
    settings = Settings(
        database=DatabaseSettings(url=url),
        broker=BrokerSettings(port=broker_port, username=INGEST, password=password),
    )
    serve(settings, stopper(), clock=clock)


def _console(url: str, broker_port: int, port: int, basemap: Path, clock: ScaledClock, exports: ExportSettings) -> None:
    from console import server

    server.run(
        url,
        host="127.0.0.1",
        port=port,
        basemap=basemap,
        clock=clock,
        broker=("127.0.0.1", broker_port),
        export_settings=exports,
    )


def _exports(url: str, exports: ExportSettings) -> None:
    from console.exports.exporter import serve
    from ingest.__main__ import log_to_stderr

    log_to_stderr()
    serve(url, exports, stopper())


def _county(demo: Demo, broker_port: int, passwords: dict[str, str], clock: ScaledClock) -> None:
    scenario = _scenario(demo, clock.since_s)
    late_s = (clock() - clock.since_s) / demo.speed
    Fleet(scenario, Broker(port=broker_port, passwords=passwords), speed=demo.speed, late_s=late_s).run(stopper())
