"""Places of the city that count in a storm: underpass, metro, garage, hospital, substation, fire
station, lake; each is a gauge.

What lies under them and what they depend on: `underground`. People, floors and use of buildings
live here too.
"""

from __future__ import annotations

from dataclasses import dataclass

from flood_sim.city.ground import Ground
from flood_sim.city.parameters import ORIGIN_M, CityParameters, draw
from flood_sim.city.streets import Part, Plan

PEOPLE_PER_KM2 = 10_000.0
FLOOR_HEIGHT_M = 3.0
PER_KM2 = {
    "metro_entrance": 1.6,
    "underground_car_park": 12.0,
    "hospital": 0.2,
    "substation": 0.24,
    "fire_station": 0.15,
    "distribution_room": 8.0,
}
CRITICAL_PER_KM2 = {
    "water_works": 0.12,
    "telecom": 0.16,
}  # where the city's sites take water and fail
LEAST_AT_1_KM2 = {
    "metro_entrance": 2,
    "underground_car_park": 1,
    "hospital": 1,
    "substation": 1,
    "fire_station": 1,
    "water_works": 1,
    "telecom": 1,
}


@dataclass(frozen=True)
class Site:
    """A place: kind, name, x and y (m, map), the street cell that its gauge watches."""

    name: str
    kind: str
    x_m: float
    y_m: float
    row: int
    column: int


def make_sites(p: CityParameters, plan: Plan, ground: Ground) -> tuple[Site, ...]:
    """Sites placed by a hash of part and seed, each with the nearest street cell as its gauge."""
    area = p.side_m**2 / 1e6
    taken: set[str] = set()
    sites: list[Site] = []
    for kind, density in (PER_KM2 | (CRITICAL_PER_KM2 if p.sites == "full" else {})).items():
        least = LEAST_AT_1_KM2.get(kind, 0) if p.side_m >= 1000.0 else 0
        candidates = sorted(
            (q for q in plan.parts if q.use != "park"),
            key=lambda q: (_rank(p, plan, kind, q), q.name),
        )
        for part in [q for q in candidates if q.name not in taken][
            : max(round(density * area), least)
        ]:
            if kind != "distribution_room":
                taken.add(part.name)
            number = sum(site.kind == kind for site in sites) + 1
            sites.append(
                _site(
                    ground,
                    f"{kind}_{number}",
                    kind,
                    0.5 * (part.x0 + part.x1),
                    0.5 * (part.y0 + part.y1),
                )
            )
    if plan.underpass is not None:
        u = plan.underpass
        sites.append(_site(ground, "underpass", "underpass", u.centre, u.street.at, snap=False))
    if plan.lake is not None:
        q = plan.lake
        sites.append(
            _site(ground, "lake", "lake", 0.5 * (q.x0 + q.x1), 0.5 * (q.y0 + q.y1), snap=False)
        )
    return tuple(sites)


def _rank(p: CityParameters, plan: Plan, kind: str, part: Part) -> float:
    """Metro entrances stand at crossings of arterials, the rest anywhere."""
    if kind == "metro_entrance":
        x, y = 0.5 * (part.x0 + part.x1), 0.5 * (part.y0 + part.y1)
        return min(abs(s.at - x) for s in plan.arterials if s.axis == "y") + min(
            abs(s.at - y) for s in plan.arterials if s.axis == "x"
        )
    return draw(p.seed, part.name, kind)


def _site(ground: Ground, name: str, kind: str, x: float, y: float, snap: bool = True) -> Site:
    row, column = (int(v) for v in ground.grid.cell_at(ORIGIN_M[0] + x, ORIGIN_M[1] + y))
    if snap:
        row, column = ground.nearest_street(ORIGIN_M[0] + x, ORIGIN_M[1] + y)
    return Site(name, kind, ORIGIN_M[0] + x, ORIGIN_M[1] + y, row, column)


def floors_of(p: CityParameters, part: Part) -> int:
    """Storeys of a part's buildings: 1 to 6, one tower in twelve up to 26."""
    if part.use == "home" and draw(p.seed, part.name, "tower") < 1.0 / 12.0:
        return 7 + int(20 * draw(p.seed, part.name, "tower floors"))
    return 1 + int(6 * draw(p.seed, part.name, "floors"))
