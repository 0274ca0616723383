"""Culverts of a scenario: barrels between two cells, one by one or as a table."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic import ValidationError

from flood_sim.core.errors import Finding, InputError, input_error
from flood_sim.core.files.checked_tables import Table, read_rows
from flood_sim.core.schema_texts import said
from flood_sim.ground.terrain import Terrain
from flood_sim.scenario.checks.levels import check_inverts
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.places import open_cell
from flood_sim.scenario.spec.structures import Barrels, CulvertTable
from flood_sim.scenario.spec.tables import CulvertRow
from flood_sim.surface.culverts import INLETS, Barrel, plain_rating, rating
from flood_sim.surface.structures import Culvert, barrel_loss


def build_culvert(terrain: Terrain, spec: Barrels, place: str, findings: list[Finding]) -> Culvert:
    """Barrels between the cells of their ends. Raises InputError where an end is on no open cell,
    both are on one, or an invert is far from the ground.
    """
    a = open_cell(terrain, spec.from_m, f"{place}, from_m")
    b = open_cell(terrain, spec.to_m, f"{place}, to_m")
    if a == b:
        raise input_error(
            "E204",
            place,
            "both ends lie in one cell",
            given=f"{spec.from_m}, {spec.to_m}",
            do="use smaller cells or leave it out",
            at=(spec.from_m,),
        )
    ground = [float(terrain.bed_elevation[cell]) for cell in (a, b)]
    first = ground[0] if spec.from_level_m is None else spec.from_level_m
    second = ground[1] if spec.to_level_m is None else spec.to_level_m
    ends = [
        ("from_level_m", first, ground[0], spec.from_m),
        ("to_level_m", second, ground[1], spec.to_m),
    ]
    check_inverts(place, ends, spec.height_m, findings)
    area_m2, loss, ratings = _barrel(spec, first - second)
    n = spec.barrels
    return Culvert(
        spec.name,
        a,
        b,
        first,
        second,
        spec.height_m,
        n * area_m2,
        loss,
        (n * ratings[0], n * ratings[1]),
        spec.flap,
    )


def _barrel(spec: Barrels, fall_m: float) -> tuple[float, float, tuple[np.ndarray, np.ndarray]]:
    """Area (m2) and loss of one barrel, and its ratings for both directions."""
    shape = Barrel(
        spec.width_m is None, spec.height_m, spec.height_m if spec.width_m is None else spec.width_m
    )
    length = spec.length_m or math.hypot(
        spec.to_m[0] - spec.from_m[0], spec.to_m[1] - spec.from_m[1]
    )
    loss = barrel_loss(length, shape.radius_m, spec.manning_n, spec.entry_loss, spec.exit_loss)
    if spec.inlet is None:
        one = plain_rating(spec.height_m, shape.area_m2 / spec.height_m)
        return shape.area_m2, loss, (one, one)
    inlet = INLETS[spec.inlet][1]
    there = rating(shape, inlet, loss, length, fall_m)
    back = rating(shape, inlet, loss, length, -fall_m)
    return shape.area_m2, loss, (there, back)


def culvert_rows(
    scenario: Scenario, spec: CulvertTable, place: str, findings: list[Finding]
) -> list[Barrels]:
    """The rows of a table of culverts, checked like those of the scenario. Raises InputError with
    the row and what is wrong in it.
    """
    table = read_rows(scenario.file(spec.file, place), CulvertRow, findings)
    rows, faults = [], list[Finding]()
    for number, given in enumerate(table.rows()):
        ends = {
            f"{end}_m": (given.pop(f"{end}_x_m"), given.pop(f"{end}_y_m")) for end in ("from", "to")
        }
        whole = {
            key: type_(given[key])
            for key, type_ in (("barrels", int), ("flap", bool))
            if key in given
        }
        try:
            rows.append(Barrels.model_validate({**given, **ends, **whole}))
        except ValidationError as error:
            faults += _row_faults(table, number, given, error)
    if faults:
        raise InputError(faults)
    return rows


def _row_faults(
    table: Table, number: int, given: dict[str, Any], error: ValidationError
) -> Iterator[Finding]:
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        code, problem, do = said(fault)
        text = str(given.get(key, ""))[:80]
        yield Finding(code, table.place(number, key), problem, given=text, do=do)
