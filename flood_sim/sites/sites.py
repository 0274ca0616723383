"""Sites of a city as the loop sees them: underground spaces that take water, critical sites that
fail and drag others with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np

from flood_sim.core.clock import Window
from flood_sim.sites.critical import CriticalSite, CriticalSites
from flood_sim.sites.underground import Spaces, Street
from flood_sim.sites.underground_inputs import SpaceInputs


@dataclass(frozen=True)
class SiteInputs:
    """Everything below the street and everything that must not fail."""

    spaces: SpaceInputs = field(default_factory=SpaceInputs)
    critical: tuple[CriticalSite, ...] = ()


class Surroundings(Protocol):
    """What sites see of the models and do to them."""

    @property
    def street(self) -> Street: ...
    def stop_links(self, stopped: Sequence[str], started: Sequence[str]) -> None: ...
    def receive_from_sites(self, volumes: np.ndarray) -> None:
        """Volumes (nodes,) m3 that pumps lift into the network."""


class Sites:
    """Spaces and critical sites on the loop's clock: first who works, then who takes water."""

    KEPT: ClassVar[tuple[str, ...]] = (
        "spaces",
        "critical",
    )

    def __init__(self, inputs: SiteInputs, node_ids: Sequence[str] = ()) -> None:
        self.spaces, self.critical = Spaces(inputs.spaces, node_ids), CriticalSites(inputs.critical)
        number = {s.name: k for k, s in enumerate(inputs.spaces.spaces)}
        places = [c.place for c in inputs.critical]
        self._inside = np.array(
            [number[p] if isinstance(p, str) else -1 for p in places], np.int64
        )  # space that a critical site stands in
        self._street = np.array([p for p in places if not isinstance(p, str)], np.int64).reshape(
            -1, 2
        )
        self._power = np.array(
            [self.critical.number_of(p.power) for s in inputs.spaces.spaces for p in s.pumps],
            np.int64,
        )
        self._to_nodes = np.zeros(len(node_ids))

    def open_window(self, around: Surroundings, window: Window) -> None:
        """Who works during the window, from the water at its start; what openings may take."""
        if self._inside.size:
            level, below = np.empty(self._inside.size), self._inside >= 0
            level[~below] = around.street.levels_at(self._street)
            level[below] = self.spaces.levels[self._inside[below]]
            stopped, started = self.critical.update(level, window.start, window.length)
            if stopped or started:
                around.stop_links(stopped, started)
        self.spaces.open_window(around.street, window)

    def close_window(self, around: Surroundings, window: Window) -> None:
        """Take in what came over the sills; pumps that have power run; what they lift into the
        network is handed over.
        """
        if not self.spaces.inputs.spaces:
            return
        self._to_nodes[:] = 0.0
        powered = (
            (self._power < 0) | ~self.critical.out[self._power]
            if self.critical.sites
            else self._power < 0
        )
        self.spaces.close_window(around.street, window, powered, self._to_nodes)
        if self._to_nodes.any():
            around.receive_from_sites(self._to_nodes)
