"""Values of a scenario's keys that are possible but odd: the same mark of a field as for the
columns of tables (`usual`).
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from flood_sim.core.errors import Finding
from flood_sim.core.files.table_rows import odd_finding, odd_range

MOST_TOLD = 20


def odd_keys(spec: BaseModel, file: str) -> list[Finding]:
    """W220 for each key that is outside its usual range."""
    found: list[Finding] = []
    _walk(spec, file, "", found)
    return found[:MOST_TOLD]


def _walk(model: BaseModel, file: str, way: str, found: list[Finding]) -> None:
    for key, field in type(model).model_fields.items():
        value = getattr(model, key)
        if key in model.model_fields_set or isinstance(value, (BaseModel, tuple, dict)):
            low, high = odd_range(field)
            if (
                isinstance(value, float | int)
                and not isinstance(value, bool)
                and not low <= value <= high
            ):
                found.append(
                    odd_finding(
                        f"{file}, [{way}] {key}" if way else f"{file}, {key}", float(value), field
                    )
                )
            _inside(value, file, f"{way}.{key}" if way else key, found)


def _inside(value: Any, file: str, way: str, found: list[Finding]) -> None:
    if isinstance(value, BaseModel):
        _walk(value, file, way, found)
    elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        for number, item in enumerate(value, start=1):
            _walk(item, file, f"{way} {number}", found)
    elif isinstance(value, dict):
        for name, item in value.items():
            _inside(item, file, f"{way}.{name}", found)
