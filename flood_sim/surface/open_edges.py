"""Open edges of the model: ghost cells beyond them, and the faces between ghosts and cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from flood_kernels import arrays
from flood_sim.core.clock import Window
from flood_sim.ground.terrain import Terrain
from flood_sim.surface.arrays import LEFT, TOP
from flood_sim.surface.boundaries import LEAST_OUTFLOW_SLOPE, EdgeBoundary
from flood_sim.surface.faces import FaceGroup

OVERFALL_M = 1000.0  # ghost bed below a critical outflow: the flow there is critical


class Ghost(NamedTuple):
    """A ghost cell and the cell it lies beyond, padded index; mirrors: its level is the cell's;
    falls: critical outflow.
    """

    row: int
    column: int
    inner_row: int
    inner_column: int
    mirrors: bool
    falls: bool


class OpenEdges:
    """Ghost cells beyond the open edges, and every face between a ghost and a cell of the model (a
    ghost in a notch has several).

    A ghost that serves several cells takes the lowest of their beds; one that two boundaries claim
    belongs to the first.
    """

    KEPT: ClassVar[tuple[str, ...]] = ("boundaries",)

    def __init__(
        self,
        terrain: Terrain,
        edges: Sequence[EdgeBoundary],
        cells: arrays.Cells,
        datum_m: float,
        second_order: bool,
    ) -> None:
        """cells : padded; bed, roughness and porosity of ghosts are written into them."""
        self._terrain, self._bed, self._second_order = terrain, cells.bed, second_order
        self._edges, self._datum = tuple(edges), datum_m
        self._owner: dict[tuple[int, int], int] = {}
        ghosts: list[Ghost] = []
        self.slices: list[slice] = []
        for number, edge in enumerate(edges):
            begin = len(ghosts)
            for cell, side in zip(edge.cells.tolist(), edge.sides.tolist(), strict=True):
                ghosts += self._ghost_beyond(number, cell, side, cells)
            self.slices.append(slice(begin, len(ghosts)))
        self.boundaries = self._kernel_arrays(ghosts, cells)
        faces = [face for ghost in self._owner for face in self._open_faces(ghost)]
        table = np.array(faces, float).reshape(-1, 4)
        self.faces = FaceGroup(
            table[:, 0] > 0.0,
            table[:, 1].astype(np.int64),
            table[:, 2].astype(np.int64),
            table[:, 3],
        )

    def set_stages(self, window: Window, held_m: dict[str, float]) -> None:
        """Water levels beyond the edges in a window: their series, or what is held from outside
        (m by the edge's name).
        """
        for edge, part in zip(self._edges, self.slices, strict=True):
            if edge.stage is not None:
                held, b = held_m.get(edge.name), self.boundaries
                for at, t in ((b.stage_start, window.start), (b.stage_stop, window.stop)):
                    at[part] = (edge.stage.at(t) if held is None else held) - self._datum

    def empty(self, cells: arrays.Cells) -> None:
        """Ghosts are set anew each step; between windows they are no water of the model."""
        b = self.boundaries
        behind = b.beyond_row >= 0
        for ghosts in ((b.row, b.column), (b.beyond_row[behind], b.beyond_column[behind])):
            cells.depth[ghosts] = cells.carry[ghosts] = 0.0

    def _ghost_beyond(
        self, number: int, cell: tuple[int, int], side: tuple[int, int], cells: arrays.Cells
    ) -> list[Ghost]:
        """The ghost beyond a cell of an edge, opened in the arrays; [] where it is there."""
        edge, (down, right) = self._edges[number], side
        inner = (cell[0] + TOP, cell[1] + LEFT)
        ghost = (inner[0] + down, inner[1] + right)
        ground = float(self._bed[inner]) - self._fall_beyond(edge, inner, (down, right))
        if ghost in self._owner:
            if self._owner[ghost] == number:
                self._bed[ghost] = min(float(self._bed[ghost]), ground)
            return []
        self._owner[ghost] = number
        self._bed[ghost] = ground
        cells.roughness[ghost] = abs(cells.roughness[inner])
        if cells.porosity.size > 1:
            cells.porosity[ghost] = cells.porosity[inner]
        falls = self._second_order and edge.slope is not None and math.isinf(edge.slope)
        return [Ghost(*ghost, *inner, edge.stage is None, falls)]

    def _kernel_arrays(self, ghosts: list[Ghost], cells: arrays.Cells) -> arrays.Boundaries:
        index = np.array([ghost[:4] for ghost in ghosts], np.int64).reshape(-1, 4)
        beyond = (
            self._open_beyond(index, cells)
            if self._second_order
            else np.full((len(ghosts), 2), -1, np.int64)
        )
        opened = np.flatnonzero(beyond[:, 0] >= 0)
        held, places = (
            np.concatenate([np.arange(len(ghosts)), opened]),
            np.concatenate([index[:, :2], beyond[opened]]),
        )
        order = np.argsort(places[:, 0], kind="stable")
        first = np.searchsorted(places[order, 0], np.arange(cells.depth.shape[0] + 1))
        return arrays.Boundaries(
            *(np.ascontiguousarray(index[:, k]) for k in range(4)),
            *(np.ascontiguousarray(beyond[:, k]) for k in range(2)),
            np.array([ghost.mirrors for ghost in ghosts], bool),
            np.array([ghost.falls for ghost in ghosts], bool),
            *(np.zeros(len(ghosts)) for _ in range(5)),
            first,
            held[order],
            places[order, 1],
        )

    def _open_beyond(self, index: np.ndarray, cells: arrays.Cells) -> np.ndarray:
        """Cells behind the ghosts, opened with the ghost's bed; (-1, -1) where another cell or
        ghost stands there.
        """
        beyond = np.full((len(index), 2), -1, np.int64)
        taken = {tuple(row[:2]) for row in index.tolist()}
        for k, (row, column, inner_row, inner_column) in enumerate(index.tolist()):
            far = (2 * row - inner_row, 2 * column - inner_column)
            if far not in taken and self._bed[far] >= arrays.WALL / 2:
                taken.add(far)
                beyond[k] = far
                self._bed[far] = self._bed[row, column]
                cells.roughness[far] = cells.roughness[row, column]
                if cells.porosity.size > 1:
                    cells.porosity[far] = cells.porosity[row, column]
        return beyond

    def _open_faces(self, ghost: tuple[int, int]) -> list[tuple[bool, int, int, float]]:
        """Faces of a ghost towards active cells: (is_x, row, column, +1 where positive discharge
        enters the model).
        """
        grid, active, found = self._terrain.grid, self._terrain.active, []
        for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            row, column = ghost[0] + down, ghost[1] + right
            if grid.contains(row - TOP, column - LEFT) and active[row - TOP, column - LEFT]:
                found.append(
                    (
                        right != 0,
                        max(row, ghost[0]),
                        max(column, ghost[1]),
                        1.0 if down + right > 0 else -1.0,
                    )
                )
        return found

    def _fall_beyond(
        self, edge: EdgeBoundary, inner: tuple[int, int], side: tuple[int, int]
    ) -> float:
        """How far the ghost's bed lies below the edge cell's: normal depth at the slope; a critical
        outflow falls.
        """
        if edge.stage is not None:
            return 0.0
        slope = edge.slope
        if slope is None:
            before = float(self._bed[inner[0] - side[0], inner[1] - side[1]])
            own = (
                0.0
                if before >= arrays.WALL / 2
                else (before - float(self._bed[inner])) / self._terrain.grid.cell_size_m
            )
            slope = max(own, LEAST_OUTFLOW_SLOPE)
        if math.isinf(slope):
            return 0.0 if self._second_order else OVERFALL_M
        return slope * self._terrain.grid.cell_size_m
