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
from typing import Any

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


def search_lead_time(
    scenario: Scenario,
    portfolio: str,
    action: str,
    outcome: str,
    limit: float,
    folder: Path,
    step_min: float = 15.0,
    threads: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> LeadTime:
    """Latest order of `action` that holds `outcome` at or below `limit`; writes lead_time.json into
    the folder. Raises InputError, RunFailedError.
    """
    start, duration_s = scenario.spec.time.start, scenario.spec.duration_s
    if not 0.0 <= limit < math.inf:
        raise input_error(
            "E104",
            "--limit",
            "a limit is a number of the outcome's unit",
            given=f"{limit:g}",
            allowed="0 and more",
        )
    if not 0.0 < step_min < math.inf:
        raise input_error(
            "E104",
            "--step-min",
            "the steps do not fit the run",
            given=f"{step_min:g}",
            allowed="above 0 min",
        )
    last = math.floor(duration_s / minutes_to_s(step_min))
    if not 1 <= last <= LARGEST_GRID:
        raise input_error(
            "E104",
            "--step-min",
            "the steps do not fit the run",
            given=f"{step_min:g}",
            allowed=f"{duration_s / 60.0 / LARGEST_GRID:.3g} to {duration_s / 60.0:g}",
        )
    search = Search(scenario, portfolio, action, folder, threads)
    build_inputs(scenario, portfolio)
    search.store.prepare()

    def moment(k: int) -> datetime:
        return start + timedelta(minutes=step_min * k)

    with search.store.locked():
        search.store.sweep()
        given, outcomes = search.results({})
        if outcome not in outcomes or outcomes[outcome]["value"] is None:
            known = [name for name, o in outcomes.items() if o["value"] is not None]
            raise input_error(
                "E104",
                "--outcome",
                f"no such outcome{nearest(outcome, known)}",
                given=outcome,
                allowed=", ".join(known),
            )
        as_ordered = float(outcomes[outcome]["value"])
        never, without = search.results(search.at(scenario.spec.time.stop))
        losses: dict[int, float] = {}
        folders: dict[int, Results] = {}

        def holds(k: int) -> bool:
            if k not in losses:
                folders[k], found = search.results(search.at(moment(k)))
                losses[k] = float(found[outcome]["value"])
                say(f"  {action} at {moment(k):%H:%M}: {losses[k]:.6g} {outcomes[outcome]['unit']}")
            return losses[k] <= limit

        latest = latest_step(holds, last)
        ordered = _times(given, action, "triggered")
        passes = _passes(never, outcome, limit)
        at = None if latest is None else moment(latest)
        done = (
            None if latest is None else max(_times(folders[latest], action, "done"), default=None)
        )
        found = LeadTime(
            action,
            portfolio,
            outcome,
            outcomes[outcome]["unit"],
            limit,
            step_min,
            _iso(at),
            _iso(min(ordered, default=None)),
            _iso(done),
            _iso(passes),
            None if at is None or passes is None else (passes - at).total_seconds() / 60.0,
            None if at is None or not ordered else (at - min(ordered)).total_seconds() / 60.0,
            float(without[outcome]["value"]),
            as_ordered,
            losses[0],
            None if latest is None else losses[latest],
            None if latest is None else losses.get(latest + 1),
            search.runs,
        )
        write_whole(folder / LEAD_TIME, json.dumps(asdict(found), indent=1).encode())
    return found


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
