"""[[actions]] to actions: places, boards, doors and links are looked up, rain triggers become
times, failures are drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from flood_sim.city.parameters import draw
from flood_sim.core.errors import Finding, input_error, nearest
from flood_sim.core.units import hours_to_s, minutes_to_s, mm_to_m
from flood_sim.ground.rain_fields import fallen_at_s
from flood_sim.measures.base import Completion, Measure
from flood_sim.operations.actions import Action, Effect, Task
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.places import open_cell, refuse_unknown, those_there
from flood_sim.scenario.spec.actions import ActionSpec, Trigger
from flood_sim.scenario.spec.rows import named_row
from flood_sim.scenario.spec.switches import WatchSpec
from flood_sim.scenario.switches import SwitchBuilder
from flood_sim.simulation.inputs import ModelInputs


class ActionBuilder:
    """Builds the actions of one list against the places of a scenario and the measures of a
    portfolio.
    """

    def __init__(
        self,
        scenario: Scenario,
        inputs: ModelInputs,
        measures: dict[str, Measure],
        switches: SwitchBuilder,
        wanted: str | None,
        findings: list[Finding],
    ) -> None:
        self.scenario, self.inputs, self.measures, self.findings = (
            scenario,
            inputs,
            measures,
            findings,
        )
        self._switches, self._list = switches, wanted
        spaces = inputs.sites.spaces
        self._openings = {s.name: [o.name for o in s.openings] for s in spaces.spaces}
        self._cells = {o.name: (o.row, o.column) for s in spaces.spaces for o in s.openings}
        self._doors = {p.name for p in spaces.passages if p.door or p.closed}

    def build(self) -> tuple[Action, ...]:
        """Raises InputError with file, key, value and way out."""
        chosen = [s for s in self.scenario.spec.actions if s.list is None or s.list == self._list]
        names = [s.name for s in chosen] + [a.name for a in self.inputs.actions]
        for spec in chosen:
            place = self._place(spec.name)
            if names.count(spec.name) > 1:
                raise input_error(
                    "E104",
                    place,
                    "two actions have one name",
                    given=spec.name,
                    do="rename one of them",
                )
            if spec.trigger.after is not None and spec.trigger.after not in names:
                raise input_error(
                    "E104",
                    f"{place}, trigger after",
                    f"no such action{nearest(spec.trigger.after, names)}",
                    given=spec.trigger.after,
                    allowed=those_there([n for n in names if n != spec.name], "other action"),
                )
        ordered = [self._heard(a, names) for a in self.inputs.actions]
        self._refuse_circles(
            {s.name: s.trigger.after for s in chosen} | {a.name: a.after for a in ordered}
        )
        for name, measure in self.measures.items():
            if measure.needs_action and name not in {s.completes for s in chosen}:
                text = (
                    "no action completes it: its boards stay in the store, its doors and gates open"
                )
                self.findings.append(
                    Finding(
                        "W443",
                        f"{self.scenario.path.name}, [measure.{name}]",
                        text,
                        do=f'add one: [[actions]] with a trigger and completes = "{name}"',
                    )
                )
        return tuple(self._action(spec) for spec in chosen) + tuple(ordered)

    def _place(self, name: str) -> str:
        row = named_row("actions", self.scenario.spec.actions, name)
        return f"{self.scenario.path.name}, {row}"

    def _heard(self, action: Action, names: list[str]) -> Action:
        """An action of a measure; where the list of actions lacks what it waits for, it never
        comes.
        """
        if action.after is None or action.after in names:
            return action
        text = f"it waits for `{action.after}`, which this list of actions has not: it never comes"
        self.findings.append(
            Finding("W442", f"{self.scenario.path.name}, [measure.{action.name}] order", text)
        )
        return replace(action, after=None)

    def _refuse_circles(self, after: dict[str, str | None]) -> None:
        for name in after:
            way, now = [name], after[name]
            while now is not None and now not in way:
                way.append(now)
                now = after[now]
            if now == name:
                raise input_error(
                    "E104",
                    self._place(name),
                    "it waits for itself",
                    given=" -> ".join([*way, now]),
                    do="take `after` out of one of them, or name another action",
                )

    def _action(self, spec: ActionSpec) -> Action:
        place = self._place(spec.name)
        tasks = tuple(self._tasks(spec, place))
        at_s = min(
            [self._time(spec.trigger.at, f"{place}, trigger at"), self._rain_time(spec.trigger)]
        )
        watch = self._watch(spec.trigger, f"{place}, trigger")
        decision, travel = minutes_to_s(spec.decision_min), minutes_to_s(spec.travel_min)
        return Action(
            spec.name,
            tasks,
            at_s,
            watch,
            spec.trigger.after,
            decision,
            travel,
            self._depot(spec, place),
        )

    def _depot(self, spec: ActionSpec, place: str) -> tuple[int, int] | None:
        if spec.depot_m is None:
            return None
        roads = self.inputs.exposure
        if roads is None or not (roads.road_share > 0.0).any():
            raise input_error(
                "E104",
                f"{place}, depot_m",
                "there are no roads to drive on",
                do="[exposure] roads = FILE, or travel_min in place of depot_m",
            )
        return open_cell(self.inputs.terrain, spec.depot_m, f"{place}, depot_m")

    def _time(self, moment: datetime | None, place: str) -> float:
        if moment is None:
            return float("inf")
        start, stop = self.scenario.spec.time.start, self.scenario.spec.time.stop
        if not start <= moment <= stop:
            raise input_error(
                "E104",
                place,
                "outside the run",
                given=moment.isoformat(),
                allowed=f"{start} to {stop}",
            )
        return (moment - start).total_seconds()

    def _rain_time(self, trigger: Trigger) -> float:
        """The rain is known before the run: the first minute by which so much has fallen within the
        span.
        """
        if trigger.rain_mm is None:
            return float("inf")
        return fallen_at_s(
            self.inputs.rainfall,
            mm_to_m(trigger.rain_mm),
            hours_to_s(trigger.within_h),
            self.scenario.spec.duration_s,
        )

    def _watch(self, trigger: Trigger, place: str) -> Any:
        if trigger.depth_m is None and trigger.level_m is None:
            return None
        spec = WatchSpec(
            gauge=trigger.gauge,
            at_m=trigger.at_m,
            node=trigger.node,
            edge=trigger.edge,
            depth_above_m=trigger.depth_m,
            level_above_m=trigger.level_m,
        )
        return self._switches.watch(spec, place)

    def _tasks(self, spec: ActionSpec, place: str) -> Iterable[Task]:
        boards = self._boards(spec.boards, place)
        sets = self._completed(spec, place)
        boards = boards + sets.boards
        doors, gates = [*spec.doors, *sets.doors], sets.gates
        self._refuse_unknown(spec, doors, place)
        if boards or doors or gates:
            self._refuse_too_many(spec.name, "crews", sets.crews)
        pairs: list[tuple[Effect, str]] = [("board", name) for name in boards]
        pairs += [("door", name) for name in doors] + [("gate", name) for name in gates]
        for effect, name in pairs:
            fails = draw(spec.seed, spec.name, name) < spec.failure_probability
            cell = self._cells.get(name)
            yield Task(effect, name, sets.setup_s, sets.crews, fails=fails, cell=cell)
        for name, setting in spec.links.items():
            yield Task("link", name, sets.setup_s, 0, setting=setting)
        for name in spec.warns:
            refuse_unknown(name, self._openings, "underground site", f"{place}, warns")
            yield Task("notice", name, sets.setup_s, 0)
        self._refuse_too_many(spec.name, "trucks", spec.trucks)
        if spec.trucks or not (pairs or spec.links or spec.warns):
            yield Task("notice", "", sets.setup_s, 0, spec.trucks)

    def _completed(self, spec: ActionSpec, place: str) -> Completion:
        """What the action completes of a measure, with that measure's set-up and crews; without
        one nothing, with its own.
        """
        own = Completion([], [], minutes_to_s(spec.setup_min), spec.crews)
        if spec.completes is None:
            return own
        known = self.scenario.spec.measure
        if spec.completes not in known:
            raise input_error(
                "E104",
                f"{place}, completes",
                f"no such measure{nearest(spec.completes, known)}",
                given=spec.completes,
                allowed=those_there(known, "measure"),
            )
        measure = self.measures.get(spec.completes)
        if measure is None:
            text = f"nothing to complete: the portfolio has no `{spec.completes}`"
            self.findings.append(Finding("W442", place, text))
            return own
        row = next(r for r in self.inputs.measures if r["name"] == spec.completes)
        return measure.completed_by_action(row["targets"])

    def _refuse_unknown(self, spec: ActionSpec, doors: Iterable[str], place: str) -> None:
        for name in doors:
            refuse_unknown(name, self._doors, "passage with a door", f"{place}, doors")
        for name in spec.links:
            refuse_unknown(name, self._switches.links, "link of the network", f"{place}, links")

    def _refuse_too_many(self, action: str, what: Literal["crews", "trucks"], wanted: int) -> None:
        there = getattr(self.scenario.spec.resources, what)
        if wanted <= there:
            return
        needs, do = f"`{action}` sends more trucks than there are", ""
        if what == "crews":
            needs = f"`{action}` needs more crews than there are"
            do = "give more crews, or crews = 0 in the action"
        raise input_error(
            "E104",
            f"{self.scenario.path.name}, [resources] {what}",
            needs,
            given=str(there),
            allowed=f"at least {wanted}",
            do=do,
        )

    def _boards(self, names: Iterable[str], place: str) -> list[str]:
        """Openings by name; a site stands for all of its openings."""
        every = {o for group in self._openings.values() for o in group}
        found: list[str] = []
        for name in names:
            if name not in self._openings:
                refuse_unknown(name, every, "opening", f"{place}, boards")
            found += self._openings.get(name, [name])
        heights = {o.name: o.board_m for s in self.inputs.sites.spaces.spaces for o in s.openings}
        for name in found:
            if heights[name] <= 0.0:
                raise input_error(
                    "E104",
                    f"{place}, boards",
                    "this opening has no board",
                    given=name,
                    do="give it board_height_m",
                )
        return found
