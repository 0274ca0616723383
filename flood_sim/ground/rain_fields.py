"""Rain that differs from cell to cell: intervals in time, each with a depth on every cell. Gauges,
stacks of grids, moving cells.

A field answers one question: how much falls on each cell of the grid in interval k. The surface
asks once an interval, never once a step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from flood_sim.core.grid import Grid
from flood_sim.core.units import SECONDS_PER_MINUTE
from flood_sim.ground.rainfall import Rainfall


@dataclass(frozen=True)
class RainField:
    """Rain by intervals. edges_s (n + 1,) s since the start of the run, ascending; depth_m(k) ->
    (rows, columns) m that fall in interval k.

    No rain outside the edges. depth_m must return the same values for the same k.
    """

    name: str
    edges_s: np.ndarray
    depth_m: Callable[[int], np.ndarray]
    source: str = ""

    @property
    def intervals(self) -> int:
        return self.edges_s.size - 1

    def __repr__(self) -> str:
        return (
            f"RainField {self.name}: {self.intervals} intervals, {self.edges_s[0]:g} to"
            f" {self.edges_s[-1]:g} s"
        )


@dataclass(frozen=True)
class RainGauge:
    """A gauge: place (m, map coordinates) and what fell there. away_s : spans (s, s) of which it
    knows nothing; the other gauges stand in for it.
    """

    name: str
    x_m: float
    y_m: float
    rainfall: Rainfall
    away_s: tuple[tuple[float, float], ...] = ()

    def is_away(self, time_s: np.ndarray) -> np.ndarray:
        """(n,) bool of times (n,) s."""
        away = np.zeros(len(time_s), bool)
        for begin, end in self.away_s:
            away |= (time_s > begin) & (time_s < end)
        return away


def mean_rainfall(rainfall: Rainfall | RainField) -> Rainfall:
    """The rain as one series; of a field, the mean over the grid."""
    if isinstance(rainfall, Rainfall):
        return rainfall
    amounts = [float(np.mean(rainfall.depth_m(k))) for k in range(rainfall.intervals)]
    return Rainfall(
        rainfall.name,
        np.asarray(rainfall.edges_s, float),
        np.concatenate([[0.0], np.cumsum(amounts)]),
    )


def fallen_at_s(
    rainfall: Rainfall | RainField, depth_m: float, within_s: float, duration_s: float
) -> float:
    """The first minute (s) by which so much has fallen within the span; inf where it never does.
    The rain is known before the run.
    """
    rain = mean_rainfall(rainfall)
    times = np.arange(0.0, duration_s + SECONDS_PER_MINUTE, SECONDS_PER_MINUTE)
    fallen = np.interp(times, rain.time_s, rain.cumulative_m) - np.interp(
        times - within_s, rain.time_s, rain.cumulative_m
    )
    enough = np.flatnonzero(fallen >= depth_m - 1e-12)
    return float(times[enough[0]]) if enough.size else math.inf


def nearest_weights(gauges: Sequence[RainGauge], grid: Grid) -> np.ndarray:
    """Thiessen polygons: (rows, columns) number of the nearest gauge."""
    from scipy.spatial import cKDTree

    x, y = np.meshgrid(grid.x_m, grid.y_m)
    _, index = cKDTree([(g.x_m, g.y_m) for g in gauges]).query(
        np.column_stack([x.ravel(), y.ravel()])
    )
    return np.asarray(index).reshape(grid.shape)


def inverse_distance_weights(
    gauges: Sequence[RainGauge], grid: Grid, power: float = 2.0
) -> np.ndarray:
    """(gauges, rows, columns) weights that sum to 1: distance^-power (Shepard 1968), distances of
    less than half a cell count as that.
    """
    x, y = np.meshgrid(grid.x_m, grid.y_m)
    distance = np.array([np.hypot(x - g.x_m, y - g.y_m) for g in gauges])
    weight = np.maximum(distance, 0.5 * grid.cell_size_m) ** -power
    return np.asarray(weight / weight.sum(axis=0), np.float32)


def gauge_field(
    name: str, gauges: Sequence[RainGauge], grid: Grid, method: str, source: str = ""
) -> RainField:
    """Rain between gauges, by `thiessen` or `inverse_distance`, of those that know of an interval;
    0 where none does. The intervals are all gauges' own edges together.
    """
    spans = [np.ravel(g.away_s) for g in gauges]
    edges = np.unique(np.concatenate([g.rainfall.time_s for g in gauges] + spans))
    middle = 0.5 * (edges[1:] + edges[:-1])
    there = ~np.array([g.is_away(middle) for g in gauges])  # (gauges, intervals)
    amounts = np.array(
        [np.diff(np.interp(edges, g.rainfall.time_s, g.rainfall.cumulative_m)) for g in gauges]
    )  # (gauges, intervals)
    if method == "thiessen":
        nearest = _NearestOfThose(gauges, grid)
        return RainField(name, edges, lambda k: nearest.spread(amounts[:, k], there[:, k]), source)
    weights = inverse_distance_weights(gauges, grid)

    def weighed(k: int) -> np.ndarray:
        if there[:, k].all():
            return np.tensordot(amounts[:, k], weights, axes=1)
        total = np.tensordot(there[:, k].astype(float), weights, axes=1)
        rain = np.tensordot(amounts[:, k] * there[:, k], weights, axes=1)
        return np.divide(rain, total, out=np.zeros_like(rain), where=total > 0.0)

    return RainField(name, edges, weighed, source)


class _NearestOfThose:
    """Thiessen polygons of those gauges that know of an interval, kept for each set of them."""

    def __init__(self, gauges: Sequence[RainGauge], grid: Grid) -> None:
        self.gauges, self.grid = gauges, grid
        self._kept: dict[bytes, np.ndarray] = {}

    def spread(self, amounts: np.ndarray, there: np.ndarray) -> np.ndarray:
        """(rows, columns) of amounts (gauges,); there : (gauges,) bool."""
        if not there.any():
            return np.zeros(self.grid.shape)
        key = there.tobytes()
        if key not in self._kept:
            which = np.flatnonzero(there)
            others = [self.gauges[k] for k in which.tolist()]
            self._kept[key] = which[nearest_weights(others, self.grid)]
        return np.asarray(amounts[self._kept[key]])


def sloped_field(rain: Rainfall, grid: Grid, per_m: float, towards_deg: float) -> RainField:
    """A uniform storm that grows by per_m of its mean each metre towards a bearing (0 north, 90
    east); never below 0, its mean stays.
    """
    angle = math.radians(towards_deg)
    x, y = grid.x_m - grid.x_m.mean(), grid.y_m - grid.y_m.mean()
    factor = np.maximum(
        1.0 + per_m * (math.sin(angle) * x[None, :] + math.cos(angle) * y[:, None]), 0.0
    )
    factor /= factor.mean()
    amounts = np.diff(rain.cumulative_m)
    return RainField(
        f"{rain.name}, gradient", rain.time_s, lambda k: amounts[k] * factor, rain.source
    )


@dataclass(frozen=True)
class StormCell:
    """A Gaussian rain cell on a straight track: rate = peak exp(-r^2 / (2 radius^2)) between
    begin_s and end_s (rate m/s, lengths m).
    """

    peak_m_s: float
    radius_m: float
    begin_s: float
    end_s: float
    begin_xy: tuple[float, float]
    end_xy: tuple[float, float]

    def share(self, time_s: float) -> float:
        """How far along its track it is, 0 to 1."""
        return (time_s - self.begin_s) / (self.end_s - self.begin_s)


GAUSS_NODES = np.polynomial.legendre.leggauss(4)


def moving_field(name: str, cells: Sequence[StormCell], grid: Grid, interval_s: float) -> RainField:
    """Moving storm cells, integrated over intervals by four Gauss points (exact to 1e-4 where a
    cell moves less than its radius meanwhile).
    """
    begin, end = min(c.begin_s for c in cells), max(c.end_s for c in cells)
    edges = begin + (end - begin) * np.linspace(
        0.0, 1.0, max(1, math.ceil((end - begin) / interval_s)) + 1
    )
    x, y = np.asarray(grid.x_m, float), np.asarray(grid.y_m, float)

    def depth(k: int) -> np.ndarray:
        total = np.zeros(grid.shape)
        for cell in cells:
            low, high = max(edges[k], cell.begin_s), min(edges[k + 1], cell.end_s)
            if high <= low:
                continue
            for node, weight in zip(*GAUSS_NODES, strict=True):
                at = cell.share(0.5 * (low + high) + 0.5 * (high - low) * node)
                cx, cy = (a + at * (b - a) for a, b in zip(cell.begin_xy, cell.end_xy, strict=True))
                profile_x, profile_y = (
                    np.exp(-0.5 * ((v - c) / cell.radius_m) ** 2) for v, c in ((x, cx), (y, cy))
                )
                total += (
                    0.5 * weight * (high - low) * cell.peak_m_s * np.outer(profile_y, profile_x)
                )
        return total

    return RainField(name, edges, depth, f"{len(cells)} moving cells")
