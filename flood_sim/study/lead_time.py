"""Lead time: the latest moment at which an action still keeps a loss under a limit, searched by
halves over whole runs.

Runs start dry each time: a run resumes by replay, and SWMM's hot starts hold single precision, so
that none can branch from another's middle.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from flood_sim.core.errors import input_error, nearest
from flood_sim.core.units import minutes_to_s
from flood_sim.results import Results, open_results
from flood_sim.scenario import Scenario, build_inputs
from flood_sim.scenario.build import chosen_portfolio
from flood_sim.study.child import read_outcomes
from flood_sim.study.store import LEAD_TIME, Store, write_whole
from flood_sim.study.worker import completed, request

LARGEST_GRID = 1024  # moments tried at most: ten runs


@dataclass(frozen=True)
class LeadTime:
    """latest : order that holds the limit; None: no moment of the run does;  ordered : when the
    scenario orders it; None: never in the run.

    needed_min : from the moment when the loss passes the limit without the action (None: unknown)
    back to `latest`;  slack_min : from `ordered` to `latest`, negative: too late. done : its last
    task, taken at `latest`. loss_* : the outcome without it, as the scenario orders it, ordered at
    the run's start, at `latest`, and one step after it (None: not run).
    """

    action: str
    portfolio: str
    outcome: str
    unit: str
    limit: float
    step_min: float
    latest: str | None
    ordered: str | None
    done: str | None
    passes: str | None
    needed_min: float | None
    slack_min: float | None
    loss_without: float
    loss_as_ordered: float
    loss_at_once: float
    loss_at_latest: float | None
    loss_after: float | None
    runs: int


def latest_step(holds: Callable[[int], bool], last: int) -> int | None:
    """The largest k of 0..last for which holds(k), where it holds up to some k and not after it;
    None: not even at 0. Bisection.
    """
    if not holds(0):
        return None
    if holds(last):
        return last
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


class Search:
    """One action of one portfolio."""

    def __init__(
        self, scenario: Scenario, portfolio: str, action: str, folder: Path, threads: int = 1
    ) -> None:
        """Raises InputError where the portfolio or the action is not there."""
        self.scenario, self.portfolio, self.action, self.threads = (
            scenario,
            portfolio,
            action,
            threads,
        )
        self.chosen, self.store, self.runs = chosen_portfolio(scenario, portfolio), Store(folder), 0
        spec = scenario.spec
        mine = [a.name for a in spec.actions if a.list is None or a.list == self.chosen.actions]
        orders = [
            m for m in self.chosen.measures if getattr(spec.measure[m], "order", None) is not None
        ]
        if action not in (*mine, *orders):
            known = [*mine, *orders]
            raise input_error(
                "E104",
                f"{scenario.path.name}, --action",
                f"the portfolio `{portfolio}` takes no such action{nearest(action, known)}",
                given=action,
                allowed=", ".join(known) or "it takes none",
                do="name one of its [[actions]], or a measure with an order",
            )
        self._measure = action in orders

    def at(self, moment: datetime) -> dict[str, Any]:
        """What makes the scenario order the action at a time and by nothing else."""
        raw = self.scenario.spec.as_toml()
        if self._measure:
            kept = {
                k: v for k, v in raw["measure"][self.action]["order"].items() if k == "decision_min"
            }
            return {"measure": {self.action: {"order": _only({"at": moment.isoformat(), **kept})}}}
        rows = [
            (
                dict(a, trigger={"at": moment.isoformat()})
                if a["name"] == self.action and self._of_list(a)
                else a
            )
            for a in raw["actions"]
        ]
        return {"actions": rows}

    def _of_list(self, row: dict[str, Any]) -> bool:
        return row.get("list") in (None, self.chosen.actions)

    def results(self, changes: dict[str, Any]) -> tuple[Results, dict[str, Any]]:
        """A run and its outcomes. Raises RunFailedError."""
        wanted = request(
            self.scenario,
            self.portfolio,
            self.chosen.measures,
            self.chosen.actions,
            changes,
            self.threads,
        )
        folder = self.store.runs / completed(
            wanted, self.store.folder, f"{self.portfolio}, {self.action}"
        )
        self.runs += 1
        return open_results(folder), (read_outcomes(folder) or {})["outcomes"]


def _only(table: dict[str, Any]) -> dict[str, Any]:
    """A table that replaces the file's instead of merging with it: keys that it lacks are set to
    what they are when absent.
    """
    return {
        "gauge": None,
        "at_m": None,
        "depth_m": None,
        "rain_mm": None,
        "after": None,
        "lead_min": 0.0,
    } | table


class Wanted(NamedTuple):
    """What is searched: the latest order of an action in a portfolio that holds an outcome at or
    below a limit, in steps of step_min.
    """

    portfolio: str
    action: str
    outcome: str
    limit: float
    step_min: float = 15.0


def search_lead_time(
    scenario: Scenario,
    wanted: Wanted,
    folder: Path,
    threads: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> LeadTime:
    """Latest order of an action that holds an outcome at or below a limit; writes lead_time.json
    into the folder. Raises InputError, RunFailedError.
    """
    last = _last_step(scenario, wanted)
    search = Search(scenario, wanted.portfolio, wanted.action, folder, threads)
    build_inputs(scenario, wanted.portfolio)
    search.store.prepare()
    with search.store.locked():
        search.store.sweep()
        found = _searched(search, wanted, last, say)
        write_whole(folder / LEAD_TIME, json.dumps(asdict(found), indent=1).encode())
    return found


def _last_step(scenario: Scenario, wanted: Wanted) -> int:
    """Number of the last moment that is tried. Raises InputError where limit or steps are wrong."""
    step_min, duration_s = wanted.step_min, scenario.spec.duration_s
    if not 0.0 <= wanted.limit < math.inf:
        raise input_error(
            "E104",
            "--limit",
            "a limit is a number of the outcome's unit",
            given=f"{wanted.limit:g}",
            allowed="0 and more",
        )
    allowed = f"{duration_s / 60.0 / LARGEST_GRID:.3g} to {duration_s / 60.0:g}"
    there = 0.0 < step_min < math.inf
    last = math.floor(duration_s / minutes_to_s(step_min)) if there else 0
    if not 1 <= last <= LARGEST_GRID:
        raise input_error(
            "E104",
            "--step-min",
            "the steps do not fit the run",
            given=f"{step_min:g}",
            allowed=allowed if there else "above 0 min",
        )
    return last


class _Tries:
    """Runs with the action ordered at one moment of the grid after the other, each made once."""

    def __init__(self, search: Search, wanted: Wanted, say: Callable[[str], None]) -> None:
        self._search, self._wanted, self._say = search, wanted, say
        self.losses: dict[int, float] = {}
        self.results: dict[int, Results] = {}

    def moment(self, k: int) -> datetime:
        start: datetime = self._search.scenario.spec.time.start
        return start + timedelta(minutes=self._wanted.step_min * k)

    def holds(self, k: int) -> bool:
        """Whether the order at moment k holds the limit."""
        if k not in self.losses:
            moment, name = self.moment(k), self._wanted.outcome
            self.results[k], found = self._search.results(self._search.at(moment))
            self.losses[k] = float(found[name]["value"])
            action, unit = self._wanted.action, found[name]["unit"]
            self._say(f"  {action} at {moment:%H:%M}: {self.losses[k]:.6g} {unit}")
        return self.losses[k] <= self._wanted.limit


def _searched(search: Search, wanted: Wanted, last: int, say: Callable[[str], None]) -> LeadTime:
    given, outcomes = search.results({})
    _refuse_unknown_outcome(outcomes, wanted.outcome)
    never, without = search.results(search.at(search.scenario.spec.time.stop))
    tries = _Tries(search, wanted, say)
    latest = latest_step(tries.holds, last)
    ordered = min(_times(given, wanted.action, "triggered"), default=None)
    passes = _passes(never, wanted.outcome, wanted.limit)
    at = done = None
    if latest is not None:
        at = tries.moment(latest)
        done = max(_times(tries.results[latest], wanted.action, "done"), default=None)
    return LeadTime(
        action=wanted.action,
        portfolio=wanted.portfolio,
        outcome=wanted.outcome,
        unit=outcomes[wanted.outcome]["unit"],
        limit=wanted.limit,
        step_min=wanted.step_min,
        latest=_iso(at),
        ordered=_iso(ordered),
        done=_iso(done),
        passes=_iso(passes),
        needed_min=_minutes_between(at, passes),
        slack_min=_minutes_between(ordered, at),
        loss_without=float(without[wanted.outcome]["value"]),
        loss_as_ordered=float(outcomes[wanted.outcome]["value"]),
        loss_at_once=tries.losses[0],
        loss_at_latest=None if latest is None else tries.losses[latest],
        loss_after=None if latest is None else tries.losses.get(latest + 1),
        runs=search.runs,
    )


def _refuse_unknown_outcome(outcomes: dict[str, Any], wanted: str) -> None:
    known = [name for name, o in outcomes.items() if o["value"] is not None]
    if wanted not in known:
        raise input_error(
            "E104",
            "--outcome",
            f"no such outcome{nearest(wanted, known)}",
            given=wanted,
            allowed=", ".join(known),
        )


def _minutes_between(first: datetime | None, then: datetime | None) -> float | None:
    return None if first is None or then is None else (then - first).total_seconds() / 60.0


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _times(results: Results, action: str, what: str) -> list[datetime]:
    record = results.summary.get("actions", {}).get("record", [])
    return [
        datetime.fromisoformat(r["time"])
        for r in record
        if r["action"] == action and r["what"].split()[0] == what
    ]


def _passes(results: Results, outcome: str, limit: float) -> datetime | None:
    """The first line of sites.csv at which more than the limit stands in the spaces of an
    underground_entry_*; None for other outcomes, whose course results do not hold."""
    kind = outcome.removeprefix("underground_entry_")
    names = [
        name
        for name, s in results.summary.get("sites", {}).items()
        if s["kind"] == "underground" and s["type"] == kind
    ]
    if kind == outcome or not names:
        return None
    series = results.sites
    stored = np.sum([series[name]["volume_m3"] for name in names], axis=0)
    over = np.flatnonzero(stored > limit)
    times: list[datetime] = series[names[0]]["time"]
    return times[int(over[0])] if over.size else None


def lead_time_lines(found: LeadTime) -> list[str]:
    """The answer in words."""

    def clock(text: str | None) -> str:
        return "never" if text is None else f"{datetime.fromisoformat(text):%d %b %H:%M}"

    unit = found.unit
    lines = [
        f"{found.action} ({found.portfolio}): {found.outcome} at most {found.limit:g} {unit}",
        f"  without it      {found.loss_without:.6g} {unit}"
        + (f", over the limit at {clock(found.passes)}" if found.passes else ""),
        f"  as the scenario orders it, {clock(found.ordered)}: {found.loss_as_ordered:.6g} {unit}",
    ]
    if found.latest is None:
        return [
            *lines,
            (
                "  no moment is early enough: ordered as the run starts it is"
                f" {found.loss_at_once:.6g} {unit}"
            ),
            f"  {found.runs} runs",
        ]
    after = (
        "" if found.loss_after is None else f"; {found.step_min:g} min later {found.loss_after:.6g}"
    )
    lines.append(
        f"  latest order    {clock(found.latest)} (done {clock(found.done)}):"
        f" {found.loss_at_latest:.6g} {unit}{after}"
    )
    if found.needed_min is not None:
        lines.append(f"  needed lead     {found.needed_min:.0f} min before so much stands in them")
    if found.slack_min is not None:
        late = "" if found.slack_min >= 0.0 else " : TOO LATE"
        lines.append(f"  slack           {found.slack_min:.0f} min{late}")
    return [*lines, f"  {found.runs} runs, to {found.step_min:g} min"]
