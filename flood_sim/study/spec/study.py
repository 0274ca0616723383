"""A study as it stands in a file: which scenario, which projects, which storms, which draws; read
and refused in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, ValidationError, model_validator

from flood_sim.core.errors import InputError, input_error, nearest
from flood_sim.core.files.toml_files import read_toml
from flood_sim.core.schema_texts import UnfitError
from flood_sim.core.units import SECONDS_PER_DAY
from flood_sim.measures.base import PROJECTS
from flood_sim.scenario import Scenario, list_scenarios, load_scenario
from flood_sim.scenario.build import build_inputs
from flood_sim.scenario.doors.paths import file_inside
from flood_sim.scenario.loader import scenarios_folder
from flood_sim.scenario.schema_faults import schema_findings
from flood_sim.study.failures import Envelope, components_of, failure_sets
from flood_sim.study.spec.changes import refuse_wrong_changes
from flood_sim.study.spec.section import Changes, Section

MOST_PLAYERS = 62  # sets are bits of a signed integer
MOST_PROJECTS = 8  # 256 runs a storm: beyond that orders are sampled, or portfolios named


class Draws(Section):
    """Plausible worlds: points of a scrambled Sobol sequence in the ranges; a longer study keeps
    the points of a shorter one.
    """

    n: int = Field(ge=1, le=4096)
    seed: int = Field(720, ge=0)
    parameters: dict[str, tuple[float, float]] = Field(
        {}, description='keys of the scenario with dots, e.g. "city.river_manning_n" = [0.04, 0.08]'
    )
    choices: dict[str, tuple[str | float, ...]] = Field(
        {},
        description=(
            'the same for what is one of several, e.g. "surface.scheme" = ["local_inertial",'
            ' "second_order"]'
        ),
    )

    @model_validator(mode="after")
    def _any(self) -> Draws:
        if not self.parameters and not self.choices:
            raise UnfitError(
                "it draws nothing: parameters or choices are missing", do="add what is missing"
            )
        if both := self.parameters.keys() & self.choices.keys():
            raise UnfitError(f"{', '.join(sorted(both))}: either a range or a choice")
        for key, values in self.choices.items():
            if len(values) < 2:
                raise UnfitError(
                    f"`{key}`: a choice has at least two values",
                    do="add a value, or leave the choice out",
                )
        return self


class Twin(Section):
    """A coarse model that runs all draws; the study's own model runs the first of them. The
    estimate uses both, at a lower cost than all draws of the fine model.
    """

    changes: Changes = Field(
        description=(
            "of the scenario, e.g. { city = { cell_size_m = 20.0 }, drainage = { trunk_share ="
            " 0.1 } }"
        )
    )
    dear_draws: int = Field(
        8,
        ge=2,
        le=4096,
        description=(
            "draws that the study's own model runs too; fewer than 8 measure no correlation"
        ),
    )


class Money(Section):
    price_year: int = Field(2021, ge=1990, le=2100)
    rates: tuple[Annotated[float, Field(ge=0.0, le=0.2)], ...] = Field(
        (0.06, 0.08), min_length=1, description="discount rates: 0.06, not 6"
    )
    horizon_y: int = Field(50, ge=1, le=200)
    yearly_budget: tuple[Annotated[float, Field(ge=0.0, le=1e13)], ...] = Field(
        (), description="money of each year, for the order of building; what is left carries over"
    )


class Sampling(Section):
    """portfolios = "sampled": random orders of building, each with its reverse; the sets that they
    pass through are run.
    """

    pairs: int = Field(
        10,
        ge=2,
        le=1000,
        description="of orders: twice as many times the projects are the most runs it takes",
    )
    seed: int = Field(720, ge=0)
    of: Literal["projects", "measures"] = Field(
        "projects",
        description="measures: those of a project stand together in every order (Owen values)",
    )


class StudySpec(Section):
    """A study. Storms, draws and failure sets are changes of the scenario; all portfolios meet each
    of them.
    """

    schema_: Literal[1] = Field(alias="schema")
    name: str = Field(min_length=1, max_length=80)
    title: str = ""
    scenario: str = Field(
        description="name of a shipped scenario, or path of a file beside this one"
    )
    projects: dict[str, tuple[str, ...]] = Field(
        {},
        description=(
            "measures by project; absent: all measures of the scenario by the project of their kind"
        ),
    )
    portfolios: (
        Literal["factorial", "fractional", "singles", "sampled"] | dict[str, tuple[str, ...]]
    ) = Field(
        "factorial",
        description=(
            "all sets of projects; 16 of 64 (screening); none, each alone, all but each, all; sets"
            " of random orders; or named lists of projects"
        ),
    )
    sampling: Sampling = Sampling()
    actions: str | None = Field(None, description="name of an [action_list.NAME]")
    storms: dict[str, Changes] = Field(
        {"as_given": {}},
        min_length=1,
        description="name to the changes of the scenario that make it",
    )
    return_period_y: dict[str, Annotated[float, Field(ge=0.1, le=100_000.0)]] = Field(
        {}, description="of storms that have one: expected annual damage; a historic storm has none"
    )
    failure_sets: dict[str, Changes] = Field(
        {"none": {}},
        min_length=1,
        description="name to the changes that make it, e.g. { failures = [...] }",
    )
    envelope: Envelope | None = Field(
        None, description="failure sets of a global resilience analysis, besides those above"
    )
    draws: Draws | None = None
    twin: Twin | None = None
    money: Money = Money()
    threads_per_run: int = Field(1, ge=1, le=64)
    timeout_s: float = Field(3600.0, ge=1.0, le=30 * SECONDS_PER_DAY, description="of one run")

    @model_validator(mode="after")
    def _twin_has_draws(self) -> StudySpec:
        if self.twin is not None and (self.draws is None or self.draws.n <= self.twin.dear_draws):
            raise UnfitError(
                "a twin needs [draws] with more of them than dear_draws",
                do="give more draws than dear_draws, or leave the twin out",
            )
        return self

    @model_validator(mode="after")
    def _periods(self) -> StudySpec:
        for storm in self.return_period_y:
            if storm not in self.storms:
                raise UnfitError(
                    f"return_period_y names `{storm}`, which is no storm of this"
                    f" study{nearest(storm, self.storms)}",
                    do="name one of its storms",
                )
        return self


@dataclass(frozen=True)
class Study:
    """A validated study and its scenario; projects in the order of the six; failure sets with those
    of an envelope, and its components. Sampled by measures, each measure is a project of its own
    and `unions` holds the numbers of those that belong together.
    """

    spec: StudySpec
    path: Path
    scenario: Scenario
    projects: dict[str, tuple[str, ...]]
    failure_sets: dict[str, Changes]
    components: tuple[str, ...] = ()
    unions: tuple[tuple[int, ...], ...] = ()

    def __repr__(self) -> str:
        spec, draws = self.spec, 0 if self.spec.draws is None else self.spec.draws.n
        sets = spec.portfolios if isinstance(spec.portfolios, str) else ", ".join(spec.portfolios)
        return (
            f"Study {spec.name} ({self.path})\n"
            f"  scenario   {self.scenario.spec.name}\n"
            f"  projects   {len(self.projects)} of"
            f" {sum(len(names) for names in self.projects.values())} measures:"
            f" {', '.join(self.projects)}\n"
            f"  portfolios {sets}\n"
            f"  storms     {', '.join(spec.storms)}\n"
            f"  failures   {len(self.failure_sets)} sets, {len(self.components)} components\n"
            f"  draws      {draws}; at most {spec.timeout_s:g} s and {spec.threads_per_run} threads"
            " a run"
        )

    def _repr_html_(self) -> str:
        """A table of the projects and their measures."""
        import pandas

        rows = [(project, ", ".join(names)) for project, names in self.projects.items()]
        return pandas.DataFrame(rows, columns=["project", "measures"]).to_html(index=False)


def studies_folder() -> Path:
    return scenarios_folder() / "studies"


def list_studies() -> list[str]:
    """Names of the shipped studies."""
    return sorted(p.stem for p in studies_folder().glob("*.toml"))


def load_study(name: str | Path, allowed: tuple[Path, ...] = ()) -> Study:
    """Read and validate a study by name or path. Raises InputError with what is wrong."""
    path = _study_file(name)
    data = read_toml(path)
    try:
        spec = StudySpec.model_validate(data)
    except ValidationError as error:
        raise InputError(schema_findings(path.name, error.errors(), data, StudySpec)) from error
    shipped = spec.scenario in list_scenarios() and not (path.parent / spec.scenario).is_file()
    place = f"{path.name}, scenario"
    file = spec.scenario if shipped else file_inside(path.parent, spec.scenario, place, allowed)
    scenario = load_scenario(file, allowed)
    refuse_wrong_changes(spec, scenario, path.name)
    projects, unions = _players(spec, _projects(spec, scenario, path), path)
    study = Study(spec, path, scenario, projects, *_failures(spec, scenario, path), unions)
    _refuse_unknown_projects(study)
    return study


def is_study_file(name: str | Path) -> bool:
    """Whether a file is a study rather than a scenario: it names its scenario. A file that cannot
    be read is left to its reader.
    """
    path = Path(name)
    try:
        data = read_toml(path) if path.is_file() and path.suffix == ".toml" else {}
    except InputError:
        return False
    return "scenario" in data and not data.keys() & {"terrain", "city", "time", "extends"}


def _study_file(name: str | Path) -> Path:
    path = Path(name)
    if not path.is_file():
        path = studies_folder() / f"{name}.toml"
    if not path.is_file():
        raise input_error(
            "E101",
            str(name),
            f"no study of this name{nearest(str(name), list_studies())}",
            allowed=f"{', '.join(list_studies())}, or a file",
        )
    return path


def _players(
    spec: StudySpec, projects: dict[str, tuple[str, ...]], path: Path
) -> tuple[dict[str, tuple[str, ...]], tuple[tuple[int, ...], ...]]:
    """Those who share the gain, and the numbers of those that belong together: projects, or each
    measure for itself.
    """
    unions: tuple[tuple[int, ...], ...] = tuple((k,) for k in range(len(projects)))
    if spec.portfolios == "sampled" and spec.sampling.of == "measures":
        ends = np.cumsum([0, *(len(names) for names in projects.values())]).tolist()
        unions = tuple(tuple(range(a, b)) for a, b in zip(ends[:-1], ends[1:], strict=True))
        projects = {measure: (measure,) for names in projects.values() for measure in names}
    if len(projects) > MOST_PLAYERS:
        raise input_error(
            "E104",
            f"{path.name}, sampling.of",
            f"{len(projects)} measures",
            allowed=f"at most {MOST_PLAYERS}",
            do='set sampling.of = "projects"',
        )
    return projects, unions


def _failures(
    spec: StudySpec, scenario: Scenario, path: Path
) -> tuple[dict[str, Changes], tuple[str, ...]]:
    if spec.envelope is None:
        return spec.failure_sets, ()
    inputs = build_inputs(scenario)
    sets = failure_sets(spec.envelope, inputs, scenario.spec.time.start.isoformat(), path.name)
    return spec.failure_sets | sets, tuple(
        _component(kind, name) for kind, name in components_of(spec.envelope, inputs)
    )


def _component(kind: str, name: str) -> str:
    """Pipes and pumps by their own names; a node's inlets and an outfall's flap are no node and no
    outfall.
    """
    return {
        "inlets": f"inlets of {name}",
        "flaps": f"flap of {name}",
        "boards": f"board of {name}",
    }.get(kind, name)


def _projects(spec: StudySpec, scenario: Scenario, path: Path) -> dict[str, tuple[str, ...]]:
    measures = scenario.spec.measure
    if not spec.projects:
        groups: dict[str, tuple[str, ...]] = {
            str(p): tuple(n for n, m in measures.items() if p == m.PROJECT) for p in PROJECTS
        }
        groups = {p: names for p, names in groups.items() if names}
        if not groups:
            raise input_error(
                "E104",
                f"{path.name}, scenario",
                "the scenario has no measures",
                given=spec.scenario,
                do="add [measure.NAME] tables to it, or name another scenario",
            )
    else:
        groups = dict(spec.projects)
        _refuse_unknown_measures(groups, measures, path)
    if len(groups) > MOST_PROJECTS and spec.portfolios in ("factorial", "fractional"):
        raise input_error(
            "E104",
            f"{path.name}, projects",
            f"{len(groups)} projects make {2 ** len(groups)} portfolios",
            allowed=f"at most {MOST_PROJECTS}",
            do='group measures into fewer projects, portfolios = "sampled", or name the portfolios',
        )
    if spec.portfolios == "fractional" and len(groups) != 6:
        raise input_error(
            "E104",
            f"{path.name}, portfolios",
            "the fraction of 16 runs is one of six projects",
            given=f"{len(groups)} projects",
            do='give six projects, or portfolios = "factorial"',
        )
    return groups


def _refuse_unknown_measures(
    groups: dict[str, tuple[str, ...]], measures: Mapping[str, object], path: Path
) -> None:
    for project, names in groups.items():
        for name in names:
            if name not in measures:
                raise input_error(
                    "E104",
                    f"{path.name}, projects.{project}",
                    f"no such measure{nearest(name, measures)}",
                    given=name,
                    allowed=", ".join(measures),
                )


def _refuse_unknown_projects(study: Study) -> None:
    if isinstance(study.spec.portfolios, dict):
        for name, projects in study.spec.portfolios.items():
            for project in projects:
                if project not in study.projects:
                    place = f"{study.path.name}, portfolios.{name}"
                    raise input_error(
                        "E104",
                        place,
                        f"no such project{nearest(project, study.projects)}",
                        given=project,
                        allowed=", ".join(study.projects),
                    )
