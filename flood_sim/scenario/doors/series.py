"""Series in time and the run: what of it their rows cover, and what counts elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np

from flood_sim.core.errors import Finding, InputError, input_error
from flood_sim.core.files.table_rows import TimedRow, unit_of
from flood_sim.core.regular_series import holes
from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.scenario.doors.tables import read_timed
from flood_sim.scenario.loader import Scenario
from flood_sim.surface.boundaries import Series

LEAST_SHARE = 0.01  # of the run that a held value must last to be told
DATES = "check the dates, the year and the offsets"


@dataclass
class Cover:
    """What of a run the rows of one series cover. time_s : (n,) s from the start, ascending;
    keys : before, after, gaps;  said : those that the scenario names;  ways : what each may be.
    """

    place: str
    time_s: np.ndarray
    stop_s: float
    keys: dict[str, str]
    said: frozenset[str]
    ways: dict[str, tuple[str, ...]] = field(default_factory=dict)
    faults: list[Finding] = field(default_factory=list)

    @property
    def given(self) -> str:
        return f"{len(self.time_s)} rows, {hours(self.time_s[0], self.time_s[-1])}"

    def refuse_apart(self) -> None:
        """Raises InputError where no part of the run is covered."""
        first, last = float(self.time_s[0]), float(self.time_s[-1])
        early = last <= 0.0 if len(self.time_s) > 1 else last < 0.0
        where = ""
        if early:
            where = "ends before the run starts"
        elif first >= self.stop_s:
            where = "begins after the run has ended"
        elif any(a <= 0.0 and b >= self.stop_s for a, b in self.holes()):
            where = "has no row within the run: all of it lies in a gap"
        if where:
            raise input_error(
                "E313",
                self.place,
                f"the series {where}",
                given=self.given,
                allowed=f"rows within {hours(0.0, self.stop_s)}",
                do=DATES,
            )

    def holes(self) -> list[tuple[float, float]]:
        """Rows (s, s) of a regular series between which others are missing, within the run."""
        return [(a, b) for a, b in holes(self.time_s) if b > 0.0 and a < self.stop_s]

    def grace_s(self, key: str) -> float:
        """How long a series may be missing before it is refused."""
        if key in self.said:
            return 0.0
        if len(self.time_s) == 1:
            return self.stop_s
        usual = float(np.median(np.diff(self.time_s))) if len(self.time_s) > 3 else 0.0
        return max(usual, LEAST_SHARE * self.stop_s)

    def refusal(self, key: str, begin_s: float, end_s: float) -> None:
        """Adds a fault: the rows leave a part of the run open."""
        ways = " or ".join(f'{key} = "{way}"' for way in self.ways[key] if way != "refuse")
        self.faults.append(
            Finding(
                "E321",
                self.place,
                f"the series has no value from {hours(begin_s, end_s)}",
                given=self.given,
                allowed=f"rows for {hours(0.0, self.stop_s)}",
                do=f"give the rows, shorten the run, or say what counts there: {ways}",
            )
        )

    def refuse(self) -> None:
        """Raises InputError with the faults, where there are any."""
        if self.faults:
            raise InputError(self.faults)


def hours(begin_s: float, end_s: float) -> str:
    """A span as hours from the start."""
    return f"{begin_s / SECONDS_PER_HOUR:.6g} to {end_s / SECONDS_PER_HOUR:.6g} h from the start"


def cover_of(spec: Any, place: str, time_s: np.ndarray, stop_s: float) -> Cover:
    """The cover of a series by the keys of its section; without such keys its values hold."""
    keys = {key: str(getattr(spec, key, "hold")) for key in ("before", "after", "gaps")}
    said = frozenset(key for key in keys if key in spec.model_fields_set)
    fields = type(spec).model_fields
    ways = {key: get_args(fields[key].annotation) for key in keys if key in fields}
    return Cover(place, time_s, stop_s, keys, said, ways)


def read_series(
    scenario: Scenario,
    path: Path,
    model: type[TimedRow],
    key: str,
    spec: Any,
    findings: list[Finding],
) -> Series:
    """The column `key` in time; spec : the section with before, after, gaps. Raises InputError
    where no row meets the run, or where a part is open and the section does not say what counts.
    """
    table = read_timed(scenario, path, model, findings)
    time_s, value = table.columns["time_s"], table.columns[key]
    cover = cover_of(spec, path.name, time_s, scenario.spec.duration_s)
    cover.refuse_apart()
    said: list[Finding] = []
    points = [(time_s, value), *_outside(cover, value, key, said), *_between(cover, value, said)]
    cover.refuse()
    findings += said
    times, values = (np.concatenate(column) for column in zip(*points, strict=True))
    order = np.argsort(times, kind="stable")
    source = f"{path.name}: {key}, {cover.given}; {_policy(cover)}"
    return Series(times[order], values[order], source)


def _policy(cover: Cover) -> str:
    return ", ".join(f"{key} {way}" for key, way in cover.keys.items())


Points = Iterable[tuple[np.ndarray, np.ndarray]]


def _outside(cover: Cover, value: np.ndarray, key: str, said: list[Finding]) -> Points:
    """Points to add where the rows begin late or end early."""
    first, last = float(cover.time_s[0]), float(cover.time_s[-1])
    ends = {
        "before": (0.0, first, float(value[0]), first, -np.inf),
        "after": (last, cover.stop_s, float(value[-1]), last, np.inf),
    }
    for side, (begin, end, held, edge, away) in ends.items():
        if end <= begin:
            continue
        way = cover.keys[side]
        if way == "refuse" and end - begin > cover.grace_s(side):
            cover.refusal(side, begin, end)
            continue
        if way == "zero":
            yield np.array([np.nextafter(edge, away)]), np.zeros(1)
        if side not in cover.said and end - begin > LEAST_SHARE * cover.stop_s:
            unit = unit_of(key)
            word = "0" if way == "zero" else f"its {'first' if side == 'before' else 'last'} value"
            said.append(
                Finding(
                    "W310",
                    cover.place,
                    f"the series has no row for {hours(begin, end)}: {word} holds there",
                    given=f"{held:g}{f' {unit}' if unit else ''}; {cover.given}",
                    allowed=f"rows for {hours(0.0, cover.stop_s)}",
                    do=f'give the rows, or say it: {side} = "{way.replace("refuse", "hold")}"',
                )
            )


def _between(cover: Cover, value: np.ndarray, said: list[Finding]) -> Points:
    """Points to add in gaps."""
    missing, way = cover.holes(), cover.keys["gaps"]
    for begin, end in missing:
        inner = np.array([np.nextafter(begin, np.inf), np.nextafter(end, -np.inf)])
        if way == "refuse":
            cover.refusal("gaps", begin, end)
        elif way == "zero":
            yield inner, np.zeros(2)
        elif way == "hold":
            yield inner, np.full(2, value[int(np.searchsorted(cover.time_s, begin))])
    if missing and "gaps" not in cover.said:
        total = sum(b - a for a, b in missing) / SECONDS_PER_HOUR
        said.append(
            Finding(
                "W304",
                cover.place,
                f"{len(missing)} gaps in a regular series, {total:.6g} h in all: its value runs"
                " straight from row to row there",
                given=f"the first from {hours(*missing[0])}",
                do='fill them, or say what counts: gaps = "linear", "hold" or "zero"',
            )
        )
