"""What lies under the reference city and what it depends on, as tables of a scenario file: metro,
garages, rooms, substations, pump stations.

Numbers are proposals of this project (assumed): 40 entrances, 300 garages, 200
distribution rooms, 6 substations on 25 km2; the defects of 2020 are parameters: entrances with one
step, rooms in basements, motors a quarter of a metre over the ground, single feeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flood_sim.city.ground import Ground
from flood_sim.city.network_file import NetworkText
from flood_sim.city.parameters import CityParameters, draw
from flood_sim.city.sites import Site
from flood_sim.drainage.inp import InpFile

ENTRANCES_A_STATION = 4
STATION_BELOW_M, STATION_M2, TUNNEL_HEIGHT_M, STATION_HEIGHT_M = 14.0, 4200.0, 5.5, 9.0
TUNNEL_M2 = 47.5  # both tubes of 5.5 m bore
STEP_M, LOW_STEP_M, HUMP_M = 0.45, 0.15, 0.15
GARAGE_M2, GARAGE_HEIGHT_M, RAMP_M = (1500.0, 6000.0), 3.6, 6.0
# type: water over the ground that drowns it (m), hours of repair, hours it lasts without power,
# weight of its service
CRITICAL: dict[str, tuple[float, float, float, float]] = {
    "substation": (0.5, 24.0, 0.0, 1.0),
    "hospital": (0.3, 24.0, 8.0, 1.0),
    "fire_station": (0.3, 12.0, 8.0, 0.5),
    "water_works": (0.4, 24.0, 6.0, 1.0),
    "telecom": (0.4, 24.0, 4.0, 1.0),
}
ROOM_M, ROOM_REPAIR_H, ROOM_WEIGHT = 0.3, 48.0, 0.05
MOTOR_REPAIR_H, METRO_REPAIR_H = 24.0, 72.0

Table = dict[str, Any]


def site_tables(
    p: CityParameters, ground: Ground, sites: Sequence[Site], network: NetworkText
) -> dict[str, list[Table]]:
    """`sites` and `passages` as a scenario file has them; empty where the parameters want gauges
    only.
    """
    if p.sites != "full":
        return {"sites": [], "passages": []}
    power = [s for s in sites if s.kind == "substation"]
    garages = [s for s in sites if s.kind == "underground_car_park"]
    stations, tunnels = _metro(p, ground, [s for s in sites if s.kind == "metro_entrance"], power)
    tables = [*stations, *(_garage(p, ground, s, power) for s in garages)]
    tables += [_critical(ground, s, power) for s in sites if s.kind in CRITICAL]
    tables += [_room(p, ground, s, garages, power) for s in sites if s.kind == "distribution_room"]
    tables += _pump_stations(p, ground, network, power)
    return {"sites": tables, "passages": tunnels}


def _at(ground: Ground, site: Site) -> list[float]:
    """Centre of the street cell in front of a site."""
    return [
        round(float(ground.grid.x_m[site.column]), 3),
        round(float(ground.grid.y_m[site.row]), 3),
    ]


def _nearest(x: float, y: float, among: Sequence[Site]) -> Site | None:
    return min(among, key=lambda s: (math.hypot(s.x_m - x, s.y_m - y), s.name), default=None)


def _needs(x: float, y: float, power: Sequence[Site], autonomy_h: float = 0.0) -> Table:
    """A single feed from the nearest substation."""
    feed = _nearest(x, y, power)
    return {} if feed is None else {"needs": [{"any_of": [feed.name], "autonomy_h": autonomy_h}]}


def _pump(
    x: float, y: float, power: Sequence[Site], capacity_m3_s: float, to_m: list[float]
) -> Table:
    feed = _nearest(x, y, power)
    pump: Table = {
        "capacity_m3_s": capacity_m3_s,
        "start_depth_m": 0.3,
        "stop_depth_m": 0.1,
        "to_m": to_m,
    }
    return pump if feed is None else {**pump, "power": feed.name}


def _metro(
    p: CityParameters, ground: Ground, entrances: Sequence[Site], power: Sequence[Site]
) -> tuple[list[Table], list[Table]]:
    """Stations of up to four entrances, from west to east, and the tunnels between neighbours. A
    V-shaped line: each tunnel lies as deep as the deeper station's floor allows."""
    groups = _stations(entrances)
    middles = [(sum(s.x_m for s in g) / len(g), sum(s.y_m for s in g) / len(g)) for g in groups]
    lengths = [math.dist(a, b) for a, b in zip(middles[:-1], middles[1:], strict=True)]
    drawn = sorted((s.name for s in entrances), key=lambda n: draw(p.seed, n, "low step"))
    low = set(drawn[: round(p.low_entrance_share * len(entrances))])
    floors = [
        round(min(float(ground.bed_elevation[s.row, s.column]) for s in group) - STATION_BELOW_M, 3)
        for group in groups
    ]
    tables: list[Table] = []
    for k, (group, floor) in enumerate(zip(groups, floors, strict=True)):
        tubes = TUNNEL_M2 * 0.5 * (sum(lengths[max(k - 1, 0) : k]) + sum(lengths[k : k + 1]))
        name, (x, y) = f"metro_{k + 1}", middles[k]
        openings: list[Table] = [
            {
                "name": s.name,
                "location_m": _at(ground, s),
                "sill_height_m": LOW_STEP_M if s.name in low else STEP_M,
                "width_m": 4.0,
            }
            for s in group
        ]
        pump = _pump(x, y, power, 0.05, openings[0]["location_m"])
        tables.append(_station(name, floor, tubes, openings, pump))
        tables.append(_metro_service(name, _needs(x, y, power, 1.0)))
    return tables, _tunnels(floors)


def _stations(entrances: Sequence[Site]) -> list[list[Site]]:
    """Entrances in groups of those nearest to each other, from west to east."""
    left = sorted(entrances, key=lambda s: (s.x_m, s.y_m))
    groups: list[list[Site]] = []
    while left:
        first = left[0]
        group = sorted(
            left, key=lambda s: (math.hypot(s.x_m - first.x_m, s.y_m - first.y_m), s.name)
        )[:ENTRANCES_A_STATION]
        groups.append(group)
        left = [s for s in left if s not in group]
    return groups


def _station(name: str, floor: float, tubes_m3: float, openings: list[Table], pump: Table) -> Table:
    """A station with its half of the tunnels at platform level."""
    platform = round(STATION_M2 * TUNNEL_HEIGHT_M + tubes_m3, 1)
    hall = round(platform + STATION_M2 * (STATION_HEIGHT_M - TUNNEL_HEIGHT_M), 1)
    stages = [
        [floor, 0.0],
        [round(floor + TUNNEL_HEIGHT_M, 3), platform],
        [round(floor + STATION_HEIGHT_M, 3), hall],
    ]
    return {
        "name": name,
        "kind": "underground",
        "type": "metro",
        "openings": openings,
        "people": 500.0,
        "stage_volume": stages,
        "pumps": [pump],
    }


def _metro_service(station: str, needs: Table) -> Table:
    """The trains that stop at a station."""
    table = {
        "name": f"{station}_service",
        "kind": "critical",
        "type": "metro",
        "inside": station,
        "failure_depth_m": 0.5,
    }
    return {**table, "repair_h": METRO_REPAIR_H, **needs, "weight": 1.0}


def _tunnels(floors: Sequence[float]) -> list[Table]:
    return [
        {
            "name": f"tunnel_{k + 1}",
            "from_site": f"metro_{k + 1}",
            "to_site": f"metro_{k + 2}",
            "sill_elevation_m": max(a, b),
            "width_m": 9.0,
            "height_m": TUNNEL_HEIGHT_M,
        }
        for k, (a, b) in enumerate(zip(floors[:-1], floors[1:], strict=True))
    ]


def _garage(p: CityParameters, ground: Ground, site: Site, power: Sequence[Site]) -> Table:
    small, large = GARAGE_M2
    area = round(small + (large - small) * draw(p.seed, site.name, "area"), 0)
    place = _at(ground, site)
    return {
        "name": site.name,
        "kind": "underground",
        "type": "garage",
        "location_m": place,
        "sill_height_m": HUMP_M,
        "width_m": RAMP_M,
        "floor_area_m2": area,
        "height_m": GARAGE_HEIGHT_M,
        "people": 20.0,
        "pumps": [_pump(site.x_m, site.y_m, power, 0.02, place)],
    }


def _critical(ground: Ground, site: Site, power: Sequence[Site]) -> Table:
    depth, repair, autonomy, weight = CRITICAL[site.kind]
    table: Table = {
        "name": site.name,
        "kind": "critical",
        "type": site.kind,
        "location_m": _at(ground, site),
        "failure_depth_m": depth,
    }
    needs = {} if site.kind == "substation" else _needs(site.x_m, site.y_m, power, autonomy)
    return {**table, "repair_h": repair, **needs, "weight": weight}


def _room(
    p: CityParameters, ground: Ground, site: Site, garages: Sequence[Site], power: Sequence[Site]
) -> Table:
    """A distribution room of an estate: in the basement of the nearest garage, or on the ground."""
    garage = _nearest(site.x_m, site.y_m, garages)
    below = garage is not None and draw(p.seed, site.name, "basement") < p.basement_room_share
    place: Table = (
        {"inside": garage.name}
        if below and garage is not None
        else {"location_m": _at(ground, site)}
    )
    table = {
        "name": site.name,
        "kind": "critical",
        "type": "distribution_room",
        **place,
        "failure_depth_m": ROOM_M,
        "repair_h": ROOM_REPAIR_H,
    }
    return {**table, **_needs(site.x_m, site.y_m, power), "weight": ROOM_WEIGHT}


def _pump_stations(
    p: CityParameters, ground: Ground, network: NetworkText, power: Sequence[Site]
) -> list[Table]:
    """Storm pump stations: motors motor_height_m over the ground, one feed; their pumps stand still
    without it.
    """
    inp = InpFile(Path("network.inp"), network.inp.splitlines())
    where = inp.coordinates()
    pumps: dict[str, list[str]] = {}
    for row in inp.rows("PUMPS"):
        pumps.setdefault(row.tokens[1], []).append(row.tokens[0])
    tables: list[Table] = []
    for well, names in sorted(pumps.items()):
        x, y = where[well]
        cell = ground.nearest_street(x, y)
        place = [
            round(float(ground.grid.x_m[cell[1]]), 3),
            round(float(ground.grid.y_m[cell[0]]), 3),
        ]
        table = {
            "name": f"station_{well}",
            "kind": "critical",
            "type": "pump_station",
            "location_m": place,
            "failure_depth_m": p.motor_height_m,
        }
        tables.append(
            {
                **table,
                "repair_h": MOTOR_REPAIR_H,
                **_needs(x, y, power),
                "stops": sorted(names),
                "weight": 1.0,
            }
        )
    return tables
