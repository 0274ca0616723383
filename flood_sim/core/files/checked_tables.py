"""A table checked by its row model, column by column: all its faults at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic.fields import FieldInfo

from flood_sim.core.errors import Finding, InputError, nearest
from flood_sim.core.files.cell_values import time_fault
from flood_sim.core.files.csv_files import NAMES, RawTable, read_raw
from flood_sim.core.files.table_columns import Heard, convert
from flood_sim.core.files.table_rows import (
    Row,
    TimedRow,
    limits,
    limits_text,
    odd_finding,
    odd_range,
    unit_of,
)
from flood_sim.core.unit_words import other_unit
from flood_sim.core.units import SECONDS_PER_HOUR

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "ge": np.greater_equal,
    "gt": np.greater,
    "le": np.less_equal,
    "lt": np.less,
}


@dataclass(frozen=True)
class Table:
    """Checked columns of a table: numbers as float64 (NaN where an optional cell is empty), texts
    as object arrays; only those that the file has.
    """

    raw: RawTable
    columns: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.raw.lines)

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def place(self, row: int, column: str = "") -> str:
        return self.raw.place(row, column)

    def rows(self) -> Iterable[dict[str, Any]]:
        """Each row as a dict, without empty cells."""
        for k in range(len(self)):
            cells = {name: values[k] for name, values in self.columns.items()}
            yield {
                n: v
                for n, v in cells.items()
                if not (isinstance(v, float) and np.isnan(v)) and not (isinstance(v, str) and not v)
            }


def read_rows(
    path: Path, model: type[Row], findings: list[Finding], start: datetime | None = None
) -> Table:
    """A CSV by its row model; start : of the run, where the rows have times, which become the
    column `time_s`.

    Raises InputError with all faults of the file: columns that are missing, cells that are no
    numbers, values out of range, keys given twice. What is odd, not wrong, is added to findings
    (once, if the file is read again).
    """
    return check_rows(read_raw(path), model, findings, start)


def check_rows(
    raw: RawTable, model: type[Row], findings: list[Finding], start: datetime | None = None
) -> Table:
    """`read_rows` of what is read already."""
    _refuse_columns(raw, model)
    said = _unknown(raw, model)
    values: dict[str, np.ndarray] = {}
    heard = Heard()
    for name, field in model.model_fields.items():
        if name in raw.columns:
            values[name] = convert(raw, name, field, start, heard)
    faults = heard.faults + check_columns(model, values, raw.place, said)
    if "time" in values or "time_h" in values or "time_s" in values:
        _to_seconds(raw, values, faults, issubclass(model, TimedRow))
    faults += _signs(raw, heard.signs, said)
    if faults:
        raise InputError(faults)
    findings += [finding for finding in said if finding not in findings]
    return Table(raw, values)


def check_columns(
    model: type[Row],
    values: Mapping[str, np.ndarray],
    place: Callable[[int, str], str],
    said: list[Finding],
) -> list[Finding]:
    """Ranges of all columns and keys given twice: one finding a column, the first row named and the
    others counted. Odd values go to said. values : each (rows,), NaN where a cell is empty.
    """
    faults = []
    for name, column in values.items():
        field = model.model_fields[name]
        if column.dtype.kind in "OU":
            continue
        outside = np.zeros(len(column), bool)
        for sign, limit in limits(field):
            outside |= ~COMPARE[sign](column, limit)
        outside &= ~np.isnan(column)
        if outside.any():
            faults.append(_out_of_range(field, name, column, outside, place))
        low, high = odd_range(field)
        odd = ~outside & ((column < low) | (column > high))
        if odd.any():
            k = int(np.flatnonzero(odd)[0])
            said.append(odd_finding(place(k, name), float(column[k]), field, int(odd.sum()) - 1))
    return faults + _given_twice(model, values, place)


def _refuse_columns(raw: RawTable, model: type[Row]) -> None:
    """Raises InputError where columns are missing or say the same twice, or there are no rows."""
    faults = _missing(raw, model)
    for group in model.ONE_OF:
        faults += _one_of(raw, model, group)
    if not faults and not raw.lines:
        faults = [
            Finding(
                "E104",
                raw.path.name,
                "the table has a header and no rows",
                given=", ".join(raw.columns),
                do="add the rows",
            )
        ]
    if faults:
        raise InputError(faults)


def _missing(raw: RawTable, model: type[Row]) -> list[Finding]:
    missing = [n for n, f in model.model_fields.items() if f.is_required() and n not in raw.columns]
    if not missing:
        return []
    near = nearest(missing[0], set(raw.columns) - set(model.model_fields))
    one = f"the column `{missing[0]}` is missing{near}"
    several = f"columns are missing: {', '.join(missing)}{near}"
    return [
        Finding(
            "E104",
            raw.path.name,
            one if len(missing) == 1 else several,
            given=", ".join(raw.columns),
            allowed=", ".join(model.model_fields),
            do=other_unit(missing[0], raw.columns)[1] or _separated(raw, model),
        )
    ]


def _one_of(raw: RawTable, model: type[Row], group: tuple[str, ...]) -> list[Finding]:
    """Of a group of columns exactly one is there."""
    place, given = raw.path.name, ", ".join(raw.columns)
    there = [name for name in group if name in raw.columns]
    if not there:
        words = " or ".join(f"`{name}`" for name in group)
        problem = f"the column {words} is missing"
        return [Finding("E104", place, problem, given=given, do=_separated(raw, model))]
    if len(there) > 1:
        words = " and ".join(f"`{name}`" for name in there)
        twice = f"the columns {words} say the same thing twice"
        return [Finding("E223", place, twice, given=given, do="keep one of them")]
    return []


def _separated(raw: RawTable, model: type[Row]) -> str:
    if len(raw.columns) == 1 and len(model.model_fields) > 1:
        return f"is there a header line? separate columns by {', '.join(NAMES.values())}"
    return "rename the column, or add it"


def _unknown(raw: RawTable, model: type[Row]) -> list[Finding]:
    known = model.model_fields
    unknown = [name for name in raw.columns if name not in known]
    if not unknown:
        return []
    near = "; ".join(f"`{n}`{nearest(n, known)}" for n in unknown[:5])
    more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
    return [
        Finding(
            "W221",
            raw.path.name,
            f"columns are not read: {near}{more}",
            allowed=", ".join(known),
            do="rename or remove them",
        )
    ]


def _to_seconds(
    raw: RawTable, values: dict[str, np.ndarray], faults: list[Finding], increasing: bool
) -> None:
    """The column of times as `time_s`."""
    name = next(n for n in ("time", "time_h", "time_s") if n in values)
    seconds = values.pop(name) * (SECONDS_PER_HOUR if name == "time_h" else 1.0)
    values["time_s"] = seconds
    empty = (
        [k for k in np.flatnonzero(np.isnan(seconds)).tolist() if not raw.columns[name][k].strip()]
        if name != "time"
        else []
    )
    if empty:
        code, problem, do = time_fault("")
        faults.append(Finding(code, raw.place(empty[0], name), problem, do=do))
    back = np.flatnonzero(np.diff(seconds) <= 0.0)
    if increasing and back.size:
        k = int(back[0]) + 1
        more = f", so in {back.size - 1} more rows" if back.size > 1 else ""
        given = f"{raw.columns[name][k].strip()} after {raw.columns[name][k - 1].strip()}"
        faults.append(
            Finding(
                "E303",
                raw.place(k),
                f"times do not increase{more}",
                given=given,
                do="sort the rows; remove duplicates",
            )
        )


def _signs(raw: RawTable, signs: dict[str, str], said: list[Finding]) -> list[Finding]:
    """Decimal point and comma in one file are refused; what a spreadsheet made different is
    said.
    """
    if len(signs) > 1:
        given = f"{signs[',']}, {signs['.']}"
        return [
            Finding(
                "E220",
                raw.path.name,
                "decimal commas and decimal points in one table: which are thousands?",
                given=given,
                do="use one sign",
            )
        ]
    if raw.separator != ",":
        decimals = f", decimals have a comma ({signs[',']})" if "," in signs else ""
        said.append(
            Finding(
                "W106",
                raw.path.name,
                f"columns are separated by {NAMES[raw.separator]}{decimals}: it is read so",
            )
        )
    return []


def _out_of_range(
    field: FieldInfo,
    name: str,
    column: np.ndarray,
    outside: np.ndarray,
    place: Callable[[int, str], str],
) -> Finding:
    k = int(np.flatnonzero(outside)[0])
    value, count = float(column[k]), int(outside.sum())
    below = (
        value
        < 0.0
        <= min((limit for sign, limit in limits(field) if sign in ("ge", "gt")), default=-1.0)
    )
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    what, own = extra.get("what", "a value"), extra.get("do", "")
    more = f"; {count - 1} more rows are" if count > 1 else ""
    problem = f"{what} below zero{more}" if below else f"{what} out of range{more}"
    unit = unit_of(name)
    usual = f"check the unit: {name} is in {unit}" if unit else "correct the value"
    do = str(own) if own else usual
    allowed = limits_text(field) + (f" {unit}" if unit else "")
    return Finding(
        str(extra["code"]) if "code" in extra else "E222",
        place(k, name),
        problem,
        given=f"{value:g}",
        allowed=allowed,
        do=do,
    )


def _given_twice(
    model: type[Row], values: Mapping[str, np.ndarray], place: Callable[[int, str], str]
) -> list[Finding]:
    names = [name for name in model.KEY if name in values]
    if not names or names[0] != model.KEY[0]:
        return []
    seen: dict[Any, int] = {}
    twice: list[tuple[int, int]] = []
    columns: list[list[Any]] = [
        [None if v != v else v for v in values[name].tolist()] for name in names
    ]
    for k, key in enumerate(zip(*columns, strict=True)):
        if key[0] not in (None, "") and seen.setdefault(key, k) != k:
            twice.append((seen[key], k))
    if not twice:
        return []
    first, again = twice[0]
    words = ", ".join(f"`{name}` {values[name][again]}" for name in names[:3]) + (
        " and the rest of the row" if len(names) > 3 else ""
    )
    more = f"; {len(twice) - 1} more rows are" if len(twice) > 1 else ""
    return [
        Finding(
            "E224",
            place(again, model.KEY[0]),
            f"{words} is given twice, first in {place(first, model.KEY[0])}{more}",
            do="remove or rename one",
        )
    ]
