"""Openings of a user's network: from a table (CSV or GeoPackage), along streets, and by rule for every other coupled node."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.drainage.inp import InpFile
from flood_sim.errors import Finding, input_error, nearest
from flood_sim.inlets import INLET_KINDS
from flood_sim.inputs import NodeInlet
from flood_sim.scenario import files
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.schema import SwmmDrainage
from flood_sim.terrain import Terrain

Cell = tuple[int, int]
NUMBERS = ("count", "clogging", "x_m", "y_m", "perimeter_m", "area_m2", "capacity_m3_s", "rim_m")


def return_cells(inlets: list[NodeInlet], places: dict[str, Cell] | None) -> dict[str, tuple[Cell, ...]]:
    """Where a node spills: at its inlets; a node without any (an outfall onto the ground) at its own place."""
    cells: dict[str, dict[Cell, None]] = {}
    for inlet in inlets:
        cells.setdefault(inlet.node, {})[(inlet.row, inlet.column)] = None
    for name, cell in (places or {}).items():
        cells.setdefault(name, {cell: None})
    return {name: tuple(group) for name, group in cells.items()}


def build_inlets(
    scenario: Scenario, spec: SwmmDrainage, inp: InpFile, terrain: Terrain, places: dict[str, Cell], findings: list[Finding]
) -> list[NodeInlet]:
    """The table's inlets and those of the streets; other coupled nodes take the default one. Outfalls take no water from the street."""
    listed = _listed(scenario, spec, terrain, places) if spec.inlets is not None else []
    outfalls = {row.tokens[0] for row in inp.rows("OUTFALLS")}
    if spec.street_inlets is not None:
        listed += _along_streets(scenario, spec, terrain, {n: c for n, c in places.items() if n not in outfalls}, findings)
    named = {inlet.node for inlet in listed}
    default = [
        _inlet(name, cell, spec.default_inlet, {}, spec.clogging, _rim(spec, terrain, cell))
        for name, cell in places.items()
        if name not in outfalls and name not in named
    ]
    return listed + default


def _along_streets(scenario: Scenario, spec: SwmmDrainage, terrain: Terrain, nodes: dict[str, Cell], findings: list[Finding]) -> list[NodeInlet]:
    """Places every spacing_m along the streets (half a spacing from their ends); each leads to the nearest node within reach."""
    import shapely
    from scipy.spatial import cKDTree

    street, place = spec.street_inlets, f"{scenario.path.name}, [drainage] street_inlets"
    if street is None or not nodes:
        return []
    names, cells = list(nodes), np.array(list(nodes.values()))
    tree, inlets, lost = cKDTree(cells), [], 0
    shapes = shapely.get_parts(files.read_geometries(scenario.file(street.lines, place), terrain.grid))
    for line in shapes:
        if line.geom_type != "LineString":
            raise input_error("E205", f"{place} lines", "streets are lines", given=line.geom_type)
        for along in np.arange(0.5 * street.spacing_m, line.length, street.spacing_m):
            point = line.interpolate(along)
            row, column = (int(v) for v in terrain.grid.cell_at(point.x, point.y))
            inside = bool(terrain.grid.contains(row, column)) and bool(terrain.active[row, column])
            distance, k = tree.query((row, column))
            if not inside or distance * terrain.grid.cell_size_m > street.reach_m:
                lost += 1
                continue
            rim = _rim(spec, terrain, (row, column))
            inlets.append(_inlet(names[k], (row, column), street.kind, {"count": street.count}, spec.clogging, rim))
    if not inlets:
        raise input_error(
            "E204", place, f"none of {lost} places lies on open ground within {street.reach_m:g} m of a node", do="check reach_m and lines"
        )
    if lost:
        findings.append(
            Finding("W416", place, f"{lost} of {lost + len(inlets)} places lie on no open ground, or farther than {street.reach_m:g} m from a node")
        )
    return inlets


def _inlet(node: str, cell: Cell, kind: str, values: dict[str, float], clogging: float, rim_m: float | None) -> NodeInlet:
    shape = INLET_KINDS.get(kind)
    share = 1.0 - values.get("clogging", clogging)
    open_ = values.get("count", 1.0) * share
    perimeter = values.get("perimeter_m", shape.perimeter_m if shape else 0.0)
    area = values.get("area_m2", shape.area_m2 if shape else 0.0)
    capacity = values.get("capacity_m3_s", shape.capacity_m3_s if shape else math.inf)
    lid, shut = (shape.lid_m, shape.shut_share) if shape else (0.0, 1.0)
    return NodeInlet(
        node, *cell, open_ * perimeter, open_ * area, open_ * capacity, values.get("rim_m", rim_m), lid_m=lid, shut_share=shut, open_share=share
    )


def _rim(spec: SwmmDrainage, terrain: Terrain, cell: Cell) -> float | None:
    return float(terrain.bed_elevation[cell]) if spec.rim == "bed" else None


def _listed(scenario: Scenario, spec: SwmmDrainage, terrain: Terrain, places: dict[str, Cell]) -> list[NodeInlet]:
    """Rows of the inlet table: several a node, several a cell; with x_m and y_m (or a point) an opening away from its node."""
    path = scenario.file(str(spec.inlets), "[drainage] inlets")
    rows = files.read_csv(path) if path.suffix.lower() == ".csv" else _point_rows(path)
    inlets = []
    for number, row in enumerate(rows, start=2 if path.suffix.lower() == ".csv" else 1):
        place, name, kind = f"{path.name}, row {number}", row.get("node", ""), row.get("kind", "")
        if name not in places:
            raise input_error("E410", place, f"node `{name}` is not coupled{nearest(name, places)}")
        if kind not in (*INLET_KINDS, "custom"):
            raise input_error(
                "E410", place, f"unknown inlet kind{nearest(kind, INLET_KINDS)}", given=kind, allowed=", ".join((*INLET_KINDS, "custom"))
            )
        values = {key: _number(text) for key, text in row.items() if key in NUMBERS and text}
        bad = [key for key, value in values.items() if not math.isfinite(value)]
        if bad or not 0.0 <= values.get("clogging", 0.0) < 1.0 or (kind == "custom" and not {"perimeter_m", "area_m2"} <= set(values)):
            raise input_error(
                "E410",
                place,
                "a value is missing or out of range",
                given=str(row),
                allowed="numbers; 0 <= clogging < 1; custom: perimeter_m, area_m2",
            )
        cell = places[name]
        if "x_m" in values and "y_m" in values:
            row_, column = (int(v) for v in terrain.grid.cell_at(values["x_m"], values["y_m"]))
            cell = (row_, column)
            if not bool(terrain.grid.contains(*cell)) or not terrain.active[cell]:
                raise input_error(
                    "E402", place, "the inlet is not on an open cell", given=f"x {values['x_m']}, y {values['y_m']}", allowed=repr(terrain.grid),
                    at=((values["x_m"], values["y_m"]),),
                )  # fmt: skip
        inlets.append(_inlet(name, cell, kind, values, spec.clogging, _rim(spec, terrain, cell)))
    return inlets


def _point_rows(path: Path) -> list[dict[str, str]]:
    """Points of a GeoPackage or GeoJSON as rows of text, x_m and y_m from their geometry."""
    import shapely

    meta, shapes, columns = files.open_vector(path)
    rows = []
    for k, shape in enumerate(shapely.from_wkb(shapes)):
        if shape is None or shape.geom_type != "Point":
            raise input_error("E205", f"{path.name}, feature {k + 1}", "inlets are points", given="nothing" if shape is None else shape.geom_type)
        row = {str(name): _text(column[k]) for name, column in zip(meta["fields"], columns, strict=True)}
        rows.append(row | {"x_m": repr(shape.x), "y_m": repr(shape.y)})
    return rows


def _text(value: Any) -> str:
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if missing else str(value)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
