"""Land uses of the city: their codes, what they are made of, and the plan painted on the grid."""

from __future__ import annotations

import numpy as np

from flood_sim.city.parameters import CityParameters
from flood_sim.city.streets import RED_LINE_M, Part, Plan, Street

OUTSIDE, PRIMARY, SECONDARY, LANE, PAVEMENT, BUILDING, COURT, YARD, RIVER, DYKE, LAKE, PARK = range(
    12
)
LAND_USES = (
    "outside",
    "primary",
    "secondary",
    "lane",
    "pavement",
    "building",
    "court",
    "yard",
    "river",
    "dyke",
    "lake",
    "park",
)
CARRIAGEWAYS = (PRIMARY, SECONDARY, LANE)
CODE_OF_STREET = {"primary": PRIMARY, "secondary": SECONDARY, "lane": LANE, "riverside": LANE}

# Manning n (practice for 2-D city grids, FACTS 5.2, recalled), saturated conductivity mm/h, suction
# mm, deficit: courts half green on compacted silt loam (6.6 mm/h / 4), yards paved with joints, the
# rest sealed or saturated.
LAND_COVER = {
    PRIMARY: (0.016, 0.0, 0.0, 0.0),
    SECONDARY: (0.016, 0.0, 0.0, 0.0),
    LANE: (0.018, 0.0, 0.0, 0.0),
    PAVEMENT: (0.020, 0.0, 0.0, 0.0),
    BUILDING: (0.020, 0.0, 0.0, 0.0),
    COURT: (0.035, 1.6, 170.0, 0.20),
    YARD: (0.025, 0.5, 170.0, 0.20),
    RIVER: (0.060, 0.0, 0.0, 0.0),
    DYKE: (0.035, 1.6, 170.0, 0.20),
    LAKE: (0.030, 0.0, 0.0, 0.0),
    PARK: (0.040, 3.3, 170.0, 0.20),
}
SETBACK_M, RING_M, GATE_M = 6.0, 14.0, 10.0


def span(low: float, high: float, along: np.ndarray) -> slice:
    """Cells whose centre, along (n,) m, lies in [low, high); the axis may rise or fall."""
    inside = np.flatnonzero((along >= low - 1e-9) & (along < high - 1e-9))
    return slice(int(inside[0]), int(inside[-1]) + 1) if inside.size else slice(0, 0)


def paint(p: CityParameters, plan: Plan, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(rows, columns) codes of LAND_USES; x (columns,) and y (rows,) local m of cell centres."""
    land_use = np.full((y.size, x.size), YARD, np.uint8)
    for part in plan.parts:
        _paint_part(part, land_use, x, y, p.cell_size_m)
    for street in plan.arterials:
        _paint_strip(street, 0.5 * RED_LINE_M[street.kind], PAVEMENT, land_use, x, y)
    for street in plan.lanes + tuple(sorted(plan.arterials, key=lambda s: s.kind == "primary")):
        _paint_strip(street, street.half, CODE_OF_STREET[street.kind], land_use, x, y)
    for centre in plan.rivers:
        away = np.abs(y - centre)
        land_use[away < 31.0] = DYKE
        land_use[away < 18.0] = RIVER
        if not any(
            low < centre for low, _ in plan.bands
        ):  # a river at the map's edge: nothing beyond its far dyke
            land_use[y < centre - 26.5] = OUTSIDE
    return land_use


def _paint_strip(
    street: Street, half: float, code: int, land_use: np.ndarray, x: np.ndarray, y: np.ndarray
) -> None:
    along, across = (
        span(street.start, street.stop, x if street.axis == "x" else y),
        span(street.at - half, street.at + half, y if street.axis == "x" else x),
    )
    if street.axis == "x":
        land_use[across, along] = code
    else:
        land_use[along, across] = code


def _paint_part(
    part: Part, land_use: np.ndarray, x: np.ndarray, y: np.ndarray, cell: float
) -> None:
    """A ring of buildings with four gates, an inner double row where the court is wide; parks stay
    open.
    """
    rows, columns = span(part.y0, part.y1, y), span(part.x0, part.x1, x)
    view, u, v = land_use[rows, columns], x[columns] - part.x0, y[rows] - part.y0
    wide, high = part.x1 - part.x0, part.y1 - part.y0
    view[...] = YARD
    if part.use == "park":
        view[...] = PARK
        return
    if min(wide, high) < 2.0 * (SETBACK_M + RING_M) + 10.0:
        return
    iu, iv = (
        np.minimum(u, wide - u)[None, :] - SETBACK_M,
        np.minimum(v, high - v)[:, None] - SETBACK_M,
    )
    inset = np.minimum(iu, iv)
    view[inset >= RING_M] = COURT
    gate = (np.abs(u - 0.5 * wide)[None, :] < 0.5 * GATE_M) | (
        np.abs(v - 0.5 * high)[:, None] < 0.5 * GATE_M
    )
    view[(inset >= 0.0) & (inset < RING_M) & ~gate] = BUILDING
    court_u, court_v = wide - 2.0 * (SETBACK_M + RING_M), high - 2.0 * (SETBACK_M + RING_M)
    if min(court_u, court_v) > 55.0:
        across = (
            np.abs(v - 0.5 * high)[:, None]
            if court_u >= court_v
            else np.abs(u - 0.5 * wide)[None, :]
        )
        along = (
            np.abs(u - 0.5 * wide)[None, :]
            if court_u >= court_v
            else np.abs(v - 0.5 * high)[:, None]
        )
        reach = 0.5 * max(court_u, court_v) - 12.0
        rows_of_houses = (
            (across >= 5.0)
            & (across < 5.0 + max(8.0, cell))
            & (along > 0.5 * GATE_M)
            & (along < reach)
        )
        view[rows_of_houses & (inset >= RING_M)] = BUILDING
