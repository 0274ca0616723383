"""[rainfall] to a Rainfall or a RainField: storms of a name or a formula, and what files give
(rain_series.py, rain_grids.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flood_sim.core.errors import Finding, input_error
from flood_sim.core.grid import Grid
from flood_sim.core.schema_texts import UnfitError
from flood_sim.core.units import mm_h_to_m_s
from flood_sim.ground.daily_storms import alternating_block, shaped_like_720, with_peaked_hour
from flood_sim.ground.rain_fields import RainField, StormCell, moving_field, sloped_field
from flood_sim.ground.rainfall import (
    NO_RAIN,
    STORMS,
    Rainfall,
    StormFormula,
    chicago_storm,
    scaled,
    shifted,
)
from flood_sim.scenario.checks.rain import check_falls, check_records, check_span
from flood_sim.scenario.checks.rain_law import check_law, law_line, law_of
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.rain_grids import grid_rain
from flood_sim.scenario.rain_series import gauge_rain, series_rain
from flood_sim.scenario.spec.water import FormulaSpec, Placed


def build_rainfall(scenario: Scenario, grid: Grid, findings: list[Finding]) -> Rainfall | RainField:
    """The rain of a scenario on the run's clock, with what is doubtful about it."""
    spec: Any = scenario.spec.rainfall
    if spec.kind == "none":
        return NO_RAIN
    if spec.kind in FIELDS:
        return FIELDS[spec.kind](scenario, spec, grid, findings)
    rain = _everywhere(scenario, spec, findings)
    if isinstance(spec, Placed) and spec.areal_reduction != 1.0:
        rain = scaled(rain, spec.areal_reduction)
    check_records(scenario, rain, findings)
    check_falls(scenario, rain, findings)
    if isinstance(spec, Placed) and spec.gradient is not None:
        return sloped_field(rain, grid, spec.gradient.per_km / 1000.0, spec.gradient.towards_deg)
    return rain


def _everywhere(scenario: Scenario, spec: Any, findings: list[Finding]) -> Rainfall:
    """The rain of one place, taken for all of the model."""
    if spec.kind == "storm":
        rain = STORMS[spec.storm](scenario.spec.time.start)
        rain = with_peaked_hour(rain) if spec.peak_hour == "peaked" else rain
        return rain if spec.scale == 1.0 else scaled(rain, spec.scale)
    if spec.kind == "design_storm":
        law = _law(scenario, spec, findings)
        storm = chicago_storm(
            law if isinstance(spec.formula, FormulaSpec) else spec.formula,
            spec.return_period_y,
            spec.duration_min,
            spec.peak_ratio,
            spec.step_min,
        )
        return replace(shifted(storm, spec.begin_s), source=law_line(law, spec.return_period_y))
    if spec.kind == "daily_storm":
        return shifted(_day(scenario, spec, findings), spec.begin_s)
    return series_rain(scenario, spec, spec.file, "[rainfall] file", findings)


def _law(scenario: Scenario, spec: Any, findings: list[Finding]) -> StormFormula:
    """The storm law of a section. Raises InputError for one that gives no rain that can be."""
    f = spec.formula
    law = law_of(f if isinstance(f, str) else StormFormula(f.a, f.c, f.p0, f.b, f.n, f.source))
    check_law(f"{scenario.path.name}, [rainfall] formula", law, spec.return_period_y, findings)
    return law


def _day(scenario: Scenario, spec: Any, findings: list[Finding]) -> Rainfall:
    if spec.shape == "zhengzhou-720":
        return shaped_like_720(spec.depth_mm)
    law = _law(scenario, spec, findings)
    try:
        return alternating_block(
            law,
            spec.return_period_y,
            spec.depth_mm,
            spec.peak_ratio,
        )
    except UnfitError as error:
        place, given = f"{scenario.path.name}, [rainfall] depth_mm", f"{spec.depth_mm:g}"
        raise input_error("E104", place, str(error), given=given, do=error.do) from error


def _moving(scenario: Scenario, spec: Any, grid: Grid, findings: list[Finding]) -> RainField:
    cells = [
        StormCell(mm_h_to_m_s(c.peak_mm_h), c.radius_m, c.begin_s, c.end_s, c.from_m, c.to_m)
        for c in spec.cells
    ]
    field = moving_field("moving cells", cells, grid, spec.interval_s)
    check_span(scenario, field, findings)
    return field


FIELDS = {"gauges": gauge_rain, "grid": grid_rain, "moving_cells": _moving}
