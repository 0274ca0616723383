"""Verbs of the command line that read scenarios: list, copy, check. Imports are lazy: --help stays
quick.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flood_sim.cli.results import Json

if TYPE_CHECKING:
    from flood_sim.scenario import Scenario
    from flood_sim.simulation.inputs import ModelInputs


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


def load(name: str, allow_path: list[Path]) -> Scenario:
    from flood_sim.scenario import load_scenario

    return load_scenario(name, tuple(allow_path))


def list_(as_json: Json = False) -> None:
    """Scenarios that come with flood-sim."""
    from flood_sim.scenario import list_scenarios, load_scenario

    rows = [{"name": name, "title": load_scenario(name).spec.title} for name in list_scenarios()]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row['name']:<20} {row['title']}")


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
        write_city_files(target, source) if as_files else None
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


def write_city_files(scenario_file: Path, source: Path | None = None) -> Path:
    """The city's files in `city/` beside the scenario, and a second scenario that runs from
    them.
    """
    import tomli_w

    from flood_sim.city import reference_city
    from flood_sim.city.write import files_scenario, write_city
    from flood_sim.core.errors import input_error
    from flood_sim.core.files.durable import write_text
    from flood_sim.core.files.writing import writing

    spec = load(str(source or scenario_file), []).spec
    if spec.city is None:
        raise input_error(
            "E104",
            str(scenario_file),
            "this scenario has no [city] to write",
            do="leave out --as-files, or name a scenario with [city]",
        )
    city = reference_city(spec.city)
    write_city(city, scenario_file.parent / "city")
    rain = tomli_w.dumps(spec.as_toml()["rainfall"])
    target = files_of(scenario_file)
    times = (spec.time.start.isoformat(), spec.time.stop.isoformat())
    with writing(target):
        return write_text(target, files_scenario(city, f"{spec.name}_files", *times, rain, "city"))


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
    from flood_sim.scenario.checks.network import network_figures
    from flood_sim.study.spec.study import is_study_file

    if is_study_file(name):
        from flood_sim.cli.study import check_study

        check_study(name, allow_path, as_json)
        return
    scenario, inputs = _checked(name, portfolio, out, allow_path)
    figures = network_figures(inputs)
    if as_json:
        typer.echo(json.dumps(_check_document(scenario, inputs, figures), ensure_ascii=False))
        return
    for line in _check_lines(scenario, inputs, portfolio, figures):
        typer.echo(line)


def _check_document(
    scenario: Scenario, inputs: ModelInputs, figures: dict[str, Any]
) -> dict[str, Any]:
    from flood_sim.output.read_as import read_as_lines
    from flood_sim.scenario.checks.figures import figures_of

    keys = ("code", "severity", "place", "problem", "do", "x_m", "y_m")
    return {
        "scenario": scenario.name,
        "scheme": inputs.surface.scheme,
        "scheme_reason": inputs.scheme_reason,
        "network": figures,
        "figures": [f.row() for f in figures_of(inputs)],
        "measures": inputs.measures,
        "read_as": [line.removeprefix("read as: ") for line in read_as_lines(inputs)],
        "findings": [{key: getattr(f, key) for key in keys} for f in inputs.findings],
    }


def _check_lines(
    scenario: Scenario, inputs: ModelInputs, portfolio: str, figures: dict[str, Any]
) -> Iterator[str]:
    from flood_sim.measures.describe import bill_lines
    from flood_sim.output.read_as import read_as_lines
    from flood_sim.scenario.build import plan_text
    from flood_sim.scenario.checks.figures import figure_lines, figures_of
    from flood_sim.scenario.checks.network import network_lines
    from flood_sim.scenario.memory import memory_line
    from flood_sim.scenario.scheme import cost_line
    from flood_sim.scenario.sites import site_lines

    yield from map(repr, (scenario, inputs.terrain, inputs.rainfall))
    yield from read_as_lines(inputs)
    d = inputs.drainage
    yield (
        f"sewers: {len(d.return_cells)} nodes coupled, {len(d.inlets)} inlets"
        if d
        else "sewers: none"
    )
    yield from d.notes if d else ()
    yield from network_lines(figures)
    yield cost_line(inputs.surface.scheme, inputs.scheme_reason)
    yield from site_lines(inputs)
    yield memory_line(inputs)
    yield from bill_lines(inputs.measures)
    yield from plan_text(scenario, portfolio, inputs)
    yield from map(str, inputs.findings)
    yield from figure_lines(figures_of(inputs))
    yield f"check: {len(inputs.findings)} doubts, no error; the run may start"


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
        scenario = load(name, allow_path)
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
