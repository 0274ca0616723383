"""[drainage] to DrainageInputs: which node opens into which cell, with what; and what `check` says
about the network on this ground.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import tzinfo
from typing import Any

import numpy as np

from flood_sim.city import City
from flood_sim.core.errors import Finding, input_error
from flood_sim.core.units import mm_h_to_m_s
from flood_sim.drainage.check import check_network, choose_step
from flood_sim.drainage.inflows import refuse_odd_inflows
from flood_sim.drainage.inp import InpFile, read_inp
from flood_sim.drainage.junction_losses import losses_line, missing_losses, with_losses
from flood_sim.drainage.map_unit import with_map_scaled
from flood_sim.drainage.ranges import check_ranges
from flood_sim.ground.terrain import Terrain
from flood_sim.scenario.checks.network_clock import check_clock, network_zone
from flood_sim.scenario.checks.swmm_network import check_on_ground
from flood_sim.scenario.ground import GroundInputs
from flood_sim.scenario.inlets import build_inlets, return_cells
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.node_places import check_datum, check_rims, place_nodes, rims_on_the_bed
from flood_sim.scenario.on_grade import on_grade_findings
from flood_sim.scenario.spec.drainage import SwmmDrainage
from flood_sim.simulation.inputs import DrainageInputs, NodeInlet


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
            do='roofs = "street", or building_treatment = "hole"',
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
    inp, step, why = _checked_network(scenario, spec, terrain, findings)
    zone = network_zone(spec)
    if not spec.coupled:
        return _uncoupled(inp, spec, step, zone, why, findings)
    places = place_nodes(inp, terrain, spec, findings)
    check_datum(inp, terrain, places, findings)
    if spec.rim == "bed":
        inp = rims_on_the_bed(inp, terrain, places)
    else:
        check_rims(inp, terrain, places, findings)
    if spec.outfalls == "river":
        inp = _gated_outfalls(inp, set(places.cells), findings)
    inp, losses = _with_losses(inp, spec)
    openings = build_inlets(scenario, spec, inp, terrain, places.cells, findings)
    findings += openings.findings(inp) + on_grade_findings(inp, openings.inlets, terrain)
    cells = {n: c for n, c in places.cells.items() if n not in openings.sealed}
    back, river = spec.outfalls != "leave", spec.outfalls == "river"
    return DrainageInputs(
        openings.in_network(inp),
        tuple(openings.inlets),
        return_cells(openings.inlets, cells),
        step,
        spec.threads,
        back,
        river,
        zone=zone,
        notes=(*openings.lines(), *losses, why),
    )


def _with_losses(inp: InpFile, spec: SwmmDrainage) -> tuple[InpFile, tuple[str, ...]]:
    """The network with the losses at manholes that the scenario wants, and what is said of them."""
    losses, taken = missing_losses(inp), spec.junction_losses == "hec22"
    line = losses_line(losses, taken)
    return (with_losses(inp, losses) if taken else inp), ((line,) if line else ())


def _checked_network(
    scenario: Scenario, spec: SwmmDrainage, terrain: Terrain, findings: list[Finding]
) -> tuple[InpFile, float, str]:
    """The network of a scenario on the terrain's map, all that can be said of it without the
    ground; the routing step (s) and why.
    """
    if spec.network is None:
        raise input_error(
            "E104",
            f"{scenario.path.name}, [drainage]",
            "this key is missing",
            allowed="network: an EPA SWMM .inp file",
            do='add network = "network.inp"',
        )
    inp = read_inp(scenario.file(spec.network, "[drainage] network"), scenario.roots)
    inp = _on_map(scenario, inp, terrain)
    step, why = _routing_step(spec, inp)
    check_on_ground(scenario, spec, inp, findings)
    refuse_odd_inflows(inp)
    findings += check_ranges(inp) + check_clock(scenario, spec, inp, step)
    findings += check_network(inp, step)
    if spec.min_surface_area_m2 is not None:
        area = f"{spec.min_surface_area_m2 / inp.metres_per_unit**2:g}"
        inp = inp.with_options({"MIN_SURFAREA": area})
    return inp, step, why


def _uncoupled(
    inp: InpFile,
    spec: SwmmDrainage,
    step: float,
    zone: tzinfo | None,
    why: str,
    findings: list[Finding],
) -> DrainageInputs:
    """The network beside the street: nothing goes in or comes out."""
    given = [key for key in ("inlets", "street_inlets", "gutter") if getattr(spec, key) is not None]
    if given or spec.outfalls != "leave":
        raise input_error(
            "E104",
            "[drainage] coupled",
            "an uncoupled network has no inlets and no outfalls onto the grid",
            given="coupled = false",
            do="remove inlets, street_inlets, gutter and outfalls, or coupled = false",
        )
    text = "coupled = false: the network exchanges no water with the street; what it spills is lost"
    findings.append(Finding("W448", inp.path.name, text))
    return DrainageInputs(inp, (), {}, step, spec.threads, zone=zone, notes=(why,))


def _routing_step(spec: SwmmDrainage, inp: InpFile) -> tuple[float, str]:
    """SWMM's routing step, s, and what `check` says about it."""
    if spec.routing_step_s is None:
        return choose_step(inp, spec.coupling_step_s)
    return spec.routing_step_s, f"routing step {spec.routing_step_s:g} s, as the scenario says"


def _on_map(scenario: Scenario, inp: InpFile, terrain: Terrain) -> InpFile:
    """Its map in metres where the terrain's file is in another unit: a network states none, and
    lies on the terrain's map. Not where it lies on the ground as it is.
    """
    unit, metres = scenario.log.map_unit
    if metres == 1.0:
        return inp
    xy = np.array(list(inp.coordinates().values())).reshape(-1, 2)
    there, scaled = (
        int(terrain.grid.contains(*terrain.grid.cell_at(*places.T)).sum())
        for places in (xy, metres * xy)
    )
    if there > scaled:
        return inp
    scenario.log.lines[inp.path.name] = f"map coordinates in {unit}, converted to metres"
    return with_map_scaled(inp, metres)


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
    """Raises InputError where the steps of a scenario do not fit each other."""
    step, routing = spec.coupling_step_s, spec.routing_step_s or 1.0
    ratio = step / routing
    place = f"{scenario.path.name}, [drainage] coupling_step_s"
    if abs(step - round(step)) > 1e-9 or abs(ratio - round(ratio)) > 1e-9:
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
    inp, losses = _with_losses(inp, spec)
    step, why = _routing_step(spec, inp)
    if spec.outfalls != "leave" or spec.street_inlets is not None or spec.gutter is not None:
        raise input_error(
            "E104",
            f"{scenario.path.name}, [drainage]",
            "outfalls and inlets of the reference city are its own",
            do="remove outfalls, street_inlets and gutter",
        )
    inlets = [i.opened((1.0 - spec.clogging) * i.open_share) for i in city.network.inlets]
    return DrainageInputs(
        inp,
        tuple(inlets),
        return_cells(inlets, _wells(inp, inlets)),
        step,
        spec.threads,
        zone=network_zone(spec),
        notes=(*losses, why),
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
