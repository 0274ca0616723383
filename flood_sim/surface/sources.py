"""Cells that receive water: of point inflows, of what the sewers give back, and of what underground
spaces give back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import ClassVar

import numpy as np

from flood_kernels import arrays
from flood_sim.core.clock import Window
from flood_sim.surface.arrays import LEFT, TOP
from flood_sim.surface.boundaries import Inflow


class PointSources:
    """The kernel's sources, and which of them belong to whom: the inflows, then the others.

    kernel.pending m3 is to be put into the cells during the next window; float32 remainders stay
    in it.
    """

    KEPT: ClassVar[tuple[str, ...]] = ("kernel",)

    def __init__(self, inflows: Sequence[Inflow], *others: np.ndarray | None) -> None:
        """others : (n, 2) cells of the returns from the network, then of underground spaces."""
        self._inflows = tuple(inflows)
        lists = [inflow.cells for inflow in inflows] + [
            np.zeros((0, 2), np.int64) if cells is None else cells for cells in others
        ]
        stops = np.cumsum([0] + [len(cells) for cells in lists])
        (*self._parts, self._returns, self._outlets) = (
            slice(int(a), int(b)) for a, b in pairwise(stops)
        )
        cells = np.concatenate(lists).astype(np.int64)
        self.kernel = arrays.Sources(
            cells[:, 0] + TOP, cells[:, 1] + LEFT, np.zeros(len(cells)), np.zeros(len(cells))
        )

    def begin_window(self, window: Window, held_m3_s: dict[str, float]) -> Iterator[float]:
        """Put each inflow's water before its cells, and give its volume (m3). held_m3_s: set from
        outside by name, instead of the series.
        """
        for inflow, part in zip(self._inflows, self._parts, strict=True):
            held = held_m3_s.get(inflow.name)
            volume = (
                inflow.discharge.integral(window.start, window.stop)
                if held is None
                else held * window.length
            )
            self.kernel.pending[part] += volume / (part.stop - part.start)
            yield volume

    @property
    def returns(self) -> np.ndarray:
        """(returns,) m3 from the network, not yet in their cells."""
        return self.kernel.pending[self._returns]

    @property
    def returned(self) -> float:
        """Returned water that reached its cell since the start (m3), as the depths show it."""
        return float(self.kernel.delivered[self._returns].sum())

    @property
    def outlets(self) -> np.ndarray:
        """(outlets,) m3 from underground spaces, not yet in their cells."""
        return self.kernel.pending[self._outlets]

    @property
    def undelivered(self) -> float:
        """Inflow booked but not yet in its cell (m3)."""
        return float(self.kernel.pending[: self._returns.start].sum())
