"""What the arrays of a surface hold, added up anew: no counter of the time steps is read. For the check at each output; no stepping here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from flood_kernels import arrays


class SurfaceSums(NamedTuple):
    """Padded cells and the grid's part of them (`view`); porosity (rows, columns) of the terrain, None where no building stands in the water."""

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
        return float(np.sum(self.shown.astype(np.float64) * self.porosity)) * self.cell_area_m2

    def held_volume(self) -> float:
        """m3 in the cells with what rounding and over-drained cells owe (float64)."""
        return (
            float(np.sum(self.cells.depth[self.view], dtype=np.float64) + np.sum(self.cells.carry[self.view], dtype=np.float64)) * self.cell_area_m2
        )

    def owed(self) -> np.ndarray:
        """(rows, columns) m that each cell owes which gave more than it held: what depth and carry together have below zero, as a number above."""
        depth, carry = self.cells.depth[self.view], self.cells.carry[self.view]
        return np.maximum(-(depth.astype(np.float64) + carry), 0.0)

    def owed_volume(self) -> float:
        """m3 that all cells owe."""
        return float(self.owed().sum()) * self.cell_area_m2

    def lowest(self) -> tuple[int, int, float]:
        """Row, column and depth (m) of the cell with the lowest depth, one without a value before all."""
        at = np.unravel_index(int(np.argmin(self.shown)), self.shown.shape)  # argmin stops at the first NaN
        return int(at[0]), int(at[1]), float(self.shown[at])

    @property
    def waiting(self) -> np.ndarray:
        """(sources,) m3 of inflows and returns that are not yet in their cells."""
        return self.shared.sources.pending

    @property
    def between(self) -> float:
        """m3 that culverts and pumps have taken and not yet delivered."""
        return float(self.shared.pairs.pending.sum())
