"""Openings of a user's network: from a table (CSV or GeoPackage), along streets, and by rule for
every other coupled node.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.core.errors import Faults, Finding, InputError, input_error, nearest
from flood_sim.core.files.checked_tables import Table, check_rows
from flood_sim.core.files.csv_files import RawTable, read_raw
from flood_sim.core.grid import Grid
from flood_sim.drainage.inlets import CLOSED_KINDS as CLOSED
from flood_sim.drainage.inlets import INLET_KINDS, NO_INLET, SEALED
from flood_sim.drainage.inp import InpFile
from flood_sim.drainage.names import matched
from flood_sim.drainage.storages import own_surcharge
from flood_sim.ground.terrain import Terrain
from flood_sim.scenario.doors.map_source import MapSource
from flood_sim.scenario.doors.vectors import LINE, read_geometries, read_points
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.on_grade import gutter_of, row_fault
from flood_sim.scenario.openings import Openings, channel_inlets
from flood_sim.scenario.spec.drainage import StreetInlets, SwmmDrainage
from flood_sim.scenario.spec.tables import InletRow
from flood_sim.simulation.inputs import NodeInlet

Cell = tuple[int, int]
MOST_FAULTS = 20  # told of one table


def return_cells(
    inlets: list[NodeInlet], places: dict[str, Cell] | None
) -> dict[str, tuple[Cell, ...]]:
    """Where a node spills: at its inlets; a node without any (an outfall onto the ground) at its
    own place.
    """
    cells: dict[str, dict[Cell, None]] = {}
    for inlet in inlets:
        cells.setdefault(inlet.node, {})[(inlet.row, inlet.column)] = None
    for name, cell in (places or {}).items():
        cells.setdefault(name, {cell: None})
    return {name: tuple(group) for name, group in cells.items()}


def build_inlets(
    scenario: Scenario,
    spec: SwmmDrainage,
    inp: InpFile,
    terrain: Terrain,
    places: dict[str, Cell],
    findings: list[Finding],
) -> Openings:
    """The table's inlets and those of the streets; what nothing names is closed by its SurDepth, a
    channel, or takes the default. Outfalls take no water from the street.
    """
    listed, shut = _listed(scenario, spec, terrain, places, findings)
    outfalls, lids = {row.tokens[0] for row in inp.rows("OUTFALLS")}, own_surcharge(inp)
    inland = {n: c for n, c in places.items() if n not in outfalls}
    named = {inlet.node for inlet in listed} | shut.keys()
    if spec.street_inlets is not None:
        free = {n: c for n, c in inland.items() if n not in lids and n not in shut}
        listed += _along_streets(scenario, spec, terrain, free, findings)
        named |= {inlet.node for inlet in listed}
    kind = spec.default_inlet or ("manhole" if spec.inlets is None else NO_INLET)
    rest = {n: c for n, c in inland.items() if n not in named}
    lidded = tuple(n for n in rest if n in lids and kind != SEALED)
    for name in lidded:
        del rest[name]
    rims = {n: _rim(spec, terrain, c) for n, c in rest.items()}
    channels = channel_inlets(inp, terrain, rest, rims) if spec.default_inlet not in CLOSED else []
    for inlet in channels:
        del rest[inlet.node]
    opened = {} if kind in CLOSED else rest
    default = [_inlet(n, c, kind, {}, spec, rims[n]) for n, c in opened.items()]
    sealed = {n for n, k in shut.items() if k == SEALED} | ({*rest} if kind == SEALED else set())
    return Openings(
        listed + channels + default,
        kind,
        tuple(rest),
        lidded,
        tuple(i.node for i in channels),
        frozenset(n for n, k in shut.items() if k == NO_INLET),
        frozenset(sealed),
    )


def _along_streets(
    scenario: Scenario,
    spec: SwmmDrainage,
    terrain: Terrain,
    nodes: dict[str, Cell],
    findings: list[Finding],
) -> list[NodeInlet]:
    """Places every spacing_m along the streets (half a spacing from their ends); each leads to the
    nearest node within reach.
    """
    from scipy.spatial import cKDTree

    street, place = spec.street_inlets, f"{scenario.path.name}, [drainage] street_inlets"
    if street is None or not nodes:
        return []
    names, cells = list(nodes), np.array(list(nodes.values()))
    tree, inlets, lost = cKDTree(cells), [], 0
    for point in _street_points(scenario, street, terrain, place):
        row, column = (int(v) for v in terrain.grid.cell_at(point.x, point.y))
        inside = bool(terrain.grid.contains(row, column)) and bool(terrain.active[row, column])
        distance, k = tree.query((row, column))
        if not inside or distance * terrain.grid.cell_size_m > street.reach_m:
            lost += 1
            continue
        rim, count = _rim(spec, terrain, (row, column)), {"count": street.count}
        inlets.append(_inlet(names[k], (row, column), street.kind, count, spec, rim))
    if not inlets:
        raise input_error(
            "E204",
            place,
            f"none of {lost} places lies on open ground within {street.reach_m:g} m of a node",
            do="check reach_m and lines",
        )
    if lost:
        text = (
            f"{lost} of {lost + len(inlets)} places lie on no open ground, or farther than"
            f" {street.reach_m:g} m from a node"
        )
        findings.append(Finding("W416", place, text))
    return inlets


def _street_points(
    scenario: Scenario, street: StreetInlets, terrain: Terrain, place: str
) -> Iterator[Any]:
    for line in read_geometries(scenario.map(street.lines, place), terrain.grid, (LINE,)):
        for along in np.arange(0.5 * street.spacing_m, line.length, street.spacing_m):
            yield line.interpolate(along)


def _inlet(
    node: str,
    cell: Cell,
    kind: str,
    values: dict[str, Any],
    spec: SwmmDrainage,
    rim_m: float | None,
) -> NodeInlet:
    shape = INLET_KINDS.get(kind)
    share = 1.0 - values.get("clogging", spec.clogging)
    open_ = values.get("count", 1.0) * share
    perimeter = values.get("perimeter_m", shape.perimeter_m if shape else 0.0)
    area = values.get("area_m2", shape.area_m2 if shape else 0.0)
    capacity = values.get("capacity_m3_s", shape.capacity_m3_s if shape else math.inf)
    lid, shut = (shape.lid_m, shape.shut_share) if shape else (0.0, 1.0)
    return NodeInlet(
        node,
        *cell,
        open_ * perimeter,
        open_ * area,
        open_ * capacity,
        values.get("rim_m", rim_m),
        lid_m=lid,
        shut_share=shut,
        open_share=share,
        on_grade=gutter_of(shape, values, spec.gutter, share),
        catalogue=kind,
    )


def _rim(spec: SwmmDrainage, terrain: Terrain, cell: Cell) -> float | None:
    return float(terrain.bed_elevation[cell]) if spec.rim == "bed" else None


def _listed(
    scenario: Scenario,
    spec: SwmmDrainage,
    terrain: Terrain,
    places: dict[str, Cell],
    findings: list[Finding],
) -> tuple[list[NodeInlet], dict[str, str]]:
    """Rows of the inlet table: several a node, several a cell; with x_m and y_m (or a point) an
    opening away from its node. And the nodes that it closes, each with the kind.
    """
    if spec.inlets is None:
        return [], {}
    source = scenario.map(spec.inlets, "[drainage] inlets")
    table = (
        _rows_of(source.path, places, findings)
        if source.path.suffix.lower() == ".csv"
        else _point_rows(source, terrain.grid, findings)
    )
    inlets: list[NodeInlet] = []
    shut: dict[str, str] = {}
    faults: list[Finding] = []
    for number, row in enumerate(table.rows()):
        name, kind, place = matched(row.pop("node"), places), row.pop("kind"), table.place(number)
        cell, wrong = _cell_of(terrain, places, name, kind, row, place)
        wrong = wrong or row_fault(kind, row, spec.gutter, place)
        if wrong is not None:
            faults.append(wrong)
        elif kind in CLOSED:
            shut[name] = kind
        else:
            inlets.append(_inlet(name, cell, kind, row, spec, _rim(spec, terrain, cell)))
    both = [n for n in shut if any(i.node == n for i in inlets)]
    if both:
        text = f"a node is closed and has an inlet: {', '.join(both[:4])}"
        faults.append(Finding("E410", source.name, text, do="remove one of the rows"))
    if faults:
        raise InputError(faults[:MOST_FAULTS])
    return inlets, shut


def _rows_of(path: Path, places: dict[str, Cell], findings: list[Finding]) -> Table:
    """Raises InputError with what is wrong in the cells, and with the nodes that are not there."""
    raw, faults = read_raw(path), Faults()
    table = faults.of(check_rows, raw, InletRow, findings)
    if faults.findings:
        names = list(enumerate(map(str.strip, raw.columns.get("node", ()))))
        faults.findings += [
            Finding("E410", raw.place(k), f"node `{name}` is not coupled{nearest(name, places)}")
            for k, name in names
            if name and name not in places
        ][:MOST_FAULTS]
    faults.refuse()
    return table


def _cell_of(
    terrain: Terrain,
    places: dict[str, Cell],
    name: str,
    kind: str,
    values: dict[str, float],
    place: str,
) -> tuple[Cell, Finding | None]:
    """The cell of a row, and what is wrong with it."""
    cell = places.get(name, (-1, -1))
    if name not in places:
        return cell, Finding("E410", place, f"node `{name}` is not coupled{nearest(name, places)}")
    if kind == "custom" and not {"perimeter_m", "area_m2"} <= set(values):
        given = ", ".join(f"{key} {value:g}" for key, value in values.items())
        return cell, Finding(
            "E410",
            place,
            "a custom inlet needs perimeter_m and area_m2",
            given=given,
            do="fill the cells",
        )
    if ("x_m" in values) != ("y_m" in values):
        return cell, Finding(
            "E410",
            place,
            "x_m and y_m go together",
            given="one of them",
            do="fill both, or neither",
        )
    if "x_m" in values:
        x, y = values["x_m"], values["y_m"]
        row, column = (int(v) for v in terrain.grid.cell_at(x, y))
        cell = (row, column)
        if not bool(terrain.grid.contains(*cell)) or not terrain.active[cell]:
            return cell, Finding(
                "E402",
                place,
                "the inlet is not on an open cell",
                given=f"x {x:g}, y {y:g}",
                allowed=repr(terrain.grid),
                at=((x, y),),
            )
    return cell, None


def _point_rows(source: MapSource, grid: Grid, findings: list[Finding]) -> Table:
    """Points of a layer as a table, x_m and y_m from their geometry."""
    points = read_points(source, tuple(InletRow.model_fields), grid)
    cells: dict[str, Sequence[str]] = {
        name: tuple(map(_text, column)) for name, column in points.columns.items()
    }
    cells |= {
        "x_m": tuple(repr(float(p.x)) for p in points.shapes),
        "y_m": tuple(repr(float(p.y)) for p in points.shapes),
    }
    raw = RawTable(source.path, ",", cells, range(1, len(points) + 1))
    return check_rows(raw, InletRow, findings)


def _text(value: Any) -> str:
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if missing else str(value)
