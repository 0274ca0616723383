"""Faces of the padded grid that are counted together: what passes them in a window, in and out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from flood_kernels import arrays
from flood_sim.surface.arrays import LEFT, TOP
from flood_sim.surface.boundaries import Transect


@dataclass(frozen=True)
class FaceGroup:
    """Faces to be counted together, padded index; sign +1 where positive discharge counts as in."""

    is_x: np.ndarray
    row: np.ndarray
    column: np.ndarray
    sign: np.ndarray


def faces_of(section: Transect) -> FaceGroup:
    """The faces of a recorded section."""
    rows, columns = section.cells[:, 0] + TOP, section.cells[:, 1] + LEFT
    return FaceGroup(section.is_x, rows, columns, section.sign)


class CountedFaces:
    """The kernel's counters and which of them belong to which group."""

    KEPT: ClassVar[tuple[str, ...]] = ("counters",)

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

    def places(self, group: int) -> np.ndarray:
        """Where the faces of a group lie in the kernel's counters, int64, in the group's order."""
        return self._place[self._edges[group] : self._edges[group + 1]]

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
