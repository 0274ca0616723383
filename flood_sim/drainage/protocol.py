"""The sewer network as the simulation sees it: a protocol, EPA SWMM behind it, and the network that
is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from flood_sim.core.ledger import Lines


class DrainageNetwork(Protocol):
    """What an engine must offer. Nodes are numbered 0..nodes-1; volumes are m3 since the start,
    flows m3/s, levels m.
    """

    node_ids: list[str]
    link_ids: list[str]
    rim_m: np.ndarray
    invert_m: np.ndarray
    outfalls: np.ndarray
    routing_step_s: float
    own_surcharge_m: (
        np.ndarray
    )  # depth over the rim (nodes,) that the file itself allows: a bolted lid

    @property
    def smallest_inflow(self) -> float:
        """m3/s below which the engine ignores an inflow."""

    def set_inflow(self, flow_m3_s: np.ndarray) -> None:
        """Inflow from the street (nodes,) m3/s, held from now on; SWMM blends it in over one
        routing step (trapezoid).
        """

    def set_surcharge_depth(self, depth_m: np.ndarray) -> None:
        """Depth (nodes,) m over the rim at which a node spills."""

    def set_links(self, links: Sequence[int], setting: float) -> None:
        """Setting of links, 0 closed or off to 1 normal, held until set anew."""

    def set_outfall_stages(self, stage_m: np.ndarray) -> None:
        """Water level (outfalls,) m outside each outfall, held until set anew."""

    def advance(self, stop_s: float) -> None:
        """Route to stop_s seconds since the start; must release the GIL."""

    def flooded_volume(self) -> np.ndarray:
        """(nodes,) m3 that left the nodes over their rims since the start."""

    def outfall_volume(self) -> np.ndarray:
        """(outfalls,) m3 that left through each outfall since the start."""

    def heads(self) -> np.ndarray:
        """(nodes,) m."""

    def discharges(self) -> np.ndarray:
        """(links,) m3/s."""

    def volumes(self) -> tuple[np.ndarray, np.ndarray]:
        """(nodes,) and (links,) m3 that stand in each now: a second sum beside `balance`."""

    def balance(self) -> dict[str, float]:
        """inflow, flooding, outflow, evaporation, seepage, stored_start, stored, half_volumes (m3)
        of the whole network.
        """

    def continuity(self) -> dict[str, Any]:
        """The engine's own continuity errors, %, after `close`."""

    def unsettled_steps(self) -> tuple[int, int]:
        """Routing steps, and those in which the heads did not settle: since the start."""

    def unsettled_nodes(self) -> np.ndarray:
        """(nodes,) of these steps, those that ended with this node's head on the move."""

    def close(self) -> None:
        """Finish the engine's own report; safe to call twice."""


def network_lines(balance: dict[str, float]) -> Lines:
    """A network's lines of the ledger, by its own `balance`."""
    return (
        ("network_stored_end", balance["stored"]),
        ("network_inflow", balance["inflow"]),
        ("outfall_out", balance["outflow"]),
        ("sewer_evaporation", balance["evaporation"]),
        ("sewer_seepage", balance["seepage"]),
        ("outfall_half_volumes", balance["half_volumes"]),
    )


class NoNetwork:
    """A city without sewers: no nodes, nothing stored, nothing to do (`kind = "none"`)."""

    node_ids: list[str] = []
    link_ids: list[str] = []
    rim_m = np.zeros(0)
    own_surcharge_m = np.zeros(0)
    invert_m = np.zeros(0)
    routing_step_s = 1.0
    smallest_inflow = 0.0
    outfalls = np.zeros(0, np.int64)
    report: Path | None = None

    def set_inflow(self, flow_m3_s: np.ndarray) -> None: ...
    def set_surcharge_depth(self, depth_m: np.ndarray) -> None: ...
    def set_links(self, links: Sequence[int], setting: float) -> None: ...
    def set_outfall_stages(self, stage_m: np.ndarray) -> None: ...
    def advance(self, stop_s: float) -> None: ...
    def close(self) -> None: ...

    def unsettled_steps(self) -> tuple[int, int]:
        return 0, 0

    def unsettled_nodes(self) -> np.ndarray:
        return np.zeros(0, np.int64)

    def flooded_volume(self) -> np.ndarray:
        return np.zeros(0)

    def outfall_volume(self) -> np.ndarray:
        return np.zeros(0)

    def balance(self) -> dict[str, float]:
        return dict.fromkeys(
            (
                "inflow",
                "flooding",
                "outflow",
                "evaporation",
                "seepage",
                "stored_start",
                "stored",
                "half_volumes",
            ),
            0.0,
        )

    def heads(self) -> np.ndarray:
        return np.zeros(0)

    def discharges(self) -> np.ndarray:
        return np.zeros(0)

    def volumes(self) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(0), np.zeros(0)

    def continuity(self) -> dict[str, Any]:
        return {}
