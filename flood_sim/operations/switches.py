"""What happens to a city while it floods: pumps trip, inlets clog, pipes close, mobile pumps start.
Looked at once a window, from both models.

An operation is *on* or *off*. It changes settings of links or openings of inlets and knows nothing
of how the models use them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np

Quantity = Literal["depth", "level", "edge_level", "node_level", "node_depth", "action"]


@dataclass(frozen=True)
class Watch:
    """A quantity at a place and the side of a limit on which it must be: depth or level (m) of a
    cell, level of an edge or a node, depth in a node over its invert; of an action 1 once it is
    done, else 0. Exactly one of above and below."""

    quantity: Quantity
    place: tuple[int, int] | str
    above: float | None = None
    below: float | None = None

    def holds(self, value: float) -> bool:
        return (
            value > self.above
            if self.above is not None
            else self.below is not None and value < self.below
        )


@dataclass(frozen=True)
class Operation:
    """begins : watch that turns it on, from at_s on; None: at_s alone, once;  ends : watch that
    turns it off;  until_s : off from then on, for good. links get `setting` while it is on (1 after
    it); inlets (index into the layout's) keep the share on_share of their opening while it is on,
    off_share else. delay_s : from what the watches see to the switch (sensor, radio, drive), both
    ways.
    """

    name: str
    kind: str
    at_s: float = 0.0
    begins: Watch | None = None
    ends: Watch | None = None
    until_s: float = math.inf
    links: tuple[str, ...] = ()
    setting: float = 0.0
    inlets: tuple[int, ...] = ()
    on_share: float = 1.0
    off_share: float = 1.0
    delay_s: float = 0.0


@dataclass(frozen=True)
class MobilePump:
    """A pump that stands at a cell while a watch says so and lifts discharge_m3_s (m3/s) into a
    node of the network; over for good where `ends` holds only while it holds."""

    name: str
    cell: tuple[int, int]
    node: str
    discharge_m3_s: float
    begins: Watch
    ends: Watch | None = None


class Place(Protocol):
    """What operations look at and act on: the simulation's models."""

    def value_of(self, watch: Watch, time_s: float) -> float: ...
    def set_links(self, links: Sequence[int], setting: float) -> None: ...
    def set_openings(self, shares: np.ndarray) -> None:
        """Shares (inlets,) of the openings, 0 to 1."""


@dataclass(frozen=True)
class Switch:
    """One line of the record: an operation turned on or off at the start of a window."""

    time_s: float
    name: str
    kind: str
    on: bool


class Operations:
    """State of all operations of a run, and the record of their switching."""

    KEPT: ClassVar[tuple[str, ...]] = (
        "on",
        "_seen",
        "_due",
        "_since",
        "_applied",
        "_switched",
    )

    def __init__(
        self, operations: Sequence[Operation], link_ids: Sequence[str], inlets: int
    ) -> None:
        number = {name: k for k, name in enumerate(link_ids)}
        self.operations = tuple(operations)
        self._links = [[number[name] for name in o.links] for o in self.operations]
        self.on = np.zeros(len(self.operations), bool)
        self._seen = np.zeros(
            len(self.operations), bool
        )  # what the watches say now; `on` follows after the delay
        # what the watches have said and is not yet done: time, number of the operation, on
        self._due: list[tuple[float, int, bool]] = []
        self._since = np.full(len(self.operations), -math.inf)
        self._inlets, self._applied = inlets, False
        self._switched: list[tuple[float, int, bool]] = []  # time, number of the operation, on

    @property
    def record(self) -> list[Switch]:
        """Everything that switched so far."""
        return [
            Switch(t, self.operations[k].name, self.operations[k].kind, on)
            for t, k, on in self._switched
        ]

    def apply(self, place: Place, time_s: float) -> None:
        """At the start of a window: look, switch, and hold what is on (SWMM's own rules may have
        moved it).
        """
        changed = not self._applied
        self._applied = True
        for k in range(len(self.operations)):
            wanted = self._wanted(k, place, time_s)
            if wanted != self._seen[k]:
                self._seen[k], self._since[k] = wanted, time_s
                self._due.append((time_s + self.operations[k].delay_s, k, bool(wanted)))
            for on in self._take_due(k, time_s):
                self.on[k], changed = on, True
                self._switched.append((time_s, k, on))
                if not on and self._links[k]:
                    place.set_links(self._links[k], 1.0)
        for k, operation in enumerate(self.operations):
            if self.on[k] and self._links[k]:
                place.set_links(self._links[k], operation.setting)
        if changed:
            place.set_openings(self._openings())

    def _take_due(self, k: int, time_s: float) -> list[bool]:
        """What has become due for an operation, the earliest first; it waits no longer."""
        due = [row for row in self._due if row[1] == k and row[0] <= time_s + 1e-9]
        self._due = [row for row in self._due if row not in due]
        return [on for _, _, on in due]

    def _wanted(self, k: int, place: Place, time_s: float) -> bool:
        o = self.operations[k]
        if time_s >= o.until_s - 1e-9:
            return False
        if self._seen[k]:
            return o.ends is None or not o.ends.holds(place.value_of(o.ends, time_s))
        if time_s < o.at_s - 1e-9 or (
            self._since[k] > -math.inf and o.begins is None
        ):  # what had only a time happens once
            return False
        if o.begins is None:
            return True
        over = o.ends is not None and o.ends.holds(place.value_of(o.ends, time_s))
        return not over and o.begins.holds(place.value_of(o.begins, time_s))

    def _openings(self) -> np.ndarray:
        shares = np.ones(self._inlets)
        for on, o in zip(self.on, self.operations, strict=True):
            shares[list(o.inlets)] *= o.on_share if on else o.off_share
        return shares
