"""A validated scenario to ModelInputs: files are read, places found, doubts gathered. No model runs
here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.city import City, reference_city
from flood_sim.core.clock import Clock
from flood_sim.core.errors import Faults, Finding, InputError, input_error, nearest
from flood_sim.core.files.map_keys import VectorFile
from flood_sim.ground.terrain import Terrain
from flood_sim.measures import apply_measures
from flood_sim.measures.effectiveness import as_it_works
from flood_sim.measures.plans import members, parse_portfolio, plan_lines
from flood_sim.measures.site_edits import without_gates
from flood_sim.scenario.actions import ActionBuilder
from flood_sim.scenario.checks.edge_water import dry_stage_doubts
from flood_sim.scenario.checks.odd_keys import odd_keys
from flood_sim.scenario.doors.vectors import read_geometries
from flood_sim.scenario.edges import build_boundaries, city_edges
from flood_sim.scenario.exposure import build_exposure
from flood_sim.scenario.ground import GroundInputs, build_ground
from flood_sim.scenario.initial_depth import build_initial_depth
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.losses import build_infiltration, build_storage
from flood_sim.scenario.memory import check_memory_early
from flood_sim.scenario.network_failures import refuse_half_notches
from flood_sim.scenario.places import open_cell
from flood_sim.scenario.rain import build_rainfall
from flood_sim.scenario.region import design_law, region_doubts, region_of, told_region
from flood_sim.scenario.scheme import choose_scheme, looked_at
from flood_sim.scenario.sewers import build_drainage
from flood_sim.scenario.sites import build_sites
from flood_sim.scenario.spec.schema import Portfolio, SurfaceSpec
from flood_sim.scenario.structures import build_structures
from flood_sim.scenario.switches import SwitchBuilder
from flood_sim.scenario.twin_network import with_trunks
from flood_sim.simulation.inputs import Gauge, Limits, ModelInputs
from flood_sim.surface.boundaries import Transect, transect_along
from flood_sim.surface.settings import SurfaceSettings

LARGEST_FRAMES, LARGEST_ROWS = 100_000, 1_000_000


def build_inputs(scenario: Scenario, portfolio: str = "baseline", threads: int = 1) -> ModelInputs:
    """Everything the simulation needs. Raises InputError with what is wrong; doubts are in
    `findings`.
    """
    chosen_portfolio(scenario, portfolio)  # before anything is read
    return build_portfolio(scenario, bare_inputs(scenario, threads), portfolio)


def bare_inputs(scenario: Scenario, threads: int = 1) -> ModelInputs:
    """The place without measures, failures and rules. Raises InputError."""
    spec = scenario.spec
    scenario.log.clear()
    findings: list[Finding] = odd_keys(spec, scenario.path.name)
    region = region_of(scenario)
    findings += region_doubts(scenario, region)
    check_memory_early(scenario)
    city = reference_city(spec.city) if spec.city is not None else None
    ground = build_ground(scenario, city, findings)
    parts = _parts(scenario, city, ground, findings)
    findings += dry_stage_doubts(
        scenario.path.name, parts["edges"], ground.terrain, parts["initial_depth"]
    )
    choice = choose_scheme(
        spec.surface.scheme,
        ground.terrain,
        parts["initial_depth"],
        parts["structures"],
        looked_at(parts, ground.terrain),
    )
    findings += filter(None, [choice.finding(scenario.path.name)])
    return ModelInputs(
        **parts,
        name=spec.name,
        terrain=ground.terrain,
        surface=_settings(spec.surface, choice.scheme, threads),
        scheme_reason=choice.reason,
        scheme_reason_chinese=choice.reason_chinese,
        design_law=design_law(scenario, region),
        region=told_region(scenario, region),
        limits=Limits(spec.limits.volume_error_stop, spec.limits.volume_error_exceeded),
        fields=spec.output.fields,
        decimals=spec.output.decimals,
        buildings=ground.buildings,
        layers={} if city is None else city.ground.layers(),
        lines={} if city is None else city.lines(),
        findings=tuple(findings),
        effective=_effective(scenario),
        folder=scenario.folder,
    )


def build_portfolio(scenario: Scenario, bare: ModelInputs, portfolio: str) -> ModelInputs:
    """Bare inputs with the measures of a portfolio, what fails and what people do. The log of the
    bare place stays as it is: what one portfolio reads is not told of the next. Raises InputError.
    """
    spec, chosen = scenario.spec, chosen_portfolio(scenario, portfolio)
    scenario = replace(scenario, log=scenario.log.copy())
    inputs = _with_measures(scenario, replace(bare, portfolio=portfolio), chosen)
    plan_text(scenario, portfolio, inputs)  # a phase over its budget is refused
    inputs = _as_read(scenario, _with_switches(scenario, inputs, chosen))
    if spec.drainage.kind == "swmm" and spec.drainage.trunk_share < 1.0:
        return with_trunks(inputs, spec.drainage.trunk_share)
    return inputs


def _as_read(scenario: Scenario, inputs: ModelInputs) -> ModelInputs:
    """With what the doors of the maps have to say, once all maps are read."""
    log = scenario.log
    lines = tuple(f"{name}: {text}" for name, text in log.lines.items())
    return replace(inputs, findings=(*inputs.findings, *log.findings), read_as=lines)


def _parts(
    scenario: Scenario, city: City | None, ground: GroundInputs, findings: list[Finding]
) -> dict[str, Any]:
    """What stands and falls on the ground, each part by its name in ModelInputs. Raises InputError
    with the faults of all parts.
    """
    terrain, faults = ground.terrain, Faults()
    drainage = faults.of(build_drainage, scenario, ground, city, findings)
    clock = faults.of(_clock, scenario)
    boundaries = faults.of(build_boundaries, scenario, terrain, findings)
    built = faults.of(build_structures, scenario, terrain, findings)
    parts: dict[str, Any] = {
        "drainage": drainage,
        "clock": clock,
        "initial_depth": faults.of(build_initial_depth, scenario, terrain, city, findings),
        "gauges": faults.of(_gauges, scenario, terrain, city),
        "sections": faults.of(_sections, scenario, terrain),
        "rainfall": faults.of(build_rainfall, scenario, terrain.grid, findings),
        "infiltration": faults.of(build_infiltration, scenario, terrain, city, findings),
        "storage": faults.of(build_storage, scenario, terrain, ground.buildings, findings),
        "exposure": faults.of(build_exposure, scenario, terrain.grid, city, findings),
    }
    if not faults.findings:  # sites look at the rain and the network
        network = None if drainage is None else drainage.network
        rain = parts["rainfall"]
        parts["sites"] = faults.of(build_sites, scenario, terrain, rain, network, city, findings)
    faults.refuse()
    (edges, inflows, edge_inflows), (structures, culverts, pumps) = boundaries, built
    if city is not None:
        edges += city_edges(city, terrain)
        structures += city.bottlenecks(terrain)
        culverts += city.ground.culverts
    return parts | {
        "edges": tuple(edges),
        "inflows": tuple(inflows),
        "edge_inflows": tuple(edge_inflows),
        "structures": structures,
        "culverts": culverts,
        "pumps": pumps,
    }


def _clock(scenario: Scenario) -> Clock:
    spec = scenario.spec
    out = spec.output
    clock = Clock(
        spec.time.start,
        spec.duration_s,
        _window(scenario),
        out.interval_s,
        out.series_interval_s or 0.0,
    )
    _refuse_rows(scenario, clock)
    if clock.outputs() > LARGEST_FRAMES:
        place, given = f"{scenario.path.name}, [output] interval_s", f"{clock.outputs()} frames"
        raise input_error(
            "E308", place, given, allowed=f"at most {LARGEST_FRAMES}", do="write less often"
        )
    return clock


def _refuse_rows(scenario: Scenario, clock: Clock) -> None:
    """Rows of series that no window ends at, or too many of them. Raises InputError."""
    drainage, every = scenario.spec.drainage, clock.series_s
    place = f"{scenario.path.name}, [output] series_interval_s"
    given = f"{every:g} s"
    if every == 0.0:
        return
    if drainage.kind == "swmm" and abs(math.remainder(every, drainage.coupling_step_s)) > 1e-9:
        raise input_error(
            "E308",
            place,
            "street and sewers meet between two rows",
            given=given,
            allowed=f"multiples of coupling_step_s, {drainage.coupling_step_s:g} s",
            do="another series_interval_s, or a smaller coupling_step_s",
        )
    if clock.duration_s / every > LARGEST_ROWS:
        raise input_error(
            "E308",
            place,
            f"{clock.duration_s / every:.0f} rows a gauge",
            given=given,
            allowed=f"at most {LARGEST_ROWS}",
            do="write less often",
        )


def chosen_portfolio(scenario: Scenario, name: str) -> Portfolio:
    """The portfolio of this name, or what a plan has in service on a day ("henan@2025"). Raises
    InputError where there is none.
    """
    spec, place = scenario.spec, f"{scenario.path.name}, --portfolio"
    dated = parse_portfolio(name)
    if dated is not None:
        if dated[0] not in spec.plan:
            raise input_error(
                "E104",
                place,
                f"no such plan{nearest(dated[0], spec.plan)}",
                given=dated[0],
                allowed=", ".join(spec.plan) or "the scenario has no [plan]",
            )
        plan = spec.plan[dated[0]]
        return Portfolio(measures=members(plan, spec.measure, dated[1]), actions=plan.actions)
    if name not in spec.portfolio:
        raise input_error(
            "E104",
            place,
            f"no such portfolio{nearest(name, spec.portfolio)}",
            given=name,
            allowed=", ".join(spec.portfolio),
        )
    return spec.portfolio[name]


def _with_measures(scenario: Scenario, inputs: ModelInputs, portfolio: Portfolio) -> ModelInputs:
    """The inputs after the measures of a portfolio; the scheme stays the baseline's, so that
    portfolios differ by their measures alone.
    """
    if not portfolio.measures:
        return inputs

    def shapes(file: str | VectorFile, place: str) -> list[Any]:
        return read_geometries(scenario.map(file, place), inputs.terrain.grid)

    measures = {
        name: as_it_works(
            name, scenario.spec.measure[name], portfolio.effectiveness, portfolio.seed
        )
        for name in portfolio.measures
    }

    def in_file(findings: Iterable[Finding]) -> list[Finding]:
        return [
            (
                replace(f, place=f"{scenario.path.name}, {f.place}")
                if f.place.startswith("measure.")
                else f
            )
            for f in findings
        ]

    try:
        built = apply_measures(inputs, measures, shapes)
    except InputError as error:
        raise InputError(in_file(error.findings)) from error
    findings = tuple(in_file(built.inputs.findings))
    dug = np.nan_to_num(
        np.maximum(inputs.terrain.bed_elevation - built.inputs.terrain.bed_elevation, 0.0)
    )
    return replace(
        built.inputs,
        dug_m=dug if dug.any() else None,
        findings=findings,
        measures=built.measures,
        measure_features=built.features,
    )


def _with_switches(scenario: Scenario, inputs: ModelInputs, portfolio: Portfolio) -> ModelInputs:
    """What fails, what rules do, and what people do, after the measures are built."""
    findings: list[Finding] = list(inputs.findings)
    openings = [o.name for s in inputs.sites.spaces.spaces for o in s.openings]
    builder = SwitchBuilder(
        scenario, inputs.terrain, inputs.drainage, inputs.edges, inputs.gauges, openings, findings
    )
    operations, drainage = builder.build(inputs.operations, inputs.mobile_pumps)
    measures = {name: scenario.spec.measure[name] for name in portfolio.measures}
    actions = ActionBuilder(
        scenario, inputs, measures, builder, portfolio.actions, findings
    ).build()
    missing = builder.missing_boards
    actions = tuple(
        replace(
            a,
            tasks=tuple(
                replace(t, fails=t.fails or (t.effect == "board" and t.target in missing))
                for t in a.tasks
            ),
        )
        for a in actions
    )
    refuse_half_notches(None if drainage is None else drainage.network, operations, actions)
    have = scenario.spec.resources
    return replace(
        inputs,
        operations=operations,
        drainage=drainage,
        actions=actions,
        sites=without_gates(inputs.sites, missing) if missing else inputs.sites,
        crews=have.crews,
        trucks=inputs.trucks + have.trucks,
        findings=tuple(findings),
    )


def _window(scenario: Scenario) -> float:
    drainage = scenario.spec.drainage
    return drainage.coupling_step_s if drainage.kind == "swmm" else scenario.spec.surface.window_s


def _settings(spec: SurfaceSpec, scheme: str, threads: int) -> SurfaceSettings:
    """The keys of [surface] by their names; scheme and window_s are no numbers of a scheme."""
    numbers = spec.model_dump(exclude={"scheme", "window_s"})
    return SurfaceSettings(**numbers, scheme=scheme, threads=threads, threads_by_size=True)


def _effective(scenario: Scenario) -> dict[str, Any]:
    """All defaults written out; paths absolute, so that the copy beside the results can be run
    again (with --allow-path).
    """
    data = scenario.spec.as_toml()

    def absolute(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: absolute(v) for k, v in value.items()}
        if isinstance(value, list):
            return [absolute(v) for v in value]
        if isinstance(value, str) and Path(value).suffix and (scenario.folder / value).is_file():
            return str((scenario.folder / value).resolve())
        return value

    return dict(absolute(data))


def plan_text(scenario: Scenario, portfolio: str, inputs: ModelInputs) -> list[str]:
    """Phases, budgets and present values where the portfolio is a plan's ("henan@2025"); []
    else.
    """
    dated = parse_portfolio(portfolio)
    return (
        []
        if dated is None
        else plan_lines(
            dated[0], scenario.spec.plan[dated[0]], scenario.spec.measure, inputs.measures
        )
    )


def _gauges(scenario: Scenario, terrain: Terrain, city: City | None) -> tuple[Gauge, ...]:
    gauges = []
    for name, location in scenario.spec.output.gauges.items():
        row, column = (
            int(v)
            for v in open_cell(
                terrain, location, f"{scenario.path.name}, [output] gauges, `{name}`"
            )
        )
        gauges.append(Gauge(name, row, column, *location))
    if city is not None:
        grid = terrain.grid
        gauges += [
            Gauge(s.name, s.row, s.column, float(grid.x_m[s.column]), float(grid.y_m[s.row]))
            for s in city.sites
            if s.name not in scenario.spec.output.gauges
        ]
    return tuple(gauges)


def _sections(scenario: Scenario, terrain: Terrain) -> tuple[Transect, ...]:
    return tuple(
        transect_along(terrain, name, list(points))
        for name, points in scenario.spec.output.sections.items()
    )
