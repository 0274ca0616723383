"""How full the conduits of a network are, and how fast the water in them: from heads at their ends
and their discharge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flood_sim.drainage.conduits import Conduit, read_conduits
from flood_sim.drainage.inp import InpFile

ROUND = ("CIRCULAR", "FORCE_MAIN", "FILLED_CIRCULAR")
LEAST_FULLNESS = 0.01  # below, the speed of a film means nothing


@dataclass(frozen=True)
class LinkUse:
    """Conduits of a network in the engine's order; NaN where a link is none.

    upper, lower (n,): nodes at its ends, -1 unknown; inlet_m, outlet_m (n,): invert levels;
    height_m, area_m2 (n,): inner height, full area of all barrels; round_ (n,): bool; size: text.
    """

    upper: np.ndarray
    lower: np.ndarray
    inlet_m: np.ndarray
    outlet_m: np.ndarray
    height_m: np.ndarray
    area_m2: np.ndarray
    round_: np.ndarray
    size: tuple[str, ...]

    def fullness(self, head_m: np.ndarray) -> np.ndarray:
        """(n,) 0 to 1: mean depth of the two ends over the height; head_m (nodes,)."""
        ends = (
            np.clip((head_m[at] - invert) / self.height_m, 0.0, 1.0)
            for at, invert in ((self.upper, self.inlet_m), (self.lower, self.outlet_m))
        )
        return np.asarray(0.5 * sum(ends))

    def speed(self, head_m: np.ndarray, discharge_m3_s: np.ndarray) -> np.ndarray:
        """(n,) m/s: discharge over the wetted area at the mean depth; 0 in a film. The area of what
        is not round grows with the depth.
        """
        full = self.fullness(head_m)
        angle = 2.0 * np.arccos(np.clip(1.0 - 2.0 * full, -1.0, 1.0))
        share = np.where(self.round_, (angle - np.sin(angle)) / (2.0 * np.pi), full)
        wetted = share * self.area_m2
        return np.where(
            full > LEAST_FULLNESS, np.abs(discharge_m3_s) / np.maximum(wetted, 1e-9), 0.0 * full
        )


def link_use(inp: InpFile, node_ids: list[str], link_ids: list[str]) -> LinkUse:
    """Of a network as the engine names it."""
    number = {name: k for k, name in enumerate(node_ids)}
    known = {c.name: c for c in read_conduits(inp)}
    conduits = [known.get(name) for name in link_ids]
    pairs = [[number.get(e, -1) for e in _ends(c)] for c in conduits]
    upper, lower = np.array(pairs, np.int64).reshape(-1, 2).T
    inlet, outlet, height, area = np.array([_numbers(c) for c in conduits]).reshape(-1, 4).T
    return LinkUse(
        upper,
        lower,
        inlet,
        outlet,
        height,
        area,
        np.array([c is not None and c.shape in ROUND for c in conduits], bool),
        tuple("" if c is None else size_text(c) for c in conduits),
    )


def _ends(c: Conduit | None) -> tuple[str, str]:
    return ("", "") if c is None else (c.upper, c.lower)


def _numbers(c: Conduit | None) -> tuple[float, float, float, float]:
    return (np.nan,) * 4 if c is None else (c.inlet_m, c.outlet_m, c.depth_m, c.area_m2)


def size_text(c: Conduit) -> str:
    """As it stands on a plan: DN 800; else shape, height, and full area."""
    if c.shape in ROUND:
        return f"DN {1000.0 * c.depth_m:.0f}"
    return f"{c.shape} {c.depth_m:g} m, {c.area_m2:.2f} m2"
