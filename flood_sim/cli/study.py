"""Verbs of the command line for studies: run, resume, status."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flood_sim.cli.grouped import grouped
from flood_sim.cli.progress import Talk

if TYPE_CHECKING:
    from flood_sim.study.spec.study import Study

study = typer.Typer(
    name="study",
    help="Many runs: portfolios x storms x draws, and what each project brings.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Folder = Annotated[Path, typer.Argument(help="folder of a study")]
Workers = Annotated[int, typer.Option(min=0, max=1024, help="0: as many as cores and memory allow")]
Scheduler = Annotated[
    str | None,
    typer.Option(
        help=(
            "address of a running dask scheduler, e.g. tls://host:8786; absent: a cluster on this"
            " machine alone"
        )
    ),
]
Trusted = Annotated[
    bool,
    typer.Option(
        "--i-trust-this-network",
        help="let an open tcp:// scheduler run this: whoever reaches it can run code",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="one JSON document on standard output")]
Quiet = Annotated[bool, typer.Option("--quiet", help="no progress")]


@study.command("list")
def list_(as_json: Json = False) -> None:
    """Studies that come with flood-sim."""
    from flood_sim.study import list_studies, load_study

    rows = [{"name": name, "title": load_study(name).spec.title} for name in list_studies()]
    typer.echo(
        json.dumps(rows, ensure_ascii=False)
        if as_json
        else "\n".join(f"{r['name']:<26} {r['title']}" for r in rows)
    )


@dataclass(frozen=True)
class RunStudy:
    """Options of `study run`."""

    name: Annotated[str, typer.Argument(help="name of a shipped study, or path of a study.toml")]
    out: Annotated[
        Path, typer.Option("--out", help="folder of the study: new, empty, or one to go on with")
    ]
    workers: Workers = 0
    scheduler: Scheduler = None
    trusted: Trusted = False
    allow_path: Annotated[
        list[Path],
        typer.Option(
            "--allow-path", help="folder outside the scenario's own that it may read (repeatable)"
        ),
    ] = field(default_factory=list)
    quiet: Quiet = False
    as_json: Json = False


@study.command()
@grouped(RunStudy)
def run(o: RunStudy) -> None:
    """Run what a study asks for and is not there yet."""
    from flood_sim.study import load_study

    _go(
        load_study(o.name, tuple(o.allow_path)),
        o.out,
        o.workers,
        o.scheduler,
        o.trusted,
        o.quiet,
        o.as_json,
    )


@study.command("check")
def check_(
    name: Annotated[str, typer.Argument(help="name of a shipped study, or path of a study.toml")],
    allow_path: Annotated[
        list[Path],
        typer.Option(
            "--allow-path", help="folder outside the scenario's own that it may read (repeatable)"
        ),
    ] = [],
    as_json: Json = False,
) -> None:
    """Read what a study's runs would read, and build every set of measures. Nothing is run."""
    check_study(name, allow_path, as_json)


def check_study(name: str, allow_path: list[Path], as_json: bool) -> None:
    """What `study check` does, and `check` of a study's file."""
    from flood_sim.study import load_study
    from flood_sim.study.spec.before import refuse_wrong_input

    found = load_study(name, tuple(allow_path))
    looked = refuse_wrong_input(found)
    typer.echo(json.dumps({"study": found.spec.name, **looked}) if as_json else repr(found))
    if not as_json:
        typer.echo(
            f"check: {looked['runs']} runs; {looked['sets']} of {looked['sets_asked']} sets of"
            " measures built, no error; the study may start"
        )


@study.command()
def resume(
    folder: Folder,
    workers: Workers = 0,
    scheduler: Scheduler = None,
    trusted: Trusted = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Go on with a study that was killed or interrupted; only the runs that were in flight are done
    again.
    """
    from flood_sim.study.queue import open_study

    _go(open_study(folder), folder, workers, scheduler, trusted, quiet, as_json)


@study.command()
def status(folder: Folder, as_json: Json = False) -> None:
    """How far a study is."""
    from flood_sim.study.queue import study_status

    found = study_status(folder)
    text = (
        f"study {found['study']}: {found['complete']} of {found['runs']} runs complete"
        f" ({found['different']} different), {found['failed']} failed, {found['missing']} missing"
    )
    typer.echo(json.dumps(found) if as_json else text)


@dataclass(frozen=True)
class AuditOptions:
    """Options of `audit`."""

    name: Annotated[
        str,
        typer.Argument(help="name of a shipped scenario with a [city], or path of a .toml file"),
    ]
    out: Annotated[Path, typer.Option("--out", help="folder for the runs and audit.json")]
    portfolio: Annotated[
        list[str],
        typer.Option(
            help=(
                "portfolio of the scenario (repeatable); the first is what the others are held"
                " against"
            )
        ),
    ] = field(default_factory=lambda: ["baseline"])
    standards: Annotated[
        str | None,
        typer.Option(
            help="china, germany, or a TOML file; absent: the scenario's [region], or china"
        ),
    ] = None
    loads: Annotated[
        Path | None,
        typer.Option(
            help="TOML file of rain by return period; absent: those of the reference city"
        ),
    ] = None
    city_class: Annotated[str, typer.Option(help="super, mega, large, medium or small")] = "mega"
    allow_path: Annotated[
        list[Path],
        typer.Option(
            "--allow-path", help="folder outside the scenario's own that it may read (repeatable)"
        ),
    ] = field(default_factory=list)
    workers: Workers = 0
    quiet: Quiet = False
    as_json: Json = False


@grouped(AuditOptions)
def audit(o: AuditOptions) -> None:
    """Search the highest return period that a city passes: flood protection, waterlogging,
    underground space, before and after portfolios.
    """
    from flood_sim.analysis.standards.files import read_loads, read_standards
    from flood_sim.scenario import load_scenario
    from flood_sim.scenario.region import region_of
    from flood_sim.study.audit import AuditRules, audit_lines, run_audit

    scenario, own = (
        load_scenario(o.name, tuple(o.allow_path)),
        (None if o.loads is None else read_loads(o.loads)),
    )
    wanted = o.standards or region_of(scenario).standards or "china"
    rules = AuditRules(read_standards(wanted), o.city_class, own)
    say = Talk(o.quiet).say
    document = run_audit(scenario, o.portfolio, rules, o.out, o.workers, say)
    typer.echo(
        json.dumps(document, ensure_ascii=False) if o.as_json else "\n".join(audit_lines(document))
    )


@dataclass(frozen=True)
class LeadTimeOptions:
    """Options of `lead-time`."""

    name: Annotated[str, typer.Argument(help="name of a shipped scenario, or path of a .toml file")]
    out: Annotated[Path, typer.Option("--out", help="folder for the runs and lead_time.json")]
    portfolio: Annotated[str, typer.Option(help="portfolio of the scenario")]
    action: Annotated[str, typer.Option(help="one of its [[actions]], or a measure with an order")]
    outcome: Annotated[str, typer.Option(help="what is to be held, e.g. underground_entry_metro")]
    limit: Annotated[float, typer.Option(help="at most so much of it, in its unit")]
    step_min: Annotated[
        float, typer.Option(help="minutes between the moments that may be tried")
    ] = 15.0
    allow_path: Annotated[
        list[Path],
        typer.Option(
            "--allow-path", help="folder outside the scenario's own that it may read (repeatable)"
        ),
    ] = field(default_factory=list)
    threads: Annotated[int, typer.Option(min=1, max=1024)] = 1
    quiet: Quiet = False
    as_json: Json = False


@grouped(LeadTimeOptions)
def lead_time(o: LeadTimeOptions) -> None:
    """Search the latest moment at which an action still holds a loss under a limit: needed lead,
    and slack of the order as it stands.
    """
    from flood_sim.scenario import load_scenario
    from flood_sim.study.lead_time import Wanted, lead_time_lines, search_lead_time

    scenario = load_scenario(o.name, tuple(o.allow_path))
    wanted = Wanted(o.portfolio, o.action, o.outcome, o.limit, o.step_min)
    found = search_lead_time(scenario, wanted, o.out, o.threads, Talk(o.quiet).say)
    typer.echo(json.dumps(asdict(found)) if o.as_json else "\n".join(lead_time_lines(found)))


def _go(
    chosen: Study,
    out: Path,
    workers: int,
    scheduler: str | None,
    trusted: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    from flood_sim.core.errors import StoppedError
    from flood_sim.study.queue import run_study
    from flood_sim.study.spec.before import refuse_wrong_input
    from flood_sim.study.store import STUDY

    talk = Talk(quiet)
    if not (out / STUDY).exists():  # a study that goes on was looked at when it began
        refuse_wrong_input(chosen)
    try:
        summary = run_study(
            chosen,
            out,
            workers=workers,
            scheduler=scheduler,
            trusted=trusted,
            say=talk.say,
            progress=talk.progress,
        )
    except KeyboardInterrupt:
        raise StoppedError(f"interrupted; to go on: flood-sim study resume {out}", 130) from None
    for label, message in summary["failed"].items():
        typer.echo(f"failed: {label}: {message}", err=True)
    if not quiet:
        for line in shapley_lines(
            json.loads((out / "attribution.json").read_text(encoding="utf-8"))
        ):
            typer.echo(line, err=True)
    talk.say(f"study: {out}")
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False))
    raise typer.Exit(0 if summary["complete"] == summary["runs"] else 3)


def shapley_lines(document: dict[str, Any]) -> list[str]:
    """A table of the first outcomes: what each project brings of the whole gain."""
    from flood_sim.analysis.outcomes.outcome import kind_of

    lines = []
    for entry in document["outcomes"]:
        if not kind_of(entry["name"]).headline:
            continue
        lines.append(
            f"{entry['name']}, {entry['storm']}: {_figure(entry['loss_none'])} ->"
            f" {_figure(entry['loss_all'])}"
        )
        total = entry["total_effect"]
        for project, value in sorted(entry["shapley"].items(), key=lambda pair: -pair[1]):
            share = f"{value / total:6.0%}" if abs(total) > 1e-12 else "     -"
            lines.append(
                f"    {project:<24} {_figure(value):>14} {share}   alone"
                f" {_figure(entry['first_in'][project])}, last {_figure(entry['last_in'][project])}"
            )
    return lines


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.4g}"
