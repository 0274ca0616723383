"""One column of a table: cells to numbers, times or texts, and what is wrong in them."""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Union, get_args, get_origin

import numpy as np
from pydantic.fields import FieldInfo

from flood_sim.core.errors import Finding, nearest
from flood_sim.core.files.cell_values import TIME, number_fault, numbers, times
from flood_sim.core.files.csv_files import RawTable, shown
from flood_sim.core.files.table_rows import LONGEST_NAME

TRUE, FALSE = ("true", "1", "yes"), ("false", "0", "no")


@dataclass
class Heard:
    """What the columns of one table say: faults, and where a decimal sign stands first."""

    faults: list[Finding] = field(default_factory=list)
    signs: dict[str, str] = field(default_factory=dict)


def convert(
    raw: RawTable, name: str, rule: FieldInfo, start: datetime | None, heard: Heard
) -> np.ndarray:
    """One column as (rows,) numbers, times (s from start) or texts. Faults are added to heard."""
    kind = _kinds(rule)[0]
    if kind in (float, int):
        return _numbers(raw, name, rule, kind is int, heard)
    if name == "time" and start is not None:
        return _times(raw, name, start, heard.faults)
    texts: np.ndarray = np.array([c.strip() for c in raw.columns[name]], object)
    if kind is bool:
        return _booleans(raw, name, texts, heard.faults)
    heard.faults += _too_long(raw, name, texts)
    lacking = [k for k, t in enumerate(texts) if not t] if rule.is_required() else []
    if lacking:
        heard.faults.append(_empty(raw, name, lacking))
    heard.faults += _not_an_option(raw, name, texts, rule, kind)
    return texts


def _kinds(field: FieldInfo) -> tuple[Any, ...]:
    """The types of a column, without None."""
    annotation = field.annotation
    parts = (
        get_args(annotation)
        if get_origin(annotation) in (Union, types.UnionType)
        else (annotation,)
    )
    return tuple(p for p in parts if p is not type(None))


def _times(raw: RawTable, name: str, start: datetime, faults: list[Finding]) -> np.ndarray:
    cells = raw.columns[name]
    found, bad = times(cells, start)
    if bad:
        row, (code, problem, do) = bad[0]
        more = f"; so in {len(bad) - 1} more rows" if len(bad) > 1 else ""
        faults.append(
            Finding(
                code,
                raw.place(row, name),
                problem + more,
                given=shown(cells[row]),
                allowed=f"{TIME} in `time`, or `time_s`",
                do=do,
            )
        )
    return found


def _too_long(raw: RawTable, name: str, texts: np.ndarray) -> list[Finding]:
    longest = max(map(len, raw.columns[name]), default=0)
    if longest <= LONGEST_NAME or name.endswith("file") or name == "raster":
        return []
    long = [k for k, t in enumerate(texts) if len(t) > LONGEST_NAME]
    if not long:
        return []
    return [
        Finding(
            "E222",
            raw.place(long[0], name),
            "this text is too long",
            given=shown(texts[long[0]]),
            allowed=f"{LONGEST_NAME} characters",
        )
    ]


def _not_an_option(
    raw: RawTable, name: str, texts: np.ndarray, rule: FieldInfo, kind: Any
) -> list[Finding]:
    options = get_args(kind) if get_origin(kind) is Literal else ()
    if not options or {*texts} <= {"", *options}:
        return []
    wrong = [k for k, t in enumerate(texts) if t and t not in options]
    text = texts[wrong[0]]
    more = f"; so in {len(wrong) - 1} more rows" if len(wrong) > 1 else ""
    return [
        Finding(
            "E222",
            raw.place(wrong[0], name),
            f"unknown {name}{nearest(text, options)}{more}",
            given=shown(text),
            allowed=", ".join(options),
        )
    ]


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


def _numbers(raw: RawTable, name: str, rule: FieldInfo, whole: bool, heard: Heard) -> np.ndarray:
    cells = raw.columns[name]
    found = numbers(cells, raw.separator != ",")
    for sign, row in ((",", found.comma), (".", found.point)):
        if row >= 0:
            heard.signs.setdefault(sign, f"{cells[row].strip()} in row {raw.lines[row]}")
    if found.empty and rule.is_required():
        heard.faults.append(_empty(raw, name, found.empty))
    if found.bad:
        code, problem, way = number_fault(cells[found.bad[0]])
        more = f"; {len(found.bad) - 1} more rows" if len(found.bad) > 1 else ""
        heard.faults.append(
            Finding(
                code,
                raw.place(found.bad[0], name),
                problem + more,
                given=shown(cells[found.bad[0]].strip()),
                do=way,
            )
        )
    if whole:
        heard.faults += _broken(raw, name, found.values)
    return found.values + 0.0  # minus zero is zero


def _broken(raw: RawTable, name: str, values: np.ndarray) -> list[Finding]:
    broken = np.flatnonzero(np.isfinite(values) & (values != np.rint(values)))
    if not broken.size:
        return []
    k = int(broken[0])
    return [
        Finding(
            "E222",
            raw.place(k, name),
            "this is no whole number",
            given=shown(raw.columns[name][k]),
            do="give a whole number",
        )
    ]
