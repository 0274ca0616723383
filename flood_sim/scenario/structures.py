"""[[structures]] of a scenario to faces and cells of the grid."""

from __future__ import annotations

from flood_sim.core.errors import Finding, input_error
from flood_sim.core.grid import Grid
from flood_sim.ground.terrain import Terrain
from flood_sim.scenario.culverts import build_culvert, culvert_rows
from flood_sim.scenario.face_structures import build_face_structure
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.places import open_cell
from flood_sim.scenario.spec.rows import list_row, named_row
from flood_sim.scenario.spec.structures import CulvertSpec, CulvertTable, PumpSpec
from flood_sim.surface.structures import Culvert, FaceStructure, SurfacePump, shared_face


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
        place = f"{scenario.path.name}, {list_row('structures', number, spec.name)}"
        if spec.name in names:
            raise input_error(
                "E105",
                place,
                "two structures have this name",
                do="names must differ: the ledger has a line for each",
            )
        names.add(spec.name)
        if isinstance(spec, CulvertSpec):
            culverts.append(build_culvert(terrain, spec, place, findings))
        elif isinstance(spec, CulvertTable):
            culverts += _table(scenario, terrain, spec, place, names, findings)
        elif isinstance(spec, PumpSpec):
            pumps.append(_pump(terrain, spec, place))
        else:
            faces.append(build_face_structure(scenario, terrain, spec, place, findings))
    _refuse_shared_faces(scenario, terrain.grid, faces)
    return tuple(faces), tuple(culverts), tuple(pumps)


def _table(
    scenario: Scenario,
    terrain: Terrain,
    spec: CulvertTable,
    place: str,
    names: set[str],
    findings: list[Finding],
) -> list[Culvert]:
    """The culverts of a table; their names are added to those of the scenario."""
    culverts = []
    for row in culvert_rows(scenario, spec, place, findings):
        if row.name in names:
            raise input_error(
                "E105",
                place,
                "two structures have this name",
                given=row.name,
                do="names must differ",
            )
        names.add(row.name)
        culverts.append(build_culvert(terrain, row, f"{place}, {row.name}", findings))
    return culverts


def _pump(terrain: Terrain, spec: PumpSpec, place: str) -> SurfacePump:
    return SurfacePump(
        spec.name,
        open_cell(terrain, spec.from_m, f"{place}, from_m"),
        open_cell(terrain, spec.to_m, f"{place}, to_m"),
        spec.capacity_m3_s,
        spec.start_depth_m,
        spec.stop_depth_m,
    )


def _refuse_shared_faces(scenario: Scenario, grid: Grid, structures: list[FaceStructure]) -> None:
    shared = shared_face(structures)
    if shared is not None:
        name, other, row, column = shared
        raise input_error(
            "E205",
            f"{scenario.path.name}, {named_row('structures', scenario.spec.structures, name)}",
            f"it shares a face with `{other}` (row {row}, column {column})",
            do="let lines end a cell apart, or make them one structure",
            at=grid.middles([(row, column)]),
        )
