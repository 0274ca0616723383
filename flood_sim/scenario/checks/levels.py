"""Levels against the ground, amounts against area and span: what no unit or range of its own can
tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from flood_sim.core.errors import Finding, InputError, input_error
from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M
from flood_sim.core.grid import Grid
from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.ground.terrain import Terrain
from flood_sim.surface.boundaries import Series

SAME_DATUM = "are ground and level on one datum, both in metres?"
LEVEL_NOT_DEPTH = f"{SAME_DATUM} A stage is a level, no depth"
ODD_DEPTH_M, LARGEST_DEPTH_M = (
    8.0,
    100.0,
)  # of water over the ground that a stage or a start brings, half of the cells deeper
DEEPEST_M = 200.0  # of water at the start anywhere
ODD_BELOW_M, LOWEST_BELOW_M = 0.5, 10.0  # a stage under all ground of its edge
ODD_BURIED_M, DEEPEST_BURIED_M = 10.0, 60.0  # a culvert's invert under the ground above it
ODD_HIGH_M, HIGHEST_OVER_M = 25.0, 300.0  # crests, decks, sills over the ground
ODD_UNIT_M2_S, LARGEST_UNIT_M2_S = (
    60.0,
    600.0,
)  # discharge a metre of width: great rivers in flood carry 100 to 200
ODD_RISE_M, LARGEST_RISE_M = 10.0, 500.0  # an inflow's volume spread over the whole model
STEEP, CLIFF = 0.35, 1.0  # slope that half of the ground exceeds: of mountains, of no ground at all
LEVEL_SHARE = 0.5  # of the ground


def over_area(volume_m3: float, area_m2: float) -> str:
    """ "2,190,000 m3, 547 mm over the model's 4.00 km2"."""
    deep = 1000.0 * volume_m3 / max(area_m2, 1e-9)
    return f"{volume_m3:,.0f} m3, {deep:,.0f} mm over the model's {area_m2 / 1e6:.3g} km2"


def model_area_m2(terrain: Terrain) -> float:
    return float(terrain.active.sum()) * terrain.grid.cell_area_m2


def check_bed(bed: np.ndarray, grid: Grid, findings: list[Finding]) -> None:
    """bed (rows, columns) m, NaN where nothing is known: elevations in the range of the Earth, and
    ground that is not steeper than ground is. Raises InputError outside.
    """
    known = np.isfinite(bed)
    outside = ~np.isnan(bed) & ~((bed >= LOWEST_M) & (bed <= HIGHEST_M))
    if outside.any():
        value, where = float(bed[outside][0]), grid.centres(outside)
        raise input_error(
            "E222",
            "[terrain] bed_elevation",
            f"{int(outside.sum())} cells are out of range",
            given=f"{value:g} m",
            allowed=f"{LOWEST_M:g} to {HIGHEST_M:g} m",
            do="check the unit (centimetres, feet?), or declare the NoData value",
            at=where,
        )
    steps = np.concatenate([np.abs(np.diff(bed, axis=axis)).ravel() for axis in (0, 1)])
    steps = steps[np.isfinite(steps)]
    slope = float(np.median(steps)) / grid.cell_size_m if steps.size > 50 else 0.0
    text = (
        f"half of the ground is steeper than {slope:.2f} m a metre, its relief is"
        f" {float(np.ptp(bed[known])) if known.any() else 0.0:.0f} m"
    )
    do = "check the unit of the elevations (centimetres, feet?) and of the map"
    if slope > CLIFF:
        raise input_error(
            "E227",
            "[terrain] bed_elevation",
            text,
            allowed=f"up to {CLIFF:g}; mountains {STEEP:g}",
            do=do,
        )
    if slope > STEEP:
        findings.append(
            Finding("W227", "[terrain] bed_elevation", text, allowed=f"mountains {STEEP:g}", do=do)
        )


def check_start(terrain: Terrain, depth: np.ndarray, raster: bool, findings: list[Finding]) -> None:
    """Depth at the start (rows, columns) m: not below zero, not beyond a lake's, no levels taken
    for depths. Raises InputError.
    """
    place, active = "[initial] depth" if raster else "[initial]", terrain.active
    here = np.where(active, depth, 0.0)
    wet = active & (here > 0.01)
    if not wet.any():
        return
    volume = over_area(float(here.sum()) * terrain.grid.cell_area_m2, model_area_m2(terrain))
    deepest, middle = float(here.max()), float(np.median(here[wet]))
    share = float(wet.sum() / active.sum())
    bed = terrain.bed_elevation[wet]
    like_levels = middle > 2.0 and float(np.median(np.abs(here[wet] - bed))) < 0.2 * middle
    if raster and like_levels and share > LEVEL_SHARE:
        text = (
            f"these are levels, no depths: half of {share:.0%} of the model stands {middle:.1f} m"
            " deep, as high as its ground"
        )
        do = "subtract the ground, or give [initial] stage = [{ level_m = ... }]"
        at = terrain.grid.centres(wet)
        raise input_error("E227", place, text, given=volume, do=do, at=at)
    if deepest > DEEPEST_M:
        raise input_error(
            "E227",
            place,
            f"the water stands {deepest:.1f} m deep at the start",
            given=volume,
            allowed=f"up to {DEEPEST_M:g} m",
            do=SAME_DATUM,
            at=terrain.grid.centres(here >= deepest),
        )
    if (middle > ODD_DEPTH_M and share > 0.1) or (like_levels and raster):
        text = (
            f"half of the {share:.0%} of the model that is wet at the start stands deeper than"
            f" {middle:.1f} m"
        )
        at = terrain.grid.centres(wet)
        findings.append(Finding("W227", place, text, given=volume, do=SAME_DATUM, at=at))


def check_stage(
    place: str, stage: Series, terrain: Terrain, cells: np.ndarray, findings: list[Finding]
) -> None:
    """A stage against the bed of its own edge cells (n, 2) and the ground behind. Raises InputError
    where it can be no level of this place.
    """
    bed = terrain.bed_elevation[tuple(cells.T)]
    low, high = float(stage.value.min()), float(stage.value.max())
    lowest, middle = float(bed.min()), float(np.median(bed))
    told: dict[str, Any] = {
        "given": f"level_m {low:.2f} to {high:.2f}" if low < high else f"level_m {high:.2f}",
        "allowed": f"its edge's ground is {lowest:.2f} to {float(bed.max()):.2f} m",
        "at": terrain.grid.middles(cells[:1]),
    }
    if high > lowest + LARGEST_DEPTH_M or high < lowest - LOWEST_BELOW_M:
        side = "over" if high > lowest else "under"
        text = f"the stage is {abs(high - lowest):.1f} m {side} the lowest ground of its edge"
        raise input_error("E227", place, text, do=LEVEL_NOT_DEPTH, **told)
    if high < lowest - ODD_BELOW_M:
        text = (
            f"the stage stays {lowest - high:.2f} m under all ground of its edge: water only leaves"
            " there"
        )
        findings.append(Finding("W227", place, text, do=LEVEL_NOT_DEPTH, **told))
    elif high > middle + ODD_DEPTH_M or high > lowest + 2.5 * ODD_DEPTH_M:
        text = (
            f"the stage stands {high - middle:.1f} m over half of its edge's ground; a pool at this"
            f" level holds {_pool(terrain, high)}"
        )
        findings.append(Finding("W227", place, text, do=SAME_DATUM, **told))


def _pool(terrain: Terrain, level_m: float) -> str:
    """What the model holds under a level."""
    bed = np.nan_to_num(terrain.bed_elevation, nan=np.inf)
    depth = np.where(terrain.active, np.maximum(level_m - bed, 0.0), 0.0)
    return over_area(float(depth.sum()) * terrain.grid.cell_area_m2, model_area_m2(terrain))


class Entrance(NamedTuple):
    """Where a discharge enters: cells (n, 2), along an edge or in the middle; and whether water can
    leave the model anywhere.
    """

    cells: np.ndarray
    along_edge: bool
    can_leave: bool


def check_inflow(
    place: str,
    discharge: Series,
    entrance: Entrance,
    terrain: Terrain,
    duration_s: float,
    findings: list[Finding],
) -> None:
    """A discharge against the width it enters by, and its volume against the model. Raises
    InputError beyond any river; W228 where it is odd.
    """
    cells, along_edge, can_leave = entrance
    peak, volume = float(discharge.value.max()), discharge.integral(0.0, duration_s)
    width = terrain.grid.cell_size_m * (len(cells) if along_edge else 4.0 * len(cells) ** 0.5)
    unit, area = peak / width, model_area_m2(terrain)
    given = (
        f"{peak:,.6g} m3/s; within {duration_s / SECONDS_PER_HOUR:.3g} h {over_area(volume, area)}"
    )
    do, at = (
        "discharges are in m3/s, not L/s; widen the place where it enters",
        terrain.grid.middles(cells[:1]),
    )
    rise = volume / area
    if unit > LARGEST_UNIT_M2_S or (rise > LARGEST_RISE_M and not can_leave):
        text = (
            f"{unit:,.0f} m3/s enter each metre of {width:.4g} m"
            if unit > LARGEST_UNIT_M2_S
            else f"the water would stand {rise:,.0f} m deep"
        )
        allowed = (
            f"up to {LARGEST_UNIT_M2_S:g} m3/s a metre; great rivers carry 100 to 200, and"
            f" {LARGEST_RISE_M:g} m over the model"
        )
        raise input_error("E228", place, text, given=given, allowed=allowed, do=do, at=at)
    if unit > ODD_UNIT_M2_S or (rise > ODD_RISE_M and not can_leave):
        text = (
            f"{unit:,.0f} m3/s enter each metre of {width:.4g} m"
            if unit > ODD_UNIT_M2_S
            else f"no edge is open, and the water would stand {rise:,.1f} m deep"
        )
        findings.append(Finding("W228", place, text, given=given, do=do, at=at))


def check_over_ground(
    place: str,
    key: str,
    level_m: float,
    ground: np.ndarray,
    at: Sequence[tuple[float, float]],
    findings: list[Finding],
) -> None:
    """A crest, deck or sill high over the ground under it; ground : (n,) m under each of its faces.
    Raises InputError where it is in another unit or datum.
    """
    over = level_m - float(np.max(ground))
    if over > HIGHEST_OVER_M:
        allowed = f"up to {HIGHEST_OVER_M:g} m over the ground"
        raise input_error(
            "E227",
            f"{place}, {key}",
            f"it lies {over:.0f} m over the ground",
            given=f"{level_m:g}",
            allowed=allowed,
            do=SAME_DATUM,
            at=tuple(at),
        )
    if over > ODD_HIGH_M:
        findings.append(
            Finding(
                "W227",
                f"{place}, {key}",
                f"it lies {over:.1f} m over the ground",
                given=f"{level_m:g}",
                do=SAME_DATUM,
                at=tuple(at),
            )
        )


def check_inverts(
    place: str,
    ends: Sequence[tuple[str, float, float, tuple[float, float]]],
    height_m: float,
    findings: list[Finding],
) -> None:
    """Inverts of a culvert against the ground; ends : key, level, ground (m), map place. Raises
    InputError.
    """
    faults = []
    for key, level, ground, at in ends:
        under, over = ground - level, level - ground
        where = f"{under:.1f} m under" if under > 0.0 else f"{over:.1f} m over"
        text = f"the invert lies {where} the ground there"
        if under > DEEPEST_BURIED_M or over > DEEPEST_BURIED_M:
            allowed = f"within {DEEPEST_BURIED_M:g} m of the ground"
            faults.append(
                Finding(
                    "E227",
                    f"{place}, {key}",
                    text,
                    given=f"{level:g}",
                    allowed=allowed,
                    do=SAME_DATUM,
                    at=(at,),
                )
            )
        elif under > ODD_BURIED_M + height_m or over > ODD_BURIED_M:
            findings.append(
                Finding(
                    "W227", f"{place}, {key}", text, given=f"{level:g}", do=SAME_DATUM, at=(at,)
                )
            )
    if faults:
        raise InputError(faults)
