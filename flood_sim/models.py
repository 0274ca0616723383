"""Opens the models of a simulation from its inputs, and joins them where an operation looks at both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from flood_sim.drainage import DrainageNetwork, NoNetwork
from flood_sim.drainage.tape import TapedNetwork
from flood_sim.events import Watch
from flood_sim.exchange import ORIFICE_COEFFICIENT, WEIR_COEFFICIENT, CouplingLayout, Exchange
from flood_sim.inputs import DrainageInputs, ModelInputs, surface_gutters, surface_inlets
from flood_sim.surface import SurfaceFlow


class City:
    """What operations see of the models and do to them."""

    def __init__(self, surface: SurfaceFlow, network: DrainageNetwork, exchange: Exchange) -> None:
        self._surface, self._network, self._exchange = surface, network, exchange
        self._number = {name: k for k, name in enumerate(network.node_ids)}

    def value_of(self, watch: Watch, time_s: float) -> float:
        """The watched depth or level, m."""
        place, surface, network = watch.place, self._surface, self._network
        if isinstance(place, tuple):
            depth = float(surface.depth[place])
            return depth if watch.quantity == "depth" else depth + float(surface.terrain.bed_elevation[place])
        if watch.quantity == "edge_level":
            stage = next(e.stage for e in surface.edges if e.name == place)
            return float(stage.at(time_s)) if stage is not None else 0.0
        node = self._number[place]
        head = float(network.heads()[node])
        return head - float(network.invert_m[node]) if watch.quantity == "node_depth" else head

    def set_links(self, links: Sequence[int], setting: float) -> None:
        self._network.set_links(links, setting)

    def set_openings(self, shares: np.ndarray) -> None:
        self._exchange.set_openings(self._surface, shares)


def open_network(inputs: ModelInputs, folder: Path, tape: Path | None = None) -> DrainageNetwork:
    """SWMM, with a tape where one is wanted, or the network that is not there."""
    if inputs.drainage is None:
        return NoNetwork()
    from flood_sim.drainage.swmm import SwmmNetwork

    d, clock = inputs.drainage, inputs.clock
    network = SwmmNetwork(d.network, folder, clock.start, clock.duration_s, d.routing_step_s, d.threads)
    return network if tape is None else TapedNetwork(network, tape)


def coupling_layout(drainage: DrainageInputs | None, network: DrainageNetwork) -> CouplingLayout:
    """Names to numbers: which node opens into which cell."""
    if drainage is None:
        return CouplingLayout()
    rows = [
        (k, *cell, 1.0 / len(drainage.return_cells[name])) for k, name in enumerate(network.node_ids) for cell in drainage.return_cells.get(name, ())
    ]
    table = np.array(rows, float).reshape(-1, 4)
    inlets = surface_inlets(drainage, network.node_ids, network.rim_m)
    nodes, cells = table[:, 0].astype(np.int64), table[:, 1:3].astype(np.int64)
    gutters = surface_gutters(drainage, network.node_ids)
    return CouplingLayout(
        inlets, nodes, cells, np.ascontiguousarray(table[:, 3]), drainage.outfalls_to_surface, drainage.outfalls_feel_surface, gutters
    )


def open_surface(inputs: ModelInputs, layout: CouplingLayout, nodes: int) -> SurfaceFlow:
    """The surface with its rain, edges, inflows and openings."""
    return SurfaceFlow(
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
        sections=inputs.sections,
        structures=inputs.structures,
        culverts=inputs.culverts,
        pumps=inputs.pumps,
        weir_coefficient=WEIR_COEFFICIENT,
        orifice_coefficient=ORIFICE_COEFFICIENT,
    )
