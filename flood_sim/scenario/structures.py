"""[[structures]] of a scenario to faces and cells of the grid."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from pydantic import ValidationError

from flood_sim.core.errors import Finding, InputError, input_error
from flood_sim.core.files.table_rows import read_rows
from flood_sim.core.grid import Grid
from flood_sim.ground.terrain import Terrain
from flood_sim.scenario.checks.levels import check_inverts, check_over_ground
from flood_sim.scenario.doors import files
from flood_sim.scenario.doors.tables import read_series
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.places import open_cell
from flood_sim.scenario.spec.structures import (
    Barrels,
    Bridge,
    CulvertSpec,
    CulvertTable,
    Dyke,
    Gate,
    PumpSpec,
    Weir,
)
from flood_sim.scenario.spec.tables import CulvertRow, OpeningRow
from flood_sim.surface.boundaries import transect_along
from flood_sim.surface.culverts import INLETS, Barrel, plain_rating, rating
from flood_sim.surface.structures import (
    BROAD_CREST,
    Culvert,
    FaceStructure,
    SurfacePump,
    barrel_loss,
    shared_face,
)


def build_structures(
    scenario: Scenario, terrain: Terrain, findings: list[Finding]
) -> tuple[tuple[FaceStructure, ...], tuple[Culvert, ...], tuple[SurfacePump, ...]]:
    """All structures, each in the order of the file. Raises InputError where two claim a face, a
    place is no open cell, a crest is in the ground.
    """
    faces: list[FaceStructure] = []
    culverts: list[Culvert] = []
    pumps: list[SurfacePump] = []
    names: set[str] = set()
    for number, spec in enumerate(scenario.spec.structures, start=1):
        place = f"{scenario.path.name}, [[structures]] {number} ({spec.kind} `{spec.name}`)"
        if spec.name in names:
            raise input_error(
                "E105",
                place,
                "two structures have this name",
                do="names must differ: the ledger has a line for each",
            )
        names.add(spec.name)
        if isinstance(spec, CulvertSpec):
            culverts.append(_culvert(terrain, spec, place, findings))
        elif isinstance(spec, CulvertTable):
            for row in _culvert_rows(scenario, spec, place, findings):
                if row.name in names:
                    raise input_error(
                        "E105",
                        place,
                        "two structures have this name",
                        given=row.name,
                        do="names must differ",
                    )
                names.add(row.name)
                culverts.append(_culvert(terrain, row, f"{place}, {row.name}", findings))
        elif isinstance(spec, PumpSpec):
            ends = (
                open_cell(terrain, spec.from_m, f"{place}, from_m"),
                open_cell(terrain, spec.to_m, f"{place}, to_m"),
            )
            pumps.append(
                SurfacePump(
                    spec.name, *ends, spec.capacity_m3_s, spec.start_depth_m, spec.stop_depth_m
                )
            )
        else:
            faces.append(_face_structure(scenario, terrain, spec, place, findings))
    _refuse_shared_faces(scenario, terrain.grid, faces)
    return tuple(faces), tuple(culverts), tuple(pumps)


def _culvert(terrain: Terrain, spec: Barrels, place: str, findings: list[Finding]) -> Culvert:
    a, b = (
        open_cell(terrain, spec.from_m, f"{place}, from_m"),
        open_cell(terrain, spec.to_m, f"{place}, to_m"),
    )
    if a == b:
        raise input_error(
            "E204",
            place,
            "both ends lie in one cell",
            given=f"{spec.from_m}, {spec.to_m}",
            do="use smaller cells or leave it out",
            at=(spec.from_m,),
        )
    length = spec.length_m or math.hypot(
        spec.to_m[0] - spec.from_m[0], spec.to_m[1] - spec.from_m[1]
    )
    levels = [
        float(terrain.bed_elevation[cell]) if level is None else level
        for cell, level in ((a, spec.from_level_m), (b, spec.to_level_m))
    ]
    ends = [
        (key, level, float(terrain.bed_elevation[cell]), at)
        for key, level, cell, at in (
            ("from_level_m", levels[0], a, spec.from_m),
            ("to_level_m", levels[1], b, spec.to_m),
        )
    ]
    check_inverts(place, ends, spec.height_m, findings)
    barrel = Barrel(
        spec.width_m is None, spec.height_m, spec.height_m if spec.width_m is None else spec.width_m
    )
    loss = barrel_loss(length, barrel.radius_m, spec.manning_n, spec.entry_loss, spec.exit_loss)
    if spec.inlet is None:
        one = plain_rating(spec.height_m, barrel.area_m2 / spec.height_m)
        ratings = (one, one)
    else:
        inlet, fall = INLETS[spec.inlet][1], levels[0] - levels[1]
        ratings = (
            rating(barrel, inlet, loss, length, fall),
            rating(barrel, inlet, loss, length, -fall),
        )
    n = spec.barrels
    return Culvert(
        spec.name,
        a,
        b,
        levels[0],
        levels[1],
        spec.height_m,
        n * barrel.area_m2,
        loss,
        (n * ratings[0], n * ratings[1]),
        spec.flap,
    )


def _culvert_rows(
    scenario: Scenario, spec: CulvertTable, place: str, findings: list[Finding]
) -> list[Barrels]:
    """The rows of a table of culverts, checked like those of the scenario. Raises InputError with
    the row and what is wrong in it.
    """
    table = read_rows(scenario.file(spec.file, place), CulvertRow, findings)
    rows, faults = [], []
    for number, given in enumerate(table.rows()):
        ends = {
            f"{end}_m": (given.pop(f"{end}_x_m"), given.pop(f"{end}_y_m")) for end in ("from", "to")
        }
        whole = {
            key: type_(given[key])
            for key, type_ in (("barrels", int), ("flap", bool))
            if key in given
        }
        try:
            rows.append(Barrels.model_validate({**given, **ends, **whole}))
        except ValidationError as error:
            for fault in error.errors():
                key = ".".join(str(part) for part in fault["loc"])
                problem = str(fault["msg"]).removeprefix("Value error, ")
                faults.append(
                    Finding(
                        "E106",
                        table.place(number, key),
                        problem,
                        given=str(given.get(key, ""))[:80],
                    )
                )
    if faults:
        raise InputError(faults)
    return rows


def _face_structure(
    scenario: Scenario, terrain: Terrain, spec: Any, place: str, findings: list[Finding]
) -> FaceStructure:
    line = spec.line_m if spec.line_m is not None else _line_of(scenario, terrain, spec.file, place)
    section = transect_along(terrain, spec.name, list(line), place)
    above = section.cells - np.where(section.is_x[:, None], [0, 1], [1, 0])
    grid = terrain.grid
    inside = (above >= 0).all(axis=1)
    shut = np.maximum(above, 0)
    both = inside & terrain.active[tuple(section.cells.T)] & terrain.active[tuple(shut.T)]
    once = np.zeros(len(both), bool)
    once[
        np.unique(np.column_stack([section.is_x, section.cells]), axis=0, return_index=True)[1]
    ] = True  # a line may touch a face twice
    both &= once
    if not both.any():
        raise input_error(
            "E205",
            place,
            "the line crosses no face between two open cells",
            allowed=repr(grid),
            do="move it onto the grid",
        )
    is_x, cells, sign, other = (
        section.is_x[both],
        section.cells[both],
        section.sign[both],
        above[both],
    )
    ground = np.maximum(
        terrain.bed_elevation[tuple(cells.T)], terrain.bed_elevation[tuple(other.T)]
    )
    n = len(cells)
    for key in ("crest_m", "sill_m", "top_m", "deck_m"):
        given = getattr(spec, key, None)
        if given is not None:
            check_over_ground(place, key, given, ground, grid.middles(cells[:1]), findings)
    level = {"crest": np.full(n, np.inf)}
    rest: dict[str, Any] = {}
    if isinstance(spec, (Dyke, Weir)):
        level["crest"] = np.full(n, spec.crest_m)
        rest["weir_coefficient"] = spec.coefficient
        buried = int((ground > spec.crest_m).sum())
        if buried == n:
            raise input_error(
                "E212",
                place,
                "the crest lies in the ground everywhere",
                given=f"crest_m = {spec.crest_m:g}",
                allowed=f"above {ground.min():.2f} m",
            )
        if buried:
            text = (
                f"the ground is higher than the crest at {buried} of {n} faces: the ground counts"
                " there"
            )
            findings.append(
                Finding("W215", place, text, at=grid.middles(cells[ground > spec.crest_m]))
            )
    if isinstance(spec, Dyke) and spec.breach is not None:
        rest.update(_breach(terrain, spec.breach, is_x, cells, ground, place))
    if isinstance(spec, Gate):
        opening = (
            None
            if spec.opening_file is None
            else read_series(
                scenario, scenario.file(spec.opening_file, place), OpeningRow, "opening_m", findings
            )
        )
        level["crest"] = np.full(n, np.inf if spec.top_m is None else spec.top_m)
        sill = np.maximum(np.full(n, spec.sill_m), ground)
        rest.update(
            sill_m=sill,
            soffit_m=sill + (spec.opening_m or 0.0),
            orifice_coefficient=spec.coefficient,
            weir_coefficient=BROAD_CREST,
        )
        rest.update(gate_opening=opening, width=np.full(n, spec.open_share))
    if isinstance(spec, Bridge):
        level["crest"] = np.full(n, spec.deck_m)
        rest.update(
            sill_m=ground,
            soffit_m=np.full(n, spec.soffit_m),
            orifice_coefficient=spec.coefficient,
            width=np.full(n, spec.open_share),
        )
    return FaceStructure(spec.name, spec.kind, is_x, cells, level["crest"], sign, **rest)


def _line_of(
    scenario: Scenario, terrain: Terrain, file: str, place: str
) -> list[tuple[float, float]]:
    shapes = files.read_geometries(scenario.file(file, place), terrain.grid)
    if len(shapes) != 1 or shapes[0].geom_type != "LineString":
        raise input_error(
            "E205",
            f"{place}, {file}",
            "one LineString is needed",
            given=", ".join(s.geom_type for s in shapes) or "nothing",
        )
    return [(float(p[0]), float(p[1])) for p in shapes[0].coords]


def _breach(
    terrain: Terrain,
    breach: Any,
    is_x: np.ndarray,
    cells: np.ndarray,
    ground: np.ndarray,
    place: str,
) -> dict[str, Any]:
    grid = terrain.grid
    half = 0.5 * grid.cell_size_m
    x = grid.x_m[cells[:, 1]] - np.where(is_x, half, 0.0)
    y = grid.y_m[cells[:, 0]] + np.where(is_x, 0.0, half)
    distance = np.hypot(x - breach.location_m[0], y - breach.location_m[1])
    inside = distance <= max(0.5 * breach.width_m, float(distance.min()) + 1e-9)
    if float(distance.min()) > 2.0 * grid.cell_size_m:
        raise input_error(
            "E204",
            f"{place}, breach",
            "the breach does not lie on the dyke",
            given=str(breach.location_m),
            allowed="within two cells of its line",
            at=(breach.location_m,),
        )
    begin = np.where(
        inside, breach.begin_s + breach.widening_s * distance / (0.5 * breach.width_m), np.nan
    )
    level = ground if breach.level_m is None else np.maximum(ground, breach.level_m)
    return {"breach_begin_s": begin, "breach_duration_s": breach.sinking_s, "breach_level_m": level}


def _refuse_shared_faces(scenario: Scenario, grid: Grid, structures: list[FaceStructure]) -> None:
    shared = shared_face(structures)
    if shared is not None:
        name, other, row, column = shared
        raise input_error(
            "E205",
            f"{scenario.path.name}, [[structures]] `{name}`",
            f"it shares a face with `{other}` (row {row}, column {column})",
            do="let lines end a cell apart, or make them one structure",
            at=grid.middles([(row, column)]),
        )
