"""[drainage] to DrainageInputs: which node opens into which cell, with what; and what `check` says
about the network on this ground.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flood_sim.city import City
from flood_sim.core.errors import Finding, InputError, input_error
from flood_sim.core.units import SWMM_US_UNITS, mm_h_to_m_s
from flood_sim.drainage.check import check_network
from flood_sim.drainage.inflows import refuse_odd_inflows
from flood_sim.drainage.inp import InpFile, read_inp
from flood_sim.drainage.ranges import check_ranges, series_outside
from flood_sim.ground.terrain import Terrain
from flood_sim.scenario.ground import GroundInputs
from flood_sim.scenario.inlets import build_inlets, return_cells
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.schema import SwmmDrainage
from flood_sim.simulation.inputs import DrainageInputs, NodeInlet

RIM_DIFFERENCE_M = 0.2
FARTHEST_RIM_M = (
    50.0  # half of the rims so far from the ground: network and ground do not belong together
)
MOST_RIMS = 0.8  # of them differ: the ground is another one
OTHER_DATUM = "Are network and ground on one datum, in one unit and one coordinate system?"
LARGE_NODE_M2 = 3.0


@dataclass
class _Places:
    """Cell of each coupled node, and why others have none."""

    cells: dict[str, tuple[int, int]]
    snapped: list[str]
    outside: list[str]
    unplaced: list[str]


def build_drainage(
    scenario: Scenario, ground: GroundInputs, city: City | None, findings: list[Finding]
) -> DrainageInputs | None:
    """The sewers of a scenario, or None."""
    spec: Any = scenario.spec.drainage
    if spec.kind == "none":
        return None
    _check_steps(scenario, spec)
    if city is not None and spec.network is None:
        drainage = _city_drainage(scenario, spec, city)
    else:
        drainage = _network_drainage(scenario, spec, ground.terrain, findings)
    if spec.roofs != "sewer":
        return drainage
    if ground.terrain.porosity is not None:
        raise input_error(
            "E104",
            "[drainage] roofs",
            "roofs of buildings taken as porosity have no cells of their own: not implemented",
            given="sewer",
            allowed="street",
            do='or building_treatment = "hole"',
        )
    return _with_roofs(drainage, spec, ground, findings)


def _with_roofs(
    drainage: DrainageInputs, spec: SwmmDrainage, ground: GroundInputs, findings: list[Finding]
) -> DrainageInputs:
    """Roof cells go to the nearest coupled node within reach; roofs without one keep draining to
    the street.
    """
    from scipy.spatial import cKDTree

    roofs = np.argwhere(ground.buildings & ~ground.terrain.outside)
    nodes = [(name, cell) for name, cells in drainage.return_cells.items() for cell in cells]
    if not len(roofs) or not nodes:
        findings.append(
            Finding(
                "W414",
                "[drainage] roofs",
                'there is no roof, or no node, to drain: roofs = "sewer" changes nothing',
            )
        )
        return drainage
    distance, index = cKDTree([cell for _, cell in nodes]).query(roofs)
    reached = distance * ground.terrain.grid.cell_size_m <= spec.roof_reach_m
    by_node: dict[str, list[np.ndarray]] = {}
    for cell, k in zip(roofs[reached], index[reached], strict=True):
        by_node.setdefault(nodes[k][0], []).append(cell)
    if not reached.all():
        findings.append(
            Finding(
                "W414",
                "[drainage] roofs",
                f"{(~reached).mean():.0%} of the roof area lies farther than {spec.roof_reach_m:g}"
                " m from a node: it drains to the street",
            )
        )
    capacity = (
        np.inf if spec.gutter_capacity_mm_h is None else mm_h_to_m_s(spec.gutter_capacity_mm_h)
    )
    cells = {name: np.array(group, np.int64) for name, group in by_node.items()}
    return replace(drainage, roof_cells=cells, gutter_capacity_m_s=capacity)


def _network_drainage(
    scenario: Scenario, spec: SwmmDrainage, terrain: Terrain, findings: list[Finding]
) -> DrainageInputs:
    if spec.network is None:
        raise input_error(
            "E104",
            f"{scenario.path.name}, [drainage]",
            "this key is missing",
            allowed="network: an EPA SWMM .inp file",
            do='add network = "network.inp"',
        )
    inp = read_inp(scenario.file(spec.network, "[drainage] network"), scenario.roots)
    _check_network(scenario, spec, inp, findings)
    refuse_odd_inflows(inp)
    findings += check_ranges(inp) + series_outside(
        inp, scenario.spec.time.start, scenario.spec.time.stop
    )
    findings += check_network(inp, spec.routing_step_s)
    if spec.min_surface_area_m2 is not None:
        inp = inp.with_options(
            {"MIN_SURFAREA": f"{spec.min_surface_area_m2 / inp.metres_per_unit**2:g}"}
        )
    places = _place_nodes(inp, terrain, spec, findings)
    if spec.rim == "bed":
        inp = _rims_on_the_bed(inp, terrain, places)
    else:
        _check_rims(inp, terrain, places, findings)
    if spec.outfalls == "river":
        inp = _gated_outfalls(inp, set(places.cells), findings)
    inlets = build_inlets(scenario, spec, inp, terrain, places.cells, findings)
    back, river = spec.outfalls != "leave", spec.outfalls == "river"
    return DrainageInputs(
        inp,
        tuple(inlets),
        return_cells(inlets, places.cells),
        spec.routing_step_s,
        spec.threads,
        back,
        river,
    )


def _gated_outfalls(inp: InpFile, placed: set[str], findings: list[Finding]) -> InpFile:
    """Outfalls in the river of the grid: their stage is set every window; flap gates, because the
    river's water has no way in by the exchange.
    """
    lines, rows = list(inp.lines), [row for row in inp.rows("OUTFALLS")]
    off = [row.tokens[0] for row in rows if row.tokens[0] not in placed]
    if off:
        raise input_error(
            "E402",
            f"{inp.path.name}, [OUTFALLS]",
            "these outfalls lie off the grid: there is no river for them",
            given=", ".join(off[:6]),
            do='give them coordinates on the grid, or outfalls = "leave"',
            at=inp.places(off),
        )
    for row in rows:
        name, invert = row.tokens[:2]
        lines[row.line - 1] = f"{name} {invert} FIXED {invert} YES"
    findings.append(
        Finding(
            "W415",
            inp.path.name,
            f"the water over their cells is the stage of {len(rows)} outfalls, all with flap gates",
        )
    )
    return inp.with_lines(lines)


def _check_steps(scenario: Scenario, spec: SwmmDrainage) -> None:
    step, routing = spec.coupling_step_s, spec.routing_step_s
    place = f"{scenario.path.name}, [drainage] coupling_step_s"
    if abs(step - round(step)) > 1e-9 or abs(step / routing - round(step / routing)) > 1e-9:
        raise input_error(
            "E308",
            place,
            "the coupling step must be whole seconds and a multiple of routing_step_s",
            given=f"{step:g} s, routing {routing:g} s",
        )
    for key, value in (
        ("[output] interval_s", scenario.spec.output.interval_s),
        ("[time] stop - start", scenario.spec.duration_s),
    ):
        if abs(value / step - round(value / step)) > 1e-9:
            raise input_error(
                "E308",
                f"{scenario.path.name}, {key}",
                "must be a multiple of [drainage] coupling_step_s",
                given=f"{value:g} s",
                allowed=f"multiples of {step:g} s",
            )


def _city_drainage(scenario: Scenario, spec: SwmmDrainage, city: City) -> DrainageInputs:
    inp = InpFile(scenario.path.with_name("reference_city.inp"), city.network.inp.splitlines())
    if spec.outfalls != "leave" or spec.street_inlets is not None:
        raise input_error(
            "E104",
            f"{scenario.path.name}, [drainage]",
            "outfalls and inlets of the reference city are its own",
            do="remove outfalls and street_inlets",
        )
    open_ = 1.0 - spec.clogging
    inlets = [
        replace(
            i,
            perimeter_m=open_ * i.perimeter_m,
            area_m2=open_ * i.area_m2,
            capacity_m3_s=open_ * i.capacity_m3_s,
            open_share=open_ * i.open_share,
        )
        for i in city.network.inlets
    ]
    return DrainageInputs(
        inp,
        tuple(inlets),
        return_cells(inlets, _wells(inp, inlets)),
        spec.routing_step_s,
        spec.threads,
    )


def _wells(inp: InpFile, inlets: list[NodeInlet]) -> dict[str, tuple[int, int]]:
    """Wet wells of the city: what they spill comes up in the street of the manhole that leads to
    them.
    """
    cells = {i.node: (i.row, i.column) for i in inlets}
    stores = {row.tokens[0] for row in inp.rows("STORAGE")}
    return {
        lower: cells[upper]
        for upper, lower in inp.links().values()
        if lower in stores and upper in cells and lower not in cells
    }


def _check_network(
    scenario: Scenario, spec: SwmmDrainage, inp: InpFile, findings: list[Finding]
) -> None:
    errors = []
    if inp.rows("SUBCATCHMENTS") and scenario.spec.rainfall.kind != "none":
        errors.append(
            Finding(
                "E411",
                inp.path.name,
                f"{len(inp.rows('SUBCATCHMENTS'))} subcatchments and rain on the grid count the"
                " rain twice",
                do="remove [SUBCATCHMENTS] from the network, or the rain from the scenario",
            )
        )
    if not inp.rows("OUTFALLS"):
        errors.append(
            Finding(
                "E406",
                inp.path.name,
                "the network has no outfall: SWMM refuses it (error 145)",
                do="add a dummy outfall",
            )
        )
    for row in inp.rows("CONDUITS"):
        if len(row.tokens) > 3 and _number(row.tokens[3]) <= 0.0:
            errors.append(
                Finding(
                    "E405",
                    f"{inp.path.name}, line {row.line}",
                    f"conduit {row.tokens[0]} has length {row.tokens[3]}",
                    do="give its length",
                    at=inp.link_places([row.tokens[0]]),
                )
            )
    for row in inp.rows("JUNCTIONS"):
        if len(row.tokens) > 2 and _number(row.tokens[2]) < 0.0:
            name, place = row.tokens[0], f"{inp.path.name}, line {row.line}"
            errors.append(
                Finding(
                    "E404",
                    place,
                    f"node {name} has a negative depth",
                    given=row.tokens[2],
                    at=inp.places([name]),
                )
            )
    if errors:
        raise InputError(errors)
    if inp.encoding != "utf-8":
        findings.append(
            Finding(
                "W105",
                inp.path.name,
                f"the file is {inp.encoding}; a UTF-8 copy is used",
                do="save as UTF-8",
            )
        )
    if inp.flow_units in SWMM_US_UNITS:
        findings.append(
            Finding(
                "W407",
                inp.path.name,
                f"FLOW_UNITS {inp.flow_units}: levels are read as feet and converted; map"
                " coordinates are not",
            )
        )
    if inp.option("FLOW_ROUTING") not in ("DYNWAVE", "DW"):
        findings.append(
            Finding(
                "W408",
                inp.path.name,
                f"FLOW_ROUTING {inp.option('FLOW_ROUTING') or 'not set'}: surcharge needs DYNWAVE",
                do="set FLOW_ROUTING DYNWAVE",
            )
        )
    area = _number(inp.option("MIN_SURFAREA")) * inp.metres_per_unit**2
    if area > LARGE_NODE_M2 and spec.min_surface_area_m2 is None:
        findings.append(
            Finding(
                "W410",
                inp.path.name,
                f"MIN_SURFAREA is {area:.2f} m2 a node (12.566 is SWMM's default in ft2): SWMM does"
                " not count the water in it, its residual grows as nodes fill",
                do="set [drainage] min_surface_area_m2 = 1.167",
            )
        )
    step = inp.option("ROUTING_STEP")
    if step:
        findings.append(
            Finding(
                "W409",
                inp.path.name,
                f"its own clock is not used: ROUTING_STEP {step}, dates and VARIABLE_STEP are set"
                " by the scenario",
            )
        )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _place_nodes(
    inp: InpFile, terrain: Terrain, spec: SwmmDrainage, findings: list[Finding]
) -> _Places:
    from scipy.spatial import cKDTree

    grid, where = terrain.grid, inp.coordinates()
    outfalls = {row.tokens[0] for row in inp.rows("OUTFALLS")}
    names = [
        n for n in inp.node_ids() if n in where and (spec.outfalls != "leave" or n not in outfalls)
    ]
    places = _Places(
        {}, [], [], [n for n in inp.node_ids() if n not in where and n not in outfalls]
    )
    open_cells = np.argwhere(terrain.active)
    tree = cKDTree(open_cells)
    for name in names:
        row, column = (int(v) for v in grid.cell_at(*where[name]))
        if bool(grid.contains(row, column)) and terrain.active[row, column]:
            places.cells[name] = (row, column)
            continue
        distance, k = tree.query((row, column))
        if distance * grid.cell_size_m <= spec.snap_m:
            places.cells[name] = (int(open_cells[k][0]), int(open_cells[k][1]))
            places.snapped.append(name)
        else:
            places.outside.append(name)
    _say_places(inp, places, spec, len(names) + len(places.unplaced), findings)
    return places


def _say_places(
    inp: InpFile, places: _Places, spec: SwmmDrainage, count: int, findings: list[Finding]
) -> None:
    if count and not places.cells:
        which = (
            "no node of the network lies on the grid"
            if count > len(places.unplaced)
            else "no node of the network has coordinates"
        )
        raise input_error(
            "E402", inp.path.name, which, do="the .inp needs [COORDINATES] in the terrain's system"
        )
    for code, names, text in (
        (
            "W402",
            places.snapped,
            (
                "nodes stand on buildings or outside the ground and go to the nearest open cell"
                f" within {spec.snap_m:g} m"
            ),
        ),
        (
            "W402",
            places.outside,
            "nodes lie off the grid: they are not coupled, what they spill leaves the model",
        ),
        ("W402", places.unplaced, "nodes have no coordinates: they are not coupled"),
    ):
        if names:
            named = f"{', '.join(names[:6])}{' ...' if len(names) > 6 else ''}"
            findings.append(
                Finding(
                    code,
                    inp.path.name,
                    f"{len(names)} of {count} {text}: {named}",
                    at=inp.places(names),
                )
            )


def _check_rims(inp: InpFile, terrain: Terrain, places: _Places, findings: list[Finding]) -> None:
    rims = inp.rims()
    gaps = {
        n: rims[n] - terrain.bed_elevation[cell] for n, cell in places.cells.items() if n in rims
    }
    far = sorted((n for n in gaps if abs(gaps[n]) > RIM_DIFFERENCE_M), key=lambda n: -abs(gaps[n]))
    if far:
        worst = ", ".join(f"{n} {gaps[n]:+.2f} m" for n in far[:5])
        text = (
            f"{len(far)} of {len(gaps)} rims differ from the ground by more than {RIM_DIFFERENCE_M}"
            f" m (rim - ground: {worst})"
        )
        middle, do = (
            float(np.median(list(gaps.values()))),
            'mend them, or set [drainage] rim = "bed"',
        )
        if abs(middle) > FARTHEST_RIM_M:
            allowed = f"within {FARTHEST_RIM_M:g} m"
            raise input_error(
                "E227",
                inp.path.name,
                f"{text}; half of them by more than {abs(middle):.1f} m",
                allowed=allowed,
                do=OTHER_DATUM,
                at=inp.places(far),
            )
        if (
            len(far) >= MOST_RIMS * len(gaps) and abs(middle) > RIM_DIFFERENCE_M
        ):  # the ground, not single nodes: it stands first
            findings.insert(
                0,
                Finding(
                    "W403",
                    inp.path.name,
                    f"{text}; half of them by {middle:+.2f} m",
                    do=f"{OTHER_DATUM} Or {do}",
                    at=inp.places(far),
                ),
            )
        else:
            findings.append(Finding("W403", inp.path.name, text, do=do, at=inp.places(far)))


def _rims_on_the_bed(inp: InpFile, terrain: Terrain, places: _Places) -> InpFile:
    """Maximum depth of coupled junctions so that their rim lies on the cell's bed."""
    lines, metre = list(inp.lines), inp.metres_per_unit
    for row in inp.rows("JUNCTIONS"):
        cell = places.cells.get(row.tokens[0])
        if cell is not None:
            depth = max(terrain.bed_elevation[cell] / metre - float(row.tokens[1]), 0.05)
            lines[row.line - 1] = " ".join(
                [row.tokens[0], row.tokens[1], f"{depth:.4f}", *(row.tokens[3:] or ["0", "0", "0"])]
            )
    return inp.with_lines(lines)
