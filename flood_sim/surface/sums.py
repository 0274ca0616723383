"""What the arrays of a surface hold, added up anew: no counter of the time steps is read. For the
check at each output; no stepping here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from flood_kernels import arrays

CELLS_AT_ONCE = 1_000_000  # a field of a hundred million cells is never copied whole


def row_blocks(rows: int, columns: int) -> Iterator[slice]:
    """Slices of rows that hold CELLS_AT_ONCE cells at most, one row at least."""
    step = max(1, CELLS_AT_ONCE // max(columns, 1))
    for first in range(0, rows, step):
        yield slice(first, min(first + step, rows))


class SurfaceSums(NamedTuple):
    """Padded cells and the grid's part of them (`view`); porosity (rows, columns) of the terrain,
    None where no building stands in the water.
    """

    cells: arrays.Cells
    shared: arrays.Shared
    view: tuple[slice, slice]
    shown: np.ndarray  # (rows, columns) m, as frames show it
    porosity: np.ndarray | None
    cell_area_m2: float

    def shown_volume(self) -> float:
        """m3 in the depths that frames show."""
        if self.porosity is None:
            return float(np.sum(self.shown, dtype=np.float64)) * self.cell_area_m2
        parts = (
            float(np.sum(self.shown[rows] * self.porosity[rows], dtype=np.float64))
            for rows in row_blocks(*self.shown.shape)
        )
        return math.fsum(parts) * self.cell_area_m2

    def held_volume(self) -> float:
        """m3 in the cells with what rounding and over-drained cells owe (float64)."""
        return (
            float(
                np.sum(self.cells.depth[self.view], dtype=np.float64)
                + np.sum(self.cells.carry[self.view], dtype=np.float64)
            )
            * self.cell_area_m2
        )

    def owed(self, rows: slice = slice(None)) -> np.ndarray:
        """(rows, columns) m that each cell owes which gave more than it held: what depth and carry
        together have below zero, as a number above.
        """
        depth, carry = self.cells.depth[self.view][rows], self.cells.carry[self.view][rows]
        return np.maximum(-(depth.astype(np.float64) + carry), 0.0)

    def owed_volume(self) -> float:
        """m3 that all cells owe."""
        return (
            math.fsum(float(self.owed(rows).sum()) for rows in row_blocks(*self.shown.shape))
            * self.cell_area_m2
        )

    def coming_volume(self) -> float:
        """m3 that inlets, nodes and inflows have brought to their cells in the last step: in the
        carry, on the ground with the next one.
        """
        carry = self.cells.carry[self.view]
        return (
            math.fsum(
                float(np.maximum(carry[rows], 0.0).sum(dtype=np.float64))
                for rows in row_blocks(*self.shown.shape)
            )
            * self.cell_area_m2
        )

    def lowest(self) -> tuple[int, int, float]:
        """Row, column and depth (m) of the cell with the lowest depth, one without a value before
        all.
        """
        at = np.unravel_index(
            int(np.argmin(self.shown)), self.shown.shape
        )  # argmin stops at the first NaN
        return int(at[0]), int(at[1]), float(self.shown[at])

    @property
    def waiting(self) -> np.ndarray:
        """(sources,) m3 of inflows and returns that are not yet in their cells."""
        return self.shared.sources.pending

    @property
    def between(self) -> float:
        """m3 that culverts and pumps have taken and not yet delivered."""
        return float(self.shared.pairs.pending.sum())
