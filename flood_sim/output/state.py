"""The changing part of a simulation as arrays and plain values, by walking its objects: what a
model gains later is kept without being named.

Walked: instances of this package's classes that are no frozen dataclass, named tuples, tuples and
lists of such. Kept: arrays, numbers, texts, dictionaries and lists of them. What cannot change
(frozen dataclasses: ground, settings, layouts) is built anew from the scenario.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

# Built anew, work space without memory from one step to the next, or what depends on this run's
# threads (a killed run may go on with others).
SKIPPED = {
    "_band_rows",
    "band_rows",
    "bed",
    "roughness",
    "roughness_row",
    "weight_row",
    "porosity",
    "_scratch",
    "_scheme",
    "_numbers",
    "timers",
    "_pool",
    "_handles",
    "network",
    "_network",
    "_bed",
}
Leaf = np.ndarray | float | int | bool | str | None | dict[Any, Any] | list[Any]


def collect(thing: Any, path: str = "") -> dict[str, Any]:
    """Path to value of everything that changes inside `thing`; arrays are the models' own."""
    found: dict[str, Any] = {}
    for name, value in _parts(thing):
        place = f"{path}/{name}"
        if _is_leaf(value):
            found[place] = value
        elif _is_branch(value):
            found.update(collect(value, place))
    return found


def restore(thing: Any, saved: dict[str, Any], path: str = "") -> None:
    """Put back what `collect` found; arrays of the same shape are filled in place, because others
    hold views of them.

    Raises RuntimeError where a record holds an array of another shape: the kernels would write
    beyond it.
    """
    prefix = f"{path}/"
    names = dict.fromkeys(name for name, _ in _parts(thing))
    if hasattr(thing, "__dict__"):
        names |= dict.fromkeys(
            k[len(prefix) :] for k in saved if k.startswith(prefix) and "/" not in k[len(prefix) :]
        )
    parts = dict(_parts(thing))
    for name in names:
        place, now = f"{path}/{name}", parts.get(name)
        if place in saved:
            value = saved[place]
            if (
                isinstance(now, np.ndarray)
                and isinstance(value, np.ndarray)
                and now.shape == value.shape
                and now.dtype == value.dtype
            ):
                now[...] = value
            elif hasattr(thing, "__dict__"):
                setattr(thing, name, _as_before(value, now))
            elif isinstance(now, np.ndarray):
                raise RuntimeError(
                    f"a fault of this program: {place} was kept as {np.shape(value)}, and is"
                    f" {now.shape} now"
                )
        elif _is_branch(now):
            restore(now, saved, place)


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


def _parts(thing: Any) -> list[tuple[str, Any]]:
    fields = getattr(thing, "_fields", None)
    if isinstance(thing, tuple) and fields is not None:
        pairs = list(zip(fields, thing, strict=True))
    elif isinstance(thing, (tuple, list)):
        pairs = [(str(k), v) for k, v in enumerate(thing)]
    else:
        pairs = list(vars(thing).items())
    return [(name, value) for name, value in pairs if name not in SKIPPED]


def _is_leaf(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype != object
    return (
        value is None
        or isinstance(value, (bool, int, float, str, np.integer, np.floating, np.bool_))
        or _is_plain(value)
    )


def _is_plain(value: Any) -> bool:
    """A dictionary of numbers or texts, or a list or tuple of numbers, texts or rows of them (empty
    lists too).
    """
    simple = (bool, int, float, str, type(None))
    if isinstance(value, dict):
        return all(
            isinstance(v, simple)
            or (isinstance(v, tuple) and all(isinstance(x, simple) for x in v))
            for v in value.values()
        )
    if isinstance(value, list):
        return all(
            isinstance(v, simple)
            or (
                isinstance(v, tuple)
                and not hasattr(v, "_fields")
                and all(isinstance(x, simple) for x in v)
            )
            for v in value
        )
    return False


def _is_branch(value: Any) -> bool:
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return True
    if isinstance(value, (tuple, list)):
        return any(_is_branch(v) for v in value)
    kind = type(value)
    if dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return False
    return kind.__module__.startswith("flood_sim.") and hasattr(value, "__dict__")
