"""Intervals of rain and the run: what of it they cover, and what counts where they are missing.
Series, gauges and stacks of grids alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from flood_sim.core.errors import Finding, InputError, input_error
from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.scenario.doors.series import DATES, Cover, cover_of, hours

TOUCHING_S = 1e-3  # of intervals that follow each other
FEWEST_REGULAR, REGULAR = 4, 0.9  # rows; share of equal steps that speak against interval_s
Span = tuple[str, float, float]


@dataclass(frozen=True)
class Piece:
    """A part of the time and the row that rains in it: share of what fell in the row's own
    interval.
    """

    begin_s: float
    end_s: float
    row: int
    share: float


@dataclass(frozen=True)
class Intervals:
    """Rows of rain. begin_s, end_s : (n,) s from the start, ascending, apart;  spec : the section
    with before, after, gaps.
    """

    place: str
    begin_s: np.ndarray
    end_s: np.ndarray
    stop_s: float
    spec: Any

    @property
    def cover(self) -> Cover:
        return cover_of(self.spec, self.place, self.begin_s, self.stop_s)

    def refuse_apart(self) -> None:
        """Raises InputError where no interval meets the run."""
        if self.end_s[-1] > 0.0 and self.begin_s[0] < self.stop_s:
            return
        side = "ends before the run starts" if self.end_s[-1] <= 0.0 else "begins after its end"
        raise input_error(
            "E313",
            self.place,
            f"the rain {side}: no rain falls between start and stop",
            given=f"{len(self.begin_s)} intervals, {hours(self.begin_s[0], self.end_s[-1])}",
            allowed=hours(0.0, self.stop_s),
            do=DATES,
        )

    def missing(self) -> list[Span]:
        """Parts of the run without a row: (before, after or gaps; s, s)."""
        spans = [("before", 0.0, float(self.begin_s[0]))]
        between = np.flatnonzero(self.begin_s[1:] - self.end_s[:-1] > TOUCHING_S)
        spans += [("gaps", float(self.end_s[k]), float(self.begin_s[k + 1])) for k in between]
        spans.append(("after", float(self.end_s[-1]), self.stop_s))
        clipped = [(key, max(a, 0.0), min(b, self.stop_s)) for key, a, b in spans]
        return [(key, a, b) for key, a, b in clipped if b - a > TOUCHING_S]

    def pieces(self, findings: list[Finding]) -> list[Piece]:
        """All rows, and those that hold where others are missing. Raises InputError where a part
        is missing and the section refuses that; what counts as no rain is told.
        """
        cover, dry = self.cover, list[Span]()
        rows = [
            Piece(float(a), float(b), k, 1.0)
            for k, (a, b) in enumerate(zip(self.begin_s, self.end_s, strict=True))
        ]
        for key, begin, end in self.missing():
            way = cover.keys[key]
            if way == "refuse":
                cover.refusal(key, begin, end)
            elif way == "hold":
                k = max(int(np.searchsorted(self.begin_s, begin + TOUCHING_S)) - 1, 0)
                own = float(self.end_s[k] - self.begin_s[k])
                rows.append(Piece(begin, end, k, (end - begin) / own))
            elif key not in cover.said and way == "zero":
                dry.append((key, begin, end))
        cover.refuse()
        findings += list(self._told(dry))
        return sorted(rows, key=lambda piece: piece.begin_s)

    def _told(self, dry: list[Span]) -> list[Finding]:
        told = []
        gaps = [span for span in dry if span[0] == "gaps"]
        if gaps:
            told.append(
                Finding(
                    "W304",
                    self.place,
                    f"{len(gaps)} gaps longer than interval_s, {_total_h(gaps):.6g} h in all: no"
                    " rain in them",
                    given=f"the first from {hours(*gaps[0][1:])}",
                    do='fill them, or say it: gaps = "zero" or "hold"',
                )
            )
        for key, begin, end in dry:
            if key != "gaps":
                told.append(
                    Finding(
                        "W305",
                        self.place,
                        f"the rain has no row for {hours(begin, end)}: 0 there",
                        given=f"{len(self.begin_s)} intervals,"
                        f" {hours(self.begin_s[0], self.end_s[-1])}",
                        do=f'check dates and offsets, or say it: {key} = "zero" or "hold"',
                    )
                )
        return told


def _total_h(spans: list[Span]) -> float:
    return sum(end - begin for _, begin, end in spans) / SECONDS_PER_HOUR


def check_steps(place: str, time_s: np.ndarray, spec: Any, rows: str = "rows") -> None:
    """Rows (n,) s against interval_s. Raises InputError where they stand closer, or regularly
    farther apart and the section does not say what counts between.
    """
    steps = np.diff(time_s)
    if not steps.size:
        return
    if (steps < spec.interval_s - TOUCHING_S).any():
        raise input_error(
            "E303",
            place,
            f"{rows} stand closer than interval_s, or run backwards",
            given=f"{steps.min():g} s",
            allowed=f"{spec.interval_s:g} s",
            do="set interval_s to the series' step",
        )
    usual = float(np.median(steps))
    regular = np.mean(np.abs(steps - usual) <= 0.01 * usual) >= REGULAR
    if (
        len(time_s) >= FEWEST_REGULAR
        and regular
        and usual > 1.5 * spec.interval_s
        and "gaps" not in spec.model_fields_set
    ):
        raise input_error(
            "E322",
            place,
            f"the {rows} stand {usual:g} s apart, and interval_s says another length",
            given=f"interval_s = {spec.interval_s:g}",
            allowed=f"{usual:g} s",
            do=f'set interval_s = {usual:g}; if it is dry between the {rows}: gaps = "zero"',
        )


def edges_of(pieces: list[Piece]) -> tuple[np.ndarray, list[Piece | None]]:
    """(n + 1,) s edges of all pieces and of the gaps between them, and what rains in each
    interval: None for nothing.
    """
    edges, rains = [pieces[0].begin_s], list[Piece | None]()
    for piece in pieces:
        if piece.begin_s - edges[-1] > TOUCHING_S:
            edges.append(piece.begin_s)
            rains.append(None)
        edges.append(piece.end_s)
        rains.append(piece)
    return np.array(edges), rains


class Cumulative:
    """Amounts of rows whose numbers are summed up since a start: differences; where a counter falls
    it began anew.
    """

    FEWEST, RISE = 4, 1.2  # rows; last over first value of what looks summed up
    FALLS, DOWN_TO = 0.25, 0.25  # of steps that fall, and how far, of a counter that begins anew

    @classmethod
    def looks_so(cls, values: np.ndarray) -> str:
        """Why (n,) amounts look summed up; '' where they do not."""
        if values.size < cls.FEWEST or not values.any():
            return ""
        steps = np.diff(values)
        falls = np.flatnonzero(steps < -1e-9)
        if not falls.size:
            return "never decrease" if values[-1] > cls.RISE * values[0] else ""
        down = values[falls + 1] <= cls.DOWN_TO * values[falls]
        rises = [part for part in np.split(values, falls + 1) if part[-1] > part[0]]
        often = len(falls) <= cls.FALLS * steps.size
        return "begin anew like a counter" if often and down.all() and len(rises) > 1 else ""

    @classmethod
    def may_be_so(cls, values: np.ndarray) -> bool:
        """Whether (n,) amounts rise without a break and then drop once, not to zero: the end of a
        storm, or a counter that began anew.
        """
        falls = np.flatnonzero(np.diff(values) < -1e-9)
        if values.size < cls.FEWEST or falls.size != 1:
            return False
        k = int(falls[0])
        rise = k >= 2 and bool((np.diff(values[: k + 1]) > 0.0).all())
        return rise and 0.0 < values[k + 1] <= cls.DOWN_TO * values[k]

    @staticmethod
    def begins_at(values: np.ndarray) -> float:
        """The counter (n,) before its first row: 0 where its first value can be rain."""
        later = float(np.maximum(np.diff(values), 0.0).sum())
        return 0.0 if values[0] <= later else float(values[0])

    @staticmethod
    def amount(now: Any, before: Any) -> Any:
        """What fell between two readings, arrays of one shape."""
        return np.where(now >= before - 0.05, np.maximum(now - before, 0.0), now)


def refuse_summed(place: str, values_mm: np.ndarray, findings: list[Finding]) -> None:
    """Raises InputError where (n,) mm look summed up and the section does not say; what may be a
    counter that began anew once is told (W306).
    """
    why, doubt = Cumulative.looks_so(values_mm), Cumulative.may_be_so(values_mm)
    if not (why or doubt):
        return
    as_counter = Cumulative.amount(
        values_mm, np.concatenate([[Cumulative.begins_at(values_mm)], values_mm[:-1]])
    ).sum()
    words = why or "rise and drop once: taken as amounts"
    finding = Finding(
        "E320" if why else "W306",
        place,
        f"amounts or a sum since the start? The values {words}",
        given=", ".join(f"{v:g}" for v in values_mm[:3]) + f" to {values_mm[-1]:g} mm",
        allowed=f"{values_mm.sum():.6g} mm as amounts, {as_counter:.6g} mm as a sum",
        do="set cumulative = true or cumulative = false in [rainfall]",
    )
    if why:
        raise InputError(finding)
    findings.append(finding)


def told_summed(place: str, values_mm: np.ndarray) -> list[Finding]:
    """What a counter leaves open (W322): resets, and what it showed before the first row."""
    resets = int((np.diff(values_mm) < -0.05).sum())
    begin = Cumulative.begins_at(values_mm)
    told = []
    if resets:
        told.append(f"it falls {resets} times: it began anew at 0 there")
    if begin:
        told.append(f"it stands at {begin:g} mm in the first row: that is not counted")
    return [Finding("W322", place, f"a sum since the start: {text}") for text in told]
