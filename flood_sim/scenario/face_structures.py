"""Weirs, dykes, gates and bridges: a line of the scenario to faces of the grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from flood_sim.core.errors import Finding, input_error
from flood_sim.core.files.map_keys import VectorFile, named
from flood_sim.ground.terrain import Terrain
from flood_sim.scenario.checks.levels import check_over_ground
from flood_sim.scenario.doors.series import read_series
from flood_sim.scenario.doors.vectors import LINE, read_geometries
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.structures import Bridge, Dyke, Gate, Weir
from flood_sim.scenario.spec.tables import OpeningRow
from flood_sim.surface.boundaries import transect_along
from flood_sim.surface.structures import BROAD_CREST, FaceStructure


@dataclass(frozen=True)
class _Faces:
    """The faces that a line crosses between two open cells.

    is_x (n,) bool, cells (n, 2) row and column after the face, sign (n,) of the line's direction,
    ground (n,) m: the higher of the two cells.
    """

    is_x: np.ndarray
    cells: np.ndarray
    sign: np.ndarray
    ground: np.ndarray

    def __len__(self) -> int:
        return len(self.cells)

    def full(self, value: float | None, otherwise: float = np.inf) -> np.ndarray:
        """(n,) of one value, or of the other where there is none."""
        return np.full(len(self), otherwise if value is None else value)


def build_face_structure(
    scenario: Scenario, terrain: Terrain, spec: Any, place: str, findings: list[Finding]
) -> FaceStructure:
    """A structure along a line. Raises InputError where the line crosses no open face, or a crest
    lies in the ground everywhere.
    """
    line = spec.line_m if spec.line_m is not None else _line_of(scenario, terrain, spec.file, place)
    faces = _faces(terrain, spec.name, list(line), place)
    for key in ("crest_m", "sill_m", "top_m", "deck_m"):
        given = getattr(spec, key, None)
        if given is not None:
            at = terrain.grid.middles(faces.cells[:1])
            check_over_ground(place, key, given, faces.ground, at, findings)
    crest, rest = faces.full(None), dict[str, Any]()
    if isinstance(spec, (Dyke, Weir)):
        crest = faces.full(spec.crest_m)
        rest["weir_coefficient"] = spec.coefficient
        _check_crest(terrain, spec, faces, place, findings)
    if isinstance(spec, Dyke) and spec.breach is not None:
        rest.update(_breach(terrain, spec.breach, faces, place))
    if isinstance(spec, Gate):
        crest = faces.full(spec.top_m)
        rest.update(_gate(scenario, spec, faces, place, findings))
    if isinstance(spec, Bridge):
        crest = faces.full(spec.deck_m)
        rest.update(
            sill_m=faces.ground,
            soffit_m=faces.full(spec.soffit_m),
            orifice_coefficient=spec.coefficient,
            width=faces.full(spec.open_share),
        )
    return FaceStructure(spec.name, spec.kind, faces.is_x, faces.cells, crest, faces.sign, **rest)


def _faces(terrain: Terrain, name: str, line: list[tuple[float, float]], place: str) -> _Faces:
    section = transect_along(terrain, name, line, place)
    above = section.cells - np.where(section.is_x[:, None], [0, 1], [1, 0])
    inside = (above >= 0).all(axis=1)
    shut = np.maximum(above, 0)
    both = inside & terrain.active[tuple(section.cells.T)] & terrain.active[tuple(shut.T)]
    once = np.zeros(len(both), bool)  # a line may touch a face twice
    every = np.column_stack([section.is_x, section.cells])
    once[np.unique(every, axis=0, return_index=True)[1]] = True
    both &= once
    if not both.any():
        raise input_error(
            "E205",
            place,
            "the line crosses no face between two open cells",
            allowed=repr(terrain.grid),
            do="move it onto open ground",
        )
    cells, bed = section.cells[both], terrain.bed_elevation
    ground = np.maximum(bed[tuple(cells.T)], bed[tuple(above[both].T)])
    return _Faces(section.is_x[both], cells, section.sign[both], ground)


def _check_crest(
    terrain: Terrain, spec: Dyke | Weir, faces: _Faces, place: str, findings: list[Finding]
) -> None:
    under = faces.ground > spec.crest_m
    buried, n = int(under.sum()), len(faces)
    if buried == n:
        raise input_error(
            "E212",
            place,
            "the crest lies in the ground everywhere",
            given=f"crest_m = {spec.crest_m:g}",
            allowed=f"above {faces.ground.min():.2f} m",
        )
    if buried:
        text = (
            f"the ground is higher than the crest at {buried} of {n} faces: the ground counts there"
        )
        at = terrain.grid.middles(faces.cells[under])
        findings.append(Finding("W215", place, text, at=at))


def _gate(
    scenario: Scenario, spec: Gate, faces: _Faces, place: str, findings: list[Finding]
) -> dict[str, Any]:
    opening = None
    if spec.opening_file is not None:
        file = scenario.file(spec.opening_file, place)
        opening = read_series(scenario, file, OpeningRow, "opening_m", spec, findings)
    sill = np.maximum(faces.full(spec.sill_m), faces.ground)
    return {
        "sill_m": sill,
        "soffit_m": sill + (spec.opening_m or 0.0),
        "orifice_coefficient": spec.coefficient,
        "weir_coefficient": BROAD_CREST,
        "gate_opening": opening,
        "width": faces.full(spec.open_share),
    }


def _line_of(
    scenario: Scenario, terrain: Terrain, file: str | VectorFile, place: str
) -> list[tuple[float, float]]:
    import shapely

    parts = read_geometries(scenario.map(file, place), terrain.grid, (LINE,))
    merged = shapely.get_parts([shapely.line_merge(shapely.MultiLineString(parts))])
    if len(merged) != 1:
        raise input_error(
            "E205",
            f"{place}, {named(file)}",
            "one line is needed, in one piece",
            given=f"{len(merged)} pieces that do not meet",
            do="join them, or give each its own structure",
        )
    return [(float(p[0]), float(p[1])) for p in merged[0].coords]


def _breach(terrain: Terrain, breach: Any, faces: _Faces, place: str) -> dict[str, Any]:
    grid, cells, is_x = terrain.grid, faces.cells, faces.is_x
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
    level = faces.ground
    if breach.level_m is not None:
        level = np.maximum(level, breach.level_m)
    return {"breach_begin_s": begin, "breach_duration_s": breach.sinking_s, "breach_level_m": level}
