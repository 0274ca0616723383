"""Structures of the surface: walls, dykes with breaches, weirs, gates and bridge decks on faces;
culverts and pumps between two cells.

Here they are resolved to faces and cells; `flood_kernels.structures` holds their laws, the surface
applies them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from flood_sim.core.constants import GRAVITY_M_S2
from flood_sim.surface.boundaries import Series

BROAD_CREST = 1.7  # m^0.5/s, (2/3)^1.5 g^0.5: critical flow over a broad crest
GATE_ORIFICE = 0.6
BRIDGE_ORIFICE = 0.8  # pressure flow under a submerged deck (HEC-RAS manual: 0.8)

FaceKind = Literal["wall", "dyke", "weir", "gate", "bridge"]


@dataclass(frozen=True)
class FaceStructure:
    """A structure along faces. Levels in m of the terrain's datum.

    is_x (n,) bool, cells (n, 2) int64: row, column of the cell right of or below each face; crest_m
    (n,): inf where nothing passes above; sill_m, soffit_m (n,): the opening under the crest, sill
    inf where there is none; width (n,): open share of the face, 0 to 1. A breach: face k begins to
    sink at breach_begin_s[k] and reaches breach_level_m (n,) after breach_duration_s. gate_opening:
    height of the opening (m) in time; it replaces soffit_m by sill_m + opening. waits: a gap of
    full height (kind "bridge" without a deck) that somebody shuts during the run; the crest holds
    from then on.
    """

    name: str
    kind: FaceKind
    is_x: np.ndarray
    cells: np.ndarray
    crest_m: np.ndarray
    sign: np.ndarray  # (n,) +1 where discharge towards +column, +row counts as forward
    weir_coefficient: float = BROAD_CREST
    sill_m: np.ndarray | None = None
    soffit_m: np.ndarray | None = None
    orifice_coefficient: float = GATE_ORIFICE
    width: np.ndarray | None = None
    breach_begin_s: np.ndarray | None = None
    breach_duration_s: float = 0.0
    breach_level_m: np.ndarray | None = None
    gate_opening: Series | None = None
    waits: bool = False

    def crest_at(self, time_s: float) -> np.ndarray:
        """(n,) crest in m at a time: the whole crest, or what a breach has left of it."""
        if self.breach_begin_s is None or self.breach_level_m is None:
            return self.crest_m
        progress = (time_s - self.breach_begin_s) / max(self.breach_duration_s, 1e-9)
        sunk = np.clip(np.nan_to_num(progress, nan=0.0, neginf=0.0), 0.0, 1.0)
        return self.crest_m - sunk * np.maximum(self.crest_m - self.breach_level_m, 0.0)

    def soffit_at(self, time_s: float, shut: bool = False) -> np.ndarray | None:
        """(n,) top of the opening in m at a time; of a gap that waits: no top, or no opening once
        it is shut.
        """
        if self.waits:
            return np.full(len(self.is_x), -np.inf if shut else np.inf)
        if self.gate_opening is None or self.sill_m is None:
            return self.soffit_m
        return self.sill_m + max(self.gate_opening.at(time_s), 0.0)


def shared_face(structures: Sequence[FaceStructure]) -> tuple[str, str, int, int] | None:
    """The first face that two structures claim: name of the later, of the earlier one, row and
    column of the face's cell.
    """
    owner: dict[tuple[bool, int, int], str] = {}
    for s in structures:
        for is_x, (row, column) in zip(s.is_x.tolist(), s.cells.tolist(), strict=True):
            other = owner.setdefault((is_x, row, column), s.name)
            if other != s.name:
                return s.name, other, row, column
    return None


@dataclass(frozen=True)
class Culvert:
    """A barrel between two cells; levels m, height m, area of all barrels m2, loss: sum of
    coefficients with friction (entry 0.5 + exit 1 + ...).

    ratings : discharge of all barrels (m3/s) at culverts.table_heads with a free outlet, entering
    at either end.
    """

    name: str
    from_cell: tuple[int, int]
    to_cell: tuple[int, int]
    from_level_m: float
    to_level_m: float
    height_m: float
    area_m2: float
    loss: float
    ratings: tuple[np.ndarray, np.ndarray]
    one_way: bool = False


@dataclass(frozen=True)
class SurfacePump:
    """A pump from one cell to another: capacity m3/s; it starts over start_depth_m and stops below
    stop_depth_m at its inlet.
    """

    name: str
    from_cell: tuple[int, int]
    to_cell: tuple[int, int]
    capacity_m3_s: float
    start_depth_m: float
    stop_depth_m: float


def barrel_loss(
    length_m: float, radius_m: float, manning_n: float, entry: float = 0.5, leaving: float = 1.0
) -> float:
    """Loss coefficient of a full barrel: entry + exit + 2 g n^2 L / R^(4/3), R hydraulic radius
    (Manning).
    """
    return entry + leaving + 2.0 * GRAVITY_M_S2 * manning_n**2 * length_m / radius_m ** (4.0 / 3.0)
