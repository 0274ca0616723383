"""Emergency actions: what triggers them, how long they take, which crews carry them out, and when
water was there before them.

An action is triggered once. After the decision its tasks (a board to place, a door to shut) wait
for crews, first come first served; a task takes its travel and set-up time and then has its effect.
Looked at once a window.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from flood_sim.operations.switches import Watch

LOOK_S = 60.0  # between two looks of waiting crews for a passable way
Effect = Literal["board", "door", "gate", "link", "notice", "closure"]


@dataclass(frozen=True)
class Task:
    """One thing that a crew does: place the board of an opening, shut the door of a passage or the
    gate in a wall, set a link of the network (setting); or what changes no water: give notice to a
    share of the people of a site, close cells to traffic.
    """

    effect: Effect
    target: str = ""
    setup_s: float = 0.0
    crews: int = 1
    trucks: int = 0  # they stay where they are sent (mobile pumps), crews come back
    setting: float = 0.0
    fails: bool = False  # drawn: it takes its time and has no effect
    cell: tuple[int, int] | None = None  # where it is done, for crews that drive there
    share: float = 1.0  # of the people who act on a notice
    cells: tuple[tuple[int, int], ...] = ()  # that a closure closes


@dataclass(frozen=True)
class Action:
    """Triggered at at_s, when the watch holds, or when the action `after` is done; the earliest of
    those given. Then decision_s pass, and the way.
    """

    name: str
    tasks: tuple[Task, ...]
    at_s: float = math.inf
    watch: Watch | None = None
    after: str | None = None
    decision_s: float = 0.0
    travel_s: float = 0.0
    depot: tuple[int, int] | None = (
        None  # crews set out from this cell over passable roads, instead of travel_s
    )


class Actors(Protocol):
    """What actions look at and act on: the simulation's models."""

    def value_of(self, watch: Watch, time_s: float) -> float: ...
    def place_board(self, opening: str) -> None: ...
    def shut_door(self, passage: str) -> None: ...
    def shut_gate(self, structure: str) -> None: ...
    def hold_link(self, link: str, setting: float) -> None: ...
    def travel_s(self, depot: tuple[int, int], cell: tuple[int, int], time_s: float) -> float: ...


@dataclass(frozen=True)
class Done:
    """One line of the record."""

    time_s: float
    action: str
    what: str  # triggered; blocked (no passable road), started, done or failed, with the target


class Actions:
    """State of all actions of a run."""

    KEPT: ClassVar[tuple[str, ...]] = (
        "free_crews", "free_trucks", "triggered_s", "done_s", "_started_s", "_ended_s",
        "_waiting", "_running", "_way_s", "_blocked", "_looked_s", "_held", "_record",
    )  # fmt: skip

    def __init__(self, actions: Sequence[Action], crews: int = 0, trucks: int = 0) -> None:
        """crews : that can work at the same time;  trucks : that can be sent, once each."""
        self.actions = tuple(actions)
        self._number = {a.name: k for k, a in enumerate(self.actions)}
        self._tasks = [(k, t) for k, a in enumerate(self.actions) for t in a.tasks]
        self.free_crews, self.free_trucks = crews, trucks
        self.triggered_s = [math.inf] * len(self.actions)
        self.done_s = [math.inf] * len(self.actions)
        self._started_s, self._ended_s = (
            [math.inf] * len(self._tasks),
            [math.inf] * len(self._tasks),
        )
        self._waiting = list(range(len(self._tasks)))  # numbers of tasks
        self._running: list[int] = []
        self._way_s = [0.0] * len(self._tasks)
        self._blocked = [False] * len(self._tasks)
        self._looked_s = -math.inf  # when crews last looked for a way
        self._held: dict[str, float] = {}  # settings of links, held against SWMM's own rules
        self._record: list[tuple[float, int, str]] = []

    def is_done(self, name: str, time_s: float) -> bool:
        """Whether all tasks of an action have ended; what is not on the run's list never is."""
        return name in self._number and self.done_s[self._number[name]] <= time_s + 1e-9

    @property
    def record(self) -> list[Done]:
        """Everything that happened so far."""
        return [Done(t, self.actions[k].name, what) for t, k, what in self._record]

    def apply(self, actors: Actors, time_s: float) -> None:
        """At the start of a window: finish what is due, trigger, and send crews."""
        self._finish(actors, time_s)
        for k, action in enumerate(self.actions):
            if math.isinf(self.triggered_s[k]) and self._triggers(action, actors, time_s):
                self.triggered_s[k] = time_s
                self._record.append((time_s, k, "triggered"))
        self._send(actors, time_s)
        self._finish(actors, time_s)  # what takes no time
        for link, setting in self._held.items():
            actors.hold_link(link, setting)

    def _triggers(self, action: Action, actors: Actors, time_s: float) -> bool:
        if time_s >= action.at_s - 1e-9:
            return True
        if action.after is not None and time_s >= self.done_s[self._number[action.after]] - 1e-9:
            return True
        return action.watch is not None and action.watch.holds(
            actors.value_of(action.watch, time_s)
        )

    def _send(self, actors: Actors, time_s: float) -> None:
        """Tasks whose decision is made start in the order of decision as far as crews are free;
        nobody overtakes, but where no road is passable the others go first."""
        looks = time_s - self._looked_s >= LOOK_S - 1e-9
        decided = [j for j in self._waiting if self._decided(self._tasks[j][0]) <= time_s + 1e-9]
        for j in sorted(decided, key=lambda j: (self._decided(self._tasks[j][0]), j)):
            k, task = self._tasks[j]
            if task.crews > self.free_crews or task.trucks > self.free_trucks:
                break
            depot = self.actions[k].depot
            if depot is None or task.cell is None:
                self._way_s[j] = self.actions[k].travel_s
            elif looks:
                self._looked_s = time_s
                self._way_s[j] = actors.travel_s(depot, task.cell, time_s)
            else:
                continue
            if math.isinf(self._way_s[j]):
                if not self._blocked[j]:
                    self._blocked[j] = True
                    self._record.append((time_s, k, f"blocked {task.target}".strip()))
                continue
            self.free_crews -= task.crews
            self.free_trucks -= task.trucks
            self._started_s[j] = time_s
            self._waiting.remove(j)
            self._running.append(j)
            self._record.append((time_s, k, f"started {task.target}".strip()))

    def _decided(self, k: int) -> float:
        return self.triggered_s[k] + self.actions[k].decision_s

    def _finish(self, actors: Actors, time_s: float) -> None:
        for j in sorted(self._running):
            k, task = self._tasks[j]
            due = self._started_s[j] + self._way_s[j] + task.setup_s
            if due > time_s + 1e-9:
                continue
            self._ended_s[j] = due
            self._running.remove(j)
            self.free_crews += task.crews
            if not task.fails:
                self._act(task, actors)
            self._record.append(
                (due, k, f"{'failed' if task.fails else 'done'} {task.target}".strip())
            )
            last = max(
                end
                for end, (owner, _) in zip(self._ended_s, self._tasks, strict=True)
                if owner == k
            )
            self.done_s[k] = last  # inf while one of its tasks has not ended

    def _act(self, task: Task, actors: Actors) -> None:
        if task.effect == "board":
            actors.place_board(task.target)
        elif task.effect == "door":
            actors.shut_door(task.target)
        elif task.effect == "gate":
            actors.shut_gate(task.target)
        elif task.effect == "link":
            self._held[task.target] = task.setting

    def ended(self, effect: Effect) -> list[tuple[Task, float]]:
        """Tasks of one kind of effect with the time at which they were done, earliest first; what
        failed or never came is left out.
        """
        pairs = ((t, end) for (_, t), end in zip(self._tasks, self._ended_s, strict=True))
        return sorted(
            (
                (t, end)
                for t, end in pairs
                if t.effect == effect and not t.fails and not math.isinf(end)
            ),
            key=lambda pair: pair[1],
        )

    def ended_s(self, effect: Effect) -> dict[str, float]:
        """Target to the time at which its task was done."""
        return {task.target: end for task, end in self.ended(effect)}
