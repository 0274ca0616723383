"""Who and what stands in the water's way, on the model's grid: roads, buildings, people. It changes no water; results carry it for analysis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

USES = ("residential", "commercial", "industrial")


@dataclass(frozen=True)
class Exposure:
    """road_share (rows, columns): share of a cell that is carriageway; building (rows, columns) int32: number of its building from 1 on, 0 none.

    Of each building (buildings,): use (index into USES), floors, ground_floor_m over the ground around it, area_m2 of its footprint, people.
    """

    road_share: np.ndarray
    building: np.ndarray
    use: np.ndarray
    floors: np.ndarray
    ground_floor_m: np.ndarray
    area_m2: np.ndarray
    people: np.ndarray
