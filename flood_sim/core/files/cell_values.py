"""Cells of a table to numbers and times; what is none is told with what it looks like."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from flood_sim.core.files.csv_files import SHEET_ERROR

PLAIN = frozenset("0123456789+-.eE \t")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
COMMA_NUMBER = re.compile(r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?", re.ASCII)
MIDNIGHT = re.compile(r"(\d{4}-?\d{2}-?\d{2}[T ])24((?::?00){0,2}(?:\.0+)?(?:[Z+-].*)?)")
TIME = "2021-07-20T15:00:00+08:00"


class Numbers(NamedTuple):
    """values : NaN where a cell is empty or no number;  empty, bad : their rows;  comma, point : a
    row with this decimal sign, or -1.
    """

    values: np.ndarray
    empty: list[int]
    bad: list[int]
    comma: int
    point: int


def numbers(cells: Sequence[str], decimal_comma: bool) -> Numbers:
    """Cells as numbers; decimal_comma : `1,5` is a number, too (never where commas separate
    columns).
    """
    used = set("".join(cells))
    if used <= PLAIN:
        try:
            values = np.fromiter(map(float, cells), float, len(cells))
        except ValueError:
            pass
        else:
            if np.isfinite(values).all():
                point = (
                    next((k for k, c in enumerate(cells) if "." in c), -1)
                    if decimal_comma and "." in used
                    else -1
                )
                return Numbers(values, [], [], -1, point)
    values = np.full(len(cells), np.nan)
    empty: list[int] = []
    bad: list[int] = []
    comma = point = -1
    for k, text in enumerate(map(str.strip, cells)):
        if not text:
            empty.append(k)
        elif NUMBER.fullmatch(text) and math.isfinite(float(text)):
            values[k] = float(text)
            point = k if point < 0 and "." in text else point
        elif (
            decimal_comma
            and COMMA_NUMBER.fullmatch(text)
            and math.isfinite(float(text.replace(",", ".")))
        ):
            values[k], comma = float(text.replace(",", ".")), k if comma < 0 else comma
        else:
            bad.append(k)
    return Numbers(values, empty, bad, comma, point)


def number_fault(text: str) -> tuple[str, str]:
    """What is wrong with a cell that is no number, and the way out."""
    text = text.strip()
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity") or NUMBER.fullmatch(text):
        return "this is no finite number", "fill the gap or remove the row"
    if SHEET_ERROR.match(text):
        return (
            "this is no number: an error of the spreadsheet",
            "mend the cell there and export again",
        )
    if text.lower() in ("n/a", "na", "-", "--", "null", "none", "/"):
        return "this is no number: a gap", "fill the gap or remove the row"
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", text):
        return "this is no number: hexadecimal", "write it in decimals"
    if any(ord(c) > 127 and (c.isdigit() or c in "，．。－") for c in text):
        return "this is no number: full-width characters", "write digits, `.` and `-` of ASCII"
    if text.endswith("%"):
        return "this is no number: a percentage", "write a share of 1, e.g. 0.5 for 50 %"
    if re.fullmatch(r"[+-]?\d{1,3}([,.' \u00a0\u202f\u2019_]\d{3})+([.,]\d*)?", text):
        return "this is no number: a thousands separator, or a decimal comma?", "write 1234.5"
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        return (
            "this is no number: a decimal comma where commas separate the columns",
            "write 1.5, or separate the columns by `;`",
        )
    if re.match(r"[+-]?[\d.]+\s*[A-Za-z]", text):
        return (
            "this is no number: it has a unit or a word",
            "write the number alone, in the unit of the column",
        )
    return "this is no number", "write digits, with a decimal point"


def times(cells: Sequence[str], start: datetime) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """(cells,) s from start of cells of ISO times with offset; and (row, what is wrong) of those
    that are none.
    """
    found, bad = np.full(len(cells), np.nan), []
    for k, text in enumerate(map(str.strip, cells)):
        try:
            midnight = MIDNIGHT.fullmatch(text)  # 24:00 is 0:00 of the next day (ISO 8601)
            moment = datetime.fromisoformat(midnight.expand(r"\g<1>00\g<2>") if midnight else text)
            moment += timedelta(days=1 if midnight else 0)
        except (ValueError, OverflowError):
            bad.append((k, time_fault(text)))
            continue
        if moment.tzinfo is None:
            bad.append((k, "the time has no offset"))
        else:
            found[k] = (moment - start).total_seconds()
    return found, bad


def time_fault(text: str) -> str:
    """What a cell that is no time looks like."""
    if not text:
        return "no time: the cell is empty"
    if re.fullmatch(r"\d{10}|\d{13}", text):
        return "no time: seconds or milliseconds since 1970"
    if re.fullmatch(r"\d{4,6}([.,]\d+)?", text):
        return "no time: a spreadsheet's serial number of a day"
    if re.match(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}", text):
        return "no time: day and month can be taken for each other"
    return "no time"
