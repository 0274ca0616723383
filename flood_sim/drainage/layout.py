"""How a network hangs together, as plain tables in SI: results carry them, so that their readers
need no .inp.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flood_sim.drainage.conduits import node_inverts, read_conduits
from flood_sim.drainage.inp import InpFile

NODE_SECTIONS = {
    "JUNCTIONS": "junction",
    "OUTFALLS": "outfall",
    "STORAGE": "storage",
    "DIVIDERS": "divider",
}
LINK_SECTIONS = {
    "CONDUITS": "conduit",
    "PUMPS": "pump",
    "ORIFICES": "orifice",
    "WEIRS": "weir",
    "OUTLETS": "outlet",
}


@dataclass(frozen=True)
class Layout:
    """Nodes (n,) and links (m,) in the order of the engine; NaN where a thing has no such
    number.
    """

    x_m: np.ndarray
    y_m: np.ndarray
    invert_m: np.ndarray
    node_kind: list[str]
    upper: np.ndarray  # int, node at the link's start; -1 unknown
    lower: np.ndarray
    link_kind: list[str]
    inlet_m: np.ndarray  # invert at the upper end, above the datum
    outlet_m: np.ndarray
    height_m: np.ndarray  # inner
    length_m: np.ndarray
    capacity_m3_s: np.ndarray  # full flow by Manning; 0 on level or adverse conduits


def network_layout(inp: InpFile, node_ids: Sequence[str], link_ids: Sequence[str]) -> Layout:
    """The tables of a network file for the engine's nodes and links."""
    places, inverts = inp.coordinates(), node_inverts(inp)
    nodes = {name: k for k, name in enumerate(node_ids)}
    kinds = {
        row.tokens[0]: kind for section, kind in NODE_SECTIONS.items() for row in inp.rows(section)
    }
    link_kinds = {
        row.tokens[0]: kind for section, kind in LINK_SECTIONS.items() for row in inp.rows(section)
    }
    ends, conduits = inp.links(), {c.name: c for c in read_conduits(inp)}
    where = np.array([places.get(name, (np.nan, np.nan)) for name in node_ids], float).reshape(
        -1, 2
    )
    missing = (np.nan,) * 5
    numbers = np.array(
        [
            (
                (c.inlet_m, c.outlet_m, c.depth_m, c.length_m, c.capacity_m3_s)
                if (c := conduits.get(name)) is not None
                else missing
            )
            for name in link_ids
        ],
        float,
    ).reshape(-1, 5)
    pairs = np.array(
        [[nodes.get(end, -1) for end in ends.get(name, ("", ""))] for name in link_ids], np.int32
    ).reshape(-1, 2)
    return Layout(
        where[:, 0],
        where[:, 1],
        np.array([inverts.get(name, np.nan) for name in node_ids]),
        [kinds.get(name, "junction") for name in node_ids],
        pairs[:, 0],
        pairs[:, 1],
        [link_kinds.get(name, "conduit") for name in link_ids],
        *(numbers[:, k] for k in range(5)),
    )
