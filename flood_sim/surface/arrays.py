"""Memory of the surface: aligned padded arrays, inlets sorted by cell, empty statistics. No
stepping here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flood_kernels import arrays, maxima
from flood_sim.core.errors import input_error

LEFT = arrays.LEFT
TOP = arrays.PAD


@dataclass(frozen=True)
class Inlet:
    """An opening from street to sewer in one cell: node is the index in the network; rim m;
    perimeter m and area m2 after clogging.
    """

    row: int
    column: int
    node: int
    rim_m: float
    perimeter_m: float
    area_m2: float
    capacity_m3_s: float = math.inf
    pumped: bool = False  # drawn by a pump: no way back for what the node spills
    lid_m: float = 0.0  # head over the rim that lifts its lid; 0: none
    shut_share: float = 1.0  # of perimeter and area, open while the lid lies


def aligned(shape: tuple[int, ...], real: Any) -> np.ndarray:
    """Zeros that start on a 64-byte line."""
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


def inlet_order(inlets: Sequence[Inlet]) -> list[int]:
    """Numbers of the inlets sorted by cell, as the kernel has them."""
    return sorted(
        range(len(inlets)), key=lambda k: (inlets[k].row, inlets[k].column, inlets[k].node)
    )


def make_inlets(
    inlets: Sequence[Inlet], nodes: int, datum_m: float, bed: np.ndarray
) -> arrays.Inlets:
    """The kernel's arrays, sorted by cell; every node accepts nothing until it is told. bed:
    padded, m above the datum.
    """
    order = [inlets[k] for k in inlet_order(inlets)]
    cells: dict[tuple[int, int], int] = {}
    cell = np.array(
        [cells.setdefault((inlet.row, inlet.column), len(cells)) for inlet in order], np.int64
    )
    table = np.array(
        [[i.rim_m - datum_m, i.perimeter_m, i.area_m2, i.capacity_m3_s] for i in order], float
    ).reshape(-1, 4)
    row, column = (
        np.array([i.row + TOP for i in order], np.int64),
        np.array([i.column + LEFT for i in order], np.int64),
    )
    return arrays.Inlets(
        row,
        column,
        cell,
        np.array([i.node for i in order], np.int64),
        bed[row, column].astype(np.float64),
        *(np.ascontiguousarray(table[:, k]) for k in range(4)),
        np.zeros(len(order)),
        np.zeros(len(order)),
        np.zeros(len(cells)),
        *(np.zeros(nodes) for _ in range(4)),
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
