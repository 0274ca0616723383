"""Critical sites and what they owe each other: a site is out when water passes its level, or when
what it needs is missing longer than it can wait.

Solved every window, largest fixed point first: everything that is not drowned is taken to work,
then what lacks a need falls, until nothing more does. So two sites that need each other stay up
together and come back together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

WORKS, DEGRADED, OUT = "works", "degraded", "out"  # degraded: on its reserve


@dataclass(frozen=True)
class Need:
    """One of any_of (names of sites) must work; without them the site lasts autonomy_s, while
    `reserve` (a generator: a site itself) works.
    """

    any_of: tuple[str, ...]
    autonomy_s: float = 0.0
    reserve: str | None = None


@dataclass(frozen=True)
class CriticalSite:
    """place: cell on the street, or the name of an underground space that it stands in;
    failure_level_m: water above it drowns the site; repair_s: after the water has gone; stops:
    links of the sewer network that stand still while it is out; weight: of its service.
    """

    name: str
    kind: str
    place: tuple[int, int] | str
    failure_level_m: float
    repair_s: float = 0.0
    needs: tuple[Need, ...] = ()
    stops: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True)
class Change:
    """One line of the record: a site's state from time_s on, and why."""

    time_s: float
    name: str
    state: str
    cause: str


class CriticalSites:
    """State of all critical sites (sites,): drowned, out, hours lost; and the record of every
    change.
    """

    KEPT: ClassVar[tuple[str, ...]] = (
        "level", "max_level", "drowned", "out", "degraded", "lost_s", "first_out_s", "_dry_since",
        "_missing_since", "_changes",
    )  # fmt: skip

    def __init__(self, sites: Sequence[CriticalSite]) -> None:
        self.sites = tuple(sites)
        count = len(self.sites)
        number = {s.name: k for k, s in enumerate(self.sites)}
        self._needs = [
            (
                k,
                tuple(number[name] for name in need.any_of),
                need.autonomy_s,
                -1 if need.reserve is None else number[need.reserve],
            )
            for k, s in enumerate(self.sites)
            for need in s.needs
        ]
        self._number = number
        self._limits, self._repair_s = (
            np.array([getattr(s, key) for s in self.sites], float)
            for key in ("failure_level_m", "repair_s")
        )
        self.level, self.max_level = np.full(count, -np.inf), np.full(count, -np.inf)
        self.drowned, self.out = np.zeros(count, bool), np.zeros(count, bool)
        self.degraded = np.zeros(count, bool)
        self._dry_since = np.full(count, -np.inf)  # when the water had gone; +inf while it stands
        self._missing_since = np.full(len(self._needs), np.nan)
        self.lost_s, self.first_out_s = np.zeros(count), np.full(count, np.nan)
        self._changes: list[tuple[float, int, str, str]] = []

    def number_of(self, name: str | None) -> int:
        """Place of a site in all arrays; -1 for no site."""
        return -1 if name is None else self._number[name]

    @property
    def record(self) -> list[Change]:
        """Everything that changed so far."""
        return [Change(t, self.sites[k].name, state, cause) for t, k, state, cause in self._changes]

    def update(
        self, level_m: np.ndarray, start_s: float, length_s: float
    ) -> tuple[list[str], list[str]]:
        """State for the window that begins at start_s, from the water level (sites,) m at each
        place (-inf: dry). Returns the links that stop and those that start anew."""
        if not self.sites:
            return [], []
        before, before_degraded = self.out, self.degraded
        self._look(level_m, start_s)
        missing = self._solve(start_s)
        self.lost_s[self.out] += length_s
        self.first_out_s[self.out & np.isnan(self.first_out_s)] = start_s
        for k in np.flatnonzero((self.out != before) | (self.degraded != before_degraded)).tolist():
            state = OUT if self.out[k] else DEGRADED if self.degraded[k] else WORKS
            self._changes.append((start_s, k, state, self._cause(k, missing)))
        stopped = [link for k in np.flatnonzero(self.out).tolist() for link in self.sites[k].stops]
        started = [
            link
            for k in np.flatnonzero(before & ~self.out).tolist()
            for link in self.sites[k].stops
            if link not in stopped
        ]
        return stopped, started

    def _look(self, level_m: np.ndarray, time_s: float) -> None:
        self.level = level_m
        np.maximum(self.max_level, level_m, out=self.max_level)
        wet = level_m > self._limits
        gone = ~wet & np.isposinf(self._dry_since)
        self._dry_since[wet], self._dry_since[gone] = np.inf, time_s
        self.drowned = wet | (time_s < self._dry_since + self._repair_s - 1e-9)

    def _solve(self, time_s: float) -> list[int]:
        """Set `out` and `degraded`; returns the needs that are not met."""
        out = self.drowned.tolist()
        missing: list[int] = []
        falling = any(out)
        while falling:
            missing = [
                j
                for j, (_, suppliers, _, _) in enumerate(self._needs)
                if all(out[s] for s in suppliers)
            ]
            fallen = {
                self._needs[j][0]
                for j in missing
                if time_s - self._since(j, time_s) >= self._lasts(j, out) - 1e-9
            }
            falling = any(not out[k] for k in fallen)
            for k in fallen:
                out[k] = True
        since = np.full(len(self._needs), np.nan)
        since[missing] = [self._since(j, time_s) for j in missing]
        self._missing_since = since
        self.out = np.array(out, bool)
        self.degraded = np.zeros(len(self.sites), bool)
        self.degraded[[self._needs[j][0] for j in missing]] = True
        self.degraded &= ~self.out
        return missing

    def _lasts(self, need: int, out: list[bool]) -> float:
        """How long (s) a site bears a missing need; not at all where its reserve is out."""
        _, _, autonomy, reserve = self._needs[need]
        return 0.0 if reserve >= 0 and out[reserve] else autonomy

    def _since(self, need: int, time_s: float) -> float:
        since = float(self._missing_since[need])
        return time_s if math.isnan(since) else since

    def _cause(self, k: int, missing: list[int]) -> str:
        lacks = [
            " or ".join(self.sites[s].name for s in self._needs[j][1])
            for j in missing
            if self._needs[j][0] == k
        ]
        if self.level[k] > self._limits[k]:
            return f"water over its level of {self._limits[k]:.2f} m"
        if self.drowned[k]:
            return "under repair"
        return f"without {', '.join(lacks)}" if lacks else ""
