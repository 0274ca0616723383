"""What the water does to buildings and to people: wet ground floors, people exposed indoors and
outdoors, damage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from flood_sim.analysis.outcomes.outcome import (
    NO_BUILDINGS,
    NO_EXPOSURE,
    NO_PEOPLE,
    NO_ROADS,
    Outcome,
    our_outcome,
)

if TYPE_CHECKING:
    from flood_sim.analysis.outcomes.consequences import Consequences

USES = ("residential", "commercial", "industrial")


def ground_floors(consequences: Consequences) -> list[Outcome]:
    """Buildings whose ground floor gets wet, and the area of those floors."""
    names, e = ("ground_floors_wet", "ground_floor_area_wet"), consequences.exposure
    if e is None or not e["use"].size:
        return [our_outcome(n, None, _no_buildings(consequences), "exposure.nc") for n in names]
    wet = wet_floors(consequences, e)
    source = "fields.nc max_depth, exposure.nc"
    of_buildings = "buildings with deeper water beside them than their ground floor is high"
    return [
        our_outcome(names[0], float(wet.sum()), of_buildings, source),
        our_outcome(names[1], float(e["area_m2"][wet].sum()), "of those buildings", source),
    ]


def wet_floors(consequences: Consequences, e: dict[str, np.ndarray]) -> np.ndarray:
    """(buildings,) bool: the water beside it stands higher than its ground floor."""
    return np.asarray(consequences.ring_depth > e["ground_floor_m"])


def people_exposed(consequences: Consequences) -> Outcome:
    """Residents of wet ground floors."""
    name, e, people = "people_exposed", consequences.exposure, consequences.people
    if e is None or people is None:
        return our_outcome(name, None, no_people(consequences), "exposure.nc")
    wet = wet_floors(consequences, e)
    residents = float((people / np.maximum(e["floors"], 1.0))[wet].sum())
    apart = "residents of wet ground floors; people outdoors are apart"
    return our_outcome(name, residents, apart, "fields.nc max_depth, exposure.nc")


def no_people(consequences: Consequences) -> str:
    """Why the people are not known."""
    e = consequences.exposure
    return NO_PEOPLE if e is not None and e["use"].size else _no_buildings(consequences)


def _no_buildings(consequences: Consequences) -> str:
    return NO_EXPOSURE if consequences.exposure is None else NO_BUILDINGS


def people_outdoors(consequences: Consequences) -> Outcome:
    """A share of the people is spread evenly over the carriageways; those where the hazard reaches
    a class are counted.
    """
    limits, fields = consequences.limits["outdoors"], consequences.results.fields
    name, source = "people_outdoors", "fields.nc max_hazard, exposure.nc"
    e, people = consequences.exposure, consequences.people
    if e is None or people is None:
        return our_outcome(name, None, no_people(consequences), source)
    roads = e["road_share"]
    if not roads.any():
        return our_outcome(name, None, NO_ROADS, source)
    if "max_hazard" not in fields:
        return our_outcome(name, None, "this run kept no hazard", source)
    dangerous = np.nan_to_num(fields["max_hazard"].values) >= limits["hazard_class"]
    share = float((roads * dangerous).sum()) / float(roads.sum())
    note = (
        f"{limits['share']:.0%} of the people taken to be on carriageways, those where the"
        f" hazard reaches H{limits['hazard_class']:.0f} at some time"
    )
    return our_outcome(name, limits["share"] * float(people.sum()) * share, note, source)


def damage(consequences: Consequences) -> Outcome:
    """Loss of buildings and roads, each where the run knows them."""
    e, law = consequences.exposure, consequences.limits["damage"]
    if e is None or not (e["use"].size or e["road_share"].any()):
        why = NO_EXPOSURE if e is None else "no buildings and no roads in this run: [exposure]"
        return our_outcome("damage", None, why, "exposure.nc")
    value: dict[str, Any] = law["value_m2"]
    over_floor = np.maximum(consequences.ring_depth - e["ground_floor_m"], 0.0)
    loss = 0.0
    for k, use in enumerate(USES):
        mine = e["use"] == k
        share = np.interp(over_floor[mine], law["depth_m"], law[use])
        loss += float((e["area_m2"][mine] * value[use] * share).sum())
    depth = np.nan_to_num(consequences.results.max_depth.values)
    road_m2 = e["road_share"] * consequences.cell_area_m2
    loss += float((road_m2 * np.interp(depth, law["depth_m"], law["roads"])).sum()) * value["roads"]
    counted = " and ".join(
        name
        for name, there in (("buildings", e["use"].size), ("roads", e["road_share"].any()))
        if there
    )
    note = f"{counted}, construction cost of {value['price_year']}: {law['source']}"
    found = our_outcome("damage", loss, note, "fields.nc max_depth, exposure.nc")
    return replace(found, unit=law["currency"])


BUILDING_OUTCOMES: tuple[tuple[list[str], Callable[[Consequences], Outcome | list[Outcome]]], ...]
BUILDING_OUTCOMES = (
    (["ground_floors_wet", "ground_floor_area_wet"], ground_floors),
    (["people_exposed"], people_exposed),
    (["people_outdoors"], people_outdoors),
    (["damage"], damage),
)


def building_depth(depth: np.ndarray, e: dict[str, np.ndarray]) -> np.ndarray:
    """(buildings,) m: highest depth in the open cells that touch each building; of one that owns no
    cell (smaller than a cell, or behind another): in the cell of its middle and around it. 0 where
    there is none, or it lies outside the grid.

    depth : (rows, columns) m, NaN where no water can stand;  e : as `Consequences.exposure`
    """
    count, building = len(e["use"]), e["building"]
    highest = np.zeros(count)
    found = ring_maximum(np.nan_to_num(depth), building, np.isfinite(depth))
    highest[: found.size] = found
    open_depth = np.where(np.isfinite(depth) & (building == 0), depth, 0.0)
    for k in np.flatnonzero(np.bincount(building.ravel(), minlength=count + 1)[1:] == 0):
        cell = int(e["cell"][k]) if "cell" in e else -1
        if cell >= 0:
            row, column = divmod(cell, depth.shape[1])
            around = open_depth[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            highest[k] = float(around.max(initial=0.0))
    return highest


def middle_cells(e: dict[str, np.ndarray], numbers: np.ndarray) -> np.ndarray:
    """(n, 2) row and column of the middles of buildings (n,) from 0; NaN where one lies nowhere on
    the grid.
    """
    from scipy.ndimage import center_of_mass

    building = e["building"]
    owned = np.bincount(building.ravel(), minlength=len(e["use"]) + 1)[1:][numbers] > 0
    middles = np.full((len(numbers), 2), np.nan)
    if owned.any():
        middles[owned] = center_of_mass(building > 0, building, numbers[owned] + 1)
    if "cell" in e:
        cells = e["cell"][numbers]
        here = ~owned & (cells >= 0)
        middles[here] = np.column_stack(np.divmod(cells[here], building.shape[1]))
    return middles


def ring_maximum(depth: np.ndarray, building: np.ndarray, open_cell: np.ndarray) -> np.ndarray:
    """(buildings,) m: highest depth in the open cells that touch each building (8 neighbours); 0
    where none does.

    depth : (rows, columns) m;  building : (rows, columns) number of the building, 0 on open ground;
    open_cell : (rows, columns) bool
    """
    count = int(building.max(initial=0))
    highest = np.zeros(count + 1)
    usable = open_cell & (building == 0)
    rows, columns = depth.shape
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            here = (
                slice(max(down, 0), rows + min(down, 0)),
                slice(max(right, 0), columns + min(right, 0)),
            )
            there = (
                slice(max(-down, 0), rows + min(-down, 0)),
                slice(max(-right, 0), columns + min(-right, 0)),
            )
            beside = usable[here] & (building[there] > 0)
            np.maximum.at(highest, building[there][beside], depth[here][beside])
    return highest[1:]
