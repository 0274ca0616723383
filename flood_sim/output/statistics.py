"""Statistics that a run gathers window by window: flooded areas, gauges, the network's maxima."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from flood_sim.core.clock import Window
from flood_sim.core.constants import POND_DEPTH_M
from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.output.link_use import link_use

if TYPE_CHECKING:
    from flood_sim.drainage.protocol import DrainageNetwork
    from flood_sim.simulation.loop import Simulation

AREA_DEPTHS_M = (0.05, 0.15, 0.3, 0.5, 1.0)
WORST_NODES = 5  # of those whose heads did not settle, that a summary names
AREA_SAMPLING_S = 10.0  # flooded area is counted at the first window's end after this long


class FloodedAreas:
    """Area (m2) and area hours (m2 h) deeper than each of AREA_DEPTHS_M: of cells that held no
    water at the start (river and lake are no flood), over the ground before measures dug.
    """

    KEPT: ClassVar[tuple[str, ...]] = (
        "hours", "largest", "_initially_wet", "_initially_dry", "_dug", "_dug_m", "_unwatched_s",
    )  # fmt: skip

    def __init__(self, simulation: Simulation) -> None:
        self.hours = dict.fromkeys(AREA_DEPTHS_M, 0.0)
        self.largest = dict.fromkeys(AREA_DEPTHS_M, 0.0)
        self._initially_wet = simulation.surface.depth > AREA_DEPTHS_M[0]
        dug = simulation.inputs.dug_m
        self._dug = (
            np.zeros(self._initially_wet.shape, bool)
            if dug is None
            else (dug > 0.0) & ~self._initially_wet
        )
        self._dug_m = np.zeros(0) if dug is None else dug[self._dug]
        self._initially_dry = ~self._initially_wet & ~self._dug
        self._unwatched_s = 0.0

    def watch(self, simulation: Simulation, window: Window) -> None:
        """After every window; counts when AREA_SAMPLING_S are over, and at the output times."""
        self._unwatched_s += window.length
        if self._unwatched_s < AREA_SAMPLING_S - 1e-9 and not simulation.clock.is_output(
            window.stop
        ):
            return
        limits = np.array(AREA_DEPTHS_M)
        counts = simulation.surface.cells_deeper(limits, self._initially_dry)
        if self._dug_m.size:
            over_old_ground = simulation.surface.depth[self._dug] - self._dug_m
            counts = counts + (over_old_ground[:, None] > limits).sum(axis=0)
        for limit, count in zip(AREA_DEPTHS_M, counts.tolist(), strict=True):
            area = count * simulation.surface.grid.cell_area_m2
            self.hours[limit] += area * self._unwatched_s / SECONDS_PER_HOUR
            self.largest[limit] = max(self.largest[limit], area)
        self._unwatched_s = 0.0

    def lines(self, s: Simulation) -> dict[str, Any]:
        """The summary's `flood`."""
        depth = np.where(self._initially_wet, 0.0, s.surface.maxima.depth)
        depth[self._dug] = np.maximum(depth[self._dug] - self._dug_m, 0.0)
        ponding = np.where(self._initially_wet | self._dug, 0.0, s.surface.maxima.ponding_time)
        return {
            "max_depth_m": float(depth.max(initial=0.0)),
            "max_velocity_m_s": float(s.surface.maxima.velocity.max(initial=0.0)),
            "flooded_area_m2": {f"{limit:g}": area for limit, area in self.largest.items()},
            "area_hours_m2_h": {f"{limit:g}": value for limit, value in self.hours.items()},
            "ponded_0p15_over_30_min_m2": (
                float(np.count_nonzero(ponding > 1800.0)) * s.surface.grid.cell_area_m2
            ),
            "ponding_depth_m": POND_DEPTH_M,
        }


class NetworkMaxima:
    """Largest heads (nodes,) m, discharges (links,) m3/s and speeds (links,) m/s; time (nodes,) h
    above the rim; volumes (nodes,) m3 that came out, and that inlets took from the street.
    """

    KEPT: ClassVar[tuple[str, ...]] = (
        "head", "discharge", "velocity", "surcharge_hours", "flooded_volume", "captured_volume",
    )  # fmt: skip

    def __init__(self, simulation: Simulation) -> None:
        nodes = len(simulation.network.node_ids)
        self.head, self.discharge = (
            np.full(nodes, -np.inf),
            np.zeros(len(simulation.network.link_ids)),
        )
        self.velocity = np.zeros(self.discharge.size)
        self.surcharge_hours, self.flooded_volume, self.captured_volume = np.zeros((3, nodes))
        drainage, network = simulation.inputs.drainage, simulation.network
        self.use = (
            None
            if drainage is None
            else link_use(drainage.network, list(network.node_ids), list(network.link_ids))
        )

    def watch(self, simulation: Simulation, window: Window) -> None:
        """After every window."""
        if not self.head.size:
            return
        head = simulation.network.heads()
        self.captured_volume += simulation.surface.at_nodes.captured
        self.head = np.maximum(self.head, head)
        self.surcharge_hours += (head > simulation.network.rim_m) * window.length / SECONDS_PER_HOUR
        self.flooded_volume = simulation.network.flooded_volume()
        if simulation.clock.is_output(window.stop):
            flow = simulation.network.discharges()
            self.discharge = np.maximum(self.discharge, np.abs(flow))
            if self.use is not None:
                self.velocity = np.fmax(self.velocity, self.use.speed(head, flow))

    def fullness(self) -> np.ndarray:
        """(links,) 0 to 1 at the largest heads; NaN where a link is no conduit."""
        head = np.where(np.isfinite(self.head), self.head, np.nan)
        return np.full(self.discharge.size, np.nan) if self.use is None else self.use.fullness(head)

    def fields(self) -> dict[str, np.ndarray]:
        """(nodes,) and (links,) by the names of network.nc."""
        return {
            "max_head": self.head,
            "flooded_volume": self.flooded_volume,
            "surcharge_hours": self.surcharge_hours,
            "captured_volume": self.captured_volume,
            "max_discharge": self.discharge,
            "max_velocity": self.velocity,
            "max_fullness": self.fullness(),
        }

    def lines(self, s: Simulation, closed: bool) -> dict[str, Any]:
        """The summary's `network`; {} without sewers. closed : SWMM is, and knows its continuity
        error.
        """
        if not s.network.node_ids:
            return {}
        steps, unsettled = s.network.unsettled_steps()
        return {
            "nodes": len(s.network.node_ids),
            "links": len(s.network.link_ids),
            "flooded_nodes": int(np.count_nonzero(self.flooded_volume > 0.01)),
            "flooded_volume_m3": float(self.flooded_volume.sum()),
            "surcharge_hours": float(self.surcharge_hours.sum()),
            "largest_sign_flips": int(np.max(s.exchange.sign_flips, initial=0)),
            "lids_lifted": s.exchange.lids_lifted,
            "routing_steps": steps,
            "unsettled_steps": unsettled,
            "unsettled_nodes": most_unsettled(s.network),
            "uncoupled_flooding_m3": s.exchange.uncoupled_flooding,
            "surcharge_depth_reached": bool(
                getattr(getattr(s.network, "surcharge", None), "works", True)
            ),
            "continuity": s.network.continuity() if closed else {},
        }


def most_unsettled(network: DrainageNetwork) -> dict[str, int]:
    """The nodes whose heads most often did not settle: name to SWMM's steps, the worst first."""
    steps = network.unsettled_nodes()
    worst = np.argsort(-steps, kind="stable")[:WORST_NODES]
    return {network.node_ids[k]: int(steps[k]) for k in worst if steps[k] > 0}


class GaugeMaxima:
    """Largest depth (m) at each gauge and when (s)."""

    KEPT: ClassVar[tuple[str, ...]] = ("found",)

    def __init__(self, simulation: Simulation) -> None:
        self.found: dict[str, tuple[float, float]] = {
            g.name: (0.0, 0.0) for g in simulation.inputs.gauges
        }

    def watch(self, simulation: Simulation) -> None:
        """After every window."""
        for gauge in simulation.inputs.gauges:
            depth = float(simulation.surface.depth[gauge.row, gauge.column])
            if depth > self.found[gauge.name][0]:
                self.found[gauge.name] = (depth, simulation.time_s)

    def lines(self, s: Simulation) -> dict[str, Any]:
        """The summary's `gauges`."""
        return {
            name: {
                "max_depth_m": depth,
                "time": s.clock.at(at).isoformat() if depth > 0.0 else None,
            }
            for name, (depth, at) in self.found.items()
        }
