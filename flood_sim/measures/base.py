"""What every measure is: a frozen description with a pure `plan`. To add one: a class in the module
of its project, named in that module's KINDS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from flood_sim.city.catchments import nearest_node_areas
from flood_sim.core.files.map_keys import VectorFile
from flood_sim.core.grid import Grid
from flood_sim.core.schema_texts import Day, UnfitError
from flood_sim.core.units import hours_to_s, mm_to_m
from flood_sim.drainage.conduits import Conduit, read_conduits
from flood_sim.drainage.inp import InpFile
from flood_sim.drainage.return_periods import design_return_periods
from flood_sim.ground.rain_fields import fallen_at_s
from flood_sim.ground.rainfall import DesignLaw
from flood_sim.measures.edits import Plan
from flood_sim.measures.resources import Resource
from flood_sim.simulation.inputs import DrainageInputs, ModelInputs, NodeInlet
from flood_sim.sites.sites import SiteInputs
from flood_sim.surface.boundaries import Series

Project = Literal[
    "conveyance",
    "pipe_network",
    "pump_stations",
    "critical_infrastructure",
    "underground_space",
    "source_and_storage",
]
# file, place -> geometries in the grid's system
Shapes = Callable[[str | VectorFile, str], list[Any]]
PROJECTS: dict[Project, str] = {
    "conveyance": "城市排涝行泄通道畅通",
    "pipe_network": "排水管网系统提升",
    "pump_stations": "雨水泵站提升",
    "critical_infrastructure": "重要基础设施改造提升",
    "underground_space": "地下空间排水防涝提升",
    "source_and_storage": "源头减排和雨水调蓄",
}
LARGEST_COST = 1e12  # of one measure
RUNOFF_COEFFICIENT = 0.65  # of the return period that a pipe carries full
MAKE, RESIZE, CONDITION, SITES, OPERATE = (
    1,
    2,
    3,
    4,
    5,
)  # stages: what makes and removes, resizes, restores, changes sites, acts in time


class Places(NamedTuple):
    """Names and a search tree over their map points."""

    names: list[str]
    tree: Any


class InputsView:
    """The inputs as a plan may see them; what it looks at is recorded, so that a test can hold it
    against what it declares.
    """

    def __init__(self, inputs: ModelInputs, shapes: Shapes) -> None:
        self._inputs, self._shapes = inputs, shapes
        self.reads: set[str] = set()
        self.sizes_by_law = False

    @property
    def grid(self) -> Grid:
        return self._inputs.terrain.grid

    @property
    def active(self) -> np.ndarray:
        """(rows, columns) cells that water may enter."""
        return self._inputs.terrain.active

    @property
    def bed_elevation(self) -> np.ndarray:
        """(rows, columns) m over the datum."""
        self.reads.add(Resource.BED_ELEVATION)
        return self._inputs.terrain.bed_elevation

    @property
    def manning_n(self) -> np.ndarray:
        """(rows, columns) s/m^(1/3)."""
        self.reads.add(Resource.MANNING_N)
        return self._inputs.terrain.manning_n

    @property
    def initial_depth(self) -> np.ndarray:
        """(rows, columns) m of water at the start."""
        self.reads.add(Resource.INITIAL_DEPTH)
        return np.broadcast_to(np.asarray(self._inputs.initial_depth, float), self.grid.shape)

    @property
    def buildings(self) -> np.ndarray:
        """(rows, columns) cells of buildings; none where the scenario has none."""
        self.reads.add(Resource.BUILDINGS)
        return (
            self._inputs.buildings
            if self._inputs.buildings is not None
            else np.zeros(self.grid.shape, bool)
        )

    @property
    def rain_to(self) -> np.ndarray | None:
        """(rows, columns) index of the cell that takes a cell's rain; None: each its own."""
        self.reads.add(Resource.BUILDINGS)
        return self._inputs.terrain.rain_to

    @property
    def layers(self) -> Mapping[str, np.ndarray]:
        """Masks (rows, columns) by name."""
        self.reads.add(Resource.LAYERS)
        return self._inputs.layers

    @property
    def drainage(self) -> DrainageInputs | None:
        self.reads.add(Resource.INP)
        return self._inputs.drainage

    @property
    def inp(self) -> InpFile:
        """The network's text; an empty one without sewers."""
        drainage = self.drainage
        return drainage.network if drainage is not None else InpFile(self._inputs.folder, [])

    @cached_property
    def conduits(self) -> dict[str, Conduit]:
        return {c.name: c for c in read_conduits(self.inp)}

    @property
    def inlets(self) -> tuple[NodeInlet, ...]:
        self.reads.add(Resource.INLETS)
        return self.drainage.inlets if self.drainage is not None else ()

    @property
    def catchments(self) -> dict[str, float]:
        """Node to the catchment (m2) nearest to it."""
        return nearest_node_areas(self._inputs, self.drainage) if self.drainage is not None else {}

    @cached_property
    def return_periods(self) -> dict[str, float]:
        """Conduit to the return period (years) that it carries full, by the rational method;
        conduits without a catchment are left out.
        """
        intensity = self._inputs.design_law.law.intensity_l_s_ha
        return design_return_periods(
            list(self.conduits.values()), self.catchments, RUNOFF_COEFFICIENT, intensity
        )

    @property
    def design_law(self) -> DesignLaw:
        """The rain law of the scenario, for sizes by return period; what is sized by one that was
        only taken is said.
        """
        self.sizes_by_law = True
        return self._inputs.design_law

    @property
    def land_km2(self) -> float:
        """Area that receives rain, roofs included, less what is water at the start."""
        water = float((self.initial_depth > 0.05).sum()) * self.grid.cell_area_m2
        return (self._inputs.terrain.catchment_area_m2 - water) / 1e6

    @property
    def lines(self) -> Mapping[str, tuple[Any, ...]]:
        """Axes by layer, each a tuple of map points."""
        self.reads.add(Resource.LINES)
        return self._inputs.lines

    @property
    def gauges(self) -> dict[str, tuple[int, int]]:
        """Cells of the gauges by name."""
        self.reads.add(Resource.GAUGES)
        return {g.name: (g.row, g.column) for g in self._inputs.gauges}

    @property
    def start(self) -> datetime:
        """Of the run."""
        return self._inputs.clock.start

    def fallen_at_s(self, rain_mm: float, within_h: float) -> float:
        """When so much rain has fallen within the span, s since the start; inf: never."""
        self.reads.add(Resource.RAINFALL)
        return fallen_at_s(
            self._inputs.rainfall,
            mm_to_m(rain_mm),
            hours_to_s(within_h),
            self._inputs.clock.duration_s,
        )

    @property
    def discharges(self) -> dict[str, Series]:
        """Discharge boundaries by name."""
        self.reads.add(Resource.BOUNDARIES)
        return {i.name: i.discharge for i in self._inputs.inflows} | {
            i.name: i.discharge for i in self._inputs.edge_inflows
        }

    @cached_property
    def junction_places(self) -> Places:
        """Junctions with coordinates, and a tree to find the nearest."""
        from scipy.spatial import cKDTree

        where = self.inp.coordinates()
        names = [row.tokens[0] for row in self.inp.rows("JUNCTIONS") if row.tokens[0] in where]
        return Places(names, cKDTree([where[n] for n in names]) if names else None)

    @property
    def sites(self) -> SiteInputs:
        self.reads.add(Resource.SITES)
        return self._inputs.sites

    def open_cell(self, location_m: tuple[float, float]) -> tuple[int, int] | None:
        """The open cell at a map point; None where there is none."""
        row, column = (int(v) for v in self.grid.cell_at(*location_m))
        return (
            (row, column)
            if bool(self.grid.contains(row, column)) and bool(self.active[row, column])
            else None
        )

    def ground_at(self, row: int, column: int) -> float:
        """m."""
        return float(self.bed_elevation[row, column])

    @property
    def structures(self) -> dict[str, str]:
        """Names of structures on faces and between cells, with their kind."""
        self.reads.add(Resource.STRUCTURES)
        faces = {s.name: s.kind for s in self._inputs.structures}
        return (
            faces
            | {c.name: "culvert" for c in self._inputs.culverts}
            | {p.name: "pump" for p in self._inputs.pumps}
        )

    @property
    def inputs(self) -> ModelInputs:
        """Whole structures, to be replaced by changed ones."""
        self.reads.add(Resource.STRUCTURES)
        return self._inputs

    def shapes(self, file: str | VectorFile, place: str) -> list[Any]:
        return self._shapes(file, place)


class Completion(NamedTuple):
    """What an action has to set before a measure works: openings (boards), passages (doors), gaps
    in walls (gates), each by so many crews in so long."""

    boards: list[str]
    doors: list[str]
    setup_s: float
    crews: int
    gates: list[str] = []


class Limit(BaseModel):
    """At most so many of what a rule finds."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    count: int | None = Field(None, ge=1, le=1_000_000)
    length_m: float | None = Field(None, gt=0.0, le=1e7)


class Targets(BaseModel):
    """Names, shapes of a file, shapes written here, or a layer; `where` narrows what has fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    names: tuple[str, ...] = ()
    vector: str | VectorFile | None = Field(
        None, description="GeoPackage, GeoJSON or shapefile, or { file, layer }"
    )
    polygon_m: tuple[tuple[float, float], ...] = Field((), description="corners on the map")
    line_m: tuple[tuple[float, float], ...] = Field((), description="points on the map")
    layer: str | None = Field(
        None,
        description=(
            "pipes, nodes, outfalls, pumps, openings, spaces, passages, critical; or a land use of"
            " the city: courts, yards, parks, ..."
        ),
    )
    within: str | VectorFile | None = Field(None, description="polygon file")
    within_m: tuple[tuple[float, float], ...] = Field(
        (), description="corners of a polygon on the map"
    )
    where: tuple[str, ...] = Field((), description='"field op value", all must hold')
    any: tuple[tuple[str, ...], ...] = Field((), description="lists of which one must hold")
    order_by: str | None = Field(None, description="a field; -field: largest first")
    limit: Limit | None = None
    allow_empty: bool = False

    @model_validator(mode="after")
    def _shapes(self) -> Targets:
        for key, points, least in (
            ("polygon_m", self.polygon_m, 3),
            ("within_m", self.within_m, 3),
            ("line_m", self.line_m, 2),
        ):
            if points and len(set(points)) < least:
                raise UnfitError(
                    f"{key} has {len(set(points))} different points; it needs at least {least}",
                    do="add the points that are missing",
                )
        return self


class Measure(BaseModel):
    """Base of all kinds. Frozen; unknown keys are errors; SI."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    PROJECT: ClassVar[Project]
    STAGE: ClassVar[int]
    READS: ClassVar[frozenset[str]]
    WRITES: ClassVar[frozenset[str]]
    SUMMARY: ClassVar[str]
    CHINESE: ClassVar[str]
    NEEDS_ACTION: ClassVar[bool] = False  # built, it does nothing until an action completes it

    project: Project | None = Field(
        None, description="may be left out; an error where it contradicts kind"
    )
    phase: str | None = Field(None, description="of a plan")
    in_service: Day | None = Field(
        None, description="date from which it serves in a plan; absent: its phase's date"
    )
    cost: float | None = Field(
        None,
        ge=0.0,
        le=LARGEST_COST,
        description="replaces the counted capital cost; marked so",
    )
    yearly: float | None = Field(None, ge=0.0, le=LARGEST_COST)
    life_years: float | None = Field(None, gt=0.0, le=200.0)
    after: tuple[str, ...] = Field((), description="measures of the same stage that come first")
    note: str = Field("", description="for people; it stands in measures.json")

    @model_validator(mode="before")
    @classmethod
    def _names(cls, data: Any) -> Any:
        """targets = ["a", "b"] is short for targets = { names = ["a", "b"] }."""
        if isinstance(data, dict) and isinstance(data.get("targets"), list):
            return data | {"targets": {"names": data["targets"]}}
        return data

    @model_validator(mode="after")
    def _own_project(self) -> Measure:
        if self.project is not None and self.project != self.PROJECT:
            raise UnfitError(
                f"this kind belongs to project {self.PROJECT}, not {self.project}",
                do="leave `project` out",
            )
        return self

    def plan(self, name: str, view: InputsView) -> Plan:
        """Edits, quantities and refusals; changes nothing."""
        raise NotImplementedError

    @property
    def needs_action(self) -> bool:
        return self.NEEDS_ACTION

    def completed_by_action(self, targets: list[str]) -> Completion:
        """What an action that `completes` this measure has to do on its targets; nothing for what
        works once it is built.
        """
        return Completion([], [], 0.0, 0)
