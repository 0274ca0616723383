"""Rain as the kernel takes it: a cumulative series and a weight a cell. Uniform rain is its series;
a field is a unit series whose weights change at its intervals, so that a step costs the same and
the sum over any window is exact. Gutters lead roof water past the street.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from flood_kernels import arrays
from flood_sim.core.clock import Window
from flood_sim.ground.rain_fields import RainField
from flood_sim.ground.rainfall import Rainfall
from flood_sim.ground.terrain import Terrain


@dataclass(frozen=True)
class Gutters:
    """Roofs that drain into the sewer: cells (n, 2) of the roofs, node (n,) index in the network;
    more than `capacity_m_s` falls to the street.
    """

    cells: np.ndarray
    node: np.ndarray
    capacity_m_s: float


def as_field(rainfall: Rainfall, shape: tuple[int, int]) -> RainField:
    """Uniform rain by its own intervals."""
    amounts = np.diff(rainfall.cumulative_m)
    return RainField(
        rainfall.name,
        rainfall.time_s,
        lambda k: np.broadcast_to(amounts[k], shape),
        rainfall.source,
    )


class SurfaceRain:
    """What the surface asks of its rain. `kernel` holds the series that a step reads; volumes are
    m3 since the start of the run.
    """

    kernel: arrays.Rain
    varies = False  # whether the weights change in time

    KEPT: ClassVar[tuple[str, ...]] = (
        "kernel",
        "roof_volumes",
    )

    def __init__(self, nodes: int) -> None:
        self.roof_volumes = np.zeros(
            nodes
        )  # m3 that gutters brought to the nodes in the last window

    def volume_until(self, time_s: float) -> float:
        """Rain on the catchment, roofs included."""
        raise NotImplementedError

    def begin_window(self, window: Window, weights: np.ndarray) -> np.ndarray:
        """Set the kernel's rain for a window; returns what falls on the cells themselves in it,
        (rows or 1, columns) float32 m.

        weights (rows, columns): a view of the cells' rain weights, written where the rain is a
        field.
        """
        raise NotImplementedError


class UniformRain(SurfaceRain):
    """The same rain everywhere: the kernel reads its series, the weights are the terrain's."""

    def __init__(self, rainfall: Rainfall, terrain: Terrain, nodes: int) -> None:
        super().__init__(nodes)
        self._rainfall, self._terrain = rainfall, terrain
        self._start = rainfall.depth_until(0.0)
        self.kernel = arrays.Rain(
            np.asarray(rainfall.time_s, float),
            np.asarray(rainfall.cumulative_m, float),
            np.full(2, self._start),
        )

    def volume_until(self, time_s: float) -> float:
        """Series x area, never a sum over steps."""
        return (self._rainfall.depth_until(time_s) - self._start) * self._terrain.catchment_area_m2

    def begin_window(self, window: Window, weights: np.ndarray) -> np.ndarray:
        """(1, columns) float32 m; the weights stay."""
        return np.full(
            (1, weights.shape[1]),
            self._rainfall.depth_between(window.start, window.stop),
            np.float32,
        )


class FieldRain(SurfaceRain):
    """Rain by intervals: within a window it falls evenly, on each cell what the window's parts of
    the intervals bring there.
    """

    varies = True

    KEPT: ClassVar[tuple[str, ...]] = (
        "kernel",
        "roof_volumes",
        "_loaded",
        "_now",
        "_volume",
        "_volume_before",
        "_open",
        "_roof",
    )

    def __init__(
        self, field: RainField, terrain: Terrain, gutters: Gutters | None, nodes: int
    ) -> None:
        super().__init__(nodes)
        self._field, self._terrain, self._gutters = field, terrain, gutters
        self._area = terrain.grid.cell_area_m2
        self._loaded = (
            self._now
        ) = -1  # interval whose weights are set; interval that the windows have reached
        self._volume = self._volume_before = 0.0  # m3 of that interval, of those before it
        self._open, self._roof = np.zeros((1, 1), np.float32), np.zeros(nodes)
        self.kernel = arrays.Rain(np.array([0.0, 1.0]), np.zeros(2), np.zeros(2))

    def volume_until(self, time_s: float) -> float:
        """Whole intervals and the share of the present one, never a sum over windows; time_s is not
        before the last window.
        """
        return (
            self._volume_before + self._volume * self._share_until(time_s)
            if self._now >= 0
            else 0.0
        )

    def _share_until(self, time_s: float) -> float:
        """Share of the present interval that has fallen."""
        begin, end = self._field.edges_s[self._now : self._now + 2]
        return min(max(float((time_s - begin) / (end - begin)), 0.0), 1.0)

    def begin_window(self, window: Window, weights: np.ndarray) -> np.ndarray:
        """(rows or 1, columns) float32 m; writes the weights (rows, columns)."""
        parts = self._parts(window)
        self.kernel.time[:] = window.start, window.stop
        self.kernel.cumulative[:] = self.kernel.applied[:] = 0.0
        self.roof_volumes[:] = 0.0
        if len(parts) == 1:  # the weights stay, the reference depth is the share of the interval
            k, share = parts[0]
            fallen = self._add(k, share, weights, window)
            self.kernel.cumulative[1] = share
            return fallen
        total, fallen = np.zeros(weights.shape), np.zeros((1, weights.shape[1]), np.float32)
        for k, share in parts:
            fallen = fallen + self._add(k, share, weights, window)
            total += share * weights
        weights[...] = total
        self._loaded = -1
        self.kernel.cumulative[1] = 1.0
        return fallen

    def _parts(self, window: Window) -> list[tuple[int, float]]:
        """Which intervals a window touches, and the share of each that falls in it."""
        edges, parts = self._field.edges_s, []
        first = max(int(np.searchsorted(edges, window.start, side="right")) - 1, 0)
        for k in range(first, self._field.intervals):
            if edges[k] >= window.stop:
                break
            length = min(window.stop, edges[k + 1]) - max(window.start, edges[k])
            if length > 0.0:
                parts.append((k, float(length / (edges[k + 1] - edges[k]))))
        return parts

    def _add(self, k: int, share: float, weights: np.ndarray, window: Window) -> np.ndarray:
        """Load interval k; book its water; returns what falls on the cells themselves."""
        self._load(k, weights)
        self.roof_volumes += self._roof * share
        if k != self._now:
            first, self._now = self._now < 0, k
            self._volume_before += self._volume
            self._volume = float(weights.sum(dtype=np.float64)) * self._area + float(
                self._roof.sum()
            )
            if first:  # what fell before the run began
                self._volume_before -= self._volume * self._share_until(window.start)
        return self._open * np.float32(share)

    def _load(self, k: int, weights: np.ndarray) -> None:
        """Weights of interval k: what its rain brings to each cell (m), and to each node (m3)."""
        if k == self._loaded:
            return
        depth = np.array(self._field.depth_m(k), float)
        self._open = np.where(self._terrain.active, depth, 0.0).astype(np.float32)
        self._roof = np.zeros(self.roof_volumes.size)
        if self._gutters is not None:
            row, column = self._gutters.cells.T
            length = float(self._field.edges_s[k + 1] - self._field.edges_s[k])
            led = np.minimum(depth[row, column], self._gutters.capacity_m_s * length)
            depth[row, column] -= led
            self._roof = np.bincount(
                self._gutters.node, led * self._area, self.roof_volumes.size
            ).astype(float)
        weights[...] = self._terrain.collect_rain(depth)
        self._loaded = k


def surface_rain(
    rainfall: Rainfall | RainField, terrain: Terrain, gutters: Gutters | None, nodes: int
) -> SurfaceRain:
    """Uniform rain stays a series; with gutters, or as a field, it is taken by intervals."""
    if isinstance(rainfall, RainField):
        return FieldRain(rainfall, terrain, gutters, nodes)
    if gutters is not None and rainfall.time_s.size > 1:
        return FieldRain(as_field(rainfall, terrain.grid.shape), terrain, gutters, nodes)
    return UniformRain(rainfall, terrain, nodes)
