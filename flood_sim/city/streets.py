"""The plan of the city: rivers, land bands between them, arterial lines, lanes, parts of blocks.
Lines and rectangles, no raster.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from flood_sim.city.parameters import CityParameters, draw

CARRIAGEWAY_M = {"primary": 28.0, "secondary": 16.0, "lane": 7.0, "riverside": 7.0}
RED_LINE_M = {"primary": 40.0, "secondary": 24.0, "lane": 7.0, "riverside": 7.0}
LANES_OF = {"primary": 6, "secondary": 4, "lane": 2, "riverside": 2}
RIVERSIDE_OFFSET_M = (
    42.0  # riverside street from the river's centre line; the dyke's outer toe is at 31 m
)
DITCH_WIDTH_M, DITCH_REACH = 5.0, 0.9  # bottom; share of the way from the river to the divide
PART_M = 125.0  # wanted length of a part of a block; parts come out between 90 and 190 m

Axis = Literal["x", "y"]  # the line runs along this axis
StreetClass = Literal["primary", "secondary", "lane", "riverside"]


@dataclass(frozen=True)
class Street:
    """A straight street: runs along `axis` from start to stop (m) at `at` on the other axis."""

    name: str
    kind: StreetClass
    axis: Axis
    at: float
    start: float
    stop: float
    width: float  # of the carriageway as built (lanes snap to whole cells)

    @property
    def length(self) -> float:
        return self.stop - self.start

    @property
    def half(self) -> float:
        return 0.5 * self.width


@dataclass(frozen=True)
class Part:
    """A part of a block between streets: the rectangle on which a ring of buildings stands."""

    name: str
    x0: float
    y0: float
    x1: float
    y1: float
    year: Literal["old", "new"]
    use: str


@dataclass(frozen=True)
class Underpass:
    """An arterial sunk under a railway bank: centre, along which axis, V-shaped floor."""

    street: Street
    centre: float
    depth: float = 5.0
    ramp: float = 100.0
    hump: float = 0.3
    hump_length: float = 16.0

    @property
    def reach(self) -> float:
        return self.ramp + self.hump_length


@dataclass(frozen=True)
class Ditch:
    """An old ditch beside a primary street: along y at x, from its head down to the axis of a
    river; filled: earth and pavement.
    """

    name: str
    x: float
    head: float
    mouth: float
    width: float
    filled: bool


@dataclass(frozen=True)
class Plan:
    """The whole plan, in local metres: x to the east, y to the north, 0 to side."""

    side: float
    rivers: tuple[float, ...]  # y of the centre lines
    bands: tuple[tuple[float, float], ...]  # land between river strips, y from and to
    arterials: tuple[Street, ...]
    lanes: tuple[Street, ...]
    parts: tuple[Part, ...]
    underpass: Underpass | None
    lake: Part | None
    ditches: tuple[Ditch, ...] = ()

    @property
    def streets(self) -> tuple[Street, ...]:
        return self.arterials + self.lanes

    def river_distance(self, y: float) -> float:
        """Distance (m) from y to the nearest riverside street, 0 between it and the river."""
        return max(min(abs(y - c) for c in self.rivers) - RIVERSIDE_OFFSET_M, 0.0)


def snapped_width(width: float, cell: float) -> float:
    """A width in whole cells, at least one."""
    return max(1, round(width / cell)) * cell


def snapped_centre(at: float, width: float, cell: float) -> float:
    """The centre nearest to `at` that puts both edges of the width on cell edges."""
    return round((at - 0.5 * width) / cell) * cell + 0.5 * width


def make_plan(p: CityParameters) -> Plan:
    """Lay out the city: rivers no more than 2.4 km apart, arterials at the asked density, lanes
    that cut blocks into parts.
    """
    side = p.side_m
    count = max(1, round(side / 2400.0)) if side > 1250.0 else 1
    rivers = tuple((k + 0.5) * side / count for k in range(count)) if side > 1250.0 else (50.0,)
    bands = _land_bands(side, rivers)
    arterials = _arterials(p, bands)
    riverside = _riverside_streets(p, bands, rivers)
    underpass = _underpass(arterials)
    lanes, parts = _blocks(p, bands, arterials, rivers, underpass)
    lake = max(
        (q for q in parts if q.use == "park"),
        key=lambda q: (q.x1 - q.x0) * (q.y1 - q.y0),
        default=None,
    )
    return Plan(
        side,
        rivers,
        bands,
        arterials,
        riverside + lanes,
        parts,
        underpass,
        lake,
        _ditches(p, arterials, rivers),
    )


def _ditches(
    p: CityParameters, arterials: tuple[Street, ...], rivers: tuple[float, ...]
) -> tuple[Ditch, ...]:
    """Along the east kerb of primary north-south streets, down to the north bank of each river in
    turn; as wide as one cell, 5 m at least.
    """
    streets = [s for s in arterials if s.axis == "y" and s.kind == "primary"]
    tops = (*(0.5 * (a + b) for a, b in zip(rivers[:-1], rivers[1:], strict=True)), p.side_m)
    found = []
    for k in range(min(p.ditches, len(streets) * len(rivers))):
        street, river = streets[(k // len(rivers)) % len(streets)], k % len(rivers)
        width = max(1, math.ceil(DITCH_WIDTH_M / p.cell_size_m)) * p.cell_size_m
        reach = DITCH_REACH * (tops[river] - rivers[river])
        found.append(
            Ditch(
                f"ditch_{k + 1}",
                street.at + street.half + 0.5 * width,
                rivers[river] + reach,
                rivers[river],
                width,
                k < p.filled_ditches,
            )
        )
    return tuple(found)


def _land_bands(side: float, rivers: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    edge = RIVERSIDE_OFFSET_M - 0.5 * CARRIAGEWAY_M["riverside"]
    cuts = [0.0] + [y for c in rivers for y in (c - edge, c + edge)] + [side]
    return tuple((a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=True) if b - a > 100.0)


def _arterials(p: CityParameters, bands: tuple[tuple[float, float], ...]) -> tuple[Street, ...]:
    """Half of the lines north-south, half east-west; primary and secondary in turn."""
    side, total = p.side_m, max(3, round(p.road_density_km_km2 * p.side_m / 1000.0))
    columns = (total + 1) // 2
    lines: list[Street] = []
    low, high = bands[0][0], bands[-1][1]
    for k in range(columns):
        kind: StreetClass = "primary" if k % 2 == 1 else "secondary"
        width = snapped_width(CARRIAGEWAY_M[kind], p.cell_size_m)
        at = snapped_centre((k + 0.5) * side / columns, width, p.cell_size_m)
        lines.append(Street(f"NS{k + 1}", kind, "y", at, low, high, width))
    heights = [b - a for a, b in bands]
    rows = [
        round(sum(heights[: k + 1]) / sum(heights) * (total - columns)) for k in range(len(bands))
    ]
    number = 0
    for (a, b), upto in zip(bands, rows, strict=True):
        here = upto - number
        for k in range(here):
            kind = "primary" if number % 2 == 0 else "secondary"
            width = snapped_width(CARRIAGEWAY_M[kind], p.cell_size_m)
            at = snapped_centre(a + (b - a) * (k + 0.5) / here, width, p.cell_size_m)
            number += 1
            lines.append(Street(f"EW{number}", kind, "x", at, 0.0, side, width))
    return tuple(lines)


def _riverside_streets(
    p: CityParameters, bands: tuple[tuple[float, float], ...], rivers: tuple[float, ...]
) -> tuple[Street, ...]:
    width = snapped_width(CARRIAGEWAY_M["riverside"], p.cell_size_m)
    found = []
    for number, centre in enumerate(rivers, start=1):
        for side_name, at in (
            ("south", centre - RIVERSIDE_OFFSET_M),
            ("north", centre + RIVERSIDE_OFFSET_M),
        ):
            if any(a - 1.0 <= at <= b + 1.0 for a, b in bands):
                at = snapped_centre(at, width, p.cell_size_m)
                found.append(
                    Street(
                        f"RS{number}{side_name[0].upper()}",
                        "riverside",
                        "x",
                        at,
                        0.0,
                        p.side_m,
                        width,
                    )
                )
    return tuple(found)


def _blocks(
    p: CityParameters,
    bands: tuple[tuple[float, float], ...],
    arterials: tuple[Street, ...],
    rivers: tuple[float, ...],
    underpass: Underpass | None,
) -> tuple[tuple[Street, ...], tuple[Part, ...]]:
    """Lanes that cut each block into parts, and the parts with their use."""
    lanes: list[Street] = []
    parts: list[Part] = []
    lane = snapped_width(CARRIAGEWAY_M["lane"], p.cell_size_m)
    columns = [
        (0.0, 0.0),
        *((s.at, 0.5 * RED_LINE_M[s.kind]) for s in arterials if s.axis == "y"),
        (p.side_m, 0.0),
    ]
    for band, (low, high) in enumerate(bands):
        rows = [
            _band_edge(p, low, rivers),
            *(
                (s.at, 0.5 * RED_LINE_M[s.kind])
                for s in arterials
                if s.axis == "x" and low < s.at < high
            ),
        ]
        rows.append(_band_edge(p, high, rivers))
        for i, ((xa, wa), (xb, wb)) in enumerate(zip(columns[:-1], columns[1:], strict=True)):
            for j, ((ya, ha), (yb, hb)) in enumerate(zip(rows[:-1], rows[1:], strict=True)):
                name = f"B{band + 1}.{i + 1}.{j + 1}"
                beside = (
                    underpass is not None
                    and underpass.street.at in (ya, yb)
                    and xa < underpass.centre < xb
                )
                # no lane runs into the sunken road
                xs = [] if beside else _cuts(p, f"x{i}", xa + wa, xb - wb, lane)
                ys = _cuts(p, f"y{band}.{j}", ya + ha, yb - hb, lane)
                lanes += [
                    Street(f"{name}.V{k + 1}", "lane", "y", x, ya, yb, lane)
                    for k, x in enumerate(xs)
                ]
                lanes += [
                    Street(f"{name}.H{k + 1}", "lane", "x", y, xa, xb, lane)
                    for k, y in enumerate(ys)
                ]
                edges_x = _edges(xa + wa, xs, xb - wb, lane)
                parts += _parts(p, name, edges_x, _edges(ya + ha, ys, yb - hb, lane))
    return tuple(lanes), _with_a_park(parts)


def _edges(low: float, cuts: list[float], high: float, lane: float) -> list[float]:
    """Both ends of each piece that lanes leave between low and high."""
    return [low, *(e for at in cuts for e in (at - lane / 2, at + lane / 2)), high]


def _parts(
    p: CityParameters, name: str, edges_x: list[float], edges_y: list[float]
) -> Iterator[Part]:
    for a, (x0, x1) in enumerate(zip(edges_x[::2], edges_x[1::2], strict=True)):
        for b, (y0, y1) in enumerate(zip(edges_y[::2], edges_y[1::2], strict=True)):
            yield _part(p, f"{name}.P{a + 1}{b + 1}", x0, y0, x1, y1)


def _band_edge(p: CityParameters, y: float, rivers: tuple[float, ...]) -> tuple[float, float]:
    """A band ends at the map's edge or at a riverside street: its line and half width."""
    for centre in rivers:
        for at in (centre - RIVERSIDE_OFFSET_M, centre + RIVERSIDE_OFFSET_M):
            if abs(y - at) < 6.0:
                width = snapped_width(CARRIAGEWAY_M["riverside"], p.cell_size_m)
                return snapped_centre(at, width, p.cell_size_m), 0.5 * width
    return y, 0.0


def _cuts(p: CityParameters, name: str, low: float, high: float, width: float) -> list[float]:
    """Centres of the lanes between low and high, moved a little by the seed."""
    count = max(1, round((high - low) / PART_M))
    wanted = [
        low + (high - low) * (k + 1) / count + 12.0 * (draw(p.seed, name, k) - 0.5)
        for k in range(count - 1)
    ]
    return [snapped_centre(at, width, p.cell_size_m) for at in wanted]


USES = (
    ("home", 0.62),
    ("shop", 0.12),
    ("office", 0.12),
    ("school", 0.06),
    ("factory", 0.04),
    ("park", 0.04),
)


def _part(p: CityParameters, name: str, x0: float, y0: float, x1: float, y1: float) -> Part:
    dice = draw(p.seed, name, "use")
    bounds = [sum(share for _, share in USES[: k + 1]) for k in range(len(USES))]
    use = next(
        (kind for (kind, _), bound in zip(USES, bounds, strict=True) if dice < bound), "home"
    )
    year: Literal["old", "new"] = "old" if draw(p.seed, name, "year") < 0.6 else "new"
    return Part(name, x0, y0, x1, y1, year, use)


def _with_a_park(parts: list[Part]) -> tuple[Part, ...]:
    """The reference city has at least one park (its lake lies there): else the smallest large part
    becomes one.
    """
    if not any(q.use == "park" for q in parts):
        k = min(
            (k for k, q in enumerate(parts) if (q.x1 - q.x0) * (q.y1 - q.y0) > 9000.0),
            key=lambda k: parts[k].name,
            default=0,
        )
        q = parts[k]
        parts[k] = Part(q.name, q.x0, q.y0, q.x1, q.y1, q.year, "park")
    return tuple(parts)


def _underpass(arterials: tuple[Street, ...]) -> Underpass | None:
    """Under the first primary east-west arterial, midway between its two middle crossings; None
    where they are too close (small cities).
    """
    rows = sorted((s for s in arterials if s.axis == "x"), key=lambda s: s.kind != "primary")
    crossings = sorted(s.at for s in arterials if s.axis == "y")
    if not rows or len(crossings) < 2:
        return None
    k = len(crossings) // 2
    found = Underpass(rows[0], 0.5 * (crossings[k - 1] + crossings[k]))
    room = 0.5 * (crossings[k] - crossings[k - 1]) - 0.5 * RED_LINE_M["primary"]
    return found if room > found.reach else None
