"""Opens the models of a simulation from its inputs, and joins them where an operation, an action or
a site looks at both.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flood_sim.drainage.protocol import DrainageNetwork, NoNetwork
from flood_sim.drainage.tape import TapedNetwork
from flood_sim.ground.roads import RoadGraph, Traffic
from flood_sim.operations.actions import Actions
from flood_sim.operations.switches import Watch
from flood_sim.simulation.exchange import (
    ORIFICE_COEFFICIENT,
    WEIR_COEFFICIENT,
    CouplingLayout,
    Exchange,
)
from flood_sim.simulation.inputs import DrainageInputs, ModelInputs, surface_gutters, surface_inlets
from flood_sim.sites.sites import Sites
from flood_sim.sites.underground import STEP_COEFFICIENT, Spaces
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inlets import Inlet
from flood_sim.surface.inputs import SurfaceInputs


class Handles:
    """What operations, actions and sites see of the models and do to them."""

    def __init__(
        self,
        surface: SurfaceFlow,
        network: DrainageNetwork,
        exchange: Exchange,
        sites: Sites,
        actions: Actions,
        traffic: Traffic | None,
    ) -> None:
        self._surface, self._network, self._exchange, self._sites, self._actions = (
            surface,
            network,
            exchange,
            sites,
            actions,
        )
        self._traffic = traffic
        self._number = {name: k for k, name in enumerate(network.node_ids)}
        self._link = {name: k for k, name in enumerate(network.link_ids)}

    @property
    def street(self) -> SurfaceFlow:
        return self._surface

    def level_at(self, cell: tuple[int, int]) -> float:
        """Water level in a cell, its ground where dry (m)."""
        return float(self._surface.depth[cell]) + float(self._surface.terrain.bed_elevation[cell])

    def stop_links(self, stopped: Sequence[str], started: Sequence[str]) -> None:
        self._network.set_links([self._link[name] for name in stopped], 0.0)
        self._network.set_links([self._link[name] for name in started], 1.0)

    def receive_from_sites(self, volumes: np.ndarray) -> None:
        """(nodes,) m3 that pumps of underground spaces lift into the network."""
        self._exchange.receive(volumes)

    def value_of(self, watch: Watch, time_s: float) -> float:
        """The watched depth or level, m; of an action 1 or 0."""
        place, surface, network = watch.place, self._surface, self._network
        if isinstance(place, tuple):
            return (
                float(surface.depth[place]) if watch.quantity == "depth" else self.level_at(place)
            )
        if watch.quantity == "edge_level":
            stage = next(e.stage for e in surface.inputs.edges if e.name == place)
            return float(stage.at(time_s)) if stage is not None else 0.0
        if watch.quantity == "action":
            return float(self._actions.is_done(place, time_s))
        node = self._number[place]
        head = float(network.heads()[node])
        return head - float(network.invert_m[node]) if watch.quantity == "node_depth" else head

    def place_board(self, opening: str) -> None:
        self._sites.spaces.place_board(opening)

    def shut_door(self, passage: str) -> None:
        self._sites.spaces.shut_door(passage)

    def shut_gate(self, structure: str) -> None:
        self._surface.face_structures.shut_gate(structure)

    def hold_link(self, link: str, setting: float) -> None:
        self._network.set_links([self._link[link]], setting)

    def travel_s(self, depot: tuple[int, int], cell: tuple[int, int], time_s: float) -> float:
        """Over the water as it stands; inf where no road is passable."""
        return (
            0.0
            if self._traffic is None
            else self._traffic.travel_s(depot, cell, self._surface.depth, time_s)
        )

    def set_links(self, links: Sequence[int], setting: float) -> None:
        self._network.set_links(links, setting)

    def set_openings(self, shares: np.ndarray) -> None:
        """Share (inlets,) of each opening that is left, 0 to 1."""
        self._exchange.set_openings(self._surface, shares)


def open_traffic(inputs: ModelInputs) -> Traffic | None:
    """The roads, where crews drive on them."""
    if inputs.exposure is None or not any(a.depot is not None for a in inputs.actions):
        return None
    return Traffic(
        RoadGraph(
            (inputs.exposure.road_share > 0.0) & inputs.terrain.active,
            inputs.terrain.grid.cell_size_m,
        )
    )


def open_network(inputs: ModelInputs, folder: Path, tape: Path | None = None) -> DrainageNetwork:
    """SWMM, with a tape where one is wanted, or the network that is not there."""
    if inputs.drainage is None:
        return NoNetwork()
    from flood_sim.drainage.swmm import SwmmNetwork

    d, clock = inputs.drainage, inputs.clock
    start = clock.start if d.zone is None else clock.start.astimezone(d.zone)
    network = SwmmNetwork(d.network, folder, start, clock.duration_s, d.routing_step_s, d.threads)
    return network if tape is None else TapedNetwork(network, tape)


def coupling_layout(drainage: DrainageInputs | None, network: DrainageNetwork) -> CouplingLayout:
    """Names to numbers: which node opens into which cell."""
    if drainage is None:
        return CouplingLayout()
    rows = [
        (k, *cell, 1.0 / len(drainage.return_cells[name]))
        for k, name in enumerate(network.node_ids)
        for cell in drainage.return_cells.get(name, ())
    ]
    table = np.array(rows, float).reshape(-1, 4)
    inlets = surface_inlets(drainage, network.node_ids, network.rim_m)
    nodes, cells = table[:, 0].astype(np.int64), table[:, 1:3].astype(np.int64)
    gutters = surface_gutters(drainage, network.node_ids)
    return CouplingLayout(
        inlets,
        nodes,
        cells,
        np.ascontiguousarray(table[:, 3]),
        drainage.outfalls_to_surface,
        drainage.outfalls_feel_surface,
        gutters,
    )


def ways_underground(spaces: Spaces, nodes: int) -> tuple[Inlet, ...]:
    """Two inlets an opening, with a node after the network's: over its crest, and through the seam
    of its board (nothing until one stands).
    """
    perimeter = STEP_COEFFICIENT / WEIR_COEFFICIENT  # the kernel has one weir coefficient
    return tuple(
        inlet
        for k, o in enumerate(spaces.openings)
        for inlet in (
            Inlet(o.row, o.column, nodes + k, o.sill_m, perimeter * o.width_m, kind="step"),
            Inlet(o.row, o.column, nodes + k, o.sill_m, capacity_m3_s=0.0, kind="seam"),
        )
    )


def open_surface(
    inputs: ModelInputs, layout: CouplingLayout, nodes: int, spaces: Spaces
) -> SurfaceFlow:
    """The surface with its rain, edges, inflows and openings."""
    return SurfaceFlow(
        SurfaceInputs(
            inputs.terrain,
            inputs.surface,
            rainfall=inputs.rainfall,
            infiltration=inputs.infiltration,
            storage=inputs.storage,
            gutters=layout.gutters,
            depth=inputs.initial_depth,
            edges=inputs.edges,
            inflows=inputs.inflows,
            edge_inflows=inputs.edge_inflows,
            inlets=layout.inlets,
            returns=layout.return_cells,
            nodes=nodes,
            openings=ways_underground(spaces, nodes),
            outlets=spaces.outlet_cells,
            sections=inputs.sections,
            structures=inputs.structures,
            culverts=inputs.culverts,
            pumps=inputs.pumps,
            weir_coefficient=WEIR_COEFFICIENT,
            orifice_coefficient=ORIFICE_COEFFICIENT,
        )
    )
