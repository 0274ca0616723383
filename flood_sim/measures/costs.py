"""Unit costs, CNY of 2021: low, middle, high; yearly cost as a share of the capital; life in years;
where each comes from. A region's pack may bring its own, in its own money.

"recalled": from memory of the named source, not checked; "assumed": a proposal of this project;
"published": seen in print. All may be replaced by `cost` in a measure. Sources: Sponge City
Guide 2014 (recalled), Chinese municipal practice (recalled), press on single works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from flood_sim.core.plugins import brought, unique


@dataclass(frozen=True)
class UnitCost:
    """Money a unit; yearly: share of the capital; source with its mark."""

    unit: str
    low: float
    middle: float
    high: float
    yearly: float
    life_y: float
    source: str


PRICE_YEAR = 2021
GUIDE = "Sponge City Guide 2014, recalled"
PRACTICE = "Chinese municipal practice, recalled"
ASSUMED = "assumed by this project"

OWN: dict[str, UnitCost] = {
    "dredging": UnitCost("m3", 40, 80, 120, 0.10, 5, PRACTICE),
    "channel_clearing": UnitCost("m2", 5, 15, 30, 0.10, 5, ASSUMED),
    "earthworks": UnitCost("m3", 50, 80, 120, 0.02, 50, ASSUMED),
    "open_channel": UnitCost("m", 5_000, 12_000, 20_000, 0.02, 50, ASSUMED),
    "obstruction_removed": UnitCost("piece", 1e6, 3e6, 1e7, 0.0, 50, ASSUMED),
    "culvert": UnitCost("piece", 3e6, 8e6, 1.5e7, 0.01, 50, ASSUMED),
    "box_culvert": UnitCost("m", 10_000, 20_000, 40_000, 0.01, 50, ASSUMED),
    "flood_way": UnitCost("m", 1_000, 2_500, 4_000, 0.02, 20, ASSUMED),
    "flap_gate": UnitCost("piece", 20_000, 100_000, 150_000, 0.02, 15, PRACTICE),
    "levee": UnitCost("m", 3_000, 8_000, 15_000, 0.02, 50, ASSUMED),
    "sewer_dn600": UnitCost("m", 1_000, 1_500, 2_500, 0.01, 50, PRACTICE),
    "sewer_dn1000": UnitCost("m", 2_500, 3_500, 5_000, 0.01, 50, PRACTICE),
    "sewer_dn1500": UnitCost("m", 5_000, 7_000, 10_000, 0.01, 50, PRACTICE),
    "sewer_dn2000": UnitCost("m", 9_000, 12_000, 17_000, 0.01, 50, PRACTICE),
    "sewer_dn3000": UnitCost("m", 18_000, 25_000, 36_000, 0.01, 50, ASSUMED),
    "sewer_cleaning": UnitCost("m", 100, 200, 300, 0.5, 2, PRACTICE),
    "sewer_lining": UnitCost("m", 2_000, 3_500, 6_000, 0.01, 50, ASSUMED),
    "inlet": UnitCost("piece", 3_000, 4_000, 6_000, 0.01, 50, ASSUMED),
    "inlet_cleaning": UnitCost("piece", 30, 50, 80, 2.0, 1, ASSUMED),
    "connection_removed": UnitCost("piece", 20_000, 30_000, 50_000, 0.0, 50, ASSUMED),
    "weir": UnitCost("piece", 100_000, 300_000, 600_000, 0.01, 50, ASSUMED),
    "tunnel": UnitCost(
        "m3",
        6_000,
        8_000,
        14_000,
        0.005,
        100,
        "Hangzhou 2022 and Suzhou Creek works, published, per m3 by arithmetic",
    ),
    "pump_station": UnitCost(
        "m3/s",
        3e6,
        5e6,
        8e6,
        0.03,
        25,
        f"{PRACTICE}; Shanyou station, Fuzhou: 3.7 M per m3/s, published",
    ),
    "pump_added": UnitCost("m3/s", 2.1e6, 3.5e6, 5.6e6, 0.03, 25, ASSUMED),
    "permeable_paving": UnitCost("m2", 60, 130, 200, 0.025, 15, GUIDE),
    "bioretention": UnitCost("m2", 150, 450, 800, 0.05, 25, GUIDE),
    "sunken_green": UnitCost("m2", 40, 45, 50, 0.05, 25, GUIDE),
    "green_roof": UnitCost("m2", 100, 200, 300, 0.03, 25, GUIDE),
    "rain_tank": UnitCost("m3", 800, 1_000, 1_200, 0.015, 50, GUIDE),
    "detention_basin": UnitCost("m3", 200, 300, 400, 0.02, 50, GUIDE),
    "underground_tank": UnitCost("m3", 2_000, 3_000, 4_000, 0.015, 50, PRACTICE),
    "pond": UnitCost("m2", 400, 500, 600, 0.02, 50, GUIDE),
    "park_retention": UnitCost("m2", 100, 200, 300, 0.02, 50, ASSUMED),
    "reservoir_operation": UnitCost("piece", 0, 0, 0, 0.0, 50, "an order, no building"),
    "lake_gate": UnitCost("piece", 1e6, 5e6, 1e7, 0.02, 15, ASSUMED),
    "entrance_step": UnitCost("piece", 20_000, 50_000, 80_000, 0.01, 50, ASSUMED),
    "flood_barrier": UnitCost("m2", 2_000, 3_500, 5_000, 0.02, 15, PRACTICE),
    "automatic_gate": UnitCost("m", 20_000, 40_000, 60_000, 0.02, 15, PRACTICE),
    "watertight_door": UnitCost("piece", 300_000, 500_000, 1_000_000, 0.02, 15, ASSUMED),
    "sump_pump": UnitCost("piece", 50_000, 150_000, 300_000, 0.03, 25, ASSUMED),
    "vent_raised": UnitCost("piece", 100_000, 200_000, 300_000, 0.01, 50, ASSUMED),
    "plinth": UnitCost("piece", 500_000, 1_000_000, 3_000_000, 0.01, 50, PRACTICE),
    "relocation": UnitCost("piece", 1e6, 2.5e6, 5e6, 0.01, 50, ASSUMED),
    "dry_proofing": UnitCost("m", 1_000, 2_000, 3_000, 0.01, 50, ASSUMED),
    "wet_proofing": UnitCost("m2", 200, 500, 1_000, 0.01, 50, ASSUMED),
    "generator": UnitCost("piece", 1e6, 2.5e6, 4e6, 0.03, 25, ASSUMED),
    "supply_tie": UnitCost("piece", 2e6, 5e6, 8e6, 0.01, 50, ASSUMED),
    "second_feed": UnitCost("piece", 1e6, 2e6, 3e6, 0.01, 50, ASSUMED),
    "ramp_drain": UnitCost("piece", 20_000, 35_000, 50_000, 0.01, 50, PRACTICE),
    "closure_gauge": UnitCost("piece", 200_000, 500_000, 1_000_000, 0.08, 10, ASSUMED),
    "warning_system": UnitCost("piece", 5e6, 8e6, 2e7, 0.08, 10, ASSUMED),
    "pump_truck": UnitCost("piece", 1.5e6, 2e6, 2.5e6, 0.03, 25, PRACTICE),
    "control_system": UnitCost("piece", 1e6, 2.5e6, 5e6, 0.08, 10, ASSUMED),
    "flood_wall": UnitCost("m2", 2_000, 3_500, 5_000, 0.01, 50, PRACTICE),
    "flood_wall_gate": UnitCost("m2", 5_000, 10_000, 20_000, 0.02, 15, ASSUMED),
    "control_room": UnitCost("piece", 500_000, 1_500_000, 3_000_000, 0.01, 50, PRACTICE),
}
SEWER_CLASSES = (
    (0.8, "sewer_dn600"),
    (1.25, "sewer_dn1000"),
    (1.75, "sewer_dn1500"),
    (2.4, "sewer_dn2000"),
)


@cache
def unit_costs() -> dict[str, UnitCost]:
    """Ours and those of plugins (looked up late: a plugin imports this module)."""
    return unique(
        "COSTS", OWN, {item: cost for pairs in brought("COSTS") for item, cost in pairs.items()}
    )


class Prices(NamedTuple):
    """Unit costs in one money: its name (ISO 4217) and the year of the prices."""

    currency: str
    year: int
    items: dict[str, UnitCost]


def prices(region: Mapping[str, Any]) -> Prices:
    """Of a region that brings costs, all in its money; else ours. An item that its pack lacks has
    no price there: money is never mixed. Yearly shares and lives are ours.
    """
    own, told = unit_costs(), region.get("costs") or {}
    if not told:
        return Prices("CNY", PRICE_YEAR, own)
    source = str(told["source"])
    items = {
        name: replace(own[name], low=low, middle=middle, high=high, source=source)
        for name, (low, middle, high) in told["items"].items()
        if name in own
    }
    return Prices(str(region["currency"]), int(told["price_year"]), items)


def currency_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """The money of bills; "" where nothing is built."""
    return str(rows[0]["currency"]) if rows else ""


def sewer_item(diameter_m: float) -> str:
    """The price class of a pipe."""
    return next((item for limit, item in SEWER_CLASSES if diameter_m <= limit), "sewer_dn3000")
