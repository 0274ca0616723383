"""The regular grid: square cells, north up, projected metres. Cells, not water: terrain and models
refer to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

FAR = 2.0**40  # cells: farther off no place is told from another


@dataclass(frozen=True)
class Grid:
    """Rows run north to south, columns west to east; `west_m`, `north_m` is the outer corner of
    cell (0, 0).

    crs : WKT or "EPSG:n" of a projected system in metres, or "local" for laboratory cases.
    """

    rows: int
    columns: int
    cell_size_m: float
    west_m: float
    north_m: float
    crs: str = "local"

    @property
    def shape(self) -> tuple[int, int]:
        return (self.rows, self.columns)

    @property
    def cell_area_m2(self) -> float:
        return self.cell_size_m**2

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north (m)."""
        return (
            self.west_m,
            self.north_m - self.rows * self.cell_size_m,
            self.west_m + self.columns * self.cell_size_m,
            self.north_m,
        )

    @property
    def x_m(self) -> np.ndarray:
        """(columns,) m, cell centres, ascending."""
        return self.west_m + (np.arange(self.columns) + 0.5) * self.cell_size_m

    @property
    def y_m(self) -> np.ndarray:
        """(rows,) m, cell centres, descending."""
        return self.north_m - (np.arange(self.rows) + 0.5) * self.cell_size_m

    def cell_at(self, x_m: Any, y_m: Any) -> tuple[np.ndarray, np.ndarray]:
        """Row and column (int64, shaped as the points) of points in m; outside the grid they fall
        outside 0..rows-1, 0..columns-1.
        """
        row = np.floor((self.north_m - np.asarray(y_m, float)) / self.cell_size_m)
        column = np.floor((np.asarray(x_m, float) - self.west_m) / self.cell_size_m)
        return tuple(np.clip(v, -FAR, FAR).astype(np.int64) for v in (row, column))  # type: ignore[return-value]

    def contains(self, row: Any, column: Any) -> np.ndarray:
        """Whether cell indices lie on the grid; bool, shaped as they are."""
        row, column = np.asarray(row), np.asarray(column)
        return (row >= 0) & (row < self.rows) & (column >= 0) & (column < self.columns)

    def cells_in(self, geometry: Any, touched: bool = False) -> np.ndarray:
        """(rows, columns) bool: cells whose centre lies in the shapely geometry; `touched`: every
        cell it touches (lines, points).
        """
        from rasterio.features import rasterize

        return rasterize(
            [(geometry, 1)],
            out_shape=self.shape,
            transform=self.transform,
            all_touched=touched,
            dtype="uint8",
        ).astype(bool)

    def middles(self, cells: Any) -> tuple[tuple[float, float], ...]:
        """(x, y) of the centres of cells (n, 2), in their order."""
        rows, columns = np.asarray(cells, np.int64).reshape(-1, 2).T
        return tuple(zip(self.x_m[columns].tolist(), self.y_m[rows].tolist(), strict=True))

    def centres(self, mask: np.ndarray, most: int = 1000) -> tuple[tuple[float, float], ...]:
        """(x, y) of the first `most` cells of a mask (rows, columns), row by row."""
        return self.middles(np.argwhere(mask)[:most])

    @property
    def transform(self) -> Any:
        """The affine transform of rasterio: column, row of a corner to x, y."""
        from rasterio.transform import from_origin

        return from_origin(self.west_m, self.north_m, self.cell_size_m, self.cell_size_m)

    def __repr__(self) -> str:
        west, south, east, north = self.bounds
        return (
            f"Grid({self.rows} x {self.columns} cells of {self.cell_size_m:g} m, "
            f"x {west:.1f}..{east:.1f}, y {south:.1f}..{north:.1f} m, {self.crs[:40]})"
        )
