"""Notes of GDAL beside a raster (`.aux.xml`): they are not read, so what they say must not change
what the file itself says.
"""

from __future__ import annotations

import html
import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.core.errors import InputError, input_error

LONGEST_NOTES = 1 << 20  # bytes of notes that are looked at
BAND = re.compile(
    r"<PAMRasterBand\b[^>]*?\bband\s*=\s*[\"'](\d+)[\"'](.*?)</PAMRasterBand>", re.DOTALL
)
TOLD = r"<{0}\b[^>]*>(.*?)</{0}>"
NUMBERS = {"NoDataValue": "nodatavals", "Scale": "scales", "Offset": "offsets"}
TAKEN_UNITS = ("", "m", "metre", "meter")  # what a file without a unit is taken for
SAME = 1e-9  # relative


def refuse_other_meaning(path: Path, data: Any) -> None:
    """Raises InputError (E340) where notes beside an open raster give another NoData, scale,
    offset, unit, place or system than the file itself. Statistics, histograms and what only
    repeats the file change no value.
    """
    notes = Path(f"{path}.aux.xml")
    if not notes.is_file():
        return
    with notes.open("rb") as file:
        text = file.read(LONGEST_NOTES).decode("utf-8", errors="replace")
    said = _of_bands(text, data) or _of_place(text, data)
    if said:
        raise refusal(path, f"{said} in {notes.name}")


def refusal(path: Path, given: str) -> InputError:
    """E340 of a raster."""
    return input_error(
        "E340",
        path.name,
        "a file beside this raster says what its values mean, and is not read",
        given=given,
        allowed="a GeoTIFF that says it itself",
        do="write it into a file and name that one: gdal_translate --config"
        f" GDAL_TIFF_INTERNAL_MASK YES {path.name} {path.stem}_whole.tif",
    )


def _of_bands(text: str, data: Any) -> str:
    """The first thing that is said of a band and is not so, "" where there is none."""
    for found in BAND.finditer(text):
        band, body = int(found[1]), found[2]
        if band > data.count:
            continue
        for name, own in NUMBERS.items():
            told = re.search(TOLD.format(name), body, re.DOTALL)
            if told and not _same(told[1], getattr(data, own)[band - 1]):
                return f"<{name}>{told[1].strip()[:40]}"
        unit = re.search(TOLD.format("UnitType"), body, re.DOTALL)
        own_unit = data.units[band - 1]
        if unit and unit[1].strip() not in ([own_unit] if own_unit else TAKEN_UNITS):
            return f"<UnitType>{unit[1].strip()[:40]}"
    return ""


def _same(told: str, own: float | None) -> bool:
    try:
        value = float(told)
    except ValueError:
        return False
    if own is None:
        return False
    return (math.isnan(value) and math.isnan(own)) or math.isclose(value, own, rel_tol=SAME)


def _of_place(text: str, data: Any) -> str:
    """Another corner, cell size or system than the file's own; a file without any is refused as
    such.
    """
    place = re.search(TOLD.format("GeoTransform"), text, re.DOTALL)
    if place and not data.transform.is_identity:
        try:
            told = np.array([float(v) for v in place[1].split(",")])
        except ValueError:
            told = np.full(6, np.nan)
        own = np.array(data.transform.to_gdal())
        size = abs(own[1]) + abs(own[2])
        if told.shape != own.shape or not np.allclose(told, own, rtol=0.0, atol=1e-6 * size):
            return f"<GeoTransform>{place[1].strip()[:60]}"
    system = re.search(TOLD.format("SRS"), text, re.DOTALL)
    if system and data.crs is not None and data.crs.to_wkt():
        return "" if _same_system(html.unescape(system[1]), data.crs.to_wkt()) else "<SRS>"
    return ""


def _same_system(told: str, own: str) -> bool:
    from flood_sim.scenario.doors import systems

    try:
        return systems.same_system(systems.system_of(told, ""), systems.system_of(own, ""))
    except InputError:
        return False
