"""How deep the water is that nobody can avoid on a street, frame by frame; and the room between a
river and its dykes' crests.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from flood_kernels.roads import AROUND, driest_ways, find_neighbours
from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.ground.exposure import ZONES

if TYPE_CHECKING:
    from flood_sim.analysis.outcomes.consequences import Consequences


class DriestWays:
    """Segments of carriageway of one result folder, as `Consequences.streets` gives them."""

    def __init__(self, consequences: Consequences) -> None:
        e = consequences.exposure or {}
        self.results = consequences.results
        self.start, self.cell, self.end = (
            np.ascontiguousarray(e[f"street_{name}"]) for name in ("start", "cell", "end")
        )
        self.length_m, self.zone, self.name = (
            e["street_length_m"],
            e["street_zone"].astype(int),
            [str(n) for n in e["street_name"]],
        )
        self.shape: tuple[int, int] = e["road_share"].shape
        self._neighbour = np.empty((self.cell.size, AROUND), np.int64)
        find_neighbours(
            self.start,
            self.cell,
            *self.shape,
            np.full(self.shape[0] * self.shape[1], -1, np.int64),
            self._neighbour,
        )

    def unavoidable(self, depth: np.ndarray) -> np.ndarray:
        """(segments,) m: depth on the driest way from end to end; inf where buildings or blocks cut
        it.
        """
        out = np.empty(len(self.length_m))
        driest_ways(
            np.ascontiguousarray(depth, float).ravel(),
            self.start,
            self.cell,
            self.end,
            self._neighbour,
            out,
        )
        return out

    @cached_property
    def by_frame(self) -> tuple[np.ndarray, np.ndarray]:
        """Hours since the first frame (n,), and (n, segments) m, 0 where the ground itself is cut
        (no way even when dry). Of a run that kept no frames: one row, of its maxima (which mixes
        times)."""
        fields = self.results.fields
        if "depth" in fields:
            times = fields["time"].values.astype("datetime64[s]").astype(float)
            frames = fields["depth"]
        else:
            times, frames = np.zeros(1), self.results.max_depth.expand_dims("time")
        rows = np.array(
            [
                self.unavoidable(np.nan_to_num(frames[k].values, nan=np.inf))
                for k in range(times.size)
            ]
        )
        return (times - times[0]) / SECONDS_PER_HOUR, np.where(np.isfinite(rows), rows, 0.0)

    def of_zone(self, zone: str) -> np.ndarray:
        """(segments,) bool."""
        return np.asarray(self.zone == ZONES.index(zone))

    def middle_cell(self, segment: int) -> tuple[int, int]:
        """Row and column of a cell half way."""
        cells = self.cell[self.start[segment] : self.start[segment + 1]]
        row, column = divmod(int(np.sort(cells)[cells.size // 2]), self.shape[1])
        return row, column


def freeboard_m(consequences: Consequences) -> tuple[np.ndarray, np.ndarray] | None:
    """Flat cells of the river at its banks, and crest less highest stage there (m, negative:
    overtopped); None where no dykes are known.
    """
    e = consequences.exposure
    if e is None or "dyke_crest_m" not in e:
        return None
    cells, fields = e["dyke_cell"], consequences.results.fields
    stage = (consequences.results.max_depth.values + fields["bed_elevation"].values).ravel()[cells]
    return cells, e["dyke_crest_m"] - stage
