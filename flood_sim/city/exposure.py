"""Roads, buildings and people of the reference city on its grid."""

from __future__ import annotations

import numpy as np

from flood_sim.city.ground import Ground
from flood_sim.city.land_use import LANE, PRIMARY, SECONDARY
from flood_sim.city.parameters import ORIGIN_M, CityParameters, draw
from flood_sim.city.sites import PEOPLE_PER_KM2, Site, floors_of
from flood_sim.city.streets import Plan, Street
from flood_sim.ground.exposure import BEGIN, END, USES, ZONES, Exposure, Streets, streets_of

USE_OF = {"home": "residential", "factory": "industrial"}  # all else is commercial
LOW_FLOOR_M, FLOOR_M, LOW_FLOOR_SHARE = (
    0.15,
    0.30,
    0.15,
)  # ground floors over the pavement; low ones in the old parts


IMPORTANT_WITHIN_M = 150.0  # of a hospital, a metro entrance or a substation
IMPORTANT_KINDS = ("hospital", "metro_entrance", "substation")


def city_exposure(
    p: CityParameters, plan: Plan, ground: Ground, sites: tuple[Site, ...]
) -> Exposure:
    """Buildings are connected pieces of building cells; people live in homes, by floor area."""
    from scipy.ndimage import label

    building, count = label(ground.buildings)
    part = _part_of(plan, ground)
    first = np.unique(building, return_index=True)[1][1:] if count else np.zeros(0, np.int64)
    parts = [plan.parts[k] if k >= 0 else None for k in part.ravel()[first]]
    cells = np.bincount(building.ravel(), minlength=count + 1)[1:].astype(float)
    area = cells * ground.grid.cell_area_m2
    use = np.array(
        [
            USES.index(USE_OF.get(q.use, "commercial") if q is not None else "commercial")
            for q in parts
        ],
        np.int64,
    )
    floors = np.array([floors_of(p, q) if q is not None else 1 for q in parts], float)
    old = np.array(
        [
            q is not None
            and q.year == "old"
            and draw(p.seed, q.name, k, "low floor") < LOW_FLOOR_SHARE
            for k, q in enumerate(parts)
        ],
        bool,
    )
    homes = np.where(use == USES.index("residential"), area * floors, 0.0)
    people = PEOPLE_PER_KM2 * p.side_m**2 / 1e6 * homes / homes.sum() if homes.any() else homes
    roads = np.isin(ground.land_use, (PRIMARY, SECONDARY, LANE)).astype(float)
    return Exposure(
        roads,
        building.astype(np.int32),
        use,
        floors,
        np.where(old, LOW_FLOOR_M, FLOOR_M),
        area,
        people,
        _streets(p, plan, ground, sites),
    )


def zone_at(p: CityParameters, sites: tuple[Site, ...], x: float, y: float) -> str:
    """Of a place in local metres: important near what must be reached, centre within a third of the
    side of the middle, else outside.
    """
    places = [
        (s.x_m - ORIGIN_M[0], s.y_m - ORIGIN_M[1]) for s in sites if s.kind in IMPORTANT_KINDS
    ]
    if any(np.hypot(x - a, y - b) <= IMPORTANT_WITHIN_M for a, b in places):
        return "important"
    return (
        "centre" if max(abs(x - p.side_m / 2), abs(y - p.side_m / 2)) < p.side_m / 3 else "outside"
    )


def _streets(p: CityParameters, plan: Plan, ground: Ground, sites: tuple[Site, ...]) -> Streets:
    """Each street between the carriageways of the arterials that it crosses, where its cells are
    street (a river is bridged over).
    """
    x, y = ground.grid.x_m - ORIGIN_M[0], ground.grid.y_m - ORIGIN_M[1]
    number = np.arange(ground.grid.rows * ground.grid.columns).reshape(ground.grid.shape)
    road = np.isin(ground.land_use, (PRIMARY, SECONDARY, LANE))
    found = []
    for street in plan.streets:
        along, across = (x, y) if street.axis == "x" else (y, x)
        side = np.flatnonzero(np.abs(across - street.at) < street.half)
        for k, (low, high) in enumerate(_between_crossings(plan, street), start=1):
            inside = np.flatnonzero((along > low) & (along < high))
            if not side.size or not inside.size:
                continue
            window = np.ix_(side, inside) if street.axis == "x" else np.ix_(inside, side)
            cells, open_ = number[window], road[window]
            if street.axis == "y":
                cells, open_ = cells.T, open_.T
            for first, last in _runs(np.asarray(open_.any(axis=0))):  # not over rivers
                a, b = float(along[inside[first]]), float(along[inside[last - 1]])
                place = 0.5 * (a + b)
                zone = zone_at(
                    p, sites, *((place, street.at) if street.axis == "x" else (street.at, place))
                )
                end = np.zeros(cells.shape, np.int8)
                end[:, first] |= BEGIN
                end[:, last - 1] |= END
                mine = open_.copy()
                mine[:, :first] = mine[:, last:] = False
                found.append(
                    (
                        f"{street.name}.{k}",
                        ZONES.index(zone),
                        abs(b - a) + p.cell_size_m,
                        cells[mine],
                        end[mine],
                    )
                )
    return streets_of(found)


def _runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """First and last + 1 of each run of True."""
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False]))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _between_crossings(plan: Plan, street: Street) -> list[tuple[float, float]]:
    crossed = sorted(
        (s.at - s.half, s.at + s.half)
        for s in plan.arterials
        if s.axis != street.axis and s.start <= street.at <= s.stop
    )
    edges = [
        street.start,
        *(e for pair in crossed for e in pair if street.start < e < street.stop),
        street.stop,
    ]
    if crossed and any(
        low <= street.start < high for low, high in crossed
    ):  # it begins in a crossing
        edges = edges[1:]
    pairs = [(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True) if b > a]
    return [
        (a, b)
        for a, b in pairs
        if not any(low - 1e-6 <= a and b <= high + 1e-6 for low, high in crossed)
    ]


def _part_of(plan: Plan, ground: Ground) -> np.ndarray:
    """(rows, columns) index of the part that a cell's centre lies in, -1 outside all."""
    x, y = ground.grid.x_m - ORIGIN_M[0], ground.grid.y_m - ORIGIN_M[1]
    part = np.full(ground.grid.shape, -1, np.int64)
    for k, q in enumerate(plan.parts):
        rows, columns = (
            np.flatnonzero((y >= q.y0) & (y < q.y1)),
            np.flatnonzero((x >= q.x0) & (x < q.x1)),
        )
        if rows.size and columns.size:
            part[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = k
    return part
