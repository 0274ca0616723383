"""Ways over carriageways: cells of the grid as a graph of eight neighbours, speed by the water on
them. Crews drive on it, analysis measures reach on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KM_H_M_S = 3.6


@dataclass(frozen=True)
class Driving:
    """Speed over water: a w^2 + b w + c km/h, w in mm, at most the free speed (Pregnolato 2017);
    nothing from car_depth_m on. High vehicles crawl on to high_depth_m. Limits assumed from
    recalled practice."""

    curve: tuple[float, float, float] = (0.0009, -0.5529, 86.9448)
    free_km_h: float = 40.0
    car_depth_m: float = 0.30
    high_depth_m: float = 0.50
    slow_km_h: float = 5.0

    def speed_m_s(self, depth_m: np.ndarray, high: bool) -> np.ndarray:
        """Speed (m/s) in water of a depth (m), shaped as it; 0 where the vehicle does not pass.
        high : fire engines, trucks.
        """
        a, b, c = self.curve
        mm = 1000.0 * depth_m
        flowing = np.where(
            depth_m < self.car_depth_m, np.minimum(a * mm**2 + b * mm + c, self.free_km_h), 0.0
        )
        if high:
            flowing = np.where(
                (depth_m >= self.car_depth_m) & (depth_m < self.high_depth_m),
                self.slow_km_h,
                flowing,
            )
        return np.maximum(flowing, 0.0) / KM_H_M_S


class RoadGraph:
    """Carriageway cells and the steps between them."""

    def __init__(self, road: np.ndarray, cell_size_m: float) -> None:
        """road : bool (rows, columns)."""
        from scipy.spatial import cKDTree

        self.cells = np.argwhere(road)
        self._tree = cKDTree(self.cells) if len(self.cells) else None
        number = np.full(road.shape, -1, np.int64)
        number[road] = np.arange(len(self.cells))
        rows, columns = road.shape
        ends, lengths = [], []
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            here = number[: rows - down, max(-right, 0) : columns - max(right, 0)]
            there = number[down:, max(right, 0) : columns + min(right, 0)]
            both = (here >= 0) & (there >= 0)
            ends.append(np.column_stack([here[both], there[both]]))
            lengths.append(np.full(int(both.sum()), cell_size_m * np.hypot(down, right)))
        self._ends, self._lengths = np.concatenate(ends), np.concatenate(lengths)

    def nearest(self, places: np.ndarray) -> np.ndarray:
        """(n,) number of the carriageway cell nearest to each (row, column)."""
        return (
            np.asarray(self._tree.query(places)[1])
            if self._tree is not None
            else np.zeros(0, np.int64)
        )

    def seconds_from(self, starts: np.ndarray, speed_m_s: np.ndarray) -> np.ndarray:
        """(cells,) s of the quickest way from any of the starts; inf where none leads. speed_m_s
        (cells,).
        """
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import dijkstra

        count = len(self.cells)
        starts = starts[speed_m_s[starts] > 0.0]
        if not starts.size:
            return np.full(count, np.inf)
        a, b = self._ends.T
        open_ = (speed_m_s[a] > 0.0) & (speed_m_s[b] > 0.0)
        seconds = (
            0.5 * self._lengths[open_] * (1.0 / speed_m_s[a[open_]] + 1.0 / speed_m_s[b[open_]])
        )
        graph = coo_matrix((seconds, (a[open_], b[open_])), shape=(count, count)).tocsr()
        return np.asarray(dijkstra(graph, directed=False, indices=np.unique(starts), min_only=True))


class Traffic:
    """Travel times over the water as it stands."""

    def __init__(self, graph: RoadGraph, driving: Driving = Driving()) -> None:
        self._graph, self._driving = graph, driving
        self._known: dict[tuple[int, int], tuple[float, np.ndarray]] = {}

    def travel_s(
        self, depot: tuple[int, int], cell: tuple[int, int], depth: np.ndarray, time_s: float
    ) -> float:
        """Seconds from the depot to a cell for a high vehicle over depth (rows, columns) m; inf
        where no way is passable.
        """
        at, seconds = self._known.get(depot, (-np.inf, np.zeros(0)))
        if at != time_s:
            rows, columns = self._graph.cells.T
            speed = self._driving.speed_m_s(depth[rows, columns].astype(float), high=True)
            seconds = self._graph.seconds_from(self._graph.nearest(np.array([depot])), speed)
            self._known[depot] = (time_s, seconds)
        return float(seconds[self._graph.nearest(np.array([cell]))[0]])
