"""Where water enters and leaves the padded grid: sources, ghost cells beyond open edges, counted
faces, structures. Arrays are built once here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flood_kernels import arrays
from flood_sim.ground.terrain import Terrain
from flood_sim.surface.arrays import LEFT, TOP
from flood_sim.surface.boundaries import LEAST_OUTFLOW_SLOPE, EdgeBoundary, EdgeInflow, Inflow
from flood_sim.surface.culverts import POINTS
from flood_sim.surface.structures import Culvert, FaceStructure, SurfacePump

OVERFALL_M = 1000.0  # ghost bed below a critical outflow: the flow there is critical


def make_sources(
    inflows: Sequence[Inflow], *others: np.ndarray | None
) -> tuple[arrays.Sources, list[slice]]:
    """Cells that receive water, and the slices of each giver: the inflows, then the others (n,
    2).
    """
    lists = [inflow.cells for inflow in inflows] + [
        np.zeros((0, 2), np.int64) if cells is None else cells for cells in others
    ]
    stops = np.cumsum([0] + [len(cells) for cells in lists])
    slices = [slice(int(a), int(b)) for a, b in zip(stops[:-1], stops[1:], strict=True)]
    cells = np.concatenate(lists).astype(np.int64)
    sources = arrays.Sources(
        cells[:, 0] + TOP, cells[:, 1] + LEFT, np.zeros(len(cells)), np.zeros(len(cells))
    )
    return sources, slices


@dataclass(frozen=True)
class FaceGroup:
    """Faces to be counted together, padded index; sign +1 where positive discharge counts as in."""

    is_x: np.ndarray
    row: np.ndarray
    column: np.ndarray
    sign: np.ndarray


class CountedFaces:
    """The kernel's counters and which of them belong to which group."""

    def __init__(self, groups: Sequence[FaceGroup], padded_rows: int) -> None:
        is_x, row, column = (
            np.concatenate([getattr(g, key) for g in groups] or [np.zeros(0)])
            for key in ("is_x", "row", "column")
        )
        self._sign = np.concatenate([g.sign for g in groups] or [np.zeros(0)])
        order = np.argsort(row, kind="stable")
        self._place = np.empty(len(order), np.int64)
        self._place[order] = np.arange(len(order))
        self._edges = np.cumsum([0] + [len(g.row) for g in groups])
        first = np.searchsorted(row[order], np.arange(padded_rows + 1)).astype(np.int64)
        zeros = (np.zeros(len(order)) for _ in range(3))
        self.counters = arrays.Counters(
            first, is_x[order].astype(bool), column[order].astype(np.int64), *zeros
        )

    def clear(self) -> None:
        """Begin a window."""
        self.counters.inward[:] = 0.0
        self.counters.outward[:] = 0.0

    def volumes(self, group: int) -> tuple[float, float]:
        """m3 that went in and out through a group during the window, in the sense of its signs."""
        part = slice(self._edges[group], self._edges[group + 1])
        plus, minus, positive = (
            self.counters.inward[self._place[part]],
            self.counters.outward[self._place[part]],
            self._sign[part] > 0.0,
        )
        return float(np.where(positive, plus, minus).sum()), float(
            np.where(positive, minus, plus).sum()
        )


class OpenEdges:
    """Ghost cells beyond the open edges, and every face between a ghost and a cell of the model (a
    ghost in a notch has several).

    A ghost that serves several cells takes the lowest of their beds; one that two boundaries claim
    belongs to the first.
    """

    def __init__(
        self,
        terrain: Terrain,
        edges: Sequence[EdgeBoundary],
        cells: arrays.Cells,
        second_order: bool,
    ) -> None:
        self._terrain, self._bed, self._second_order = terrain, cells.bed, second_order
        owner: dict[tuple[int, int], int] = {}
        ghosts: list[tuple[int, int, int, int, bool, bool]] = []
        self.slices: list[slice] = []
        for number, edge in enumerate(edges):
            begin = len(ghosts)
            for (row, column), (down, right) in zip(
                edge.cells.tolist(), edge.sides.tolist(), strict=True
            ):
                inner = (row + TOP, column + LEFT)
                ghost = (inner[0] + down, inner[1] + right)
                ground = float(self._bed[inner]) - self._fall_beyond(edge, inner, (down, right))
                if ghost not in owner:
                    owner[ghost] = number
                    falls = second_order and edge.slope is not None and math.isinf(edge.slope)
                    ghosts.append((*ghost, *inner, edge.stage is None, falls))
                    self._bed[ghost] = ground
                    cells.roughness[ghost] = abs(cells.roughness[inner])
                    if cells.porosity.size > 1:
                        cells.porosity[ghost] = cells.porosity[inner]
                elif owner[ghost] == number:
                    self._bed[ghost] = min(float(self._bed[ghost]), ground)
            self.slices.append(slice(begin, len(ghosts)))
        index = np.array([ghost[:4] for ghost in ghosts], np.int64).reshape(-1, 4)
        columns = (np.ascontiguousarray(index[:, k]) for k in range(4))
        mirrors = np.array([ghost[4] for ghost in ghosts], bool)
        beyond = (
            self._open_beyond(index, cells)
            if second_order
            else np.full((len(ghosts), 2), -1, np.int64)
        )
        behind = (np.ascontiguousarray(beyond[:, k]) for k in range(2))
        critical = np.array([ghost[5] for ghost in ghosts], bool)
        opened = np.flatnonzero(beyond[:, 0] >= 0)
        held, places = (
            np.concatenate([np.arange(len(ghosts)), opened]),
            np.concatenate([index[:, :2], beyond[opened]]),
        )
        order = np.argsort(places[:, 0], kind="stable")
        first = np.searchsorted(places[order, 0], np.arange(cells.depth.shape[0] + 1))
        self.boundaries = arrays.Boundaries(
            *columns,
            *behind,
            mirrors,
            critical,
            *(np.zeros(len(ghosts)) for _ in range(5)),
            first,
            held[order],
            places[order, 1],
        )
        faces = [face for ghost in owner for face in self._open_faces(ghost)]
        table = np.array(faces, float).reshape(-1, 4)
        self.faces = FaceGroup(
            table[:, 0] > 0.0,
            table[:, 1].astype(np.int64),
            table[:, 2].astype(np.int64),
            table[:, 3],
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


class FaceStructures:
    """The kernel's structures and discharge boundaries, and the inputs that they come from:
    structures first.
    """

    def __init__(
        self,
        inputs: Sequence[FaceStructure],
        inflows: Sequence[EdgeInflow],
        bed: np.ndarray,
        padded_rows: int,
        datum_m: float,
        cell_size_m: float,
    ) -> None:
        self._inputs, self._inflows, self._datum, self._cell_size = (
            tuple(inputs),
            tuple(inflows),
            datum_m,
            cell_size_m,
        )
        count = sum(len(s.is_x) for s in inputs) + sum(len(f.cells) for f in inflows)
        table = np.zeros((count, 10))
        self.groups: list[FaceGroup] = []
        self._parts: list[slice] = []
        begin = 0
        for s in inputs:
            n = len(s.is_x)
            part = slice(begin, begin + n)
            none = np.full(n, np.inf)
            table[part] = np.column_stack(
                [
                    s.is_x,
                    s.cells[:, 0] + TOP,
                    s.cells[:, 1] + LEFT,
                    np.full(n, s.kind == "bridge"),
                    np.full(n, s.weir_coefficient),
                    none if s.sill_m is None else s.sill_m - datum_m,
                    np.full(n, s.orifice_coefficient),
                    np.ones(n) if s.width is None else s.width,
                    none,
                    np.zeros(n),
                ]
            )
            rows, columns = s.cells[:, 0] + TOP, s.cells[:, 1] + LEFT
            self.groups.append(
                FaceGroup(s.is_x, rows.astype(np.int64), columns.astype(np.int64), s.sign)
            )
            begin += n
        for f in inflows:
            part = slice(begin, begin + len(f.cells))
            row, column = f.cells[:, 0] + TOP, f.cells[:, 1] + LEFT
            face_row, face_column = (
                row + np.maximum(f.sides[:, 0], 0),
                column + np.maximum(f.sides[:, 1], 0),
            )
            is_x, sign = f.sides[:, 1] != 0, -f.sides.sum(axis=1).astype(float)
            table[part, 0], table[part, 1], table[part, 2], table[part, 9] = (
                is_x,
                face_row,
                face_column,
                1.0,
            )
            table[part, 5] = bed[row, column]  # of the cell that it enters
            self.groups.append(FaceGroup(is_x, face_row, face_column, sign))
            self._parts.append(part)
            begin = part.stop
        order = np.argsort(table[:, 1], kind="stable")
        table = table[order]
        first = np.searchsorted(table[:, 1], np.arange(padded_rows + 1)).astype(np.int64)
        self._place = np.empty(count, np.int64)
        self._place[order] = np.arange(count)
        whole = {k: np.ascontiguousarray(table[:, k]) for k in range(10)}
        self.structures = arrays.Structures(
            first,
            whole[0] > 0.0,
            whole[1].astype(np.int64),
            whole[2].astype(np.int64),
            np.ones(count, bool),
            whole[3] > 0.0,
            np.full(count, np.inf),
            whole[4],
            whole[5],
            whole[8],
            whole[6],
            whole[7],
            np.zeros(count),
            np.zeros(count),
            np.zeros(count),
            whole[9] > 0.0,
            np.full(count, np.nan),
        )
        self.shut = np.zeros(len(self._inputs), bool)  # of those that wait: somebody has shut it
        self.set_levels(0.0)

    def shut_gate(self, name: str) -> None:
        """A gap that waits holds water from now on."""
        self.shut[[s.name for s in self._inputs].index(name)] = True

    def set_levels(self, time_s: float) -> None:
        """Crests (breaches) and openings (gates) at a time."""
        if not self._inputs:
            return
        crest = np.concatenate([s.crest_at(time_s) for s in self._inputs]) - self._datum
        soffits = [
            s.soffit_at(time_s, shut)
            for s, shut in zip(self._inputs, self.shut.tolist(), strict=True)
        ]
        soffit = (
            np.concatenate(
                [
                    np.full(len(s.is_x), -np.inf) if f is None else f
                    for s, f in zip(self._inputs, soffits, strict=True)
                ]
            )
            - self._datum
        )
        place = self._place[: crest.size]
        self.structures.crest[place] = crest
        self.structures.soffit[place] = soffit

    def set_inflows(self, start_s: float, stop_s: float) -> None:
        """Discharge of the boundaries in a window: its mean, so that the volume is exact; the level
        at the window's end.
        """
        for f, part, group in zip(
            self._inflows, self._parts, self.groups[len(self._inputs) :], strict=True
        ):
            place = self._place[part]
            share = (
                f.discharge.integral(start_s, stop_s)
                / (stop_s - start_s)
                / (len(f.cells) * self._cell_size)
            )
            self.structures.discharge[place] = group.sign * share
            self.structures.given_stage[place] = (
                np.nan if f.stage is None else f.stage.at(stop_s) - self._datum
            )


def make_pairs(
    culverts: Sequence[Culvert], pumps: Sequence[SurfacePump], datum_m: float
) -> arrays.Pairs:
    """Culverts first, then pumps."""
    both: list[Culvert | SurfacePump] = [*culverts, *pumps]
    ends = np.array([[*p.from_cell, *p.to_cell] for p in both], np.int64).reshape(-1, 4) + np.array(
        [TOP, LEFT, TOP, LEFT]
    )
    numbers = np.array(
        [
            [
                0.0,
                0.0,
                0.0,
                c.from_level_m - datum_m,
                c.to_level_m - datum_m,
                c.height_m,
                c.area_m2,
                c.loss,
            ]
            for c in culverts
        ]
        + [
            [p.capacity_m3_s, p.start_depth_m, p.stop_depth_m, 0.0, 0.0, 1.0, 1.0, 1.0]
            for p in pumps
        ],
        float,
    ).reshape(-1, 8)
    n = len(both)
    rating = np.zeros((n, 2, POINTS))
    for k, culvert in enumerate(culverts):
        rating[k] = culvert.ratings
    pump, start, stop, inlet, outlet, height, area, loss = (
        np.ascontiguousarray(numbers[:, k]) for k in range(8)
    )
    one_way = np.array([getattr(p, "one_way", True) for p in both], bool)
    return arrays.Pairs(
        *(np.ascontiguousarray(ends[:, k]) for k in range(4)),
        pump,
        start,
        stop,
        np.zeros(n, bool),
        inlet,
        outlet,
        height,
        area,
        loss,
        rating,
        one_way,
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
    )
