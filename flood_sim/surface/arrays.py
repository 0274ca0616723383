"""Memory of the surface: aligned padded arrays, empty statistics. No stepping here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from flood_kernels import arrays, maxima
from flood_sim.core.constants import GRAVITY_M_S2
from flood_sim.core.errors import RunFailedError, input_error
from flood_sim.ground.terrain import Terrain

LEFT = arrays.LEFT
TOP = arrays.PAD


def aligned(shape: tuple[int, ...], real: Any) -> np.ndarray:
    """Zeros (shape) of type `real` that start on a 64-byte line."""
    size = int(np.prod(shape)) * np.dtype(real).itemsize
    block = np.zeros(size + 64, np.uint8)
    shift = -block.ctypes.data % 64
    return block[shift : shift + size].view(real).reshape(shape)


def distinct_rows(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows of a padded array, aligned, and for every row the one that equals it
    (int64).
    """
    number: dict[bytes, int] = {}
    index = np.array([number.setdefault(row.tobytes(), len(number)) for row in array], np.int64)
    if len(number) == len(array):
        return array, index
    _, first = np.unique(index, return_index=True)
    distinct = aligned((len(number), array.shape[1]), array.dtype)
    distinct[...] = array[first]
    return distinct, index


def empty_maxima(shape: tuple[int, int]) -> maxima.Maxima:
    """Running statistics before the first window: nothing wet, never reached."""
    depth, velocity, product, ponding = (np.zeros(shape, np.float32) for _ in range(4))
    return maxima.Maxima(
        depth,
        velocity,
        product,
        np.zeros(shape, np.uint8),
        np.full(shape, np.nan, np.float32),
        ponding,
    )


def make_cells(
    terrain: Terrain, depth: np.ndarray | float, coupled: Sequence[tuple[int, int]], real: Any
) -> tuple[arrays.Cells, float]:
    """The kernel's cells and the datum of their bed (m of the terrain's).

    depth : m, number or (rows, columns);  coupled : cells (row, column) with an inlet;  real :
    float32 or float64. Raises RunFailedError without an active cell, InputError for a depth below
    zero.
    """
    (rows, columns), active = terrain.grid.shape, terrain.active
    if not active.any():
        raise RunFailedError("the terrain has no active cell")
    refuse_negative(depth, active)
    right = (
        LEFT + (columns + arrays.LANES) // arrays.LANES * arrays.LANES
    )  # the ghost column lies inside
    shape = (rows + 2 * TOP, right + 2 * arrays.LANES)
    view = grid_view(rows, columns)
    # float32 holds differences of small numbers
    datum_m = float(np.floor(terrain.bed_elevation[active].min()))
    bed, initial, roughness, weight = (aligned(shape, real) for _ in range(4))
    bed[...] = arrays.WALL
    bed[view] = np.where(active, terrain.bed_elevation - datum_m, arrays.WALL)
    initial[view] = np.where(active, depth, 0.0)
    roughness[view] = math.sqrt(0.5 * GRAVITY_M_S2) * terrain.manning_n
    weight[view] = terrain.rain_weight
    for row, column in coupled:
        roughness[row + TOP, column + LEFT] = -abs(roughness[row + TOP, column + LEFT])
    porosity = np.ones((1, 1), real)
    if terrain.porosity is not None:
        porosity = aligned(shape, real)
        porosity[...] = 1.0
        porosity[view] = terrain.porosity
        initial *= porosity
    every = np.arange(shape[0])
    cells = arrays.Cells(
        initial, aligned(shape, real), bed, roughness, weight, every, every, porosity
    )
    return cells, datum_m


def grid_view(rows: int, columns: int) -> tuple[slice, slice]:
    """The grid's own cells in a padded array."""
    return slice(TOP, TOP + rows), slice(LEFT, LEFT + columns)


def between_buildings(
    cells: arrays.Cells, flow: arrays.Flow, moves_momentum: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Padded depth (m), bed (m) and flow in the open share of the cells: as it is where no
    building stands in the water.
    """
    p = cells.porosity
    if p.size == 1:
        return cells.depth, cells.bed, flow.x, flow.y
    if moves_momentum:
        return cells.depth / p, cells.bed, flow.x, flow.y
    x, y = flow.x.copy(), flow.y.copy()
    x[:, 1:] /= np.minimum(p[:, 1:], p[:, :-1])
    y[1:] /= np.minimum(p[1:], p[:-1])
    return cells.depth / p, cells.bed, x, y


def share_rows(cells: arrays.Cells, rain_varies: bool) -> arrays.Cells:
    """Store equal rows of roughness once, and of rain weights where they never change: they are
    read from the cache, not from memory.
    """
    roughness, roughness_row = distinct_rows(cells.roughness)
    weight, weight_row = (
        (cells.rain_weight, cells.weight_row) if rain_varies else distinct_rows(cells.rain_weight)
    )
    return cells._replace(
        roughness=roughness,
        roughness_row=roughness_row,
        rain_weight=weight,
        weight_row=weight_row,
    )


def refuse_negative(depth: np.ndarray | float, active: np.ndarray) -> None:
    """Raises InputError where an open cell (rows, columns) begins with a depth (m) below zero or
    with none.
    """
    wrong = active & ~(np.broadcast_to(np.asarray(depth, float), active.shape) >= 0.0)
    if wrong.any():
        row, column = (int(v) for v in np.argwhere(wrong)[0])
        value = float(np.broadcast_to(depth, active.shape)[row, column])
        problem = (
            f"{int(wrong.sum())} cells begin with a depth below zero, or with none; first row"
            f" {row}, column {column}"
        )
        raise input_error(
            "E509",
            "initial depth",
            problem,
            given=f"{value:g} m",
            allowed="0 m and more",
            do="check the raster of depths",
        )


def estimated_bytes(rows: int, columns: int, precision: str, infiltrates: bool) -> int:
    """Memory of the surface before anything is allocated: 8 padded fields, maxima, terrain in
    float64, output frames.
    """
    padded = (rows + 2 * TOP) * (columns + LEFT + 2 * arrays.LANES)
    return padded * 8 * np.dtype(precision).itemsize + rows * columns * (
        21 + 4 * 8 + 4 * 4 + (5 if infiltrates else 0)
    )
