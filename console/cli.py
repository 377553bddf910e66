"""The command line. Exit status: 0 done, 1 the answer is no, 2 bad input or configuration, said in one line."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from ingest.config import Settings

app = typer.Typer(
    help="Ducha 督察: video and GPS in one picture, noticed by the machine, proved to a person.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
evidence = typer.Typer(help="Footage that proves itself.", no_args_is_help=True)
app.add_typer(evidence, name="evidence")
cameras = typer.Typer(help="Record the cameras, or find them.")
app.add_typer(cameras, name="cameras")
broker = typer.Typer(help="The MQTT broker of our own, or its users.")
app.add_typer(broker, name="broker")
# A path may hold ":x:", and a name "[/x]".
errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False, markup=False)

Config = Annotated[
    Path | None,
    typer.Option(
        help=r"Settings as TOML: \[database], \[broker], \[nats], \[ingest], \[console], \[exports], \[cameras], …"
    ),
]


@app.callback()
def ducha() -> None:
    """Commands."""


@app.command()
def replay(
    traces: Annotated[list[Path], typer.Argument(help="CSV (.gz), Parquet or GPX files.")],
    plan: Annotated[Path, typer.Option(help="The plan as GeoJSON.")],
    out: Annotated[Path, typer.Option(help="Where to write the alerts, one JSON object a line.")],
    rules: Annotated[Path | None, typer.Option(help="Settings of rules as TOML.")] = None,
    lenient: Annotated[bool, typer.Option("--lenient", help="Go on whatever share of the rows is malformed.")] = False,
) -> None:
    """Run the analytics over recorded traces, offline: to try a rule on history."""
    from console import replay as replaying

    supervision = replaying.read_plan(plan)
    book = replaying.read_rules(supervision, rules)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, disable=not errors.is_terminal, transient=True) as bar:
        task = bar.add_task("replay", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        result = replaying.replay(traces, supervision, book, lenient=lenient, progress=progress, complain=errors.print)
    replaying.write_alerts(result.alerts, out)
    took_s, fixes = result.reading_s + result.judging_s, result.fixes
    errors.print(
        f"{fixes:,} fixes, {len(result.alerts):,} alerts, {result.malformed:,} malformed rows, "
        f"{result.blank:,} blank lines; {fixes / max(took_s, 1e-9):,.0f} fixes/s "
        f"(reading {result.reading_s:.2f} s, judging {result.judging_s:.2f} s)"
    )
    for line in result.judged.lines():
        errors.print(line)
    if not result.judged.inside:
        raise typer.Exit(1)


@app.command()
def watch(
    video: Annotated[Path, typer.Argument(help="A GIF, MP4, MKV or AVI, or a segment of a recording.")],
    out: Annotated[Path, typer.Option(help="Where to write samples and alerts, one JSON object a line.")],
    region: Annotated[
        list[str] | None, typer.Option(help="NAME=x0,y0,x1,y1[,x2,y2…] in fractions of width and height; repeatable.")
    ] = None,
    rules: Annotated[Path | None, typer.Option(help="Settings of rules as TOML.")] = None,
    every: Annotated[float, typer.Option(min=0.04, max=10, help="Seconds of media time between samples.")] = 1.0,
    model: Annotated[Path | None, typer.Option(help="A YOLOX network as ONNX instead of the default one.")] = None,
    plan: Annotated[Path | None, typer.Option(help="The plan as GeoJSON, for its settings of rules.")] = None,
    config: Config = None,
) -> None:
    """Run the video analytics over a file: who is to be seen, and the alerts that means."""
    from analytics.planning import Plan
    from console import replay as replaying
    from console import watching
    from ingest.cameras.config import load_largest_pixels
    from ingest.cameras.detectors import default_detector, detector_of

    largest_pixels = load_largest_pixels(config, os.environ)
    regions = [watching.parse_region(text) for text in region or []]
    book = replaying.read_rules(replaying.read_plan(plan) if plan is not None else Plan(), rules)
    detector = detector_of(model) if model is not None else default_detector()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, disable=not errors.is_terminal, transient=True) as bar:
        task = bar.add_task("watch", total=None)

        def progress(done_s: float, total_s: float) -> None:
            bar.update(task, completed=done_s, total=total_s)

        result = watching.watch(
            video,
            regions,
            detector,
            book,
            out,
            every_s=every,
            largest_pixels=largest_pixels,
            progress=progress,
            complain=errors.print,
        )
    errors.print(
        f"{result.samples:,} samples, {len(result.alerts):,} alerts; {result.media_s:,.1f} s of video in "
        f"{result.took_s:.2f} s ({result.media_s / max(result.took_s, 1e-9):,.1f} times as fast as it was filmed, "
        f"{result.samples / max(result.took_s, 1e-9):,.1f} samples/s"
        f"{', keyframes only' if result.keyframes_only else ''})"
    )


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The console's port on 127.0.0.1.")] = 8080,
    data: Annotated[Path, typer.Option(help="Where the data lie; a later run goes on from them.")] = Path("var/demo"),
    speed: Annotated[float, typer.Option(min=0.1, max=60, help="How many times as fast the county lives.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Which county is drawn.")] = 1,
    minutes: Annotated[float | None, typer.Option(min=0.1, help="Stop after so many minutes.")] = None,
    cars: Annotated[int, typer.Option(min=1, max=2000, help="Patrol cars.")] = 24,
    officers: Annotated[int, typer.Option(min=1, max=5000, help="Officers with a terminal.")] = 36,
    incidents: Annotated[
        bool, typer.Option("--incidents", help="Something every few minutes, not a normal day.")
    ] = False,
) -> None:
    """The whole system on one machine from nothing: database, broker, a simulated county, ingest, console."""
    from console import demo as demonstration
    from hardware.day import Day

    day = Day.INCIDENTS if incidents else Day.NORMAL
    demonstration.run(demonstration.Demo(data, port, speed, seed, minutes, cars, officers, day), errors.print)


@app.command()
def serve(config: Config = None) -> None:
    """Ingest and console, and the broker, the cameras and their exports where the settings name any, for one machine in
    production."""
    from console.processes import Child, watch
    from ingest.broker.settings import load_nats_settings
    from ingest.cameras.config import load_camera_settings
    from ingest.stopping import stopper

    _settings(config)
    children = [Child("ingest", run_ingest, (config,)), Child("console", run_console, (config,))]
    if load_nats_settings(config, os.environ).folder is not None:
        children.insert(0, Child("broker", run_broker, (config,)))
    if load_camera_settings(config, os.environ).cameras:
        children += [Child("cameras", run_cameras, (config,)), Child("exports", run_exports, (config,))]
    watch(children, stopper())


@app.command()
def ingest(config: Config = None) -> None:
    """Receive fixes from the broker, judge them, store them."""
    run_ingest(config)


@broker.callback(invoke_without_command=True)
def broker_command(context: typer.Context, config: Config = None) -> None:
    """Run the broker of the table [nats] until SIGTERM or Ctrl-C."""
    if context.invoked_subcommand is None:
        run_broker(config)


Names = Annotated[list[str], typer.Argument(help="Devices, gateways, or `ingest`.")]


@broker.command("add")
def broker_add(
    names: Names,
    unit: Annotated[list[str] | None, typer.Option(help="A gateway's: all devices of this unit; repeatable.")] = None,
    device: Annotated[list[str] | None, typer.Option(help="A gateway's: this device; repeatable.")] = None,
    config: Config = None,
) -> None:
    """Enter users, and print each with the password made for it; with client certificates, with none."""
    from console.broker import add
    from ingest.broker.settings import load_nats_settings

    for entered in add(load_nats_settings(config, os.environ), names, unit or [], device or []):
        typer.echo(entered.name if entered.password is None else f"{entered.name}\t{entered.password}")


@broker.command("remove")
def broker_remove(names: Names, config: Config = None) -> None:
    """Remove users; a running broker disconnects them."""
    from console.broker import remove
    from ingest.broker.settings import load_nats_settings

    remove(load_nats_settings(config, os.environ), names)


@broker.command("list")
def broker_list(config: Config = None) -> None:
    """Print all users, their roles, and the units and devices that gateways speak for."""
    from console.broker import lines
    from ingest.broker.settings import load_nats_settings

    for line in lines(load_nats_settings(config, os.environ)):
        typer.echo(line)


@cameras.callback(invoke_without_command=True)
def cameras_command(context: typer.Context, config: Config = None) -> None:
    """Receive the cameras' pictures, record them as evidence, and hand them on to viewers and rules."""
    if context.invoked_subcommand is None:
        run_cameras(config)


@cameras.command("find")
def cameras_find(
    timeout: Annotated[float, typer.Option(min=0.5, max=60, help="Seconds to wait for answers.")] = 5.0,
    at: Annotated[
        list[str] | None, typer.Option(help="HOST[:PORT] to ask, instead of the local networks; repeatable.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="Who asks; the password is in DUCHA_CAMERA_PASSWORD, or asked for.")
    ] = None,
    toml: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="Write tables for ducha.toml: of a window, interrogation, waiting, street."),
    ] = None,
) -> None:
    """List the cameras that answer by ONVIF, and where their pictures are; exit status 1 where there is none."""
    from console.finding import show

    if not show(timeout, at or [], user, toml, typer.echo, lambda line: errors.print(line, markup=False)):
        raise typer.Exit(1)


@app.command("exports")
def exports_command(config: Config = None) -> None:
    """Make the exports of footage that were approved, and remove old ones; on the recorder's machine."""
    run_exports(config)


@app.command("console")
def console_command(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
) -> None:
    """The wall, the desk and the HTTP API."""
    run_console(config, host, port)


@app.command()
def migrate(config: Config = None) -> None:
    """Bring the database to this version's schema, and the catalogue's rules into it."""
    from analytics.catalogue import all_rules
    from store.ledger import Ledger
    from store.migrate import migrate as apply

    url = _settings(config).database.url
    applied = apply(url)
    with Ledger(url, name="migrate") as ledger:
        ledger.seed_rules(all_rules(), now_s=time.time())
    errors.print("applied: " + ", ".join(applied) if applied else "the schema is up to date")


@app.command()
def doctor(config: Config = None) -> None:
    """Check the installation and say what to mend; exit status 1 where something is."""
    from console.camera_doctor import examine_cameras
    from console.doctor import examine

    findings = [*examine(_settings(config)), *examine_cameras(config, os.environ)]
    for finding in findings:
        errors.print(f"{'ok ' if finding.ok else 'BAD'} {finding.subject}: {finding.says}", markup=False)
    if not all(f.ok for f in findings):
        raise typer.Exit(1)


@app.command()
def simulate(
    out: Annotated[Path | None, typer.Option(help="A folder for plan, base map, traces and truth.")] = None,
    broker: Annotated[str | None, typer.Option(help="HOST:PORT of a broker to publish to, from now on.")] = None,
    hours: Annotated[float, typer.Option(min=0.1, max=240)] = 24,
    cars: Annotated[int, typer.Option(min=0, max=2000)] = 60,
    officers: Annotated[int, typer.Option(min=0, max=5000)] = 100,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    start: Annotated[float, typer.Option(help="Unix seconds of the first duty, for --out.")] = 1_767_571_200,
) -> None:
    """A simulated county: recorded into a folder with the truth about it (--out), or live to a broker (--broker)."""
    from console import simulation

    if (out is None) == (broker is None):
        raise simulation.SimulationError("simulate: expected either --out FOLDER or --broker HOST:PORT")
    if broker is not None:
        simulation.publish(broker, hours, cars, officers, seed, errors.print)
    if out is not None:
        simulation.record(out, hours, cars, officers, seed, start, errors)


@evidence.callback()
def evidence_commands() -> None:
    """Footage that proves itself."""


@evidence.command("verify")
def evidence_verify(
    export: Annotated[Path, typer.Argument(help="An export (ZIP, or unpacked), or a recorder's folder.")],
    key: Annotated[list[Path] | None, typer.Option(help="A key or certificate (PEM) to trust; repeatable.")] = None,
    untrusted_key: Annotated[
        bool, typer.Option("--untrusted-key", help="Go by the keys that it brings itself.")
    ] = False,
) -> None:
    """Check footage offline: 0 intact and signed by a key that you trust, 1 not (a line says which second of which
    stream, and how), 2 unreadable."""
    from console.evidence import verify

    if not verify(export, key or [], typer.echo, untrusted=untrusted_key):
        raise typer.Exit(1)


@evidence.command("export")
def evidence_export(
    folder: Annotated[Path, typer.Argument(help="A recorder's folder.")],
    camera: Annotated[list[str], typer.Option(help="A camera's id, with its sound if there is any; repeatable.")],
    begin: Annotated[str, typer.Option("--from", help="Like 2026-01-05T08:00:00+08:00.")],
    end: Annotated[str, typer.Option("--to", help="Like --from.")],
    asked_by: Annotated[str, typer.Option(help="Who asked for the footage.")],
    approved_by: Annotated[str, typer.Option(help="Who approved that; another person.")],
    reason: Annotated[str, typer.Option(help="Why it is asked for.")],
    key: Annotated[Path, typer.Option(help="The private key of who exports, made where there is none.")],
    out: Annotated[Path, typer.Option(help="The ZIP to write.")],
    case: Annotated[str | None, typer.Option(help="The case it is for.")] = None,
    config: Config = None,
) -> None:
    """Copy footage out of a recorder's folder into a ZIP that proves itself."""
    from console.evidence import export
    from ingest.cameras.config import load_largest_pixels
    from store.evidence.manifest import Request

    largest_pixels = load_largest_pixels(config, os.environ)
    request = Request(asked_by=asked_by, approved_by=approved_by, reason=reason, case=case)
    errors.print(export(folder, out, camera, (begin, end), request, key, largest_pixels), markup=False)


def _settings(config: Path | None) -> "Settings":
    from ingest.config import load_settings

    return load_settings(config, os.environ)


def run_ingest(config: Path | None) -> None:
    """One ingest worker until SIGTERM or Ctrl-C."""
    from ingest.__main__ import log_to_stderr
    from ingest.service import serve as receive
    from ingest.stopping import stopper

    settings = _settings(config)
    log_to_stderr()
    receive(settings, stopper())


def run_broker(config: Path | None) -> None:
    """The broker until SIGTERM or Ctrl-C; this process becomes it."""
    from console.broker import serve as serve_clients
    from ingest.broker.settings import load_nats_settings

    serve_clients(load_nats_settings(config, os.environ))


def run_cameras(config: Path | None) -> None:
    """One recorder and its cameras until SIGTERM or Ctrl-C."""
    from ingest.__main__ import log_to_stderr
    from ingest.cameras.config import load_camera_settings
    from ingest.cameras.worker import serve as record
    from ingest.stopping import stopper

    settings = load_camera_settings(config, os.environ)
    log_to_stderr()
    record(settings, stopper())


def run_exports(config: Path | None) -> None:
    """Makes exports until SIGTERM or Ctrl-C."""
    from console.exports.exporter import serve as make_exports
    from console.exports.settings import load_export_settings
    from ingest.__main__ import log_to_stderr
    from ingest.cameras.config import load_largest_pixels
    from ingest.stopping import stopper

    settings, url = load_export_settings(config, os.environ), _settings(config).database.url
    log_to_stderr()
    make_exports(url, settings, stopper(), largest_pixels=load_largest_pixels(config, os.environ))


def run_console(config: Path | None, host: str | None = None, port: int | None = None) -> None:
    """The console until SIGTERM or Ctrl-C."""
    from console import server
    from console.exports.settings import load_export_settings
    from console.settings import load_console_settings
    from ingest.cameras.config import load_largest_pixels

    settings, shared = load_console_settings(config, os.environ), _settings(config)
    server.run(
        shared.database.url,
        host=host or settings.host,
        port=port or settings.port,
        basemap=settings.basemap,
        broker=(shared.broker.host, shared.broker.port),
        allow_remote=settings.remote,
        export_settings=load_export_settings(config, os.environ),
        largest_pixels=load_largest_pixels(config, os.environ),
    )


def main() -> None:
    """Entry point of `ducha`: a user's mistake is one line and exit status 2, never a traceback. What
    is written is for its owner alone."""
    os.umask(0o077)
    try:
        app()
    except Exception as error:
        if not isinstance(error, _mistakes()):
            raise
        errors.print(f"ducha: {error}", style="red", markup=False)
        sys.exit(2)


# By their modules, for a command loads what it needs: one that was not loaded has raised nothing.
_MISTAKES = {
    "analytics.rulebook": "RuleError",
    "analytics.video.regions": "RegionError",
    "console.replay": "ReplayError",
    "console.server": "ServerError",
    "console.settings": "ConsoleSettingsError",
    "console.simulation": "SimulationError",
    "geofence.features": "PlanError",
    "ingest.errors": "IngestError",
    "ingest.traces": "TraceError",
    "store.errors": "StoreError",
}


def _mistakes() -> tuple[type[Exception], ...]:
    """The errors that tell a user what to do otherwise."""
    return tuple(getattr(sys.modules[module], name) for module, name in _MISTAKES.items() if module in sys.modules)
