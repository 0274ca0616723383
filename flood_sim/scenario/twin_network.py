"""`[drainage] trunk_share`: the inputs with a network thinned to its trunks, for coarse twins in
studies. Inlets stay where they are; the node below changes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from flood_sim.core.errors import Finding
from flood_sim.drainage.trunks import thinned
from flood_sim.simulation.inputs import ModelInputs


def with_trunks(inputs: ModelInputs, share: float) -> ModelInputs:
    """After measures and switches: what they built or name is in the network that is thinned."""
    drainage = inputs.drainage
    if drainage is None:
        return inputs
    rims = drainage.network.rims()
    network, goes = thinned(drainage.network, share, _named(inputs))
    if not goes:
        return inputs
    inlets = tuple(
        (
            replace(i, node=goes[i.node], rim_m=rims[i.node] if i.rim_m is None else i.rim_m)
            if i.node in goes
            else i
        )
        for i in drainage.inlets
    )
    cells: dict[str, tuple[tuple[int, int], ...]] = {}
    for node, places in drainage.return_cells.items():
        stands = goes.get(node, node)
        cells[stands] = tuple(dict.fromkeys([*cells.get(stands, ()), *places]))
    roofs: dict[str, list[np.ndarray]] = {}
    for node, roof in drainage.roof_cells.items():
        roofs.setdefault(goes.get(node, node), []).append(roof)
    whole = len(network.node_ids()) + len(goes)
    told = Finding(
        "W417",
        "[drainage] trunk_share",
        f"{whole - len(goes)} of {whole} nodes are kept: a coarse twin, not the network",
    )
    thin = replace(
        drainage,
        network=network,
        inlets=inlets,
        return_cells=cells,
        roof_cells={n: np.concatenate(p) for n, p in roofs.items()},
    )
    return replace(inputs, drainage=thin, findings=(*inputs.findings, told))


def _named(inputs: ModelInputs) -> set[str]:
    """Nodes and links that pumps, sites, failures and rules name."""
    names = {link for o in inputs.operations for link in o.links}
    names |= {
        w.place
        for o in inputs.operations
        for w in (o.begins, o.ends)
        if w is not None and isinstance(w.place, str)
    }
    names |= {p.node for p in inputs.mobile_pumps}
    for space in inputs.sites.spaces.spaces:
        names |= {
            n for n in (space.drain_to_node, *(p.to_node for p in space.pumps)) if n is not None
        }
    return names
