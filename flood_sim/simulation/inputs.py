"""What a model is built from, fully resolved: arrays, series, settings. The scenario layer makes
it, measures edit it, the simulation uses it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.core.clock import Clock
from flood_sim.core.errors import Finding
from flood_sim.drainage.inp import InpFile
from flood_sim.ground.exposure import Exposure
from flood_sim.ground.infiltration import Infiltration
from flood_sim.ground.rain_fields import RainField
from flood_sim.ground.rainfall import TAKEN_LAW, DesignLaw, Rainfall
from flood_sim.ground.terrain import Terrain
from flood_sim.operations.actions import Action
from flood_sim.operations.switches import MobilePump, Operation
from flood_sim.sites.sites import SiteInputs
from flood_sim.surface.boundaries import EdgeBoundary, EdgeInflow, Inflow, Transect
from flood_sim.surface.inlets import Inlet, InletKind
from flood_sim.surface.losses import StorageInputs
from flood_sim.surface.on_grade import OnGrade
from flood_sim.surface.rain import Gutters
from flood_sim.surface.settings import SurfaceSettings
from flood_sim.surface.structures import Culvert, FaceStructure, SurfacePump


@dataclass(frozen=True)
class NodeInlet:
    """An opening given by node name; rim_m: level at which street water enters, None: the node's
    own rim. A mobile pump (kind "pump") has no perimeter, area or rim.
    """

    node: str
    row: int
    column: int
    perimeter_m: float = 0.0
    area_m2: float = 0.0
    capacity_m3_s: float = np.inf
    rim_m: float | None = None
    kind: InletKind = "inlet"  # "drain", "pump": no opening for what the node spills
    lid_m: float = 0.0  # head over the rim that lifts its lid; 0: none
    shut_share: float = 1.0  # of perimeter and area, open while the lid lies
    open_share: float = 1.0  # what clogging leaves; all sizes are after it
    on_grade: OnGrade | None = None  # its gutter; None: the ponded law alone
    catalogue: str = ""  # its kind in the catalogue

    def opened(self, share: float) -> NodeInlet:
        """The same with another open share, 0 to 1."""
        factor, gutter = share / self.open_share, self.on_grade
        if gutter is not None:
            gutter = replace(gutter, length_m=factor * gutter.length_m)
        return replace(
            self,
            perimeter_m=factor * self.perimeter_m,
            area_m2=factor * self.area_m2,
            capacity_m3_s=factor * self.capacity_m3_s,
            open_share=share,
            on_grade=gutter,
        )


@dataclass(frozen=True)
class DrainageInputs:
    """The sewer network: text of the .inp, openings by node, cells where a node's flooding comes
    up, in equal shares.
    """

    network: InpFile
    inlets: tuple[NodeInlet, ...]
    return_cells: dict[str, tuple[tuple[int, int], ...]]
    routing_step_s: float
    threads: int = 1
    outfalls_to_surface: bool = False
    outfalls_feel_surface: bool = False
    roof_cells: dict[str, np.ndarray] = field(
        default_factory=dict
    )  # node to the roof cells (n, 2) whose gutters drain into it
    gutter_capacity_m_s: float = np.inf
    zone: tzinfo | None = None  # of the network's clock; None: that of the run's start
    notes: tuple[str, ...] = ()  # what `check` prints: openings by their origin, the routing step


@dataclass(frozen=True)
class Gauge:
    """A place whose depth, stage and speed are recorded."""

    name: str
    row: int
    column: int
    x_m: float
    y_m: float


@dataclass(frozen=True)
class Limits:
    """When a run stops (exit 3) and when it is said to have exceeded a tolerance (exit 4); shares
    of the water supplied.
    """

    volume_error_stop: float = 0.05
    volume_error_exceeded: float = 0.01


@dataclass(frozen=True)
class ModelInputs:
    """Everything a Simulation needs; depth m (rows, columns) or a number."""

    name: str
    clock: Clock
    terrain: Terrain
    rainfall: Rainfall | RainField
    infiltration: Infiltration
    surface: SurfaceSettings
    initial_depth: np.ndarray | float = 0.0
    edges: tuple[EdgeBoundary, ...] = ()
    inflows: tuple[Inflow, ...] = ()
    edge_inflows: tuple[EdgeInflow, ...] = ()
    drainage: DrainageInputs | None = None
    gauges: tuple[Gauge, ...] = ()
    sections: tuple[Transect, ...] = ()
    storage: StorageInputs = field(default_factory=StorageInputs)
    structures: tuple[FaceStructure, ...] = ()
    culverts: tuple[Culvert, ...] = ()
    pumps: tuple[SurfacePump, ...] = ()
    operations: tuple[Operation, ...] = ()
    mobile_pumps: tuple[MobilePump, ...] = ()  # of measures: openings once all inlets are known
    sites: SiteInputs = field(default_factory=SiteInputs)
    actions: tuple[Action, ...] = ()
    crews: int = 0
    trucks: int = 0
    scheme_reason: str = ""
    scheme_reason_chinese: str = ""  # the same, for the page
    design_law: DesignLaw = TAKEN_LAW  # by which pipes are judged and sized
    region: dict[str, Any] = field(default_factory=dict)  # limits, money, language of the place
    limits: Limits = Limits()
    fields: str = "frames"
    decimals: int = 3  # of depth and velocity in the frames, m and m/s
    buildings: np.ndarray | None = None
    exposure: Exposure | None = None
    layers: dict[str, np.ndarray] = field(
        default_factory=dict
    )  # land uses by name, bool (rows, columns): targets of measures
    lines: dict[str, tuple[Any, ...]] = field(
        default_factory=dict
    )  # axes by layer, each a tuple of map points
    dug_m: np.ndarray | None = (
        # how far measures have lowered the ground (rows, columns) m: water in what they dug is no
        # flood
        None
    )
    measures: tuple[dict[str, Any], ...] = ()  # what the portfolio built, as measures.json has it
    measure_features: tuple[dict[str, Any], ...] = ()
    portfolio: str = "baseline"
    findings: tuple[Finding, ...] = ()
    read_as: tuple[str, ...] = ()  # a line for each map file: how it was read
    effective: dict[str, Any] = field(default_factory=dict)
    folder: Path = Path()

    def __repr__(self) -> str:
        clock, grid, sewers = self.clock, self.terrain.grid, self.drainage
        nodes = 0 if sewers is None else len(sewers.return_cells)
        openings = 0 if sewers is None else len(sewers.inlets)
        return (
            f"ModelInputs of {self.name}, portfolio {self.portfolio}\n"
            f"  time       {clock.start.isoformat()}, {clock.duration_s:.0f} s in windows of"
            f" {clock.window_s:g} s, {clock.outputs()} frames\n"
            f"  ground     {grid!r}, {int(self.terrain.active.sum())} open\n"
            f"  rain       {self.rainfall!r}\n"
            f"  surface    {self.surface.scheme}, {self.surface.precision}; {len(self.edges)} open"
            f" edges, {len(self.inflows) + len(self.edge_inflows)} inflows,"
            f" {len(self.structures) + len(self.culverts) + len(self.pumps)} structures\n"
            f"  sewers     {nodes} nodes on the street, {openings} inlets\n"
            f"  sites      {len(self.sites.spaces.spaces)} underground,"
            f" {len(self.sites.critical)} critical; {len(self.actions)} actions\n"
            f"  measures   {len(self.measures)}, {len(self.findings)} findings"
        )


def surface_inlets(
    inputs: DrainageInputs, node_ids: list[str], rim_m: np.ndarray
) -> tuple[Inlet, ...]:
    """Openings with node numbers instead of names. rim_m : (nodes,) m, for those without their
    own.
    """
    number = {name: k for k, name in enumerate(node_ids)}
    return tuple(
        Inlet(
            i.row,
            i.column,
            number[i.node],
            float(rim_m[number[i.node]]) if i.rim_m is None else i.rim_m,
            i.perimeter_m,
            i.area_m2,
            i.capacity_m3_s,
            i.kind,
            i.lid_m,
            i.shut_share,
            i.on_grade,
        )
        for i in inputs.inlets
    )


def surface_gutters(inputs: DrainageInputs, node_ids: list[str]) -> Gutters | None:
    """Roofs with node numbers instead of names; None where no roof drains into the network."""
    if not inputs.roof_cells:
        return None
    number = {name: k for k, name in enumerate(node_ids)}
    cells = np.concatenate(list(inputs.roof_cells.values()))
    node = np.concatenate(
        [np.full(len(c), number[name], np.int64) for name, c in inputs.roof_cells.items()]
    )
    return Gutters(cells, node, inputs.gutter_capacity_m_s)
