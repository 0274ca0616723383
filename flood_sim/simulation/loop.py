"""The time loop and nothing else: which model moves when, and the ledger that closes every
window.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Protocol

from flood_sim.core.clock import Window
from flood_sim.core.ledger import Ledger
from flood_sim.drainage.protocol import network_lines
from flood_sim.operations.actions import Actions
from flood_sim.operations.switches import Operations
from flood_sim.simulation.exchange import Exchange
from flood_sim.simulation.inputs import ModelInputs
from flood_sim.simulation.models import (
    Handles,
    coupling_layout,
    open_network,
    open_surface,
    open_traffic,
)
from flood_sim.simulation.volume_check import Models, refuse_wrong_stores
from flood_sim.sites.sites import Sites


class Recorder(Protocol):
    """What the loop tells: called after every window."""

    def record(self, simulation: Simulation, window: Window) -> None: ...


class Timers:
    """Named wall-clock sums, always on."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun


class Simulation:
    """Surface, network, the exchange between them, and the sites of the city on one clock."""

    KEPT: ClassVar[tuple[str, ...]] = (
        "surface",
        "exchange",
        "sites",
        "actions",
        "operations",
        "ledger",
        "time_s",
    )

    def __init__(self, inputs: ModelInputs, folder: Path, tape: Path | None = None) -> None:
        """Build the models; SWMM writes its files into folder, tape: where what it is told is
        written down, so that a killed run can go on. Raises InputError where SWMM refuses the
        network."""
        self.inputs, self.clock, self.timers = inputs, inputs.clock, Timers()
        self.network = open_network(inputs, folder, tape)
        layout = coupling_layout(inputs.drainage, self.network)
        self.sites = Sites(inputs.sites, self.network.node_ids)
        self.surface = open_surface(inputs, layout, len(self.network.node_ids), self.sites.spaces)
        self.exchange = Exchange(self.network, layout)
        self.actions = Actions(inputs.actions, inputs.crews, inputs.trucks)
        self._handles = Handles(
            self.surface,
            self.network,
            self.exchange,
            self.sites,
            self.actions,
            open_traffic(inputs),
        )
        self.operations = Operations(inputs.operations, self.network.link_ids, len(layout.inlets))
        self.ledger = Ledger()
        self.time_s = 0.0
        self.wanted_stop = threading.Event()
        self._pool = ThreadPoolExecutor(1, "network")
        self._start_ledger()

    def run(
        self, recorder: Recorder, progress: Callable[[Simulation], None] = lambda simulation: None
    ) -> str:
        """Run to the end of the clock; returns "complete" or, where `wanted_stop` was set,
        "interrupted".
        """
        for window in self.clock.windows():
            if window.stop <= self.time_s + 1e-9:  # done before a checkpoint
                continue
            if self.wanted_stop.is_set():
                return "interrupted"
            self.advance(window)
            with self.timers("output"):
                recorder.record(self, window)
            progress(self)
        return "complete"

    def advance(self, window: Window) -> None:
        """One coupling window. The network routes in a second thread: both engines release the
        GIL.
        """
        self.actions.apply(self._handles, window.start)
        self.operations.apply(self._handles, window.start)
        with self.timers("sites"):
            self.sites.open_window(self._handles, window)
        with self.timers("exchange"):
            self.exchange.open_window(self.surface, self.network, window)
        routing = self._pool.submit(self.network.advance, window.stop)
        with self.timers("surface"):
            self.surface.advance(window)
        with self.timers("network"):  # what is left to wait for
            routing.result()
        with self.timers("exchange"):
            self.exchange.close_window(self.surface, self.network, window)
        with self.timers("sites"):
            self.sites.close_window(self._handles, window)
        self.time_s = window.stop
        with self.timers("ledger"):
            self._update_ledger()
            self.ledger.close(window.stop, self.inputs.limits.volume_error_stop)
            self._check_stores(window)

    def _check_stores(self, window: Window) -> None:
        """Hold the fields themselves against the ledger where a frame is due: before it is
        written.
        """
        if self.clock.is_output(window.stop):
            models = Models(
                self.ledger, self.surface, self.exchange, self.network, self.sites.spaces
            )
            refuse_wrong_stores(models, window.stop)

    def close(self) -> None:
        """Let SWMM write its report; safe to call twice."""
        self._pool.shutdown()
        self.network.close()

    def _start_ledger(self) -> None:
        network = (("network_stored", self.network.balance()["stored_start"]),)
        self.ledger.begin(self.surface.stored_lines, network, self.sites.spaces.stored_lines)

    def _update_ledger(self) -> None:
        balance = self.network.balance()
        self.ledger.add_up(
            self.surface.ledger_lines,
            network_lines(balance),
            self.exchange.ledger_lines(balance),
            self.sites.spaces.ledger_lines,
        )

    def __repr__(self) -> str:
        surface, network, spaces = self.surface, self.network, self.sites.spaces
        return (
            f"Simulation of {self.inputs.name}, {self.clock.at(self.time_s):%d %b %Y %H:%M:%S}:"
            f" {self.time_s:.0f} of {self.clock.duration_s:.0f} s\n"
            f"  surface    {surface.grid.rows} x {surface.grid.columns} cells of"
            f" {surface.grid.cell_size_m:g} m, {surface.volume:.1f} m3, deepest"
            f" {float(surface.depth.max(initial=0.0)):.2f} m\n"
            f"  sewers     {len(network.node_ids)} nodes, {len(network.link_ids)} links,"
            f" {self.ledger.network_stored_end:.1f} m3\n"
            f"  exchange   {self.exchange.book.to_sewer_street:.1f} m3 to the sewers,"
            f" {self.exchange.book.to_street_network:.1f} m3 to the street\n"
            f"  sites      {len(spaces.inputs.spaces)} underground, {spaces.stored:.1f} m3;"
            f" {len(self.inputs.sites.critical)} critical\n"
            f"  ledger     {self.ledger.supplied:.1f} m3 supplied, relative error"
            f" {self.ledger.relative_error:.1e}"
        )
