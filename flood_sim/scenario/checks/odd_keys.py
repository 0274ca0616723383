"""Values of a scenario's keys that are possible but odd: the same mark of a field as for the
columns of tables (`usual`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from flood_sim.core.errors import Finding
from flood_sim.core.files.table_rows import odd_finding, odd_range
from flood_sim.scenario.spec.rows import key_place

MOST_TOLD = 20
Way = tuple[str | int, ...]


def odd_keys(spec: BaseModel, file: str) -> list[Finding]:
    """W220 for each key that is outside its usual range."""
    data = spec.model_dump(by_alias=True)
    return [
        odd_finding(f"{file}, {key_place(way, data)}", value, field)
        for way, value, field in islice(_odd(spec, ()), MOST_TOLD)
    ]


def _odd(model: BaseModel, way: Way) -> Iterator[tuple[Way, float, FieldInfo]]:
    """Keys of a section and of those within it, with their odd values."""
    for key, field in type(model).model_fields.items():
        value = getattr(model, key)
        if key in model.model_fields_set or isinstance(value, (BaseModel, tuple, dict)):
            low, high = odd_range(field)
            number = isinstance(value, float | int) and not isinstance(value, bool)
            if number and not low <= value <= high:
                yield (*way, key), float(value), field
            yield from _inside(value, (*way, key))


def _inside(value: Any, way: Way) -> Iterator[tuple[Way, float, FieldInfo]]:
    if isinstance(value, BaseModel):
        yield from _odd(value, way)
    elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        for number, item in enumerate(value):
            yield from _odd(item, (*way, number))
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _inside(item, (*way, str(name)))
