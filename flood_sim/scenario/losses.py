"""[infiltration], [storage], [evaporation] and [[facilities]] to what the surface takes out of its
water.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from flood_sim.city import City
from flood_sim.core.errors import Finding, input_error
from flood_sim.core.files.map_keys import named
from flood_sim.core.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, mm_h_to_m_s, mm_to_m
from flood_sim.ground.infiltration import (
    ConstantInfiltration,
    CurveNumber,
    GreenAmpt,
    Horton,
    Infiltration,
    NoInfiltration,
)
from flood_sim.ground.terrain import Terrain
from flood_sim.scenario.doors.series import read_series
from flood_sim.scenario.doors.tables import by_class
from flood_sim.scenario.doors.vectors import AREA, read_geometries
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.rows import list_row
from flood_sim.scenario.spec.tables import EvaporationRow
from flood_sim.scenario.spec.water import Bioretention, GreenRoof, PermeablePaving
from flood_sim.surface.boundaries import Series, constant
from flood_sim.surface.losses import Facility, StorageInputs, overfull

KEYS = {
    "constant": ("rate_mm_h",),
    "green_ampt": ("conductivity_mm_h", "suction_mm", "deficit"),
    "horton": ("first_mm_h", "last_mm_h", "decay_1_h", "recovery_1_h"),
    "curve_number": ("curve_number",),
}


def build_infiltration(
    scenario: Scenario, terrain: Terrain, city: City | None, findings: list[Finding]
) -> Infiltration:
    """The loss of a scenario; `city_soil` is the reference city's own. Inactive cells lose
    nothing.
    """
    spec: Any = scenario.spec.infiltration
    if spec.kind == "none":
        return NoInfiltration()
    if city is not None and spec.kind == "city_soil":
        conductivity, suction, deficit = city.soil()
        return GreenAmpt(
            np.where(terrain.active, conductivity, 0.0), suction, (1.0 - spec.wetness) * deficit
        )
    fields = _cover_or_numbers(scenario, spec, KEYS[spec.kind], terrain, "[infiltration]", findings)
    first = np.where(terrain.active, fields[0], 0.0)
    rate = mm_h_to_m_s(1.0)
    if spec.kind == "green_ampt":
        return GreenAmpt(
            rate * first, mm_to_m(1.0) * fields[1], (1.0 - spec.wetness) * fields[2], spec.recovery
        )
    if spec.kind == "horton":
        return Horton(
            rate * first,
            rate * fields[1],
            fields[2] / SECONDS_PER_HOUR,
            fields[3] / SECONDS_PER_HOUR,
        )
    if spec.kind == "curve_number":
        return CurveNumber(first)
    return ConstantInfiltration(rate * first)


def _cover_or_numbers(
    scenario: Scenario,
    spec: Any,
    keys: tuple[str, ...],
    terrain: Terrain,
    section: str,
    findings: list[Finding],
) -> list[np.ndarray]:
    """Fields (rows, columns) of a table by land cover, or of numbers; a number that is left out is
    0.
    """
    if spec.land_cover is not None:
        place = f"{section} land_cover"
        raster, table = (
            scenario.map(spec.land_cover.raster, place),
            scenario.file(spec.land_cover.table, place),
        )
        values = by_class(raster, table, keys, terrain.grid, terrain.active, findings)
        return [values[key] for key in keys]
    return [np.full(terrain.grid.shape, float(getattr(spec, key) or 0.0)) for key in keys]


def build_storage(
    scenario: Scenario, terrain: Terrain, buildings: np.ndarray, findings: list[Finding]
) -> StorageInputs:
    """Leaves, hollows, evaporation and layered facilities; None where there is nothing. buildings :
    (rows, columns) bool. Raises InputError where two facilities share a name or too much of a cell.
    """
    spec = scenario.spec
    stores = _cover_or_numbers(
        scenario, spec.storage, ("canopy_mm", "depression_mm"), terrain, "[storage]", findings
    )
    canopy, hollows = (
        np.where(terrain.active, mm_to_m(1.0) * s, 0.0) if s.any() else None for s in stores
    )
    facilities = []
    names: set[str] = set()
    for number, facility in enumerate(spec.facilities, start=1):
        place = f"{scenario.path.name}, {list_row('facilities', number, facility.name)}"
        if facility.name in names:
            raise input_error(
                "E105",
                place,
                "two facilities have this name",
                do="names must differ: the summary has a line for each",
            )
        names.add(facility.name)
        facilities.append(_facility(scenario, facility, terrain, buildings, place))
    _refuse_overfull(scenario, facilities, terrain)
    return StorageInputs(canopy, hollows, _evaporation(scenario, findings), tuple(facilities))


def _evaporation(scenario: Scenario, findings: list[Finding]) -> Series | None:
    spec = scenario.spec.evaporation
    unit = mm_to_m(1.0) / SECONDS_PER_DAY
    if spec.file is not None:
        series = read_series(
            scenario,
            scenario.file(spec.file, "[evaporation] file"),
            EvaporationRow,
            "rate_mm_d",
            spec,
            findings,
        )
        return replace(series, value=unit * series.value)
    return constant(unit * spec.rate_mm_d) if spec.rate_mm_d > 0.0 else None


def _facility(
    scenario: Scenario,
    spec: PermeablePaving | Bioretention | GreenRoof,
    terrain: Terrain,
    buildings: np.ndarray,
    place: str,
) -> Facility:
    inside = np.zeros(terrain.grid.shape, bool)
    for shape in read_geometries(scenario.map(spec.polygon, place), terrain.grid, (AREA,)):
        inside |= terrain.grid.cells_in(shape)
    roof = isinstance(spec, GreenRoof)
    cells = np.argwhere(inside & (buildings if roof else terrain.active))
    if not len(cells):
        what = "building" if roof else "open cell"
        raise input_error(
            "E204",
            place,
            f"no {what} lies in the polygon",
            given=named(spec.polygon),
            do="check its place and coordinate system",
        )
    share = np.full(len(cells), spec.share)
    if (
        roof and terrain.rain_to is not None
    ):  # the roof's rain falls beside the building: there the roof holds it back
        index, count = np.unique(terrain.rain_to[cells[:, 0], cells[:, 1]], return_counts=True)
        cells, share = (
            np.column_stack(np.unravel_index(index, terrain.grid.shape)),
            spec.share * count,
        )
    return Facility(spec.name, spec.kind, cells.astype(np.int64), share, roof, **spec.layers())  # type: ignore[arg-type]


def _refuse_overfull(scenario: Scenario, facilities: list[Facility], terrain: Terrain) -> None:
    """Facilities on the ground of a cell cover at most the cell."""
    over = overfull(facilities, terrain.grid.shape)
    if over is not None:
        row, column, share, _ = over
        raise input_error(
            "E105",
            f"{scenario.path.name}, [[facilities]]",
            "the shares of a cell sum to more than 1",
            given=f"{share:.2f} at row {row}, column {column}",
            do="lower the shares, or separate the polygons",
        )
