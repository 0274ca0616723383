"""Underground spaces as data: openings, pumps, tables of volume, passages."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flood_sim.ground.rainfall import Rainfall

# above the ceiling water stands in the shafts of the openings; as high as anyone's street
SHAFT_M = 100.0


@dataclass(frozen=True)
class Opening:
    """A way between street and space: cell, sill (level m at which water enters), width m. A board
    of board_m (m) over the sill leaks leak_m2_s (m3/s per m of width) while water stands against
    it; placed: it stands from the start (a gate that rises by itself).
    """

    name: str
    row: int
    column: int
    sill_m: float
    width_m: float
    board_m: float = 0.0
    leak_m2_s: float = 0.0
    placed: bool = False


@dataclass(frozen=True)
class SumpPump:
    """A pump of a space: runs from start_m down to stop_m (levels inside), where the critical
    site `power` works. It lifts to a street cell, to a node of the network, or, where both are
    absent, out of the model."""

    name: str
    capacity_m3_s: float
    start_m: float
    stop_m: float
    to_cell: tuple[int, int] | None = None
    to_node: str | None = None
    power: str | None = None


@dataclass(frozen=True)
class Space:
    """An underground space: stage_m, volume_m3 (k,) ascending from the floor (volume 0) to the
    ceiling; shaft_m2: area of its openings above it. catchment_m2: ground outside the grid that
    drains into it (area times runoff coefficient), under `rainfall`; a drain across its ramp takes
    up to ramp_drain_m3_s of that to drain_to_node, or out of the model."""

    name: str
    stage_m: np.ndarray
    volume_m3: np.ndarray
    openings: tuple[Opening, ...] = ()
    pumps: tuple[SumpPump, ...] = ()
    shaft_m2: float = 1.0
    catchment_m2: float = 0.0
    rainfall: Rainfall | None = None
    initial_m3: float = 0.0
    kind: str = "garage"
    people: float = 0.0
    ramp_drain_m3_s: float = 0.0
    drain_to_node: str | None = None


@dataclass(frozen=True)
class Passage:
    """A way between two spaces: sill (level m), width m, height m. door: one that can be shut;
    closed: it is, from the start.
    """

    name: str
    first: str
    second: str
    sill_m: float
    width_m: float
    height_m: float = math.inf
    door: bool = False
    closed: bool = False


@dataclass(frozen=True)
class SpaceInputs:
    """All spaces of a model and the passages between them."""

    spaces: tuple[Space, ...] = ()
    passages: tuple[Passage, ...] = ()
