"""Elevations of a terrain's raster in metres: who states their unit, and what is asked where nobody
does.
"""

from __future__ import annotations

import numpy as np

from flood_sim.core.errors import input_error
from flood_sim.core.grid import Grid
from flood_sim.core.units import FOOT_M
from flood_sim.scenario.doors import systems
from flood_sim.scenario.doors.bands import refuse_colours
from flood_sim.scenario.doors.rasters import Raster, packed, read_values, unknown
from flood_sim.scenario.doors.resampled import How

SURVEY_FOOT_M = 1200.0 / 3937.0
HEIGHTS = {"m": 1.0, "ft": FOOT_M, "us-ft": SURVEY_FOOT_M, "cm": 0.01, "dm": 0.1, "mm": 0.001}
SPELT = {
    "m": "m", "metre": "m", "meter": "m", "metres": "m", "meters": "m", "ft": "ft", "foot": "ft",
    "feet": "ft", "international foot": "ft", "us-ft": "us-ft", "us survey foot": "us-ft",
    "us survey feet": "us-ft", "foot_us": "us-ft", "ftus": "us-ft", "cm": "cm",
    "centimetre": "cm", "centimeter": "cm", "dm": "dm", "mm": "mm", "millimetre": "mm",
}  # fmt: skip


def read_bed(raster: Raster, grid: Grid, stated: str | None) -> np.ndarray:
    """Elevations on the grid (rows, columns) m, NaN where nothing is known; stated : their unit, of
    the scenario. Raises InputError where the unit is neither stated nor plain.
    """
    refuse_colours(raster.source, raster.data, raster.band)
    unit, why = _height_unit(raster, stated)
    values = read_values(raster, grid, How.MEAN) * HEIGHTS[unit]
    turned = "" if unit == "m" else ", converted to m"
    heights = f"elevations in {unit} ({why}){turned}"
    raster.source.tell(raster.said, heights, packed(raster), unknown(values))
    if raster.data.nodata == 0.0:
        _say_zero(raster, values)
    return values


def _say_zero(raster: Raster, values: np.ndarray) -> None:
    """0 declared as NoData takes the ground at sea level away."""
    known = values[np.isfinite(values)]
    if known.size and float(known.min()) < 1.0 and known.size < values.size:
        raster.source.doubt(
            "W243",
            f"NoData is declared as 0: {values.size - known.size} cells are left out, and the"
            f" lowest ground is {known.min():.2f} m",
            do="is that ground at sea level? Declare another NoData value, e.g. -9999",
        )


def _height_unit(raster: Raster, stated: str | None) -> tuple[str, str]:
    """Unit of the elevations and who says so."""
    told = _own_height_unit(raster, doubted=stated is None)
    if stated is not None:
        if told is not None and abs(HEIGHTS[told] - HEIGHTS[stated]) > 1e-5:
            raster.source.doubt(
                "W244",
                "[terrain] elevation_unit differs from the unit that the file states",
                given=stated,
                allowed=told,
                do="elevation_unit is used: remove it, or write the right unit into the file",
            )
        return stated, "[terrain] elevation_unit"
    if told is not None:
        return told, "the file says so"
    if abs(raster.unit[1] - 1.0) < 1e-9 or raster.unit[1] > 2.0:
        return "m", "not stated"
    raise input_error(
        "E243",
        raster.source.name,
        f"the map is in {raster.unit[0]}, and nothing says in which unit the elevations are",
        given=f"{systems.short(raster.written)} in {raster.unit[0]}, no unit of heights",
        allowed='"m", "ft", "us-ft"',
        do='set [terrain] elevation_unit = "ft" (or the right one)',
    )


def _own_height_unit(raster: Raster, doubted: bool) -> str | None:
    """What the band or the system says of heights; a word that is not known is said where it is
    doubted.
    """
    word = (raster.data.units[raster.band - 1] or "").strip()
    crs = raster.data.crs
    if word:
        unit = SPELT.get(word.lower().replace("_", " ").replace("u.s.", "us"))
        if unit is None and doubted:
            raster.source.doubt(
                "W244",
                "the unit that the file states for its heights is not known",
                given=word[:40],
                allowed=", ".join(HEIGHTS),
                do="metres are assumed; set [terrain] elevation_unit",
            )
        return unit
    own = systems.height_unit(crs.to_wkt()) if crs is not None and crs.to_wkt() else None
    if own is None:
        return None
    return next((u for u, m in HEIGHTS.items() if abs(m - own[1]) < 1e-9), None)
