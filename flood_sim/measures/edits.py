"""What a measure changes, as data: edits of cells and of single items, and their merge, in which
order cannot matter.

Two edits of one key merge by their operation: min, max, sum and union are commutative and
associative; everything else is a conflict.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from flood_sim.core.errors import Finding, InputError
from flood_sim.measures.resources import Resource

Op = Literal["lower_to", "raise_to", "add", "set", "insert", "delete"]
NEW_ROW = "row"  # field of an inserted or deleted row of the .inp


@dataclass(frozen=True)
class CellEdit:
    """resource: bed_elevation (m), manning_n or initial_depth (m); cells (n, 2) row, column, each
    once; value (n,).
    """

    resource: Resource
    op: Op
    cells: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class Edit:
    """One item of a resource. Its key in a section of the .inp: (id, field or NEW_ROW)."""

    resource: Resource
    key: Hashable
    op: Op
    value: Any


@dataclass(frozen=True)
class Quantity:
    """amount of an item of the cost table, counted from the edits."""

    item: str
    amount: float


@dataclass
class Plan:
    """What a measure would do: edits, bill of quantities, what it can't do, and what it works on
    (ids, or a count of cells).
    """

    edits: list[CellEdit | Edit] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    refusals: list[Finding] = field(default_factory=list)
    doubts: list[Finding] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)

    def cells(self, resource: str, op: Op, cells: np.ndarray, value: np.ndarray | float) -> None:
        """Add an edit of cells (n, 2); value (n,), or one for all. Nothing where there is none."""
        if len(cells):
            self.edits.append(
                CellEdit(
                    Resource(resource),
                    op,
                    np.asarray(cells, np.int64),
                    np.broadcast_to(np.asarray(value, float), len(cells)).copy(),
                )
            )

    def item(self, resource: str, key: Hashable, op: Op, value: Any = None) -> None:
        """Add an edit of one item. Raises ValueError for a resource that there is not."""
        self.edits.append(Edit(Resource(resource), key, op, value))

    def row(self, section: str, name: str, *tokens: object) -> None:
        """Add a row of the .inp."""
        resource = Resource.of_section(section)
        self.item(resource, (name, NEW_ROW), "insert", tuple(_text(t) for t in tokens))

    def count(self, item: str, amount: float) -> None:
        """Add to the bill of quantities."""
        if amount > 0.0:
            self.quantities.append(Quantity(item, float(amount)))

    def refuse(self, name: str, key: str, problem: str, **rest: Any) -> None:
        """Say why the measure cannot be built. rest: as a Finding has them."""
        self.refusals.append(_refusal(name, key, problem, **rest))

    def doubt(self, name: str, problem: str, **rest: Any) -> None:
        """Say what an engineer should look at."""
        self.doubts.append(Finding("W520", f"measure.{name}", problem, **rest))


def refused(name: str, key: str, problem: str, **rest: Any) -> InputError:
    """The error of a measure that cannot even be planned, or that the others leave no place."""
    return InputError(_refusal(name, key, problem, **rest))


def _refusal(name: str, key: str, problem: str, **rest: Any) -> Finding:
    return Finding("E520", f"measure.{name}.{key}" if key else f"measure.{name}", problem, **rest)


def _text(token: object) -> str:
    return f"{token:.9g}" if isinstance(token, float) else str(token)


@dataclass
class Merged:
    """All plans of a stage as one: (resource, op) to cells and values; (resource, key) to (op,
    value).
    """

    cells: dict[tuple[Resource, Op], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    items: dict[tuple[Resource, Hashable], tuple[Op, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Conflict:
    """Two measures that cannot both be built as they are; cells (n, 2) where they meet on the
    ground.
    """

    finding: Finding
    cells: np.ndarray


def merge(plans: Mapping[str, Plan], shape: tuple[int, int]) -> tuple[Merged, list[Conflict]]:
    """One set of edits of all plans, in order of their names whatever the order given, and the
    conflicts among them.
    """
    merged, conflicts = Merged(), []
    names = sorted(plans)
    conflicts += _merge_cells(
        [(n, e) for n in names for e in plans[n].edits if isinstance(e, CellEdit)], shape, merged
    )
    conflicts += _merge_items(
        [(n, e) for n in names for e in plans[n].edits if isinstance(e, Edit)], merged
    )
    return merged, conflicts


def _merge_cells(
    edits: list[tuple[str, CellEdit]], shape: tuple[int, int], merged: Merged
) -> list[Conflict]:
    conflicts: list[Conflict] = []
    for resource in sorted({e.resource for _, e in edits}):
        mine = [(name, e) for name, e in edits if e.resource == resource]
        fields: dict[Op, np.ndarray] = {}
        for number, (name, e) in enumerate(mine):
            at = tuple(e.cells.T)
            for other, before in mine[:number]:
                conflicts += _cells_in_conflict(resource, name, e, other, before, shape)
            field_ = fields.setdefault(e.op, np.full(shape, np.nan))
            old = field_[at]
            joined = {"lower_to": np.fmin, "raise_to": np.fmax}.get(e.op)
            field_[at] = (
                joined(old, e.value) if joined is not None else e.value
            )  # `add` and `set` never meet another value: a conflict
        for op, field_ in fields.items():
            cells = np.argwhere(~np.isnan(field_))
            merged.cells[resource, op] = (cells, field_[tuple(cells.T)])
    return conflicts


def _cells_in_conflict(
    resource: Resource, name: str, e: CellEdit, other: str, before: CellEdit, shape: tuple[int, int]
) -> list[Conflict]:
    seen = np.full(shape, np.nan)
    seen[tuple(before.cells.T)] = before.value
    theirs = seen[tuple(e.cells.T)]
    shared = ~np.isnan(theirs)
    if e.op == before.op == "set":
        shared &= theirs != e.value
    elif e.op == before.op and e.op in ("lower_to", "raise_to"):
        return []
    if not shared.any():
        return []
    k = int(np.flatnonzero(shared)[0])
    text = f"measures {other} and {name} both change {resource} of {int(shared.sum())} cells"
    given = (
        f"{other} {before.op} {theirs[k]:.2f}, {name} {e.op} {e.value[k]:.2f} at row"
        f" {e.cells[k, 0]}, column {e.cells[k, 1]}"
    )
    return [
        Conflict(
            Finding("E510", f"measure.{name}", text, given=given, do=_way_out(other, name)),
            e.cells[shared],
        )
    ]


def _way_out(other: str, name: str) -> str:
    return f'cut one of the two areas, drop one, or write after = ["{other}"] in measure.{name}'


def _merge_items(edits: list[tuple[str, Edit]], merged: Merged) -> list[Conflict]:
    conflicts: list[Conflict] = []
    owner: dict[tuple[Resource, Hashable], str] = {}
    for name, e in edits:
        place = (e.resource, e.key)
        if place not in merged.items:
            merged.items[place], owner[place] = (e.op, e.value), name
            continue
        op, value = merged.items[place]
        if op == e.op == "lower_to":
            merged.items[place] = (op, min(value, e.value))
        elif op == e.op == "raise_to":
            merged.items[place] = (op, max(value, e.value))
        elif op == e.op == "add":
            merged.items[place] = (op, value + e.value)
        elif not (op == e.op == "set" and _same(value, e.value)):
            text = f"measures {owner[place]} and {name} both change {e.resource} {_key(e.key)}"
            given = f"{owner[place]} {op} {_shown(value)}, {name} {e.op} {_shown(e.value)}"
            conflicts.append(
                Conflict(
                    Finding(
                        "E510",
                        f"measure.{name}",
                        text,
                        given=given,
                        do=_way_out(owner[place], name),
                    ),
                    np.zeros((0, 2), int),
                )
            )
    return conflicts


def _shown(value: Any) -> str:
    return (
        str(value)
        if isinstance(value, (str, int, float)) or value is None
        else f"a {type(value).__name__.lower()}"
    )


def _same(one: Any, other: Any) -> bool:
    """Whether two values are plain and equal; whole structures (with arrays in them) never are."""
    return (
        isinstance(one, (str, int, float)) and isinstance(other, (str, int, float)) and one == other
    )


def _key(key: Hashable) -> str:
    return " ".join(str(part) for part in key) if isinstance(key, tuple) else str(key)


def resources(edits: Iterable[CellEdit | Edit]) -> set[Resource]:
    """What a plan writes."""
    return {e.resource for e in edits}
