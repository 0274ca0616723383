"""What of the ground falls towards edges that are closed: water stands there after the storm."""

from __future__ import annotations

import heapq

import numpy as np

from flood_sim.core.errors import Finding
from flood_sim.ground.terrain import Terrain
from flood_sim.simulation.inputs import ModelInputs
from flood_sim.surface.boundaries import EdgeBoundary

MOST_BLOCKS = 40_000  # larger grids are looked at in blocks of cells
ODD_START_M, DRY_M = 1.0, 0.05  # stage over dry ground that is a wave at the start; film


def dry_stage_doubts(
    place: str, edges: tuple[EdgeBoundary, ...], terrain: Terrain, initial_depth: np.ndarray | float
) -> list[Finding]:
    """W545 for each edge whose stage stands far over ground that is dry at the start: a wave of
    that height enters at once.
    """
    depth = np.broadcast_to(np.asarray(initial_depth, float), terrain.grid.shape)
    found = []
    for edge in edges:
        at = tuple(edge.cells.T)
        dry = depth[at] < DRY_M
        if edge.stage is None or not dry.any():
            continue
        over = float((edge.stage.at(0.0) - terrain.bed_elevation[at][dry]).max())
        if over > ODD_START_M:
            text = f"the stage stands {over:.1f} m over ground that is dry at the start"
            do = "fill it: [initial] stage, or let the stage rise from the ground"
            told = f"{place}, [[boundaries]] {edge.name}"
            middles = terrain.grid.middles(edge.cells[dry])
            found.append(Finding("W545", told, text, do=do, at=middles))
    return found


def closed_share(inputs: ModelInputs) -> float:
    """0 to 1: ground whose water, hollows filled and without sewers, reaches the model's edge where
    no boundary is open. Cells or, on large grids, blocks of them by their lowest cell.
    """
    terrain, shape = inputs.terrain, inputs.terrain.grid.shape
    step = max(1, int(np.ceil(np.sqrt(shape[0] * shape[1] / MOST_BLOCKS))))
    open_ = np.zeros(shape, bool)
    for cells in [e.cells for e in inputs.edges] + [e.cells for e in inputs.edge_inflows]:
        open_[tuple(cells.T)] = True
    bed = np.where(terrain.active, terrain.bed_elevation, np.inf)
    outside = np.pad(terrain.outside, 1, constant_values=True)
    rim = np.zeros(shape, bool)
    for down, right in ((0, 1), (2, 1), (1, 0), (1, 2)):
        rim |= outside[down : down + shape[0], right : right + shape[1]]
    level = _blocks(bed, step, np.inf, np.minimum)
    at_edge = _blocks(rim & terrain.active, step, False, np.logical_or)
    is_open = _blocks(open_, step, False, np.logical_or)
    ends_open = _ends(level, at_edge, is_open)
    known = np.isfinite(level) & (ends_open >= 0)
    weight = _blocks(terrain.active.astype(float), step, 0.0, np.add)
    total = float(weight[known].sum())
    return float(weight[known & (ends_open == 0)].sum()) / total if total > 0.0 else 0.0


def _blocks(field: np.ndarray, step: int, empty: float | bool, join: np.ufunc) -> np.ndarray:
    """A field (rows, columns) joined over blocks of step x step cells."""
    rows, columns = (-(-n // step) * step for n in field.shape)
    padded = np.full((rows, columns), empty, field.dtype)
    padded[: field.shape[0], : field.shape[1]] = field
    apart = padded.reshape(rows // step, step, columns // step, step)
    return np.asarray(join.reduce(join.reduce(apart, axis=3), axis=1))


def _ends(level: np.ndarray, at_edge: np.ndarray, is_open: np.ndarray) -> np.ndarray:
    """(rows, columns) 1 where a block's water leaves by an open edge, 0 by a closed one, -1 where
    it reaches none: a flood from the edges upwards (Barnes 2014), each block to where it came from.
    """
    ends = np.full(level.shape, -1, np.int8)
    heap: list[tuple[float, int, int]] = []
    for row, column in np.argwhere(at_edge & np.isfinite(level)).tolist():
        ends[row, column] = int(is_open[row, column])
        heapq.heappush(heap, (float(level[row, column]), row, column))
    rows, columns = level.shape
    while heap:
        height, row, column = heapq.heappop(heap)
        for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if 0 <= r < rows and 0 <= c < columns and ends[r, c] < 0 and np.isfinite(level[r, c]):
                ends[r, c] = ends[row, column]
                heapq.heappush(heap, (max(height, float(level[r, c])), r, c))
    return ends
