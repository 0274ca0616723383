"""What a surface is made of: ground, rain, losses, edges, inflows, openings and structures, in one
frozen group. Nothing is opened here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from flood_sim.ground.infiltration import Infiltration
from flood_sim.ground.rain_fields import RainField
from flood_sim.ground.rainfall import NO_RAIN, Rainfall
from flood_sim.ground.terrain import Terrain
from flood_sim.surface.boundaries import EdgeBoundary, EdgeInflow, Inflow, Transect
from flood_sim.surface.inlets import Inlet
from flood_sim.surface.losses import StorageInputs
from flood_sim.surface.rain import Gutters
from flood_sim.surface.settings import SurfaceSettings
from flood_sim.surface.structures import Culvert, FaceStructure, SurfacePump


@dataclass(frozen=True)
class SurfaceInputs:
    """Everything a SurfaceFlow is built from.

    depth : m, number or (rows, columns);  returns : (n, 2) cells that receive water from the
    network;  nodes : of the network;
    openings : ways into underground spaces, each with a node of its own after the network's;
    outlets : (n, 2) cells that get water from them.
    """

    terrain: Terrain
    settings: SurfaceSettings = field(default_factory=SurfaceSettings)
    rainfall: Rainfall | RainField = NO_RAIN
    infiltration: Infiltration | None = None
    storage: StorageInputs = field(default_factory=StorageInputs)
    gutters: Gutters | None = None
    depth: np.ndarray | float = 0.0
    edges: Sequence[EdgeBoundary] = ()
    inflows: Sequence[Inflow] = ()
    edge_inflows: Sequence[EdgeInflow] = ()
    inlets: Sequence[Inlet] = ()
    returns: np.ndarray | None = None
    nodes: int = 0
    openings: Sequence[Inlet] = ()
    outlets: np.ndarray | None = None
    sections: Sequence[Transect] = ()
    structures: Sequence[FaceStructure] = ()
    culverts: Sequence[Culvert] = ()
    pumps: Sequence[SurfacePump] = ()
    weir_coefficient: float = 1.594
    orifice_coefficient: float = 0.6
