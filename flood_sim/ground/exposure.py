"""Who and what stands in the water's way, on the model's grid: roads, buildings, people. It changes
no water; results carry it for analysis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

USES = ("residential", "commercial", "industrial")
ZONES = (
    "outside",
    "centre",
    "important",
)  # how soon a street must be passable again after the rain
BEGIN, END = 1, 2  # bits of Streets.end


@dataclass(frozen=True)
class Streets:
    """Segments of carriageway between crossings. Segment k holds the cells cell[start[k]:start[k +
    1]] (flat indices); a cell may belong to several.

    end (m,): bits BEGIN and END of the cells at its two ends; of each segment: length_m, zone
    (index into ZONES), name.
    """

    start: np.ndarray
    cell: np.ndarray
    end: np.ndarray
    length_m: np.ndarray
    zone: np.ndarray
    name: tuple[str, ...]


def streets_of(segments: Sequence[tuple[str, int, float, np.ndarray, np.ndarray]]) -> Streets:
    """From (name, zone, length m, flat cells (n,), end bits (n,)); segments without a cell at both
    ends are left out.
    """
    whole = [s for s in segments if len(s[3]) and (s[4] & BEGIN).any() and (s[4] & END).any()]
    return Streets(
        np.cumsum([0, *(len(s[3]) for s in whole)]),
        np.concatenate([s[3] for s in whole]).astype(np.int64) if whole else np.zeros(0, np.int64),
        np.concatenate([s[4] for s in whole]).astype(np.int8) if whole else np.zeros(0, np.int8),
        np.array([s[2] for s in whole], float),
        np.array([s[1] for s in whole], np.int8),
        tuple(s[0] for s in whole),
    )


@dataclass(frozen=True)
class Exposure:
    """road_share (rows, columns): share of a cell that is carriageway; building (rows, columns)
    int32: number of its building from 1 on, 0 none.

    streets: the carriageway by segments; None where roads have no axes. Of each building
    (buildings,): use (index into USES), floors, ground_floor_m over the ground around it, area_m2
    of its footprint, people (all NaN: nobody says), cell (flat index of the cell of its middle, -1
    outside the grid; None: each owns cells).
    """

    road_share: np.ndarray
    building: np.ndarray
    use: np.ndarray
    floors: np.ndarray
    ground_floor_m: np.ndarray
    area_m2: np.ndarray
    people: np.ndarray
    streets: Streets | None = None
    cell: np.ndarray | None = None
