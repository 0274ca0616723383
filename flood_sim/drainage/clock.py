"""What hangs on a network's clock: tides by the hour of the day, patterns, rules, hours since the
start. SWMM's clock is the run's, in the network's zone; what SWMM reads otherwise is rewritten.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from flood_sim.drainage.inp import InpFile

DATE = re.compile(r"([A-Za-z]{3}|\d{1,2})[/-](\d{1,2})[/-](\d{4})")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
CLOCK_WORDS = {"CLOCKTIME", "DATE", "MONTH", "DAY", "DAYOFYEAR"}
HOURS_A_DAY = 24.0
JUMP_H = 1.0e-4  # between the last value of a day and the first of the next; x must rise
SAME_S = 1.0  # clocks nearer than this are one


def read_date(text: str) -> datetime | None:
    """A date as SWMM reads it (month/day/year, the month also by its letters); None: none."""
    found = DATE.fullmatch(text)
    if found is None:
        return None
    month, day, year = found.groups()
    number = MONTHS.index(month.upper()) + 1 if month.upper() in MONTHS else 0
    try:
        return datetime(int(year), number or int(month), int(day))
    except ValueError:
        return None


def read_hours(text: str) -> float | None:
    """A time as SWMM reads it: decimal hours or H:MM[:SS]; None: none."""
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        return None
    return sum(part / 60.0**k for k, part in enumerate(parts[:3]))


def own_period(inp: InpFile) -> tuple[datetime, datetime] | None:
    """Start and end of the network's own run by its [OPTIONS]; None where it gives no date."""
    start, end = read_date(inp.option("START_DATE")), read_date(inp.option("END_DATE"))
    if start is None:
        return None
    hours = [read_hours(inp.option(name, "0")) or 0.0 for name in ("START_TIME", "END_TIME")]
    first = start + timedelta(hours=hours[0])
    last = first if end is None else end + timedelta(hours=hours[1])
    return first, max(first, last)


def on_the_clock(start: datetime) -> datetime:
    """The time that a wall clock shows, without its zone."""
    return start.replace(tzinfo=None)


def starts_elsewhere(inp: InpFile, start: datetime) -> bool:
    """Whether the run starts at another time than the network's own run."""
    period = own_period(inp)
    return period is None or abs((on_the_clock(start) - period[0]).total_seconds()) > SAME_S


def tidal_curves(inp: InpFile) -> list[str]:
    """Curves that outfalls read by the hour of the day."""
    rows = (row.tokens for row in inp.rows("OUTFALLS"))
    return list(dict.fromkeys(t[3] for t in rows if len(t) > 3 and t[2].upper() == "TIDAL"))


def clock_bound(inp: InpFile) -> list[str]:
    """What in a network reads the calendar or the clock, each kind with its count."""
    rules = sum(t.upper() in CLOCK_WORDS for row in inp.rows("CONTROLS") for t in row.tokens)
    names = inp.spelling("pattern").values()
    used = {t for s in ("DWF", "INFLOWS") for row in inp.rows(s) for t in row.tokens[2:]}
    dated = {
        r.tokens[0] for r in inp.rows("TIMESERIES") if len(r.tokens) > 1 and read_date(r.tokens[1])
    }
    kinds = (
        ("dated series", len(dated)),
        ("patterns", sum(name in {t.strip('"') for t in used} for name in names)),
        ("tidal curves", len(tidal_curves(inp))),
        ("conditions of rules", rules),
    )
    return [f"{count} {name}" for name, count in kinds if count]


def hours_bound(inp: InpFile, undated: list[str]) -> list[str]:
    """What is counted in hours from the start of a run, each kind with its count. undated : series
    in use without a date.
    """
    rules = 0
    for row in inp.rows("CONTROLS"):
        words = [t.upper() for t in row.tokens]
        rules += sum(pair == ("SIMULATION", "TIME") for pair in pairwise(words))
    kinds = (("series without a date", len(undated)), ("conditions of rules", rules))
    return [f"{count} {name}" for name, count in kinds if count]


def with_tides_at(inp: InpFile, start: datetime) -> InpFile:
    """Tidal curves turned so that SWMM, which reads them by hours since its start, gives the stage
    of the hour of the day.
    """
    hour = start.hour + start.minute / 60.0 + start.second / 3600.0
    curves = tidal_curves(inp)
    if hour == 0.0 or not curves:
        return inp
    lines, extra = list(inp.lines), []
    for name in curves:
        rows = [row for row in inp.rows("CURVES") if row.tokens[0] == name]
        numbers = [float(t) for row in rows for t in row.tokens[1:] if _is_number(t)]
        if len(numbers) < 2:
            continue  # SWMM refuses it itself
        for row in rows:
            lines[row.line - 1] = ""
        extra += _turned(name, np.array(numbers[0::2]), np.array(numbers[1::2]), hour)
    return inp.with_lines([*lines, "", "[CURVES]", *extra])


def _turned(name: str, x: np.ndarray, y: np.ndarray, hour: float) -> list[str]:
    """Rows of a tidal curve whose hour 0 is `hour` of the day. SWMM adds the curve's first x."""
    n = min(x.size, y.size)
    day = x[:n] - x[0]
    y = y[:n]
    left = HOURS_A_DAY - hour
    before, after = day[(day > hour) & (day < HOURS_A_DAY)], day[(day > 0.0) & (day < hour)]
    asked = np.concatenate([[hour], before, [HOURS_A_DAY], [0.0], after, [hour]])
    placed = np.concatenate(
        [[0.0], before - hour, [left - JUMP_H], [left], after + left, [HOURS_A_DAY]]
    )
    values = np.interp(asked, day, y)
    rises = np.concatenate([[True], np.diff(placed) > 0.0])
    pairs = zip(placed[rises].tolist(), values[rises].tolist(), strict=True)
    return [f"{name} {'TIDAL ' if k == 0 else ''}{a:.6f} {b:.9g}" for k, (a, b) in enumerate(pairs)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
