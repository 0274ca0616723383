"""The command line `flood-sim`: list, copy, check, run, report; explain, trace, section. Prints;
everything it knows it asks for. Imports are lazy: --help stays quick.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flood_sim.cli.held import Held
from flood_sim.cli.progress import Moving
from flood_sim.cli.results import Json, compare, draw, explain, report, section, trace
from flood_sim.cli.study import audit, lead_time, study

if TYPE_CHECKING:
    from flood_sim.scenario import Scenario
    from flood_sim.simulation.inputs import ModelInputs

app = typer.Typer(
    cls=Held,
    name="flood-sim",
    help="Urban flood simulation: streets and sewers in one run, every cubic metre accounted for.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _shipped(incomplete: str) -> list[str]:
    """Names for the shell to complete; where none fits it completes files."""
    from flood_sim.scenario import list_scenarios

    return [name for name in list_scenarios() if name.startswith(incomplete)]


SCENARIO = typer.Argument(
    help="name of a shipped scenario, or path of a .toml file", autocompletion=_shipped
)
ScenarioName = Annotated[str, SCENARIO]
AllowPath = Annotated[
    list[Path],
    typer.Option(
        "--allow-path", help="folder outside the scenario's own that it may read (repeatable)"
    ),
]


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


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Scenarios that come with flood-sim."""
    from flood_sim.scenario import list_scenarios, load_scenario

    rows = [{"name": name, "title": load_scenario(name).spec.title} for name in list_scenarios()]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row['name']:<20} {row['title']}")


@app.command()
def copy(
    name: ScenarioName,
    folder: Annotated[Path, typer.Argument(help="folder to copy it into")],
    as_files: Annotated[
        bool,
        typer.Option(
            "--as-files", help="write the reference city as GeoTIFF, GeoPackage, .inp and CSV, too"
        ),
    ] = False,
) -> None:
    """Copy a shipped scenario into a folder, to change it there."""
    from flood_sim.core.errors import OutputError, input_error
    from flood_sim.core.files.durable import write_bytes
    from flood_sim.core.files.writing import writing
    from flood_sim.scenario import find_scenario

    source = find_scenario(name)
    target = folder / source.name
    for place in (target, files_of(target)) if as_files else (target,):
        if place.exists():
            raise input_error(
                "E111", str(place), "the file exists", do="give another folder, or remove it"
            )
    if folder.exists() and not folder.is_dir():
        raise input_error(
            "E111", str(folder), "this is a file, not a folder", do="give another folder"
        )
    with writing(target):
        folder.mkdir(parents=True, exist_ok=True)
    made = (
        _write_city_files(target, source) if as_files else None
    )  # first: a copy that failed can be given again
    try:
        with writing(target):
            write_bytes(target, source.read_bytes())
    except OutputError:
        if made is not None:
            made.unlink(missing_ok=True)
        raise
    typer.echo(f"{target}  (then: flood-sim check {target}; flood-sim run {target} --out DIR)")
    if made is not None:
        typer.echo(f"{made}  (the same run from plain files)")


def files_of(scenario_file: Path) -> Path:
    """The second scenario, which runs from plain files."""
    return scenario_file.with_name(f"{scenario_file.stem}_files.toml")


def _write_city_files(scenario_file: Path, source: Path | None = None) -> Path:
    """The city's files in `city/` beside the scenario, and a second scenario that runs from
    them.
    """
    import tomli_w

    from flood_sim.city import reference_city
    from flood_sim.city.write import files_scenario, write_city
    from flood_sim.core.errors import input_error
    from flood_sim.core.files.durable import write_text
    from flood_sim.core.files.writing import writing

    spec = _load(str(source or scenario_file), []).spec
    if spec.city is None:
        raise input_error("E104", str(scenario_file), "this scenario has no [city] to write")
    city = reference_city(spec.city)
    write_city(city, scenario_file.parent / "city")
    rain = tomli_w.dumps(spec.as_toml()["rainfall"])
    target = files_of(scenario_file)
    times = (spec.time.start.isoformat(), spec.time.stop.isoformat())
    with writing(target):
        return write_text(target, files_scenario(city, f"{spec.name}_files", *times, rain, "city"))


@app.command()
def check(
    name: ScenarioName,
    portfolio: str = "baseline",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help=(
                "new folder for messages.csv and the model as read: rasters, links, boundaries,"
                " structures, rain"
            ),
        ),
    ] = None,
    allow_path: AllowPath = [],
    as_json: Json = False,
) -> None:
    """Read everything a run would read and say what is wrong or doubtful. Nothing is run; nothing
    is written without --out.
    """
    from flood_sim.measures.describe import bill_lines
    from flood_sim.scenario.build import memory_line, plan_text
    from flood_sim.scenario.checks.network import network_figures, network_lines
    from flood_sim.scenario.scheme import cost_line
    from flood_sim.scenario.sites import site_lines

    scenario, inputs = _checked(name, portfolio, out, allow_path)
    figures = network_figures(inputs)
    if as_json:
        rows = [
            {
                "code": f.code,
                "severity": f.severity,
                "place": f.place,
                "problem": f.problem,
                "do": f.do,
                "x_m": f.x_m,
                "y_m": f.y_m,
            }
            for f in inputs.findings
        ]
        typer.echo(
            json.dumps(
                {
                    "scenario": scenario.name,
                    "scheme": inputs.surface.scheme,
                    "scheme_reason": inputs.scheme_reason,
                    "network": figures,
                    "measures": inputs.measures,
                    "findings": rows,
                },
                ensure_ascii=False,
            )
        )
        return
    typer.echo(repr(scenario))
    typer.echo(repr(inputs.terrain))
    typer.echo(repr(inputs.rainfall))
    typer.echo(
        f"sewers: {len(inputs.drainage.return_cells)} nodes coupled, {len(inputs.drainage.inlets)}"
        " inlets"
        if inputs.drainage
        else "sewers: none"
    )
    for line in network_lines(figures):
        typer.echo(line)
    typer.echo(cost_line(inputs.surface.scheme, inputs.scheme_reason))
    for line in site_lines(inputs):
        typer.echo(line)
    typer.echo(memory_line(inputs))
    for line in [*bill_lines(inputs.measures), *plan_text(scenario, portfolio, inputs)]:
        typer.echo(line)
    for finding in inputs.findings:
        typer.echo(str(finding))
    typer.echo(f"check: {len(inputs.findings)} doubts, no error; the run may start")


@app.command()
def doctor(as_json: Json = False) -> None:
    """What this machine has, whether the parts work here (a small run, a raster, a map layer), and
    how fast it is.
    """
    from flood_sim.runs.doctor import doctor_lines, examine

    found = examine()
    typer.echo(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(doctor_lines(found)))
    raise typer.Exit(0 if all(c["ok"] for c in found["checks"]) else 3)


def _checked(
    name: str, portfolio: str, out: Path | None, allow_path: list[Path]
) -> tuple[Scenario, ModelInputs]:
    """The scenario and its inputs, and the folder of the check where one is wanted, also when it
    ends in refusals.
    """
    from flood_sim.core.errors import InputError
    from flood_sim.scenario import build_inputs
    from flood_sim.scenario.checks.files import (
        kept_whole,
        prepare,
        write_message_layer,
        write_messages,
        write_model,
    )

    if out is not None:
        prepare(out)
    try:
        scenario = _load(name, allow_path)
        inputs = build_inputs(scenario, portfolio)
        _ask_swmm(inputs)
    except InputError as error:
        if out is not None:
            with kept_whole(out):
                write_message_layer(
                    out, error.findings, "local"
                )  # in the terrain's system, which may be what is wrong
                typer.echo(f"messages: {write_messages(out, error.findings)}", err=True)
        raise
    if out is not None:
        with kept_whole(out):
            write_messages(out, inputs.findings)
            typer.echo(
                f"the model as read: {', '.join(p.name for p in write_model(out, inputs))} in"
                f" {out}",
                err=True,
            )
    return scenario, inputs


def _ask_swmm(inputs: ModelInputs) -> None:
    """Let SWMM read the network, as the run would. Raises InputError with SWMM's own lines."""
    import tempfile

    from flood_sim.simulation.models import open_network

    if inputs.drainage is not None:
        with tempfile.TemporaryDirectory() as folder:
            open_network(inputs, Path(folder)).close()


@app.command()
def storms(
    name: Annotated[str | None, typer.Argument(help="list the intervals of this storm")] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--picture",
            help="draw it into this PNG file; without NAME: all of them into this folder",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Storms of the library: their sums, which intervals are reported and which are filled in."""
    from flood_sim.core.errors import input_error, nearest
    from flood_sim.ground.daily_storms import library, storm_lines, storm_rows

    known = library()
    if name is not None and name not in known:
        raise input_error(
            "E104",
            "storms",
            f"no such storm{nearest(name, known)}",
            given=name,
            allowed=", ".join(known),
        )
    chosen = list(known.values()) if name is None else [known[name]]
    if as_json:
        typer.echo(
            json.dumps(
                [
                    {
                        "name": s.name,
                        "note": s.note,
                        "source": s.rain.source,
                        "intervals": storm_rows(s),
                    }
                    for s in chosen
                ],
                ensure_ascii=False,
            )
        )
    else:
        for storm in chosen:
            typer.echo("\n".join(storm_lines(storm)))
        for row in storm_rows(chosen[0]) if name is not None else []:
            typer.echo(
                f"  until {row['end']:<28}{row['depth_mm']:9.3f} mm "
                f" {'reported' if row['reported'] else ''}"
            )
    if picture is not None:
        from flood_sim.analysis.pictures.storms import storm_picture
        from flood_sim.analysis.pictures.style import save_figure

        for storm in chosen:
            target = picture if name is not None else picture / f"{storm.name}.png"
            save_figure(
                storm_picture(
                    storm.name,
                    storm.rain.time_s,
                    storm.rain.cumulative_m,
                    storm.reported,
                    storm.note,
                ),
                target,
            )
            typer.echo(f"picture: {target}", err=True)


@app.command()
def measures(
    kind: Annotated[str | None, typer.Argument(help="explain this kind")] = None,
    costs: Annotated[
        bool, typer.Option("--costs", help="list the unit costs with their sources")
    ] = False,
    as_json: Json = False,
) -> None:
    """Kinds of measures of the six projects: list them, or explain one."""
    from flood_sim.core.errors import input_error, nearest
    from flood_sim.measures import PROJECTS
    from flood_sim.measures.describe import cost_lines, explained, kinds
    from flood_sim.measures.registry import KINDS

    if kind is not None and kind not in KINDS:
        raise input_error(
            "E104",
            "measures",
            f"no such kind{nearest(kind, KINDS)}",
            given=kind,
            allowed=", ".join(KINDS),
        )
    if kind is not None:
        lines = explained(kind)
        typer.echo(
            json.dumps({"kind": kind, "lines": lines}, ensure_ascii=False)
            if as_json
            else "\n".join(lines)
        )
        return
    rows = kinds()
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for project, chinese in PROJECTS.items():
        mine = [row for row in rows if row["project"] == project]
        typer.echo(f"{project} {chinese}" + ("" if mine else ": not implemented yet"))
        for row in mine:
            typer.echo(f"  {row['kind']:<26}{row['summary']} ({row['chinese']})")
    for line in cost_lines() if costs else []:
        typer.echo(line)


@app.command()
def run(
    name: Annotated[str | None, SCENARIO] = None,
    out: Annotated[Path | None, typer.Option("--out", help="result folder, new or empty")] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume", help="instead of both: a result folder whose run was killed or interrupted"
        ),
    ] = None,
    portfolio: Annotated[str, typer.Option(help="portfolio of the scenario")] = "baseline",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace the results in --out")
    ] = False,
    threads: Annotated[int, typer.Option(min=0, max=256, help="0: all cores")] = 0,
    allow_path: AllowPath = [],
    checkpoint_minutes: Annotated[
        float | None,
        typer.Option(min=0.0, help="wall time between checkpoints (5; with --resume as before)"),
    ] = None,
    report_: Annotated[
        bool, typer.Option("--report/--no-report", help="draw the pictures at the end")
    ] = True,
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress")] = False,
    as_json: Json = False,
) -> None:
    """Run a scenario: result folder with maps, series, ledger and pictures."""
    from flood_sim.runs.runner import CHECKPOINT_S, resume_scenario, run_scenario, saved_run

    every_s = None if checkpoint_minutes is None else 60.0 * checkpoint_minutes
    if resume is not None:
        if name is not None or out is not None or overwrite:
            raise typer.BadParameter(
                "--resume DIR goes on with the run of DIR: no scenario, --out or --overwrite"
                " beside it"
            )
        out, talk = resume, Moving(saved_run(resume)[1], quiet)
        outcome = resume_scenario(
            resume, threads=threads, checkpoint_s=every_s, **_ears(talk, as_json)
        )
    elif name is None or out is None:
        raise typer.BadParameter("give a scenario and --out DIR, or --resume DIR")
    else:
        scenario = _load(name, allow_path)
        talk = Moving(scenario, quiet)
        outcome = run_scenario(
            scenario,
            out,
            portfolio=portfolio,
            threads=threads,
            overwrite=overwrite,
            checkpoint_s=CHECKPOINT_S if every_s is None else every_s,
            **_ears(talk, as_json),
        )
    if (
        report_
        and outcome.summary["status"] != "interrupted"
        and outcome.summary["simulated_s"] > 0.0
    ):
        talk.say(f"pictures: {draw(out)}")
    talk.say(f"results: {out}")
    if as_json:
        typer.echo((out / "summary.json").read_text(encoding="utf-8"))
    if outcome.exit_code == 3:
        typer.echo(outcome.summary["message"], err=True)
    raise typer.Exit(outcome.exit_code)


def _ears(talk: Moving, as_json: bool) -> dict[str, Any]:
    """Who is told of a run; with --json nobody of the compilation."""
    ears: dict[str, Any] = {"say": talk.say, "progress": talk.step}
    return ears if as_json else ears | {"compiling": talk.compiling}


def _load(name: str, allow_path: list[Path]) -> Scenario:
    from flood_sim.scenario import load_scenario

    return load_scenario(name, tuple(allow_path))


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
