"""A raster's values on another grid: means and classes keep their value, counts keep their sum."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np

from flood_sim.core.grid import Grid
from flood_sim.scenario.doors.systems import Way

FINEST, MOST_POINTS = 16, 2_000_000  # points along a cell; points moved at once


class How(Enum):
    """Of each layer: what its numbers are when cells are merged or split.

    MEAN : intensive (elevation, roughness, depth, share, density);  NEAREST : classes and masks;
    SUM : extensive (people, values), the total stays.
    """

    MEAN = "mean"
    NEAREST = "nearest"
    SUM = "sum"


def resampled(values: np.ndarray, transform: Any, grid: Grid, how: How) -> np.ndarray:
    """Of one system: mean by area on larger cells, bilinear on smaller ones, or the nearest. values
    : of cells of `transform`, NaN where nothing is known;  returns (rows, columns), NaN as well.
    """
    from rasterio.warp import Resampling, reproject

    coarser = grid.cell_size_m >= abs(transform.a)
    method = Resampling.average if coarser else Resampling.bilinear
    local = "EPSG:3857" if grid.crs == "local" else grid.crs
    target = np.full(grid.shape, np.nan)
    reproject(
        values,
        target,
        src_transform=transform,
        src_crs=local,
        src_nodata=np.nan,
        dst_transform=grid.transform,
        dst_crs=local,
        dst_nodata=np.nan,
        resampling=Resampling.nearest if how is How.NEAREST else method,
    )
    return target


def counted(values: np.ndarray, transform: Any, grid: Grid) -> np.ndarray:
    """Counts of one system, spread by area: each cell gets the share of its neighbours' counts that
    lies in it. NaN where the raster knows nothing at all; the sum over a grid that covers it stays.
    """
    t = transform
    rows = _shares(t.f, t.e, values.shape[0], grid.north_m, -grid.cell_size_m, grid.rows)
    columns = _shares(t.c, t.a, values.shape[1], grid.west_m, grid.cell_size_m, grid.columns)
    known = np.isfinite(values)
    total = rows @ np.where(known, values, 0.0) @ columns.T
    seen = rows @ known.astype(float) @ columns.T
    return np.where(np.asarray(seen) > 0.0, np.asarray(total), np.nan)


def _shares(begin: float, step: float, count: int, first: float, width: float, cells: int) -> Any:
    """(cells, count) sparse: share of each source cell, along one axis, that lies in each target
    cell. Steps may run either way.
    """
    from scipy.sparse import csr_matrix

    sign = np.sign(width)
    edges = sign * (begin + step * np.arange(count + 1))
    low, high = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    mine = sign * first + abs(width) * np.arange(cells + 1)
    start = np.clip(np.searchsorted(mine, low, "right") - 1, 0, cells)
    stop = np.clip(np.searchsorted(mine, high, "left"), 0, cells)
    n = np.maximum(stop - start, 0)
    source = np.repeat(np.arange(count), n)
    target = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n) + np.repeat(start, n)
    part = np.minimum(mine[target + 1], high[source]) - np.maximum(mine[target], low[source])
    share = np.maximum(part, 0.0) / (high - low)[source]
    return csr_matrix((share, (target, source)), shape=(cells, count))


def sampled(values: np.ndarray, transform: Any, grid: Grid, way: Way, how: How) -> np.ndarray:
    """Of another system: the values under points of each cell (mean, or the nearest), or the counts
    of each source cell, split into points that fall where they fall.
    """
    if how is How.SUM:
        return _scattered(values, transform, grid, way)
    finer = 1 if how is How.NEAREST else _finer(grid, transform, way)
    target = np.full(grid.shape, np.nan)
    at_once = max(1, MOST_POINTS // grid.columns)
    for first in range(0, grid.rows, at_once):
        rows = slice(first, min(first + at_once, grid.rows))
        found = np.array(
            [
                _at(values, *_places(grid, rows, offset, transform, way), how)
                for offset in _offsets(finer)
            ]
        )
        known = np.isfinite(found)
        total, count = np.where(known, found, 0.0).sum(axis=0), known.sum(axis=0)
        target[rows] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return target


def _offsets(finer: int) -> np.ndarray:
    """(finer squared, 2) places in a cell, down and right, 0 to 1."""
    return (np.array(list(np.ndindex(finer, finer))) + 0.5) / finer


def _places(
    grid: Grid, rows: slice, offset: np.ndarray, transform: Any, way: Way
) -> tuple[np.ndarray, np.ndarray]:
    """Row and column, with fractions, in the source of a point in each cell of some rows; offset :
    of the point within its cell, down and right.
    """
    x = grid.west_m + grid.cell_size_m * (np.arange(grid.columns) + offset[1])
    y = grid.north_m - grid.cell_size_m * (np.arange(rows.start, rows.stop) + offset[0])
    column, row = _turned(~transform, *way.back(*np.meshgrid(x, y)))
    return row, column


def _turned(transform: Any, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """A transform of arrays."""
    a, b, c, d, e, f = tuple(transform)[:6]
    return a * x + b * y + c, d * x + e * y + f


def _finer(grid: Grid, transform: Any, way: Way) -> int:
    """Points along a cell of the grid, so that each source cell in it is met."""
    row, column = _places(grid, slice(0, 1), np.array([0.0, 0.0]), transform, way)
    if grid.columns < 2:
        return 1
    across = float(np.hypot(row[0, 1] - row[0, 0], column[0, 1] - column[0, 0]))
    return int(np.clip(np.ceil(across), 1, FINEST)) if np.isfinite(across) else 1


def _at(values: np.ndarray, row: np.ndarray, column: np.ndarray, how: How) -> np.ndarray:
    """Values at places with fractions, NaN outside; between the cells' centres for a mean (the
    nearest where a neighbour is not known).
    """
    rows, columns = values.shape
    r, c = (np.floor(np.nan_to_num(v, nan=-1.0, posinf=-1.0)) for v in (row, column))
    inside = (r >= 0) & (r < rows) & (c >= 0) & (c < columns)
    near = values[np.where(inside, r, 0).astype(int), np.where(inside, c, 0).astype(int)]
    near = np.where(inside, near, np.nan)
    if how is How.NEAREST:
        return near
    from scipy.ndimage import map_coordinates

    places = np.array([np.nan_to_num(row) - 0.5, np.nan_to_num(column) - 0.5])
    between = map_coordinates(values, places, order=1, mode="nearest")
    return np.where(inside & np.isfinite(between), between, near)


def _scattered(values: np.ndarray, transform: Any, grid: Grid, way: Way) -> np.ndarray:
    """Each source cell's count, shared by points spread over it."""
    rows, columns = np.nonzero(np.isfinite(values) & (values != 0.0))
    total = np.zeros(grid.shape)
    if not rows.size:
        return total
    corner = (np.append(rows[:1], rows[:1] + 1.0), np.append(columns[:1], columns[:1] + 1.0))
    x, y = way.points(*_turned(transform, corner[1], corner[0]))
    size = float(np.max(np.abs([np.ptp(x), np.ptp(y)])))
    finer = int(np.clip(np.ceil(2.0 * size / grid.cell_size_m), 2, 4 * FINEST))
    share = values[rows, columns] / finer**2
    for down, right in _offsets(finer).tolist():
        there = _turned(transform, columns + right, rows + down)
        row, column = grid.cell_at(*way.points(*there))
        inside = grid.contains(row, column)
        np.add.at(total, (row[inside], column[inside]), share[inside])
    return total
