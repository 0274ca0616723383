"""Structures and discharge boundaries on faces, as the kernel takes them: the arrays, and what sets
them anew each window.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import numpy as np

from flood_kernels import arrays
from flood_sim.surface.arrays import LEFT, TOP
from flood_sim.surface.boundaries import EdgeInflow
from flood_sim.surface.faces import FaceGroup
from flood_sim.surface.structures import FaceStructure


class FaceStructures:
    """The kernel's structures and discharge boundaries, and the inputs that they come from:
    structures first.
    """

    KEPT: ClassVar[tuple[str, ...]] = ("structures", "shut")

    def __init__(
        self,
        inputs: Sequence[FaceStructure],
        inflows: Sequence[EdgeInflow],
        bed: np.ndarray,
        datum_m: float,
        cell_size_m: float,
    ) -> None:
        """bed : (padded rows, padded columns) m above the surface's datum."""
        self._inputs, self._inflows = tuple(inputs), tuple(inflows)
        self._datum, self._cell_size = datum_m, cell_size_m
        self.groups = [_group_of(s) for s in inputs] + [_entered(f) for f in inflows]
        counts = [len(g.row) for g in self.groups]
        stops = np.cumsum([0, *counts]).tolist()
        parts = [slice(a, b) for a, b in pairwise(stops)]
        self._parts = parts[len(self._inputs) :]
        tables = [_structure_rows(s, self._datum) for s in inputs]
        tables += [
            _inflow_rows(f, g, bed)
            for f, g in zip(inflows, self.groups[len(self._inputs) :], strict=True)
        ]
        table = np.concatenate([np.zeros((0, 10)), *tables])
        order = np.argsort(table[:, 1], kind="stable")
        self._place = np.empty(len(table), np.int64)
        self._place[order] = np.arange(len(table))
        self.structures = _kernel_arrays(table[order], bed.shape[0])
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


def _group_of(structure: FaceStructure) -> FaceGroup:
    rows, columns = structure.cells[:, 0] + TOP, structure.cells[:, 1] + LEFT
    return FaceGroup(
        structure.is_x, rows.astype(np.int64), columns.astype(np.int64), structure.sign
    )


def _entered(inflow: EdgeInflow) -> FaceGroup:
    """The faces that a discharge enters through, + into the model."""
    row, column = inflow.cells[:, 0] + TOP, inflow.cells[:, 1] + LEFT
    return FaceGroup(
        inflow.sides[:, 1] != 0,
        row + np.maximum(inflow.sides[:, 0], 0),
        column + np.maximum(inflow.sides[:, 1], 0),
        -inflow.sides.sum(axis=1).astype(float),
    )


def _structure_rows(s: FaceStructure, datum_m: float) -> np.ndarray:
    """(n, 10) one row a face: x face, row, column, bridge, weir coefficient, sill, orifice
    coefficient, width, soffit, inflow.
    """
    n = len(s.is_x)
    none = np.full(n, np.inf)
    return np.column_stack(
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


def _inflow_rows(inflow: EdgeInflow, group: FaceGroup, bed: np.ndarray) -> np.ndarray:
    """(n, 10) as of structures; the sill is the bed of the cell that it enters."""
    table = np.zeros((len(inflow.cells), 10))
    table[:, 0], table[:, 1], table[:, 2], table[:, 9] = group.is_x, group.row, group.column, 1.0
    table[:, 5] = bed[inflow.cells[:, 0] + TOP, inflow.cells[:, 1] + LEFT]
    return table


def _kernel_arrays(table: np.ndarray, padded_rows: int) -> arrays.Structures:
    """Rows sorted by row of the grid."""
    count = len(table)
    first = np.searchsorted(table[:, 1], np.arange(padded_rows + 1)).astype(np.int64)
    whole = {k: np.ascontiguousarray(table[:, k]) for k in range(10)}
    return arrays.Structures(
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
