"""What the water does to buildings and to people: wet ground floors, people exposed indoors and
outdoors, damage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flood_sim.analysis.outcomes.outcome import Outcome, our_outcome

if TYPE_CHECKING:
    from flood_sim.analysis.outcomes.consequences import Consequences

USES = ("residential", "commercial", "industrial")
NAMES = (
    "ground_floors_wet",
    "ground_floor_area_wet",
    "people_exposed",
    "people_outdoors",
    "damage",
)


def building_outcomes(consequences: Consequences) -> list[Outcome]:
    """All of NAMES, in that order; without exposure none has a value."""
    e = consequences.exposure
    if e is None:
        why = "no exposure in this run: [exposure] in the scenario"
        return [our_outcome(name, None, why, "exposure.nc") for name in NAMES]
    return [
        *_ground_floors(consequences, e),
        _outdoors(consequences, e),
        _damage(consequences, e),
    ]


def _ground_floors(consequences: Consequences, e: dict[str, np.ndarray]) -> list[Outcome]:
    wet = consequences.ring_depth > e["ground_floor_m"]
    residents = float((e["people"] / np.maximum(e["floors"], 1.0))[wet].sum())
    source = "fields.nc max_depth, exposure.nc"
    of_buildings = "buildings with deeper water beside them than their ground floor is high"
    apart = "residents of wet ground floors; people outdoors are apart"
    return [
        our_outcome("ground_floors_wet", float(wet.sum()), of_buildings, source),
        our_outcome(
            "ground_floor_area_wet", float(e["area_m2"][wet].sum()), "of those buildings", source
        ),
        our_outcome("people_exposed", residents, apart, source),
    ]


def _outdoors(consequences: Consequences, e: dict[str, np.ndarray]) -> Outcome:
    """A share of the people is spread evenly over the carriageways; those where the hazard reaches
    a class are counted.
    """
    limits, fields = consequences.limits["outdoors"], consequences.results.fields
    name, source = "people_outdoors", "fields.nc max_hazard, exposure.nc"
    if "max_hazard" not in fields:
        return our_outcome(name, None, "this run kept no hazard", source)
    roads = e["road_share"]
    dangerous = np.nan_to_num(fields["max_hazard"].values) >= limits["hazard_class"]
    share = float((roads * dangerous).sum()) / max(float(roads.sum()), 1e-9)
    note = (
        f"{limits['share']:.0%} of the people taken to be on carriageways, those where the"
        f" hazard reaches H{limits['hazard_class']:.0f} at some time"
    )
    return our_outcome(name, limits["share"] * float(e["people"].sum()) * share, note, source)


def _damage(consequences: Consequences, e: dict[str, np.ndarray]) -> Outcome:
    damage: dict[str, Any] = consequences.limits["damage"]
    value = damage["value_cny_m2"]
    over_floor = np.maximum(consequences.ring_depth - e["ground_floor_m"], 0.0)
    loss = 0.0
    for k, use in enumerate(USES):
        mine = e["use"] == k
        share = np.interp(over_floor[mine], damage["depth_m"], damage[use])
        loss += float((e["area_m2"][mine] * value[use] * share).sum())
    depth = np.nan_to_num(consequences.results.max_depth.values)
    road_m2 = e["road_share"] * consequences.cell_area_m2
    roads = road_m2 * np.interp(depth, damage["depth_m"], damage["roads"])
    loss += float(roads.sum()) * value["roads"]
    note = f"buildings and roads, construction cost of {value['price_year']}: {damage['source']}"
    return our_outcome("damage", loss, note, "fields.nc max_depth, exposure.nc")


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
