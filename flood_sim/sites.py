"""Sites of a city as the loop sees them: underground spaces that take water, critical sites that fail and drag others with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from flood_sim.clock import Window
from flood_sim.services import CriticalSite, Services
from flood_sim.spaces import SpaceInputs, Spaces, Street


@dataclass(frozen=True)
class SiteInputs:
    """Everything below the street and everything that must not fail."""

    spaces: SpaceInputs = field(default_factory=SpaceInputs)
    critical: tuple[CriticalSite, ...] = ()


class Surroundings(Protocol):
    """What sites see of the models and do to them."""

    @property
    def street(self) -> Street: ...
    def level_at(self, cell: tuple[int, int]) -> float: ...
    def stop_links(self, stopped: Sequence[str], started: Sequence[str]) -> None: ...
    def receive_from_sites(self, volumes: np.ndarray) -> None: ...


class Sites:
    """Spaces and services on the loop's clock: first who works, then who takes water."""

    def __init__(self, inputs: SiteInputs, node_ids: Sequence[str] = ()) -> None:
        self.spaces, self.services = Spaces(inputs.spaces, node_ids), Services(inputs.critical)
        self._space = {s.name: k for k, s in enumerate(inputs.spaces.spaces)}
        self._power = [p.power for s in inputs.spaces.spaces for p in s.pumps]
        self._to_nodes = np.zeros(len(node_ids))

    def open_window(self, around: Surroundings, window: Window) -> None:
        """Who works during the window, from the water at its start; what openings may take."""
        inside = self.spaces.levels

        def level_at(place: tuple[int, int] | str) -> float:
            return float(inside[self._space[place]]) if isinstance(place, str) else around.level_at(place)

        stopped, started = self.services.update(level_at, window.start, window.length)
        if stopped or started:
            around.stop_links(stopped, started)
        self.spaces.open_window(around.street, window)

    def close_window(self, around: Surroundings, window: Window) -> None:
        """Take in what came over the sills; pumps that have power run; what they lift into the network is handed over."""
        if not self.spaces.inputs.spaces:
            return
        self._to_nodes[:] = 0.0
        self.spaces.close_window(around.street, window, [self.services.works(name) for name in self._power], self._to_nodes)
        if self._to_nodes.any():
            around.receive_from_sites(self._to_nodes)
