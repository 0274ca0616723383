"""[[boundaries]] of a scenario to edges and inflows of the grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.city import City
from flood_sim.city.land_use import DYKE, RIVER
from flood_sim.city.parameters import STREET_LEVEL_M
from flood_sim.core.errors import Faults, Finding, input_error, nearest
from flood_sim.core.files.map_keys import named
from flood_sim.core.units import hours_to_s
from flood_sim.ground.terrain import Terrain
from flood_sim.scenario.checks.levels import Entrance, check_inflow, check_stage
from flood_sim.scenario.doors.series import read_series
from flood_sim.scenario.doors.vectors import read_geometries
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.places import open_cell
from flood_sim.scenario.spec.boundaries import EdgeSpec
from flood_sim.scenario.spec.rows import list_row
from flood_sim.scenario.spec.tables import DischargeRow, StageRow
from flood_sim.surface.boundaries import (
    EdgeBoundary,
    EdgeInflow,
    Inflow,
    Series,
    constant,
    edge_faces,
)

MOST_SHARED, ODD_SHARED = 0.9, 0.25  # share of a boundary's faces that another one has


def build_boundaries(
    scenario: Scenario, terrain: Terrain, findings: list[Finding]
) -> tuple[list[EdgeBoundary], list[Inflow], list[EdgeInflow]]:
    """[[boundaries]]: open edges, inflows in cells, inflows through edges. Raises InputError with
    number, key and way out, of all of them at once.
    """
    built, faults = BoundaryBuilder(scenario, terrain, findings), Faults()
    for number, spec in enumerate(scenario.spec.boundaries, start=1):
        faults.of(built.add, number, spec)
    faults.refuse()
    return built.edges, built.inflows, built.through


class BoundaryBuilder:
    """Boundaries of a scenario, one after the other; it remembers which faces of the edge are
    taken.
    """

    def __init__(self, scenario: Scenario, terrain: Terrain, findings: list[Finding]) -> None:
        self.scenario, self.terrain, self.findings = scenario, terrain, findings
        self.edges: list[EdgeBoundary] = []
        self.through: list[EdgeInflow] = []
        self.inflows: list[Inflow] = []
        self._taken: dict[tuple[int, ...], tuple[int, str]] = {}
        self._can_leave = any(
            spec.kind in ("free_outflow", "stage_series") for spec in scenario.spec.boundaries
        )

    def add(self, number: int, spec: Any) -> None:
        """One boundary. Raises InputError."""
        place = f"{self.scenario.path.name}, {list_row('boundaries', number)} ({spec.kind})"
        if spec.kind == "point_inflow":
            cells = _cell(self.terrain, spec.location_m, place)
            self.inflows.append(Inflow(spec.name, cells, self._discharge(spec, place, cells)))
        elif spec.kind == "discharge_series" and spec.edge is None:
            cells = _inflow_cells(self.scenario, self.terrain, spec, place)
            self.inflows.append(
                Inflow(f"inflow {number}", cells, self._discharge(spec, place, cells))
            )
        else:
            self._open(number, spec, place)

    def _open(self, number: int, spec: Any, place: str) -> None:
        """A boundary along an edge; "closed" is what every edge is: it is looked up only."""
        cells, sides = _edge_cells(self.scenario, self.terrain, spec.edge, place, self.findings)
        if spec.kind == "closed":
            return
        self._claim(number, spec, cells, sides, place)
        if spec.kind == "discharge_series":
            level = None if spec.level_m is None else constant(spec.level_m)
            if level is not None:
                check_stage(f"{place}, level_m", level, self.terrain, cells, self.findings)
            self.through.append(
                EdgeInflow(
                    f"inflow {number}",
                    cells,
                    sides,
                    self._discharge(spec, place, cells, along_edge=True),
                    level,
                )
            )
            return
        stage = (
            _series(self.scenario, spec, "level_m", place, self.findings)
            if spec.kind == "stage_series"
            else None
        )
        if stage is not None:
            check_stage(
                place if spec.file is None else f"{place}, {spec.file}",
                stage,
                self.terrain,
                cells,
                self.findings,
            )
        slope = (np.inf if spec.critical else spec.slope) if spec.kind == "free_outflow" else None
        self.edges.append(EdgeBoundary(f"{spec.kind} {number}", cells, sides, stage, slope))

    def _discharge(
        self, spec: Any, place: str, cells: np.ndarray, along_edge: bool = False
    ) -> Series:
        series = _series(self.scenario, spec, "discharge_m3_s", place, self.findings)
        duration = self.scenario.spec.duration_s
        check_inflow(
            place if spec.file is None else f"{place}, {spec.file}",
            series,
            Entrance(cells, along_edge, self._can_leave),
            self.terrain,
            duration,
            self.findings,
        )
        return series

    def _claim(
        self, number: int, spec: Any, cells: np.ndarray, sides: np.ndarray, place: str
    ) -> None:
        """Faces that an earlier boundary has stay with it. Raises InputError where nothing is left
        for this one.
        """
        faces = [tuple(face) for face in np.column_stack([cells, sides]).tolist()]
        double = [face for face in faces if face in self._taken]
        for face in faces:
            self._taken.setdefault(face, (number, spec.kind))
        if not double:
            return
        other, kind = self._taken[double[0]]
        text = (
            f"{len(double)} of its {len(faces)} faces of the edge belong to the"
            f" {list_row('boundaries', other)} ({kind})"
        )
        at = self.terrain.grid.middles([double[0][:2]])
        if len(double) > MOST_SHARED * len(faces) and "discharge_series" not in (spec.kind, kind):
            raise input_error(
                "E229",
                place,
                f"{text}: this boundary does nothing",
                given=str(spec.edge),
                do="one boundary an edge: remove one",
                at=at,
            )
        if len(double) > ODD_SHARED * len(faces) and spec.edge != "all":
            self.findings.append(
                Finding(
                    "W229",
                    place,
                    f"{text}, which counts there",
                    given=str(spec.edge),
                    do="separate their lines",
                    at=at,
                )
            )


def _series(scenario: Scenario, spec: Any, key: str, place: str, findings: list[Finding]) -> Series:
    number = getattr(spec, key)
    if number is not None:
        return constant(float(number))
    model = StageRow if key == "level_m" else DischargeRow
    return read_series(scenario, scenario.file(spec.file, place), model, key, spec, findings)


def _cell(terrain: Terrain, location_m: tuple[float, float], place: str) -> np.ndarray:
    return np.array([open_cell(terrain, location_m, place)], np.int64)


def _edge_cells(
    scenario: Scenario, terrain: Terrain, edge: Any, place: str, findings: list[Finding]
) -> tuple[np.ndarray, np.ndarray]:
    everywhere = np.ones(terrain.grid.shape, bool)
    if edge == "all":
        cells, sides = edge_faces(terrain, everywhere)
    elif edge in ("north", "south", "west", "east"):
        cells, sides = edge_faces(terrain, everywhere, edge)
    elif isinstance(edge, str) and not Path(edge).suffix:
        names = ("all", "north", "south", "west", "east")
        raise input_error(
            "E104",
            place,
            f"unknown edge{nearest(edge, names)}",
            given=edge,
            allowed=", ".join(names) + ", a polygon or line file, { line_m = [...] }",
        )
    else:
        selected = _selected(scenario, terrain, edge, place)
        cells, sides = edge_faces(terrain, selected)
        if isinstance(edge, EdgeSpec) and len(cells):
            _check_along_edge(terrain, edge, selected, cells, place, findings)
    if not len(cells):
        raise input_error(
            "E204",
            place,
            "no open cell of the model's edge lies there",
            given=str(edge),
            do="name a side, or give a line or polygon that touches edge cells",
        )
    return cells, sides


def _check_along_edge(
    terrain: Terrain,
    edge: EdgeSpec,
    selected: np.ndarray,
    cells: np.ndarray,
    place: str,
    findings: list[Finding],
) -> None:
    """A line of a boundary runs along the model's edge; one that only meets it is somewhere in the
    middle. Raises InputError.
    """
    import shapely

    inside = (
        shapely.LineString(edge.line_m)
        .intersection(shapely.box(*terrain.grid.bounds).buffer(terrain.grid.cell_size_m))
        .length
    )
    size = terrain.grid.cell_size_m
    rim = np.zeros(selected.shape, bool)
    rim[tuple(cells.T)] = True
    inner = int((selected & terrain.active).sum()) - int(rim.sum())
    share = min(1.0, 1.5 * int(rim.sum()) * size / max(inside, size))
    if inside < 6.0 * size or inner <= 2 * int(rim.sum()) + 4:
        return
    text = (
        f"about {share:.0%} of this line lies at the model's edge, {inner} of its cells lie inside"
    )
    given, do = (
        str(edge.line_m)[:80],
        (
            "draw it along the edge of the ground; inside the model use a point_inflow, a polygon,"
            " or [[structures]]"
        ),
    )
    if share < 0.25:
        raise input_error(
            "E229", place, text, given=given, allowed="a line along the edge", do=do, at=edge.line_m
        )
    findings.append(Finding("W229", place, text, given=given, do=do, at=edge.line_m))


def _selected(scenario: Scenario, terrain: Terrain, edge: Any, place: str) -> np.ndarray:
    """Cells within one cell of the line or inside the polygon."""
    import shapely

    shapes = (
        [shapely.LineString(edge.line_m)]
        if isinstance(edge, EdgeSpec)
        else read_geometries(scenario.map(edge, place), terrain.grid)
    )
    mask = np.zeros(terrain.grid.shape, bool)
    for shape in shapes:
        wide = (
            shape
            if shape.geom_type.endswith("Polygon")
            else shapely.buffer(shape, terrain.grid.cell_size_m, cap_style="flat")
        )
        mask |= terrain.grid.cells_in(wide, touched=True)
    return mask


def _inflow_cells(scenario: Scenario, terrain: Terrain, spec: Any, place: str) -> np.ndarray:
    cells = np.argwhere(_selected(scenario, terrain, spec.polygon, place) & terrain.active)
    if not len(cells):
        raise input_error(
            "E204", place, "no open cell lies in the polygon", given=named(spec.polygon)
        )
    return cells.astype(np.int64)


def city_edges(city: City, terrain: Terrain) -> list[EdgeBoundary]:
    """The river's stage at both ends of its reach."""
    river = np.isin(city.ground.land_use, (RIVER, DYKE))
    parts = [edge_faces(terrain, river, side) for side in ("west", "east")]
    table = np.array(city.parameters.river_stage_h_m)
    stage = Series(hours_to_s(1.0) * table[:, 0], STREET_LEVEL_M + table[:, 1])
    return [
        EdgeBoundary(
            "river",
            np.concatenate([p[0] for p in parts]),
            np.concatenate([p[1] for p in parts]),
            stage,
        )
    ]
