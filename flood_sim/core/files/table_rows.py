"""A table by its row model: as a section of a scenario has keys with ranges, a table has columns
with ranges. Checked by column, all faults at once.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, Union, cast, get_args, get_origin

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from flood_sim.core.errors import Finding, InputError, nearest
from flood_sim.core.files.cell_values import TIME, number_fault, numbers, time_fault, times
from flood_sim.core.files.csv_files import NAMES, RawTable, read_raw, shown
from flood_sim.core.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

LOWEST_M, HIGHEST_M = (
    -500.0,
    9000.0,
)  # of any level or ground: below the Dead Sea's shore, above Mount Everest
FARTHEST_M = 1e8  # of map coordinates from their origin
LONGEST_S = 20 * 366 * SECONDS_PER_DAY  # of a series before or after the start of a run
LONGEST_NAME = 80
SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "ge": np.greater_equal,
    "gt": np.greater,
    "le": np.less_equal,
    "lt": np.less,
}
TRUE, FALSE = ("true", "1", "yes"), ("false", "0", "no")


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
    faults = _refuse_columns(raw, model)
    said = _unknown(raw, model)
    values: dict[str, np.ndarray] = {}
    signs: dict[str, str] = {}
    for name, field in model.model_fields.items():
        if name in raw.columns:
            values[name] = _converted(raw, name, field, start, faults, signs)
    faults += check_columns(model, values, raw.place, said)
    if "time" in values or "time_h" in values or "time_s" in values:
        _to_seconds(raw, values, faults, issubclass(model, TimedRow))
    faults += _signs(raw, signs, said)
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
    others counted. Odd values go to said.
    """
    faults = []
    for name, column in values.items():
        field = model.model_fields[name]
        if column.dtype.kind in "OU":
            continue
        outside = np.zeros(len(column), bool)
        for sign, limit in _limits(field):
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


def odd_range(field: FieldInfo) -> tuple[float, float]:
    """Outside of which a value is told as odd."""
    extra = field.json_schema_extra
    low, high = cast(
        "tuple[float | None, float | None]",
        extra.get("usual", (None, None)) if isinstance(extra, dict) else (None, None),
    )
    return (-np.inf if low is None else float(low)), (np.inf if high is None else float(high))


def usual(low: float | None, high: float | None, **more: Any) -> Any:
    """For json_schema_extra of a Field: values outside are possible but odd. code, do : of the
    refusal, where it has its own.
    """
    return {"usual": (low, high), **more}


def limits_text(field: FieldInfo) -> str:
    """ ">= 0 and <= 10"."""
    return " and ".join(f"{SIGNS[sign]} {limit:g}" for sign, limit in _limits(field))


def unit_of(name: str) -> str:
    """Unit at the end of a column's or a key's name."""
    return next((unit for end, unit in UNITS.items() if name.endswith(end)), "")


UNITS = {
    "_m3_s": "m3/s", "_mm_h": "mm/h", "_mm_d": "mm/d", "_1_h": "1/h", "_l_s_m": "L/(s m)",
    "_m3": "m3", "_m2": "m2", "_mm": "mm", "_min": "min", "_cny": "CNY", "manning_n": "s/m^(1/3)",
    "_ha": "ha", "_s": "s", "_h": "h", "_m": "m", "_y": "years",
}  # fmt: skip


def _limits(field: FieldInfo) -> list[tuple[str, float]]:
    return [
        (sign, float(getattr(rule, sign)))
        for rule in field.metadata
        for sign in SIGNS
        if getattr(rule, sign, None) is not None
    ]


def _kinds(field: FieldInfo) -> tuple[Any, ...]:
    """The types of a column, without None."""
    annotation = field.annotation
    parts = (
        get_args(annotation)
        if get_origin(annotation) in (Union, types.UnionType)
        else (annotation,)
    )
    return tuple(p for p in parts if p is not type(None))


def _refuse_columns(raw: RawTable, model: type[Row]) -> list[Finding]:
    """Columns that are missing, or say the same twice; raises where there are no rows."""
    faults, place = [], raw.path.name
    given = ", ".join(raw.columns)
    missing = [n for n, f in model.model_fields.items() if f.is_required() and n not in raw.columns]
    if missing:
        near = nearest(missing[0], set(raw.columns) - set(model.model_fields))
        problem = (
            f"the column `{missing[0]}` is missing{near}"
            if len(missing) == 1
            else f"columns are missing: {', '.join(missing)}{near}"
        )
        faults.append(
            Finding(
                "E104",
                place,
                problem,
                given=given,
                allowed=", ".join(model.model_fields),
                do=_separated(raw, model),
            )
        )
    for group in model.ONE_OF:
        there = [name for name in group if name in raw.columns]
        if not there:
            words = " or ".join(f"`{name}`" for name in group)
            faults.append(
                Finding(
                    "E104",
                    place,
                    f"the column {words} is missing",
                    given=given,
                    do=_separated(raw, model),
                )
            )
        if len(there) > 1:
            words = " and ".join(f"`{name}`" for name in there)
            faults.append(
                Finding(
                    "E223",
                    place,
                    f"the columns {words} say the same thing twice",
                    given=given,
                    do="keep one of them",
                )
            )
    if faults:
        raise InputError(faults)
    if not raw.lines:
        raise InputError(
            Finding(
                "E104", place, "the table has a header and no rows", given=given, do="add the rows"
            )
        )
    return faults


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


def _converted(
    raw: RawTable,
    name: str,
    field: FieldInfo,
    start: datetime | None,
    faults: list[Finding],
    signs: dict[str, str],
) -> np.ndarray:
    """One column as numbers, times (s) or texts."""
    cells, kinds = raw.columns[name], _kinds(field)
    if kinds[0] in (float, int):
        return _numbers(raw, name, field, kinds[0] is int, faults, signs)
    if name == "time" and start is not None:
        found, bad = times(cells, start)
        if bad:
            row, problem = bad[0]
            more = f"; so in {len(bad) - 1} more rows" if len(bad) > 1 else ""
            way = (
                f"write {TIME}"
                if "offset" in problem
                else (
                    "write date and time in this order, or `time_s`: seconds from the start of"
                    " the run"
                )
            )
            faults.append(
                Finding(
                    "E302",
                    raw.place(row, name),
                    problem + more,
                    given=shown(cells[row]),
                    allowed=f"{TIME} in `time`, or `time_s`",
                    do=way,
                )
            )
        return found
    texts: np.ndarray = np.array([c.strip() for c in cells], object)
    if kinds[0] is bool:
        return _booleans(raw, name, texts, faults)
    long = (
        [k for k, t in enumerate(texts) if len(t) > LONGEST_NAME]
        if max(map(len, cells), default=0) > LONGEST_NAME
        else []
    )
    if long and not name.endswith("file") and name != "raster":
        faults.append(
            Finding(
                "E222",
                raw.place(long[0], name),
                "this text is too long",
                given=shown(texts[long[0]]),
                allowed=f"{LONGEST_NAME} characters",
            )
        )
    lacking = [k for k, t in enumerate(texts) if not t] if field.is_required() else []
    if lacking:
        faults.append(_empty(raw, name, lacking))
    options = get_args(kinds[0]) if get_origin(kinds[0]) is Literal else ()
    wrong = (
        [k for k, t in enumerate(texts) if t and t not in options]
        if options and not {*texts} <= {"", *options}
        else []
    )
    if wrong:
        text, more = (
            texts[wrong[0]],
            (f"; so in {len(wrong) - 1} more rows" if len(wrong) > 1 else ""),
        )
        problem = f"unknown {name}{nearest(text, options)}{more}"
        faults.append(
            Finding(
                _code(field, "E222"),
                raw.place(wrong[0], name),
                problem,
                given=shown(text),
                allowed=", ".join(options),
            )
        )
    return texts


def _code(field: FieldInfo, otherwise: str) -> str:
    return (
        str(field.json_schema_extra.get("code", otherwise))
        if isinstance(field.json_schema_extra, dict)
        else otherwise
    )


def _booleans(raw: RawTable, name: str, texts: np.ndarray, faults: list[Finding]) -> np.ndarray:
    found = np.full(len(texts), np.nan)
    for k, text in enumerate(texts):
        if text.lower() in (*TRUE, *FALSE):
            found[k] = float(text.lower() in TRUE)
        elif text:
            faults.append(
                Finding(
                    "E222",
                    raw.place(k, name),
                    "this is neither true nor false",
                    given=shown(text),
                    allowed="true, false",
                )
            )
    return found


def _empty(raw: RawTable, name: str, rows: Sequence[int]) -> Finding:
    more = f"; so are {len(rows) - 1} more rows" if len(rows) > 1 else ""
    return Finding(
        "E104",
        raw.place(rows[0], name),
        f"this is no number or name: the cell is empty{more}",
        do="fill the gap or remove the row",
    )


def _numbers(
    raw: RawTable,
    name: str,
    field: FieldInfo,
    whole: bool,
    faults: list[Finding],
    signs: dict[str, str],
) -> np.ndarray:
    cells = raw.columns[name]
    found = numbers(cells, raw.separator != ",")
    for sign, row in ((",", found.comma), (".", found.point)):
        if row >= 0:
            signs.setdefault(sign, f"{cells[row].strip()} in row {raw.lines[row]}")
    if found.empty and field.is_required():
        faults.append(_empty(raw, name, found.empty))
    if found.bad:
        problem, way = number_fault(cells[found.bad[0]])
        more = f"; {len(found.bad) - 1} more rows" if len(found.bad) > 1 else ""
        faults.append(
            Finding(
                "E104",
                raw.place(found.bad[0], name),
                problem + more,
                given=shown(cells[found.bad[0]].strip()),
                do=way,
            )
        )
    broken = np.flatnonzero(
        whole & np.isfinite(found.values) & (found.values != np.rint(found.values))
    )
    if broken.size:
        k = int(broken[0])
        faults.append(
            Finding(
                "E222",
                raw.place(k, name),
                "this is no whole number",
                given=shown(cells[k]),
                do="give a whole number",
            )
        )
    return found.values + 0.0  # minus zero is zero


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
        faults.append(
            Finding(
                "E302",
                raw.place(empty[0], name),
                time_fault(""),
                do="fill the gap or remove the row",
            )
        )
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
        <= min((limit for sign, limit in _limits(field) if sign in ("ge", "gt")), default=-1.0)
    )
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    problem = f"{extra.get('what', 'a value')} {'below zero' if below else 'out of range'}" + (
        f"; {count - 1} more rows are" if count > 1 else ""
    )
    unit = unit_of(name)
    do = str(
        extra.get("do", f"check the unit: {name} is in {unit}" if unit else "correct the value")
    )
    allowed = limits_text(field) + (f" {unit}" if unit else "")
    return Finding(
        _code(field, "E222"), place(k, name), problem, given=f"{value:g}", allowed=allowed, do=do
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
