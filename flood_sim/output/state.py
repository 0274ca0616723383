"""The changing part of a simulation as arrays and plain values: each object declares what it keeps.

A class names in `KEPT` what a checkpoint keeps of it: its attributes, or parts of them
("cells.depth"). Of a dataclass that can change all fields are kept; of a named tuple too. What is
not named is built anew from the scenario, or work space. tests/regression/test_state.py looks for
what nobody declared.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import Any

import numpy as np

SIMPLE = (bool, int, float, str, type(None), np.integer, np.floating, np.bool_)


def kept_names(thing: Any) -> list[str]:
    """What is kept of a thing. Raises RuntimeError where it does not say."""
    if isinstance(thing, (tuple, list)):
        fields = getattr(thing, "_fields", None)
        return list(fields) if fields else [str(k) for k in range(len(thing))]
    kind = type(thing)
    if hasattr(kind, "KEPT"):
        return list(kind.KEPT)
    if dataclasses.is_dataclass(kind) and not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return [field.name for field in dataclasses.fields(kind)]
    raise RuntimeError(
        f"a fault of this program: {kind.__name__} does not declare what a checkpoint keeps"
    )


def collect(thing: Any, path: str = "") -> dict[str, Any]:
    """Path to value of everything that is kept of `thing`; arrays are the models' own."""
    found: dict[str, Any] = {}
    for name in kept_names(thing):
        place, value = f"{path}/{name}", _part(thing, name)
        if is_leaf(value):
            found[place] = value
        else:
            found.update(collect(value, place))
    return found


def restore(thing: Any, saved: dict[str, Any], path: str = "") -> None:
    """Put back what `collect` found; arrays of the same shape are filled in place, because others
    hold views of them.

    Raises RuntimeError where something is missing, or where a record holds an array of another
    shape: the kernels would write beyond it.
    """
    for name in kept_names(thing):
        place, now = f"{path}/{name}", _part(thing, name)
        if place in saved:
            _put(thing, name, saved[place], place)
        elif is_leaf(now):
            raise RuntimeError(f"a fault of this program: {place} was not kept")
        else:
            restore(now, saved, place)


def _part(thing: Any, name: str) -> Any:
    plain = isinstance(thing, (tuple, list)) and not hasattr(thing, "_fields")
    return thing[int(name)] if plain else attrgetter(name)(thing)


def _put(thing: Any, name: str, value: Any, place: str) -> None:
    now = _part(thing, name)
    whole, _, last = name.rpartition(".")
    owner = attrgetter(whole)(thing) if whole else thing
    if (
        isinstance(now, np.ndarray)
        and isinstance(value, np.ndarray)
        and now.shape == value.shape
        and now.dtype == value.dtype
    ):
        now[...] = value
    elif not isinstance(owner, (tuple, list)):
        setattr(owner, last, _as_before(value, now))
    elif isinstance(now, np.ndarray) or now != value:  # nothing in a record can be exchanged
        raise RuntimeError(
            f"a fault of this program: {place} was kept as {np.shape(value) or value}, and"
            f" is {np.shape(now) or now} now"
        )


def _as_before(value: Any, now: Any) -> Any:
    """JSON has no tuples and no numbers as keys."""
    if isinstance(value, list) and isinstance(now, list):
        return [tuple(v) if isinstance(v, list) else v for v in value]
    if isinstance(value, dict) and isinstance(now, dict):
        keys = {str(k): k for k in now}
        return {
            keys.get(str(k), k): tuple(v) if isinstance(v, list) else v for k, v in value.items()
        }
    return value


def is_leaf(value: Any) -> bool:
    """An array, a number, a text, or a dictionary or list of numbers, texts or rows of them (empty
    ones too): what a file can hold.
    """
    if isinstance(value, np.ndarray):
        return value.dtype != object
    if isinstance(value, dict):
        return all(map(_is_row, value.values()))
    if isinstance(value, list):
        return all(map(_is_row, value))
    return isinstance(value, SIMPLE)


def _is_row(value: Any) -> bool:
    return isinstance(value, SIMPLE) or (
        isinstance(value, tuple)
        and not hasattr(value, "_fields")
        and all(isinstance(x, SIMPLE) for x in value)
    )
