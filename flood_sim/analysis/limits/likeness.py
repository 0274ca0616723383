"""A user's own limits, held against those that come with the program: the same
keys, kinds of values and lengths.
"""

from __future__ import annotations

import math
from typing import Any

from flood_sim.core.errors import Finding, nearest


def unlike(data: Any, model: Any, place: str) -> list[Finding]:
    """What of `data` is not as in `model`: keys that lack, texts for numbers, numbers below zero
    where the model has none, lists of other lengths.
    """
    if isinstance(model, dict):
        if not isinstance(data, dict):
            return [_needed("table", data, place, allowed=", ".join(model))]
        return _unlike_table(data, model, place)
    if isinstance(model, (bool, str)):
        if isinstance(data, type(model)):
            return []
        return [_needed("text", data, place, do=f'as in "{model}"')]
    if isinstance(model, (int, float)):
        return _unlike_number(data, [model], place)
    if not isinstance(data, list) or not data:
        return [_needed("list", data, place, do=f"as in {_short(model)}")]
    if all(isinstance(v, (int, float)) for v in model):
        return [
            f
            for k, value in enumerate(data, start=1)
            for f in _unlike_number(value, model, f"{place}, value {k}")
        ]
    return [
        f for k, value in enumerate(data, start=1) for f in unlike(value, model[0], f"{place}, {k}")
    ]


def _needed(what: str, data: Any, place: str, allowed: str = "", do: str = "") -> Finding:
    problem = f"a {what} is needed here"
    return Finding("E104", place, problem, given=_short(data), allowed=allowed, do=do)


def _unlike_table(data: dict[str, Any], model: dict[str, Any], place: str) -> list[Finding]:
    tables = [v for v in model.values() if isinstance(v, dict)]
    if tables and len(tables) == len(model):  # rows of one kind, by a free name
        return [f for name, row in data.items() for f in unlike(row, tables[0], f"{place} {name}")]
    found = []
    for key, value in model.items():
        where = f"{place} `{key}`"
        if key in data:
            found += unlike(data[key], value, where)
        elif not isinstance(value, str) or key == "currency":  # a note may lack
            found.append(
                Finding(
                    "E106",
                    where,
                    f"this key is missing{nearest(key, data.keys() - model.keys())}",
                    do=f"add {key} = {_short(value)}, or yours",
                )
            )
    lists = {key: len(value) for key, value in model.items() if isinstance(value, list)}
    for key, length in lists.items():
        first = next(k for k, n in lists.items() if n == length)
        own, other = data.get(key), data.get(first)
        if isinstance(own, list) and isinstance(other, list) and len(own) != len(other):
            found.append(
                Finding(
                    "E104",
                    f"{place} `{key}`",
                    f"it needs as many values as `{first}`",
                    given=str(len(own)),
                    allowed=str(len(other)),
                )
            )
    return found


def _unlike_number(data: Any, model: list[float], place: str) -> list[Finding]:
    if (
        isinstance(data, bool)
        or not isinstance(data, (int, float))
        or not math.isfinite(float(data))
    ):
        return [
            Finding(
                "E104",
                place,
                "a finite number is needed here",
                given=_short(data),
                do=f"as in {_short(model[0])}",
            )
        ]
    if data < 0.0 and min(model) >= 0.0:
        return [
            Finding("E104", place, "a number below zero", given=_short(data), allowed="0 and more")
        ]
    return []


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
