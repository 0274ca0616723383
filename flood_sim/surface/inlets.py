"""Openings in the street: into the sewers, for pumps, and into underground spaces. A kind says what
each is; the kernel's numbers are made of it here alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from flood_kernels import arrays
from flood_sim.ground.terrain import Terrain
from flood_sim.surface.arrays import LEFT, TOP
from flood_sim.surface.faces import CountedFaces, FaceGroup
from flood_sim.surface.on_grade import OnGrade, gutter_faces, make_gutters

# inlet: a grate, side slot or lid, which also lets water out; drain: a floor outlet, one way;
# pump: a mobile pump takes its capacity while water stands there; step: over the sill of a way
# underground; seam: past the board that stands on that sill
InletKind = Literal["inlet", "drain", "pump", "step", "seam"]
WAYS_OUT = {"inlet"}  # kinds through which water that a node spills comes up

# What the kernel holds where a kind has no such limit.
UNLIMITED = 1e9  # m of perimeter, m2 of area
PUMP_SIZE, PUMP_RIM_M = 1e4, -1e6  # wide enough to give its discharge under a film


@dataclass(frozen=True)
class Inlet:
    """An opening in one cell: node is the index in the network; rim m; perimeter m and area m2
    after clogging, both 0 where the kind has none.
    """

    row: int
    column: int
    node: int
    rim_m: float
    perimeter_m: float = 0.0
    area_m2: float = 0.0
    capacity_m3_s: float = math.inf
    kind: InletKind = "inlet"
    lid_m: float = 0.0  # head over the rim that lifts its lid; 0: none
    shut_share: float = 1.0  # of perimeter and area, open while the lid lies
    on_grade: OnGrade | None = None  # its gutter; None: the ponded law alone

    @property
    def way_out(self) -> bool:
        """Whether water that its node spills comes up here."""
        return self.kind in WAYS_OUT


class Handover(NamedTuple):
    """What the surface and a model beside it hand each other, the arrays themselves.

    The other model writes before a window: acceptance (nodes,) m3/s that a node takes; adds to
    brought (cells,) m3 for the street. The surface writes during it: captured (nodes,) m3 taken
    from the street; offered (nodes,) m3 that the inlet law alone would have taken.
    """

    acceptance: np.ndarray
    brought: np.ndarray
    captured: np.ndarray
    offered: np.ndarray


def inlet_order(inlets: Sequence[Inlet]) -> list[int]:
    """Numbers of the inlets sorted by cell, as the kernel has them."""
    return sorted(
        range(len(inlets)), key=lambda k: (inlets[k].row, inlets[k].column, inlets[k].node)
    )


class Inlets:
    """The kernel's inlets, and how much of each is open. Ways underground come after the
    network's inlets, two an opening (step, seam), each opening with a node of its own.
    """

    KEPT: ClassVar[tuple[str, ...]] = ("kernel",)

    def __init__(
        self,
        inlets: Sequence[Inlet],
        openings: Sequence[Inlet],
        nodes: int,
        datum_m: float,
        bed: np.ndarray,
        terrain: Terrain | None = None,
    ) -> None:
        """nodes : of the network;  bed : (padded rows, padded columns) m above the datum;  terrain
        : where an inlet lies in a gutter.
        """
        both = [*inlets, *openings]
        self._nodes, self._openings, self._datum = nodes, len(openings), datum_m
        all_nodes = nodes + len({o.node for o in openings})
        self.kernel = make_inlets(both, all_nodes, datum_m, bed, terrain)
        self._order = np.array(inlet_order(both), np.int64)
        first, place = len(both) - self._openings, np.argsort(self._order)
        self._step, self._seam = place[first::2], place[first + 1 :: 2]
        whole = self.kernel
        sizes = whole.perimeter, whole.area, whole.capacity, whole.on_grade.length
        self._whole = tuple(size.copy() for size in sizes)

    @property
    def gutter_faces(self) -> FaceGroup:
        """Faces of the cells of inlets on grade: their discharge is what runs by."""
        mine = self.kernel.on_grade.count > 0.0
        return gutter_faces(self.kernel.row[mine], self.kernel.column[mine])

    def count_gutters(self, counted: CountedFaces, group: int) -> None:
        """Tell the kernel where the faces of `gutter_faces` are counted."""
        mine = self.kernel.on_grade.count > 0.0
        self.kernel.on_grade.faces[mine] = counted.places(group).reshape(-1, 4)

    def begin_window(self) -> None:
        """Nothing captured yet."""
        self.kernel.captured[:] = 0.0
        self.kernel.offered[:] = 0.0

    def at_nodes(self, brought: np.ndarray) -> Handover:
        """With the sewers: arrays (nodes,). brought : (returns,) m3."""
        k, part = self.kernel, slice(self._nodes)
        return Handover(k.acceptance[part], brought, k.captured[part], k.offered[part])

    def at_openings(self, brought: np.ndarray) -> Handover:
        """With underground spaces: arrays (openings,). brought : (outlets,) m3."""
        k, part = self.kernel, slice(self._nodes, None)
        return Handover(k.acceptance[part], brought, k.captured[part], k.offered[part])

    def set_sills(self, crest_m: np.ndarray, leak_m3_s: np.ndarray) -> None:
        """Crest (openings,) m of every way underground, and what seeps below it (m3/s): past the
        seam of its board.
        """
        self.kernel.rim[self._step] = crest_m - self._datum
        self.kernel.capacity[self._seam] = leak_m3_s

    def set_open(self, share: np.ndarray) -> None:
        """Share (inlets,) of perimeter, area, capacity and length on grade that is open now, 0 to
        1, in the order in which the inlets were given.
        """
        open_ = np.append(share, np.ones(self._openings))[self._order]
        perimeter, area, capacity, length = self._whole
        self.kernel.perimeter[:], self.kernel.area[:] = open_ * perimeter, open_ * area
        self.kernel.on_grade.length[:] = open_ * length
        self.kernel.capacity[:] = np.where(
            open_ > 0.0, np.maximum(open_, 1e-300) * capacity, 0.0
        )  # capacity may be inf


def kernel_sizes(inlet: Inlet) -> tuple[float, float, float, float]:
    """Rim m, perimeter m, area m2 and capacity m3/s as the kernel takes them."""
    if inlet.kind == "pump":
        return PUMP_RIM_M, PUMP_SIZE, PUMP_SIZE, inlet.capacity_m3_s
    if inlet.kind == "step":
        return inlet.rim_m, inlet.perimeter_m, UNLIMITED, inlet.capacity_m3_s
    if inlet.kind == "seam":
        return inlet.rim_m, UNLIMITED, UNLIMITED, inlet.capacity_m3_s
    return inlet.rim_m, inlet.perimeter_m, inlet.area_m2, inlet.capacity_m3_s


def make_inlets(
    inlets: Sequence[Inlet],
    nodes: int,
    datum_m: float,
    bed: np.ndarray,
    terrain: Terrain | None = None,
) -> arrays.Inlets:
    """The kernel's arrays, sorted by cell; every node accepts nothing until it is told. bed :
    (padded rows, padded columns) m above the datum;  terrain : where an inlet lies in a gutter.
    """
    order = [inlets[k] for k in inlet_order(inlets)]
    cells: dict[tuple[int, int], int] = {}
    cell = np.array(
        [cells.setdefault((inlet.row, inlet.column), len(cells)) for inlet in order], np.int64
    )
    table = np.array([kernel_sizes(i) for i in order], float).reshape(-1, 4)
    table[:, 0] -= datum_m
    row, column = (
        np.array([i.row + TOP for i in order], np.int64),
        np.array([i.column + LEFT for i in order], np.int64),
    )
    return arrays.Inlets(
        row,
        column,
        cell,
        np.array([i.node for i in order], np.int64),
        bed[row, column].astype(np.float64),
        *(np.ascontiguousarray(table[:, k]) for k in range(4)),
        *(np.zeros(len(order)) for _ in range(3)),
        *(np.zeros(nodes) for _ in range(4)),
        make_gutters(order, terrain),
    )
