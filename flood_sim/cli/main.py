"""The command line `flood-sim`: its commands in the order of --help, and `run`. Imports are lazy:
--help stays quick.
"""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flood_sim.cli.grouped import grouped
from flood_sim.cli.held import Held
from flood_sim.cli.library import measures, storms
from flood_sim.cli.progress import Moving
from flood_sim.cli.results import (
    Json,
    compare,
    draw,
    explain,
    load_drawing,
    report,
    section,
    trace,
)
from flood_sim.cli.scenarios import SCENARIO, AllowPath, check, copy, list_, load
from flood_sim.cli.study import audit, lead_time, study

if TYPE_CHECKING:
    from flood_sim.runs.underway import Listener, RunOutcome
    from flood_sim.simulation.loop import Simulation

app = typer.Typer(
    cls=Held,
    name="flood-sim",
    help="Urban flood simulation: streets and sewers in one run, every cubic metre accounted for.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"flood-sim {version('flood-sim')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_say_version, is_eager=True, help="say which version this is"
        ),
    ] = False,
) -> None:
    """Urban flood simulation: streets and sewers in one run, every cubic metre accounted for."""


app.command("list")(list_)
app.command()(copy)
app.command()(check)


@app.command()
def doctor(as_json: Json = False) -> None:
    """What this machine has, whether the parts work here (a small run, a raster, a map layer), and
    how fast it is.
    """
    from flood_sim.runs.doctor import doctor_lines, examine

    found = examine()
    typer.echo(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(doctor_lines(found)))
    raise typer.Exit(0 if all(c["ok"] for c in found["checks"]) else 3)


app.command()(storms)
app.command()(measures)


@dataclass(frozen=True)
class RunOptions:
    """Options of `run`."""

    name: Annotated[str | None, SCENARIO] = None
    out: Annotated[Path | None, typer.Option("--out", help="result folder, new or empty")] = None
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume", help="instead of both: a result folder whose run was killed or interrupted"
        ),
    ] = None
    portfolio: Annotated[str, typer.Option(help="portfolio of the scenario")] = "baseline"
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace the results in --out")] = (
        False
    )
    threads: Annotated[int, typer.Option(min=0, max=256, help="0: all cores")] = 0
    allow_path: AllowPath = field(default_factory=list)
    checkpoint_minutes: Annotated[
        float | None,
        typer.Option(min=0.0, help="wall time between checkpoints (5; with --resume as before)"),
    ] = None
    report_: Annotated[
        bool, typer.Option("--report/--no-report", help="draw the pictures at the end")
    ] = True
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress")] = False
    as_json: Json = False


@app.command()
@grouped(RunOptions)
def run(o: RunOptions) -> None:
    """Run a scenario: result folder with maps, series, ledger and pictures."""
    out, talk, outcome = _begun(o) if o.resume is None else _resumed(o, o.resume)
    summary = outcome.summary
    if o.report_ and summary["status"] != "interrupted" and summary["simulated_s"] > 0.0:
        talk.say(f"pictures: {draw(out)}")
    talk.say(f"results: {out}")
    if o.as_json:
        typer.echo((out / "summary.json").read_text(encoding="utf-8"))
    if outcome.exit_code == 3:
        typer.echo(summary["message"], err=True)
    raise typer.Exit(outcome.exit_code)


def _listener(o: RunOptions, talk: Moving) -> Listener:
    """Who is told of a run; with --json nobody is of the compilation. Where pictures are wanted,
    what draws them is loaded beside the windows: a second that the end need not wait for.
    """
    from flood_sim.runs.underway import Listener

    loading = threading.Thread(target=load_drawing, daemon=True)

    def step(simulation: Simulation) -> None:
        if o.report_ and loading.ident is None:
            loading.start()
        talk.step(simulation)

    compiling = (lambda done, total: None) if o.as_json else talk.compiling
    return Listener(talk.say, step, compiling)


def _begun(o: RunOptions) -> tuple[Path, Moving, RunOutcome]:
    """A run from its scenario. Raises BadParameter where that or the folder is missing."""
    from flood_sim.runs.runner import Keeping, run_scenario

    if o.name is None or o.out is None:
        raise typer.BadParameter("give a scenario and --out DIR, or --resume DIR")
    scenario = load(o.name, o.allow_path)
    talk, keeping = Moving(scenario, o.quiet), Keeping(o.overwrite)
    if o.checkpoint_minutes is not None:
        keeping = keeping._replace(checkpoint_s=60.0 * o.checkpoint_minutes)
    outcome = run_scenario(
        scenario,
        o.out,
        portfolio=o.portfolio,
        threads=o.threads,
        keeping=keeping,
        listener=_listener(o, talk),
    )
    return o.out, talk, outcome


def _resumed(o: RunOptions, folder: Path) -> tuple[Path, Moving, RunOutcome]:
    """A run that goes on. Raises BadParameter where something is given that it has already."""
    from flood_sim.runs.runner import resume_scenario, saved_run

    if o.name is not None or o.out is not None or o.overwrite:
        raise typer.BadParameter(
            "--resume DIR goes on with the run of DIR: no scenario, --out or --overwrite beside it"
        )
    talk = Moving(saved_run(folder)[1], o.quiet)
    every_s = None if o.checkpoint_minutes is None else 60.0 * o.checkpoint_minutes
    listener = _listener(o, talk)
    outcome = resume_scenario(folder, threads=o.threads, checkpoint_s=every_s, listener=listener)
    return folder, talk, outcome


app.add_typer(study, name="study", cls=Held)
for command in (report, explain, trace, section, compare, audit, lead_time):
    app.command()(command)


def main(arguments: list[str] | None = None) -> Any:
    """One command in this process: an InputError is one message and exit 2, a failed run or a
    refusal of the system exit 3, no traceback for either. What is none of these is raised
    (flood_sim.cli.entry catches it where the process is ours)."""
    from flood_sim.core import net

    if arguments is None:
        net.OWN_PROCESS = True
    try:
        net.refuse_odd(sys.argv[1:] if arguments is None else arguments)
        app(args=arguments, prog_name="flood-sim")
    except BrokenPipeError:
        sys.exit(141)
    except SystemExit as ended:  # typer's own ends
        if isinstance(ended.__context__, BrokenPipeError):  # the reader has what it wanted
            sys.exit(141)
        if isinstance(getattr(ended.__context__, "__cause__", None), KeyboardInterrupt):
            net.tell("interrupted")
        raise
    except OSError as error:
        from flood_sim.core.files.writing import refusal

        said = refusal(error)
        if said is None:
            raise
        net.tell(said)
        sys.exit(3)
    except MemoryError:
        net.tell(
            "E601 memory: this machine could not hold the run; clip the grid or use larger cells"
        )
        sys.exit(2)
    except Exception as error:
        from flood_sim.core.errors import FloodSimError

        if not isinstance(error, FloodSimError):
            raise
        net.tell(str(error))
        sys.exit(error.exit_code)
