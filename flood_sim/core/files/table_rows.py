"""The model of a table's row: as a section of a scenario has keys with ranges, a table has columns
with ranges. What a range, a unit and an odd value are is said here for both.
"""

from __future__ import annotations

from copy import copy
from typing import Any, ClassVar, cast

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from flood_sim.core.errors import Finding
from flood_sim.core.files.cell_values import TIME
from flood_sim.core.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

# of any level or ground: below the Dead Sea's shore, above Mount Everest
LOWEST_M, HIGHEST_M = -500.0, 9000.0
FARTHEST_M = 1e8  # of map coordinates from their origin
LONGEST_S = 20 * 366 * SECONDS_PER_DAY  # of a series before or after the start of a run
LONGEST_NAME = 80
SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
UNITS = {
    "_m3_s": "m3/s", "_mm_h": "mm/h", "_mm_d": "mm/d", "_1_h": "1/h", "_l_s_m": "L/(s m)",
    "_m3": "m3", "_m2": "m2", "_mm": "mm", "_min": "min", "manning_n": "s/m^(1/3)",
    "_ha": "ha", "_s": "s", "_h": "h", "_m": "m", "_y": "years",
}  # fmt: skip


class Row(BaseModel):
    """Base of all rows. KEY : columns that no two rows share (all of them);  ONE_OF : groups of
    columns of which exactly one is there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    KEY: ClassVar[tuple[str, ...]] = ()
    ONE_OF: ClassVar[tuple[tuple[str, ...], ...]] = ()


class TimedRow(Row):
    """A row of a series: one column of times, which increase."""

    ONE_OF: ClassVar[tuple[tuple[str, ...], ...]] = (("time", "time_s", "time_h"),)
    time: AwareDatetime | None = Field(None, description=f"date and time with offset, e.g. {TIME}")
    time_s: float | None = Field(
        None, ge=-LONGEST_S, le=LONGEST_S, description="instead: from the start of the run"
    )
    time_h: float | None = Field(
        None,
        ge=-LONGEST_S / SECONDS_PER_HOUR,
        le=LONGEST_S / SECONDS_PER_HOUR,
        description="instead: from the start of the run",
    )


def like(model: type[BaseModel], key: str, required: bool = False) -> Any:
    """The range and the words of a key, for the column of the same meaning."""
    field: FieldInfo = copy(model.model_fields[key])
    told = {
        name: getattr(rule, name)
        for rule in field.metadata
        for name in SIGNS
        if getattr(rule, name, None) is not None
    }
    default = ... if required else None
    return Field(
        default, description=field.description, json_schema_extra=field.json_schema_extra, **told
    )


def limits_text(field: FieldInfo) -> str:
    """ ">= 0 and <= 10"."""
    return " and ".join(f"{SIGNS[sign]} {limit:g}" for sign, limit in limits(field))


def unit_of(name: str) -> str:
    """Unit at the end of a column's or a key's name."""
    return next((unit for end, unit in UNITS.items() if name.endswith(end)), "")


def limits(field: FieldInfo) -> list[tuple[str, float]]:
    """Each sign (a key of SIGNS) and limit of a key or column."""
    return [
        (sign, float(getattr(rule, sign)))
        for rule in field.metadata
        for sign in SIGNS
        if getattr(rule, sign, None) is not None
    ]


def odd_range(field: FieldInfo) -> tuple[float, float]:
    """Outside of which a value is told as odd."""
    extra = field.json_schema_extra
    low, high = cast(
        "tuple[float | None, float | None]",
        extra.get("usual", (None, None)) if isinstance(extra, dict) else (None, None),
    )
    return (-np.inf if low is None else float(low)), (np.inf if high is None else float(high))


def odd_finding(where: str, value: float, field: FieldInfo, more: int = 0) -> Finding:
    """W220: possible, but rare."""
    low, high = odd_range(field)
    usual = (
        f"{low:g} to {high:g}"
        if np.isfinite([low, high]).all()
        else f"up to {high:g}"
        if np.isfinite(high)
        else f"from {low:g}"
    )
    text = "this value is possible but odd: another unit?" + (
        f" So are {more} more rows" if more else ""
    )
    return Finding(
        "W220",
        where,
        text,
        given=f"{value:g}",
        allowed=f"usually {usual}; {limits_text(field)}",
        do="check it against its unit",
    )


def usual(low: float | None, high: float | None, **more: Any) -> Any:
    """For json_schema_extra of a Field: values outside are possible but odd. code, do : of the
    refusal, where it has its own.
    """
    return {"usual": (low, high), **more}
