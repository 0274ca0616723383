"""Where the storm sewers run: pipe lines in the streets, nodes on them, one way down for each node,
lanes up to the asked length.

Hydraulic design is in `design`; here are only lines, distances and areas.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from flood_sim.city.ground import Ground
from flood_sim.city.land_use import DYKE, OUTSIDE, RIVER
from flood_sim.city.parameters import ORIGIN_M, CityParameters
from flood_sim.city.streets import RIVERSIDE_OFFSET_M, Plan, Street

SPACING_M = 34.0
PRIMARY_PIPE_M = 13.0  # the two pipes of a primary street, from its axis
CLASS_COST = {"primary": 1.0, "secondary": 1.1, "riverside": 1.2, "lane": 2.0}
ADVERSE_SLOPE = 0.002  # ground that rises this steeply along a pipe makes it four times as dear


@dataclass(frozen=True)
class PipeLine:
    """A line along which a pipe may run."""

    street: Street
    at: float
    gutters: tuple[float, ...]  # positions across of the gutters that its inlets serve
    optional: bool  # lanes: taken by drained area until the length is reached


@dataclass
class SewerNode:
    """A manhole. x, y local m; area of its own catchment m2; inlet cells (row, column); rim m."""

    name: str
    x: float
    y: float
    rim: float
    inlet_cells: tuple[tuple[int, int], ...]
    area: float = 0.0
    down: int = -1  # index of the next node, -1 at a root
    length: float = 0.0  # of the pipe to it
    sag: bool = False


@dataclass
class SewerTree:
    """Nodes, each with one pipe down; roots are the last manholes before the river."""

    nodes: list[SewerNode]
    roots: list[int]
    outlet_y: dict[int, tuple[float, float]] = field(
        default_factory=dict
    )  # root: y of chamber and outfall

    def order(self) -> list[int]:
        """Nodes from the leaves down."""
        waiting = [0] * len(self.nodes)
        for node in self.nodes:
            if node.down >= 0:
                waiting[node.down] += 1
        ready = [k for k, count in enumerate(waiting) if count == 0]
        for k in ready:
            down = self.nodes[k].down
            if down >= 0:
                waiting[down] -= 1
                if waiting[down] == 0:
                    ready.append(down)
        return ready

    @property
    def length(self) -> float:
        return sum(node.length for node in self.nodes)


def pipe_lines(plan: Plan) -> list[PipeLine]:
    """One line in each secondary, lane and riverside street, two in each primary."""
    lines = []
    for s in plan.streets:
        edge = s.half - 1.0
        if s.kind == "primary":
            lines += [
                PipeLine(s, s.at + sign * PRIMARY_PIPE_M, (s.at + sign * edge,), False)
                for sign in (-1, 1)
            ]
        else:
            lines.append(PipeLine(s, s.at, (s.at - edge, s.at + edge), s.kind == "lane"))
    return lines


@dataclass
class _Graph:
    """All nodes and edges that could carry a pipe, before lanes are chosen."""

    x: np.ndarray
    y: np.ndarray
    line: np.ndarray  # of the node's first (highest) line
    edges: np.ndarray  # (e, 2)
    edge_line: np.ndarray
    lines: list[PipeLine]


def make_sewers(p: CityParameters, plan: Plan, ground: Ground) -> SewerTree:
    """The tree whose length comes closest to the asked drain density."""
    graph = _all_nodes(plan, pipe_lines(plan))
    rim, cells = _rims(graph, ground)
    roots = _roots(plan, graph)
    wanted = p.drain_density_km_km2 * p.side_m**2 / 1000.0 - sum(
        _outlet_length(plan, graph, k) for k in roots
    )
    lanes = _lanes_by_area(graph, ground)
    low, high = 0, len(lanes)
    while low < high:  # the largest number of lanes that does not exceed the asked length
        middle = (low + high + 1) // 2
        down, length = _shortest_tree(graph, rim, roots, set(lanes[:middle]))
        low, high = (middle, high) if length.sum() <= wanted else (low, middle - 1)
    down, length = _shortest_tree(graph, rim, roots, set(lanes[:low]))
    if low < len(lanes):
        more_down, more_length = _shortest_tree(graph, rim, roots, set(lanes[: low + 1]))
        down, length = _trimmed(more_down, more_length, wanted)
    return _tree(p, plan, graph, ground, rim, cells, roots, down, length)


def _all_nodes(plan: Plan, lines: list[PipeLine]) -> _Graph:
    points: dict[tuple[int, int], int] = {}
    xs: list[float] = []
    ys: list[float] = []
    first_line: list[int] = []
    edges: list[tuple[int, int]] = []
    edge_line: list[int] = []
    rank = {"primary": 0, "secondary": 1, "riverside": 2, "lane": 3}
    for number in sorted(range(len(lines)), key=lambda k: rank[lines[k].street.kind]):
        line = lines[number]
        previous = -1
        for along in _stations(line, lines):
            x, y = (along, line.at) if line.street.axis == "x" else (line.at, along)
            key = (round(10 * x), round(10 * y))
            if key not in points:
                points[key] = len(xs)
                xs.append(x)
                ys.append(y)
                first_line.append(number)
            node = points[key]
            if previous >= 0:
                middle = 0.5 * (xs[previous] + x), 0.5 * (ys[previous] + y)
                barred = _in_underpass(plan, line.street, middle[0]) or _in_river(plan, middle[1])
                if not barred:
                    edges.append((previous, node))
                    edge_line.append(number)
            previous = node
    return _Graph(
        np.array(xs),
        np.array(ys),
        np.array(first_line),
        np.array(edges),
        np.array(edge_line),
        lines,
    )


def _stations(line: PipeLine, lines: list[PipeLine]) -> list[float]:
    """Positions along a line at which it has nodes: where others cross it, at its ends, and evenly
    between.
    """
    s = line.street
    places = {
        other.at
        for other in lines
        if other.street.axis != s.axis
        and other.street.start - 1.0 <= line.at <= other.street.stop + 1.0
        and s.start - 1.0 <= other.at <= s.stop + 1.0
    }
    ends = [e for e in (s.start + 6.0, s.stop - 6.0) if all(abs(e - at) > 25.0 for at in places)]
    stations = sorted(places.union(e for e in ends if s.kind != "lane"))
    fine = [stations[0]] if stations else []
    for a, b in zip(stations[:-1], stations[1:], strict=True):
        count = max(1, round((b - a) / SPACING_M))
        fine += [a + (b - a) * (k + 1) / count for k in range(count)]
    return fine


def _in_underpass(plan: Plan, street: Street, x: float) -> bool:
    u = plan.underpass
    return u is not None and street is u.street and abs(x - u.centre) < u.reach + 10.0


def _in_river(plan: Plan, y: float) -> bool:
    return min(abs(y - centre) for centre in plan.rivers) < RIVERSIDE_OFFSET_M - 1.0


def _rims(graph: _Graph, ground: Ground) -> tuple[np.ndarray, list[tuple[tuple[int, int], ...]]]:
    """Rim: the lowest of the node's gutter cells."""
    cells = []
    for x, y, number in zip(graph.x, graph.y, graph.line, strict=True):
        line = graph.lines[number]
        places = [(x, g) if line.street.axis == "x" else (g, y) for g in line.gutters]
        rows, columns = ground.grid.cell_at(
            [q[0] + ORIGIN_M[0] for q in places], [q[1] + ORIGIN_M[1] for q in places]
        )
        rows, columns = rows.clip(0, ground.grid.rows - 1), columns.clip(0, ground.grid.columns - 1)
        cells.append(tuple(sorted(set(zip(rows.tolist(), columns.tolist(), strict=True)))))
    rim = np.array([min(ground.bed_elevation[cell] for cell in group) for group in cells])
    return rim, cells


def _roots(plan: Plan, graph: _Graph) -> list[int]:
    """Where a north-south arterial's pipe meets a riverside street."""
    found = []
    for s in plan.lanes:
        if s.kind == "riverside":
            for line in graph.lines:
                if line.street.axis == "y" and not line.optional:
                    hit = np.flatnonzero(
                        (np.abs(graph.x - line.at) < 0.2) & (np.abs(graph.y - s.at) < 0.2)
                    )
                    found += hit.tolist()
    return sorted(set(found), key=lambda k: (graph.y[k], graph.x[k]))


def _outlet_length(plan: Plan, graph: _Graph, root: int) -> float:
    return abs(graph.y[root] - _outfall_y(plan, graph.y[root]))


def _outfall_y(plan: Plan, y: float) -> float:
    centre = min(plan.rivers, key=lambda c: abs(c - y))
    return centre + 18.0 if y > centre else centre - 18.0


def _lanes_by_area(graph: _Graph, ground: Ground) -> list[int]:
    """Optional lines, largest nearest-cell area first; ties by position."""
    area = _nearest_areas(graph.x, graph.y, ground)
    sums = np.bincount(graph.line, weights=area, minlength=len(graph.lines))
    optional = [k for k, line in enumerate(graph.lines) if line.optional]
    return sorted(optional, key=lambda k: (-round(float(sums[k]), 3), graph.lines[k].street.name))


def _nearest_areas(x: np.ndarray, y: np.ndarray, ground: Ground) -> np.ndarray:
    from scipy.spatial import cKDTree

    land = ~np.isin(ground.land_use, (OUTSIDE, RIVER, DYKE))
    rows, columns = np.nonzero(land)
    places = np.column_stack(
        [ground.grid.x_m[columns] - ORIGIN_M[0], ground.grid.y_m[rows] - ORIGIN_M[1]]
    )
    _, owner = cKDTree(np.column_stack([x, y])).query(places)
    return np.bincount(owner, minlength=x.size) * ground.grid.cell_area_m2


def _shortest_tree(
    graph: _Graph, rim: np.ndarray, roots: list[int], lanes: set[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Next node (-1 at roots and unreached) and pipe length of every node: cheapest way to any
    root.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra

    use = np.array([not graph.lines[k].optional or k in lanes for k in graph.edge_line])
    a, b = graph.edges[use].T
    length = np.hypot(graph.x[a] - graph.x[b], graph.y[a] - graph.y[b])
    dear = np.array([CLASS_COST[graph.lines[k].street.kind] for k in graph.edge_line[use]])

    def cost(rise: np.ndarray) -> np.ndarray:
        return length * dear * (1.0 + 3.0 * np.maximum(rise, 0.0) / (ADVERSE_SLOPE * length))

    # Dijkstra walks from the roots upstream: the edge root -> node costs what water pays from node
    # to root.
    upstream = np.concatenate([cost(rim[a] - rim[b]), cost(rim[b] - rim[a])])
    matrix = coo_matrix(
        (upstream, (np.concatenate([a, b]), np.concatenate([b, a]))), shape=(graph.x.size,) * 2
    ).tocsr()
    _, down, _ = dijkstra(matrix, indices=roots, min_only=True, return_predecessors=True)
    down = np.where(down >= 0, down, -1)
    return down, np.where(
        down >= 0, np.hypot(graph.x - graph.x[down], graph.y - graph.y[down]), 0.0
    )


def _trimmed(down: np.ndarray, length: np.ndarray, wanted: float) -> tuple[np.ndarray, np.ndarray]:
    """Leaves taken off, longest way first, until the tree is no longer than asked."""
    down, length = down.copy(), length.copy()
    while length.sum() > wanted:
        has_upstream = np.zeros(down.size, bool)
        has_upstream[down[down >= 0]] = True
        leaves = np.flatnonzero((down >= 0) & ~has_upstream)
        last = leaves[
            np.argmax(leaves)
        ]  # lanes come last in the numbering: the lane added last loses its head first
        down[last], length[last] = -1, 0.0
    return down, length


def _tree(
    p: CityParameters,
    plan: Plan,
    graph: _Graph,
    ground: Ground,
    rim: np.ndarray,
    cells: list[tuple[tuple[int, int], ...]],
    roots: list[int],
    down: np.ndarray,
    length: np.ndarray,
) -> SewerTree:
    keep = np.flatnonzero((down >= 0) | np.isin(np.arange(down.size), roots))
    keep = np.array(
        sorted(
            keep.tolist(), key=lambda k: (round(float(graph.y[k]), 1), round(float(graph.x[k]), 1))
        ),
        np.int64,
    )
    number = {k: n for n, k in enumerate(keep.tolist())}
    area = _nearest_areas(graph.x[keep], graph.y[keep], ground)
    nodes = []
    for n, k in enumerate(keep.tolist()):
        riverside = graph.lines[graph.line[k]].street.kind == "riverside" or k in roots
        nodes.append(
            SewerNode(
                f"N{n + 1:05d}",
                float(graph.x[k]),
                float(graph.y[k]),
                float(rim[k]),
                cells[k],
                float(area[n]),
                number.get(int(down[k]), -1),
                float(length[k]),
                riverside,
            )
        )
    outlets = {}
    for k in roots:
        y = float(graph.y[k])
        outfall = _outfall_y(plan, y)
        outlets[number[k]] = (0.5 * (y + outfall), outfall)
    return SewerTree(nodes, [number[k] for k in roots], outlets)
