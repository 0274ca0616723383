"""Rows of the .inp that measures add, and what they look up in it."""

from __future__ import annotations

import math

from flood_sim.core.units import SWMM_FLOW_UNITS, SWMM_US_UNITS
from flood_sim.drainage.conduits import Conduit, node_inverts
from flood_sim.measures.base import InputsView
from flood_sim.measures.costs import sewer_item
from flood_sim.measures.edits import NEW_ROW, Plan
from flood_sim.measures.resources import Resource

# what add_store, add_weir and add_pump write, together
STORE_BEHIND_A_WEIR = frozenset(
    {
        Resource.INP_STORAGE,
        Resource.INP_WEIRS,
        Resource.INP_XSECTIONS,
        Resource.INP_PUMPS,
        Resource.INP_CURVES,
        Resource.INP_COORDINATES,
        Resource.RETURN_CELLS,
    }
)
WALL_M, SHAFT_M2 = 2.0, 25.0
WEIR_SI, WEIR_US = 1.84, 3.33  # sharp crest, m^0.5/s and ft^0.5/s (SWMM)


def circular(name: str, plan: Plan, view: InputsView, key: str, target: str) -> Conduit | None:
    """The conduit where its section is a circle, else a refusal."""
    c = view.conduits.get(target)
    if c is None or c.shape not in ("CIRCULAR", "FILLED_CIRCULAR"):
        plan.refuse(
            name,
            key,
            f"{target} is no circular pipe",
            given=c.shape if c else "",
            do="choose pipes; boxes: culvert_enlargement",
        )
        return None
    return c


def rows_of(view: InputsView, section: str) -> dict[str, list[str]]:
    return {row.tokens[0]: row.tokens for row in view.inp.rows(section)}


def add_pipe(
    plan: Plan,
    view: InputsView,
    link: str,
    upper: str,
    lower: str,
    length_m: float,
    diameter_m: float,
    inlet: float,
    outlet: float,
    n: float = 0.013,
) -> None:
    """Rows of a new circular pipe; inlet, outlet: offsets as the file gives them."""
    metre = view.inp.metres_per_unit
    plan.row("CONDUITS", link, upper, lower, length_m / metre, n, inlet, outlet, 0, 0)
    plan.row("XSECTIONS", link, "CIRCULAR", diameter_m / metre, 0, 0, 0, 1)
    plan.count(sewer_item(diameter_m), length_m)


def add_store(
    plan: Plan,
    view: InputsView,
    node: str,
    invert_m: float,
    rim_m: float,
    area_m2: float,
    beside: str,
    roof_m: float | None = None,
) -> None:
    """An empty storage node under the street of the node `beside` it, whose rim is rim_m: of
    constant area up to roof_m (absent: all the way), a shaft above. Its wall stands WALL_M over the
    rim: SWMM lets no storage node surcharge, and one that spilled into a street that stands over
    its rim would lift water from the river or the network to the street's level for ever."""
    metre, place = view.inp.metres_per_unit, view.inp.coordinates().get(beside)
    depth, square = (rim_m + WALL_M - invert_m) / metre, metre**2
    if roof_m is None:
        plan.row(
            "STORAGE", node, invert_m / metre, depth, 0, "FUNCTIONAL", 0, 0, area_m2 / square, 0, 0
        )
    else:
        curve, roof = f"{node}_volume", (roof_m - invert_m) / metre
        shaft = min(SHAFT_M2, area_m2) / square
        points = [
            (0.0, area_m2 / square),
            (roof, area_m2 / square),
            (roof + 0.05 / metre, shaft),
            (max(depth, roof + 0.1 / metre), shaft),
        ]
        rows = [
            (curve, *(["Storage"] if k == 0 else []), f"{x:.9g}", f"{a:.9g}")
            for k, (x, a) in enumerate(points)
        ]
        plan.item(Resource.INP_CURVES, (curve, NEW_ROW), "insert", rows)
        plan.row("STORAGE", node, invert_m / metre, depth, 0, "TABULAR", curve, 0, 0)
    if place is not None:
        plan.row("COORDINATES", node, place[0] + 5.0, place[1])
    cells = view.drainage.return_cells.get(beside) if view.drainage is not None else None
    if cells:
        plan.item(Resource.RETURN_CELLS, node, "insert", cells)


def add_weir(
    plan: Plan,
    view: InputsView,
    name: str,
    link: str,
    upper: str,
    lower: str,
    crest_m: float,
    length_m: float,
) -> None:
    """A side weir whose opening reaches a metre over the rim. Refused where its crest lies under
    the node's invert or over its rim.
    """
    metre, inverts, rims = view.inp.metres_per_unit, node_inverts(view.inp), view.inp.rims()
    if not inverts[upper] < crest_m < rims.get(upper, math.inf):
        given, allowed = (
            f"{crest_m:.2f} m",
            f"between {inverts[upper]:.2f} and {rims.get(upper, math.inf):.2f} m",
        )
        plan.refuse(
            name,
            "crest_m",
            f"the weir at {upper} never works, or always",
            given=given,
            allowed=allowed,
        )
    by_level = view.inp.option("LINK_OFFSETS") == "ELEVATION"
    offset = crest_m if by_level else crest_m - inverts[upper]
    plan.row(
        "WEIRS",
        link,
        upper,
        lower,
        "TRANSVERSE",
        offset / metre,
        WEIR_US if view.inp.flow_units in SWMM_US_UNITS else WEIR_SI,
        "NO",
        0,
        0,
        "YES",
    )
    plan.row(
        "XSECTIONS",
        link,
        "RECT_OPEN",
        (rims.get(upper, crest_m) - crest_m + 1.0) / metre,
        length_m / metre,
        0,
        0,
    )
    plan.count("weir", 1)


def add_pump(
    plan: Plan,
    view: InputsView,
    link: str,
    upper: str,
    lower: str,
    capacity_m3_s: float,
    start_m: float,
    stop_m: float,
) -> None:
    """A pump of constant flow between two depths in its well: PUMP2 (flow by depth)."""
    metre, flow = view.inp.metres_per_unit, capacity_m3_s / SWMM_FLOW_UNITS[view.inp.flow_units]
    curve = f"{link}_curve"
    plan.item(
        Resource.INP_CURVES,
        (curve, NEW_ROW),
        "insert",
        [(curve, "PUMP2", "0.001", f"{flow:.9g}"), (curve, "1000", f"{flow:.9g}")],
    )
    plan.row("PUMPS", link, upper, lower, curve, "OFF", start_m / metre, stop_m / metre)
