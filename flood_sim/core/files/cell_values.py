"""Cells of a table to numbers and times; what is none is told with what it looks like."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from flood_sim.core.errors import Said
from flood_sim.core.files.csv_files import SHEET_ERROR

PLAIN = frozenset("0123456789+-.eE \t")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
COMMA_NUMBER = re.compile(r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?", re.ASCII)
MIDNIGHT = re.compile(r"(\d{4}-?\d{2}-?\d{2}[T ])24((?::?00){0,2}(?:\.0+)?(?:[Z+-].*)?)")
TIME = "2021-07-20T15:00:00+08:00"
GAP = "fill the gap or remove the row"
ORDER = "write date and time in this order, or `time_s`: seconds from the start of the run"


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


# What a cell that is no number looks like (its start, in small letters), the first that fits.
NO_NUMBER = (
    (
        rf"[+-]?(nan|inf|infinity)$|(?a:{NUMBER.pattern})$",
        Said("E104", "this is no finite number", do=GAP),
    ),
    (
        SHEET_ERROR.pattern.lower(),
        Said(
            "E104",
            "this is no number: an error of the spreadsheet",
            do="mend the cell there and export again",
        ),
    ),
    (r"(n/a|na|--?|null|none|/)$", Said("E104", "this is no number: a gap", do=GAP)),
    (
        "0x[0-9a-f]+$",
        Said("E104", "this is no number: hexadecimal", do="write it in decimals"),
    ),
    (
        r".*((?![0-9])\d|[²³，．。－])",
        Said(
            "E104",
            "this is no number: full-width characters",
            do="write digits, `.` and `-` of ASCII",
        ),
    ),
    (
        ".*%$",
        Said(
            "E104",
            "this is no number: a percentage",
            do="write a share of 1, e.g. 0.5 for 50 %",
        ),
    ),
    (
        r"[+-]?\d{1,3}([,.' \u00a0\u202f\u2019_]\d{3})+([.,]\d*)?$",
        Said(
            "E104",
            "this is no number: a thousands separator, or a decimal comma?",
            do="write 1234.5",
        ),
    ),
    (
        r"[+-]?\d+,\d+$",
        Said(
            "E104",
            "this is no number: a decimal comma where commas separate the columns",
            do="write 1.5, or separate the columns by `;`",
        ),
    ),
    (
        r"[+-]?[\d.]+\s*[a-z]",
        Said(
            "E104",
            "this is no number: it has a unit or a word",
            do="write the number alone, in the unit of the column",
        ),
    ),
    ("", Said("E104", "this is no number", do="write digits, with a decimal point")),
)


def number_fault(text: str) -> Said:
    """What is wrong with a cell that is no number, and the way out."""
    text = text.strip().lower()
    return next(said for pattern, said in NO_NUMBER if re.match(pattern, text))


def times(cells: Sequence[str], start: datetime) -> tuple[np.ndarray, list[tuple[int, Said]]]:
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
            bad.append((k, Said("E302", "the time has no offset", do=f"write {TIME}")))
        else:
            found[k] = (moment - start).total_seconds()
    return found, bad


def time_fault(text: str) -> Said:
    """What a cell that is no time looks like."""
    if not text:
        return Said("E302", "no time: the cell is empty", do=GAP)
    if re.fullmatch(r"\d{10}|\d{13}", text):
        return Said("E302", "no time: seconds or milliseconds since 1970", do=ORDER)
    if re.fullmatch(r"\d{4,6}([.,]\d+)?", text):
        return Said("E302", "no time: a spreadsheet's serial number of a day", do=ORDER)
    if re.match(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}", text):
        return Said("E302", "no time: day and month can be taken for each other", do=ORDER)
    return Said("E302", "no time", do=ORDER)
