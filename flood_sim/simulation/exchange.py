"""Street <-> sewer at the nodes: capture, deliver, reject, return. Owns the escrow; ONE sign
convention: + leaves the sewer.

The scheme and what was tried before it: documentation, "coupling". Capture itself happens in the
surface's time step, within the acceptance set here; what a window captured waits in the escrow and
is delivered to the network during the next one. Water the network cannot hold leaves the node as
flooding and returns to the street during the window after. Every volume here is float64.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from flood_kernels import nodes
from flood_sim.core.clock import Window
from flood_sim.core.constants import GRAVITY_M_S2
from flood_sim.core.ledger import ExchangeBook, Lines
from flood_sim.drainage.protocol import DrainageNetwork
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inlets import Inlet
from flood_sim.surface.rain import Gutters

WEIR_COEFFICIENT = 1.594  # SI, sharp edge; 1.66 for grates (HEC-22)
ORIFICE_COEFFICIENT = 0.6
OVERFULL_OFFER = (
    1.3  # a full node is offered a little more than it took: it stays at the street's level
)
FREE_GROWTH = 1.5  # a node with room may take this multiple of what it took last
LID_TOLERANCE_M = 0.005  # SWMM holds a spilling node at its limit
LEAVING_S = (
    20.0  # over which the flow out of a node is averaged before it sets the head that it needs
)
# after a spill, until a node is offered growth as before: else it takes and spills by turns about
# the street's level
CALM_S = 240.0
LEAST_CALM = 0.1
LEAST_OFFER = 0.02  # of the free flow, so that a shut node opens again
OFFER_RULES = (CALM_S, FREE_GROWTH, OVERFULL_OFFER, LEAST_OFFER, LEAST_CALM)


@dataclass(frozen=True)
class CouplingLayout:
    """Where street and sewer meet.

    inlets : openings, several a node or several a cell;  return_nodes (r,), return_cells (r, 2),
    return_share (r,) summing to 1 a node: where a node's flooding comes up;  outfalls_to_surface :
    outfalls discharge into their return cells instead of leaving the model;
    outfalls_feel_surface : and the water that stands there is their stage;
    gutters : roofs whose rain goes into the network.
    """

    inlets: tuple[Inlet, ...] = ()
    return_nodes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    return_cells: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    return_share: np.ndarray = field(default_factory=lambda: np.zeros(0))
    outfalls_to_surface: bool = False
    outfalls_feel_surface: bool = False
    gutters: Gutters | None = None


class Exchange:
    """The hands between a SurfaceFlow and a DrainageNetwork; both keep their own books, this one
    compares them.
    """

    KEPT: ClassVar[tuple[str, ...]] = (
        "book", "escrow", "inflow", "flow", "sign_flips", "volume_delivered", "uncoupled_flooding",
        "outfall_returned", "_flooded", "_spilled", "_delivered", "_calm", "_captured_flow",
        "_free_flow", "_leaving", "_outfall_volume", "_surcharge", "_lid_shut", "_share", "_area",
        "_lift",
    )  # fmt: skip

    def __init__(self, network: DrainageNetwork, layout: CouplingLayout) -> None:
        count = len(network.node_ids)
        self.layout, self.book = layout, ExchangeBook()
        # m3 waiting, m3/s delivered at present
        self.escrow, self.inflow = np.zeros((2, count))
        self.flow = np.zeros(count)  # m3/s of the last window, + leaves the sewer
        self.sign_flips = np.zeros(count, np.int64)
        # m3 that SWMM received, by the trapezoid it applies to lateral inflows
        self.volume_delivered = 0.0
        self.uncoupled_flooding = 0.0  # m3 spilled by nodes without a cell: it leaves the model
        self.outfall_returned = 0.0  # m3 that outfalls put onto the grid
        self._flooded, self._spilled, self._delivered = np.zeros((3, count))
        self._calm = np.ones(count)  # 0 just after a spill to 1
        self._captured_flow, self._free_flow, self._leaving = np.zeros((3, count))
        self._surcharge = np.zeros(count)
        self._outfall_volume = np.zeros(network.outfalls.size)
        self._coupled = np.zeros(count, bool)
        self._coupled[layout.return_nodes] = True
        self._return_bed: np.ndarray | None = None  # bed of the return cells, m; looked up once
        self._return_row, self._return_column = (
            np.ascontiguousarray(c, np.int64) for c in layout.return_cells.T
        )
        # m2 through which a node spills; m of head its lids withstand, without an inlet the file's
        self._own = np.array(network.own_surcharge_m, float)
        self._area, self._lift = np.zeros(count), self._own.copy()
        self._take_in(layout.inlets)

    def _take_in(self, inlets: tuple[Inlet, ...]) -> None:
        """What lies in the nodes' inlets: openings and lids."""
        self._inlet_node = np.array([inlet.node for inlet in inlets], np.int64)
        self._inlet_area = np.array([inlet.area_m2 if inlet.way_out else 0.0 for inlet in inlets])
        self._shut_share = np.array([inlet.shut_share for inlet in inlets])
        self._way_out = np.array([inlet.way_out for inlet in inlets], bool)
        self._lid = np.array([inlet.lid_m for inlet in inlets])
        self._lid_shut = self._lid > 0.0
        self._share = np.ones(len(inlets))  # of each inlet, by what happens to it

    def set_openings(self, surface: SurfaceFlow, share: np.ndarray) -> None:
        """Share (inlets,) of each opening that is left, as the layout has them; shut lids leave
        their pick holes.
        """
        self._share = share
        open_ = share * np.where(self._lid_shut, self._shut_share, 1.0)
        self._area[:], self._lift[:] = 0.0, np.inf
        np.add.at(self._area, self._inlet_node, open_ * self._inlet_area)
        lift = np.where(self._lid_shut, self._lid, 0.0)
        np.minimum.at(self._lift, self._inlet_node[self._way_out], lift[self._way_out])
        self._lift = np.where(np.isinf(self._lift), self._own, self._lift)
        surface.set_openings(open_)

    @property
    def lids_lifted(self) -> int:
        """Lids that have been thrown off since the start."""
        return int((self._lid > 0.0).sum() - self._lid_shut.sum())

    def _lift_lids(self, surface: SurfaceFlow, network: DrainageNetwork) -> None:
        """A lid goes off for good once its node's head stands so far over the rim, or water has
        come out under it.
        """
        if not self._lid_shut.any():
            return
        node = self._inlet_node
        over = (network.heads() - network.rim_m)[node]
        lifted = self._lid_shut & (
            (over >= self._lid - LID_TOLERANCE_M) | (self._spilled[node] > 0.0)
        )
        if lifted.any():
            self._lid_shut &= ~lifted
            self.set_openings(surface, self._share)

    def stored(self, surface: SurfaceFlow) -> float:
        """Water between the two models (m3): escrow, flooding not yet handed over, returns that
        have not reached their cell.
        """
        return float(self.escrow.sum()) + float(self._spilled.sum()) + surface.pending_volume

    def ledger_lines(self, balance: dict[str, float]) -> Lines:
        """What waits here, what the network only passes on, and what it lost (+) or made (-) inside
        itself: its own balance, closed with what we know of it.
        """
        delivered, book = self.volume_delivered, self.book
        inflow = balance["inflow"] - delivered
        lost = balance["evaporation"] + balance["seepage"] + self.uncoupled_flooding
        out = balance["outflow"] + lost - self.outfall_returned
        gained = balance["stored"] - balance["stored_start"]
        unexplained = (delivered - book.to_street_network) + inflow - out - gained
        return (
            ("escrow_end", float(self.escrow.sum()) + float(self._spilled.sum())),
            ("network_inflow", -delivered),
            ("spill_lost", self.uncoupled_flooding),
            ("outfall_out", -self.outfall_returned),
            ("network_residual", unexplained + balance["half_volumes"]),
        )

    @property
    def spilled(self) -> np.ndarray:
        """(nodes,) m3 that the network spilled in the last window, not yet handed to the street."""
        return self._spilled

    def receive(self, volumes: np.ndarray) -> None:
        """Water (nodes,) m3 that others than the street bring to the network: sump pumps of
        underground spaces.
        """
        self.escrow += volumes
        self.book.to_sewer_street += float(volumes.sum())
        self.book.to_sewer_network += float(volumes.sum())

    def open_window(self, surface: SurfaceFlow, network: DrainageNetwork, window: Window) -> None:
        """Set what each side may do in this window from what the last one did."""
        if not self.escrow.size:
            return
        self._return_flooding(surface)
        self._set_acceptance(surface, window)
        self._deliver(network, window)
        level = self._street_level(surface, network)
        if self.layout.outfalls_feel_surface:
            network.set_outfall_stages(level[network.outfalls])
        network.set_surcharge_depth(self._surcharge_depth(level, network, window))

    def _return_flooding(self, surface: SurfaceFlow) -> None:
        brought = surface.at_nodes.brought
        brought += self._spilled[self.layout.return_nodes] * self.layout.return_share

    def _set_acceptance(self, surface: SurfaceFlow, window: Window) -> None:
        now = (self._calm, self._spilled, self._delivered, self._captured_flow, self._free_flow)
        nodes.accept(window.length, *now, OFFER_RULES, surface.at_nodes.acceptance)

    def _deliver(self, network: DrainageNetwork, window: Window) -> None:
        """SWMM integrates a lateral inflow as a trapezoid: in its first step it blends q_prev into
        q. Half a step stays in the escrow.
        """
        nodes.deliver(
            window.length,
            0.5 * network.routing_step_s,
            network.smallest_inflow,
            self.escrow,
            self.inflow,
            self._delivered,
        )
        self.volume_delivered += float(self._delivered.sum())
        network.set_inflow(self.inflow)

    def _street_level(self, surface: SurfaceFlow, network: DrainageNetwork) -> np.ndarray:
        """(nodes,) m: the highest water over a node's return cells, its rim (an outfall's invert)
        where they are dry or it has none.
        """
        level = np.array(network.rim_m, float)
        level[network.outfalls] = network.invert_m[network.outfalls]
        row, column = self._return_row, self._return_column
        if self._return_bed is None:
            self._return_bed = surface.terrain.bed_elevation[row, column].astype(float)
        nodes.street_level(
            surface.depth, self.layout.return_nodes, row, column, self._return_bed, level
        )
        return level

    def _surcharge_depth(
        self, street_level: np.ndarray, network: DrainageNetwork, window: Window
    ) -> np.ndarray:
        """Depth over the rim at which a node spills: at the street's level, less the head that
        entering water loses in the openings, or with what leaving water needs there (its flow
        averaged over LEAVING_S: the next flow follows from it); never below the rim. Where no
        street lies over it, or no inlet opens it, what the file says: lids that are bolted down.

        Below it (negative depths, for mouths of open culverts) SWMM lost 244 of 400 m3: its node is
        then clamped while the pipe that it empties is half full.
        """
        nodes.surcharge_depth(
            window.length,
            min(window.length / LEAVING_S, 1.0),
            (ORIFICE_COEFFICIENT, GRAVITY_M_S2),
            street_level,
            network.rim_m,
            self._lift,
            self._area,
            self._coupled,
            network.own_surcharge_m,
            self._delivered,
            self._spilled,
            self._leaving,
            self._surcharge,
        )
        return self._surcharge

    def close_window(self, surface: SurfaceFlow, network: DrainageNetwork, window: Window) -> None:
        """Take what the street gave into the escrow, and what the network spilled; note both sides
        in the book.
        """
        if not self.escrow.size:
            return
        at_nodes, roofs = surface.at_nodes, surface.roof_volumes
        self._spilled[:] = self._read_spilled(network)
        self._lift_lids(surface, network)
        nodes.take(
            window.length,
            at_nodes.captured,
            roofs,
            self._spilled,
            at_nodes.offered,
            self.escrow,
            self.flow,
            self._captured_flow,
            self._free_flow,
            self.sign_flips,
        )
        self.book.to_sewer_street += float(at_nodes.captured.sum()) + float(roofs.sum())
        self.book.to_sewer_network = self.volume_delivered + float(self.escrow.sum())
        self.book.to_street_network += float(self._spilled.sum())
        self.book.to_street_street = (
            surface.returned_volume + surface.pending_volume + float(self._spilled.sum())
        )

    def _read_spilled(self, network: DrainageNetwork) -> np.ndarray:
        """(nodes,) m3 that left the network towards the street during the window."""
        flooded = network.flooded_volume()
        spilled, self._flooded = flooded - self._flooded, flooded
        self.uncoupled_flooding += float(spilled[~self._coupled].sum())
        spilled = np.where(self._coupled, spilled, 0.0)
        if self.layout.outfalls_to_surface:
            volume = network.outfall_volume()
            step, self._outfall_volume = volume - self._outfall_volume, volume
            self.outfall_returned += float(step.sum())
            spilled[network.outfalls] += step
        return spilled

    def __repr__(self) -> str:
        taken, given = self.book.to_sewer_street, self.book.to_street_network
        return (
            f"Exchange of {self.escrow.size} nodes: {len(self.layout.inlets)} inlets,"
            f" {len(self.layout.return_cells)} cells where flooding comes up\n"
            f"  to sewer   {taken:.1f} m3, {float(self.escrow.sum()):.1f} m3 of it waiting\n"
            f"  to street  {given:.1f} m3, now at {int((self.flow > 0.0).sum())} nodes\n"
            f"  flow       {float(self.flow.sum()):+.3f} m3/s out of the sewers, last window\n"
            f"  books      apart by {self.book.relative_difference:.1e};"
            f" {int(self.sign_flips.sum())} changes of sign"
        )
