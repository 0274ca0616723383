"""How fast water on this ground can run at all: by its fall from the highest level that feeds it
(Torricelli, Ritter). Reads; stops nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flood_sim.core.constants import GRAVITY_M_S2
from flood_sim.ground.terrain import Terrain
from flood_sim.surface.boundaries import EdgeBoundary, EdgeInflow
from flood_sim.surface.structures import FaceStructure
from flood_sim.surface.sums import row_blocks

# Of the fall's speed sqrt(2 g H). Steady water without friction has 1, the tip of a broken dam's
# wave on smooth dry ground 1.41 (Ritter 1892: 2 sqrt(g H)); sound runs with friction had 0.32 at
# most, 0.67 on a hillside of 45 degrees.
OVER_FALL = 2.5
# added to every fall: a film near the highest place, 2 mm deep, was seen at 2.0 times its own fall,
# 0.4 m/s
LEAST_FALL_M = 0.5
LEAST_DEPTH_M = 0.01  # of an inflow whose level is given


@dataclass
class Reach:
    """Levels in m of the terrain's datum. top : of ground, crests, stages and what enters with
    speed; seen : the highest water seen so far;
    lowest : bed."""

    top: float
    lowest: float
    seen: float = -math.inf

    def see(self, depth: np.ndarray, bed: np.ndarray) -> None:
        """Take the highest water of a field (rows, columns) m into account: its own weight may
        drive it.
        """
        for rows in row_blocks(*depth.shape):
            level = np.where(depth[rows] > 0.0, depth[rows] + bed[rows], -np.inf)
            self.seen = max(self.seen, float(level.max(initial=-np.inf)))

    @property
    def energy(self) -> float:
        """The highest head (m) that any water on this ground has or had."""
        return max(self.top, self.seen)

    def fastest_signal(self) -> float:
        """Largest speed and wave speed together (m/s): u + sqrt(g h) under u^2 / 2 g + h = H is at
        most sqrt(3 g H).
        """
        return OVER_FALL * math.sqrt(
            3.0 * GRAVITY_M_S2 * (max(self.energy - self.lowest, 0.0) + LEAST_FALL_M)
        )

    def fastest_water(self, bed: np.ndarray) -> np.ndarray:
        """(rows, columns) m/s, the largest speed over each bed."""
        return np.asarray(
            OVER_FALL
            * np.sqrt(2.0 * GRAVITY_M_S2 * (np.maximum(self.energy - bed, 0.0) + LEAST_FALL_M))
        )


def reach_of(
    terrain: Terrain,
    edges: Sequence[EdgeBoundary],
    edge_inflows: Sequence[EdgeInflow],
    structures: Sequence[FaceStructure],
) -> Reach:
    """The heads that a model's inputs bring; initial water is seen, not told."""
    ground = terrain.bed_elevation[terrain.active]
    heads = [float(ground.max())]
    heads += [float(np.max(e.stage.value)) for e in edges if e.stage is not None]
    heads += [
        float(crest) for s in structures for crest in s.crest_m.tolist() if math.isfinite(crest)
    ]
    heads += [_entering(f, terrain) for f in edge_inflows]
    return Reach(max(heads), float(ground.min()))


def _entering(inflow: EdgeInflow, terrain: Terrain) -> float:
    """Head (m) of what enters over an edge: its level and what its speed would lift it."""
    bed = terrain.bed_elevation[tuple(inflow.cells.T)]
    discharge = float(np.max(np.abs(inflow.discharge.value))) / (
        len(inflow.cells) * terrain.grid.cell_size_m
    )
    depth = (discharge**2 / GRAVITY_M_S2) ** (1.0 / 3.0)  # critical
    level = float(bed.max()) + depth
    if inflow.stage is not None:
        level = max(level, float(np.max(inflow.stage.value)))
        depth = max(float(np.min(inflow.stage.value)) - float(bed.max()), LEAST_DEPTH_M)
    return level + (discharge / depth) ** 2 / (2.0 * GRAVITY_M_S2) if depth > 0.0 else level
