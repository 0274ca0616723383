"""Which part of a run the series of a network cover, and what SWMM takes where they do not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from flood_sim.core.errors import Finding
from flood_sim.core.regular_series import holes
from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.drainage.clock import on_the_clock, read_date, read_hours
from flood_sim.drainage.inp import InpFile
from flood_sim.drainage.inp_files import sections
from flood_sim.drainage.names import folded

NAMED = 4  # of what is listed
OWN_RULE = (
    "Keys like `after` are of series beside the scenario: one in a network follows SWMM's own rule,"
    " so that the file gives here what SWMM alone gives"
)
DRIVES = {"inflow", "rain"}  # what brings water; SWMM takes 0 outside these
TAKEN = {"inflow": "SWMM takes 0", "rain": "SWMM takes 0"}  # else: the first or last value is held


@dataclass(frozen=True)
class Span:
    """From the first to the last entry of a series, on the network's clock where it is dated, else
    as hours from the start; values at both ends;  gaps : begin and end (s from the first entry) of
    rows that a regular series lacks.
    """

    first: datetime | timedelta
    last: datetime | timedelta
    first_value: float
    last_value: float
    gaps: tuple[tuple[float, float], ...] = ()

    @property
    def dated(self) -> bool:
        return isinstance(self.first, datetime)

    def on_clock(self, start: datetime) -> tuple[datetime, datetime]:
        """First and last entry on a clock that starts at `start`."""
        first, last = (t if isinstance(t, datetime) else start + t for t in (self.first, self.last))
        return first, last

    def __str__(self) -> str:
        if isinstance(self.first, datetime) and isinstance(self.last, datetime):
            return f"{self.first:%Y-%m-%d %H:%M} to {self.last:%Y-%m-%d %H:%M}"
        return f"hours {_hours(self.first):g} to {_hours(self.last):g}"


def read_spans(inp: InpFile) -> dict[str, Span]:
    """Spans of [TIMESERIES], those in files too; what SWMM cannot read is left out."""
    entries: dict[str, list[tuple[datetime | timedelta, float]]] = {}
    last: dict[str, datetime] = {}
    for _, section, tokens in sections(inp.lines):
        if section != "[TIMESERIES" or len(tokens) < 3:
            continue
        name = inp.spelling("series").get(folded(tokens[0]), tokens[0])
        if tokens[1].upper() == "FILE":
            for line in _lines(inp, tokens[2]):
                _add(entries, last, name, line.split(";")[0].split())
        else:
            _add(entries, last, name, tokens[1:])
    for _, section, tokens in sections(inp.lines):
        if section == "[RAINGAGE" and len(tokens) > 6 and tokens[4].upper() == "FILE":
            found = _station(_lines(inp, tokens[5]), tokens[6])
            if found:
                entries[rain_file(tokens[0])] = found
    return {n: _span(e) for n, e in entries.items() if e}


def _span(entries: list[tuple[datetime | timedelta, float]]) -> Span:
    times = [time for time, _ in entries]
    since = [_seconds(time, times[0]) for time in times]
    gaps = tuple(holes(np.array(since))) if since == sorted(since) else ()
    return Span(times[0], times[-1], entries[0][1], entries[-1][1], gaps)


def _seconds(time: datetime | timedelta, first: datetime | timedelta) -> float:
    """From the first entry; nan where one is dated and the other is not."""
    if isinstance(time, datetime):
        return (time - first).total_seconds() if isinstance(first, datetime) else math.nan
    return (time - first).total_seconds() if isinstance(first, timedelta) else math.nan


def rain_file(gauge: str) -> str:
    """What the rain file of a gauge is called here."""
    return f"file of gauge {gauge}"


def _station(lines: list[str], station: str) -> list[tuple[datetime | timedelta, float]]:
    """First and last entry of a station in a rain file of SWMM's own form: station, year, month,
    day, hour, minute, value. [] for other forms, which are not looked at.
    """
    rows = [words for line in lines if len(words := line.split(";")[0].split()) == 7]
    found: list[tuple[datetime | timedelta, float]] = []
    for words in (rows[:1] + rows[-1:]) if len({r[0] for r in rows}) == 1 else rows:
        if words[0] != station and station != "*":
            continue
        try:
            year, month, day, hour, minute = (int(w) for w in words[1:6])
            found.append((datetime(year, month, day, hour, minute), float(words[6])))
        except ValueError:
            return []
    return found


def series_in_use(inp: InpFile) -> dict[str, str]:
    """Series to what it drives: inflow, rain, stage, evaporation, a rule."""
    uses: dict[str, str] = {}
    for row in inp.rows("CONTROLS"):
        for word, name in zip(row.tokens, row.tokens[1:], strict=False):
            if word.upper() == "TIMESERIES":
                uses[name] = "rule"
    for row in inp.rows("EVAPORATION"):
        if len(row.tokens) > 1 and row.tokens[0].upper() == "TIMESERIES":
            uses[row.tokens[1]] = "evaporation"
    for row in inp.rows("OUTFALLS"):
        if len(row.tokens) > 3 and row.tokens[2].upper() == "TIMESERIES":
            uses[row.tokens[3]] = "stage"
    for name in _gauges_in_use(inp):
        uses[name] = "rain"
    for row in inp.rows("INFLOWS"):
        tokens = [t.strip('"') for t in row.tokens]
        if len(tokens) > 2 and tokens[1].upper() == "FLOW" and tokens[2]:
            uses[tokens[2]] = "inflow"
    return uses


def undated_in_use(inp: InpFile) -> list[str]:
    """Series in use that count hours from the start of the run."""
    uses = series_in_use(inp)
    return [name for name, span in read_spans(inp).items() if name in uses and not span.dated]


def cover_findings(inp: InpFile, start: datetime, stop: datetime, alone: bool) -> list[Finding]:
    """W310 for series that the run leaves; E420 instead where no dated series that drives the
    network meets the run, and `alone`: the scenario brings no other water. start, stop : in the
    network's zone.
    """
    begin, end = on_the_clock(start), on_the_clock(stop)
    uses, spans, met = series_in_use(inp), read_spans(inp), False
    off: dict[str, str] = {}
    partly: list[str] = []
    for name, span in spans.items():
        use = uses.get(name)
        if use is None:
            continue
        first, last = span.on_clock(begin)
        if use == "rain":
            last += _interval(inp, name)
        if last <= begin or first >= end:
            off[name] = f"{name} ({use}, {span})"
        else:
            met = met or use in DRIVES
            partly += _gaps(name, use, span, (first, last), (begin, end))
    found = []
    allowed = f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}, the network's clock"
    place, do = f"{inp.path.name}, [TIMESERIES]", "give them the dates of the run, or run at theirs"
    if off:
        drives = any(uses[name] in DRIVES for name in off)
        refuse = alone and drives and not met
        held = [n for n in off if uses[n] not in TAKEN]
        taken = "SWMM holds an end value" if len(held) == len(off) else "SWMM takes 0 there"
        text = f"{len(off)} series lie outside the run: {taken}: {_first(list(off.values()))}"
        if refuse:
            text += "; nothing else brings water to this run"
        found.append(Finding("E420" if refuse else "W310", place, text, allowed=allowed, do=do))
    if partly:
        part = f"{len(partly)} series cover a part of the run: {_first(partly)}"
        found.append(
            Finding("W310", place, part, allowed=allowed, do=f"give the values. {OWN_RULE}")
        )
    return found + _gap_findings(place, spans, uses, begin, end)


def _gap_findings(
    place: str,
    spans: dict[str, Span],
    uses: dict[str, str],
    begin: datetime,
    end: datetime,
) -> list[Finding]:
    """W304 for regular series with gaps in the run; dry hours left out of rain are none."""
    told = []
    for name, span in spans.items():
        first = span.on_clock(begin)[0]
        inside = [
            b - a
            for a, b in span.gaps
            if first + timedelta(seconds=b) > begin and first + timedelta(seconds=a) < end
        ]
        if inside and uses.get(name) not in (None, "rain"):
            total = sum(inside) / SECONDS_PER_HOUR
            told.append(f"{name} ({uses[name]}, {len(inside)} gaps, {total:.3g} h)")
    if not told:
        return []
    text = f"{len(told)} regular series lack rows: SWMM draws a straight line there: {_first(told)}"
    return [Finding("W304", place, text, do=f"give the values. {OWN_RULE}")]


def _gaps(
    name: str,
    use: str,
    span: Span,
    ends: tuple[datetime, datetime],
    run: tuple[datetime, datetime],
) -> Iterator[str]:
    """What is missing at the ends; nothing where the value there is the one that SWMM takes."""
    quiet = use in TAKEN
    taken = TAKEN.get(use, "SWMM holds that value")
    if use == "rain" and not span.dated:
        return  # a design storm ends before its run
    if ends[0] > run[0] and not (quiet and span.first_value == 0.0):
        yield f"{name} ({use}) begins {_late(ends[0] - run[0])} after the start: {taken} before"
    if ends[1] < run[1] and not (quiet and span.last_value == 0.0):
        yield f"{name} ({use}) ends {_late(run[1] - ends[1])} before the end: {taken} after"


def _late(time: timedelta) -> str:
    seconds = time.total_seconds()
    return f"{seconds / 3600.0:.3g} h" if seconds >= 3600.0 else f"{seconds / 60.0:.3g} min"


def _add(
    entries: dict[str, list[tuple[datetime | timedelta, float]]],
    last: dict[str, datetime],
    name: str,
    tokens: list[str],
) -> None:
    """A row as SWMM reads it: [date] time value, again and again; a date holds until the next."""
    k = 0
    while k + 1 < len(tokens):
        date = read_date(tokens[k])
        if date is not None:
            last[name] = date
            k += 1
            continue
        hours, value = read_hours(tokens[k]), read_hours(tokens[k + 1])
        if hours is None or value is None:
            return
        time = timedelta(hours=hours)
        entries.setdefault(name, []).append((last[name] + time if name in last else time, value))
        k += 2


def _lines(inp: InpFile, name: str) -> list[str]:
    """Lines of a file beside the network, [] where it cannot be read: that is said elsewhere."""
    try:
        return (inp.path.parent / name).read_text("utf-8", "replace").splitlines()
    except (OSError, ValueError):
        return []


def _gauges_in_use(inp: InpFile) -> Iterator[str]:
    """Series of gauges that rain on subcatchments or make infiltration (RDII)."""
    if inp.option("IGNORE_RAINFALL") == "YES":
        return
    used = {row.tokens[1] for row in inp.rows("SUBCATCHMENTS") if len(row.tokens) > 1}
    if inp.rows("RDII"):
        used |= {row.tokens[1] for row in inp.rows("HYDROGRAPHS") if len(row.tokens) == 2}
    for row in inp.rows("RAINGAGES"):
        if row.tokens[0] in used and len(row.tokens) > 5:
            series = row.tokens[4].upper() == "TIMESERIES"
            yield row.tokens[5] if series else rain_file(row.tokens[0])


def _interval(inp: InpFile, series: str) -> timedelta:
    """What the last entry of a gauge's series stands for."""
    hours = [
        read_hours(row.tokens[2]) or 0.0
        for row in inp.rows("RAINGAGES")
        if len(row.tokens) > 5 and series in (row.tokens[5], rain_file(row.tokens[0]))
    ]
    return timedelta(hours=max(hours, default=0.0))


def _hours(time: datetime | timedelta) -> float:
    return time.total_seconds() / 3600.0 if isinstance(time, timedelta) else 0.0


def _first(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (
        f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    )
