"""Everything that takes water off the ground without moving it: layered facilities, leaves,
hollows, soil, evaporation. In that order, once a window.

What canopy, hollows and layers hold is still water of the model: it has ledger lines of its own and
counts in `surface_stored_*`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from flood_kernels import layers
from flood_kernels import losses as kernels
from flood_sim.ground.infiltration import Infiltration, NoInfiltration
from flood_sim.surface.boundaries import Series

LONGEST_LAYER_STEP_S = 5.0
# of a Facility, in the order of the columns of the kernel's table
LAW = (
    "entry", "soil_depth", "porosity", "field_capacity", "percolation", "store_depth", "voids",
    "seepage", "drain", "drain_offset", "only_rain",
)  # fmt: skip


@dataclass(frozen=True)
class Facility:
    """A layer stack on cells (green roof, permeable paving, bioretention, tank); depths in m over
    the facility, rates in m/s.

    cells (n, 2) row, column that give their water; share (n,): facility area over cell area (a roof
    beside its cell may make it > 1); only_rain: it takes what falls on it, not what stands in the
    cell; drain m^0.5/s: underdrain C in q = C sqrt(h - offset), into drain_cells (n, 2), absent:
    the cell itself. Soil: depth 0 where there is none; water enters at `entry` (after clogging),
    sinks at `percolation` above field capacity into a store of `store_depth` with `voids`, seeps at
    `seepage` into the native ground.
    """

    name: str
    kind: str
    cells: np.ndarray
    share: np.ndarray
    only_rain: bool = False
    entry: float = 1.0
    soil_depth: float = 0.0
    porosity: float = 0.5
    field_capacity: float = 0.2
    percolation: float = 1.0e-5
    store_depth: float = 0.0
    voids: float = 0.4
    seepage: float = 0.0
    drain: float = 0.0
    drain_offset: float = 0.0
    drain_cells: np.ndarray | None = None
    soil_start: float = 0.0  # m of water in the soil at the start
    store_start: float = 0.0


@dataclass(frozen=True)
class StorageInputs:
    """Stores of the ground besides the soil: canopy and depression depth m (rows, columns),
    evaporation m/s in time, layered facilities.
    """

    canopy_m: np.ndarray | None = None
    depression_m: np.ndarray | None = None
    evaporation_m_s: Series | None = None
    facilities: tuple[Facility, ...] = ()

    @property
    def empty(self) -> bool:
        return (
            self.canopy_m is None
            and self.depression_m is None
            and self.evaporation_m_s is None
            and not self.facilities
        )


def overfull(
    facilities: Sequence[Facility], shape: tuple[int, int]
) -> tuple[int, int, float, list[str]] | None:
    """Row, column, covered share and names where facilities on the ground cover more than a cell;
    None where they do nowhere.
    """
    covered = np.zeros(shape)
    ground = [f for f in facilities if not f.only_rain]
    for f in ground:
        np.add.at(covered, tuple(f.cells.T), f.share)
    over = np.argwhere(covered > 1.0 + 1e-9)
    if not len(over):
        return None
    row, column = (int(v) for v in over[0])
    names = [f.name for f in ground if bool((f.cells == (row, column)).all(axis=1).any())]
    return row, column, float(covered[row, column]), names


class Losses:
    """Owns the stores; `take` moves one window's water between the padded depth and them. Volumes
    are m3 since the start.
    """

    KEPT: ClassVar[tuple[str, ...]] = (
        "infiltration",
        "_canopy",
        "_pond",
        "_stacks",
        "infiltrated_volume",
        "evaporated_volume",
    )

    def __init__(
        self,
        infiltration: Infiltration,
        storage: StorageInputs,
        shape: tuple[int, int],
        cell_area_m2: float,
    ) -> None:
        self.infiltration, self.storage = infiltration, storage
        self._shape, self._cell_area = shape, cell_area_m2
        self._canopy_room, self._canopy = _store(storage.canopy_m, shape)
        self._pond_room, self._pond = _store(storage.depression_m, shape)
        self._stacks, self._facility = make_stacks(storage.facilities, shape[0])
        self._no_limit = np.full((1, shape[1]), np.inf, np.float32)
        self._totals = np.zeros(shape[0])
        self.infiltrated_volume = self.evaporated_volume = 0.0
        self.inert = isinstance(infiltration, NoInfiltration) and storage.empty

    @property
    def stored_volume(self) -> float:
        """Water in leaves, hollows and layers, m3."""
        held = float(self._canopy.sum(dtype=np.float64) + self._pond.sum(dtype=np.float64)) + float(
            self._stacks.held.sum()
        )
        return held * self._cell_area

    def summed_volume(self) -> float:
        """The same from the contents of every store, cell by cell, m3: a second sum beside the
        kernel's.
        """
        stacks = float(((self._stacks.soil + self._stacks.store) * self._stacks.share).sum())
        return (
            float(np.sum(self._canopy, dtype=np.float64))
            + float(np.sum(self._pond, dtype=np.float64))
            + stacks
        ) * self._cell_area

    def stores(self) -> tuple[tuple[str, np.ndarray], ...]:
        """Name and contents (m) of every kind of store; none may be below zero."""
        s = self._stacks
        names = ("leaves and roofs", "hollows", "soil of facilities", "store of facilities")
        return tuple(zip(names, (self._canopy, self._pond, s.soil, s.store), strict=True))

    def take(
        self,
        depth: np.ndarray,
        fallen: np.ndarray,
        top: int,
        left: int,
        start_s: float,
        length_s: float,
    ) -> None:
        """Take a window's losses out of the padded depth. fallen : (rows or 1, columns) float32 m,
        rain of the window on each cell.
        """
        if self.inert:
            return
        if self._stacks.row.size:
            self._advance_layers(depth, fallen, top, left, length_s)
        if self._canopy_room is not None:
            kernels.fill_store(depth, self._canopy, self._canopy_room, fallen, top, left)
        if self._pond_room is not None:
            kernels.fill_store(depth, self._pond, self._pond_room, self._no_limit, top, left)
        taken = self.infiltration.take(depth, self._pond, fallen, top, left, length_s)
        self.infiltrated_volume += taken * self._cell_area
        if self.storage.evaporation_m_s is not None:
            wanted = self.storage.evaporation_m_s.integral(start_s, start_s + length_s)
            kernels.evaporate(
                depth, self._canopy, self._pond, wanted, top, left, *self._shape, self._totals
            )
            self.evaporated_volume += float(self._totals.sum()) * self._cell_area

    def _advance_layers(
        self, depth: np.ndarray, fallen: np.ndarray, top: int, left: int, length_s: float
    ) -> None:
        parts = max(1, int(np.ceil(length_s / LONGEST_LAYER_STEP_S - 1e-9)))
        share = fallen if parts == 1 else fallen / np.float32(parts)
        for _ in range(parts):
            layers.advance_stacks(depth, self._stacks, share, top, left, length_s / parts)
            self.infiltrated_volume += float(self._stacks.seeped.sum()) * self._cell_area

    def facility_lines(self) -> dict[str, dict[str, float | str]]:
        """What each facility holds and has passed on (m3)."""
        lines: dict[str, dict[str, float | str]] = {}
        s, count = self._stacks, len(self.storage.facilities)
        area, held = (
            np.bincount(self._facility, values, count)
            for values in (s.share, (s.soil + s.store) * s.share)
        )
        drained, infiltrated = s.drained.sum(axis=0), s.infiltrated.sum(axis=0)
        for k, f in enumerate(self.storage.facilities):
            volumes = {
                "area_m2": area[k],
                "held_m3": held[k],
                "drained_m3": drained[k],
                "infiltrated_m3": infiltrated[k],
            }
            lines[f.name] = {
                "kind": f.kind,
                **{key: float(value) * self._cell_area for key, value in volumes.items()},
            }
        return lines


def _store(room: np.ndarray | None, shape: tuple[int, int]) -> tuple[np.ndarray | None, np.ndarray]:
    """Capacity and content of a store; where there is none, one empty row that serves all rows."""
    if room is None:
        return None, np.zeros((1, shape[1]), np.float32)
    return np.ascontiguousarray(room, np.float32), np.zeros(shape, np.float32)


def make_stacks(facilities: tuple[Facility, ...], rows: int) -> tuple[layers.Stacks, np.ndarray]:
    """The kernel's arrays, one entry a facility and cell, and the facility (n,) of each. Those
    that drain into another row come last: they are done after all rows.
    """
    facility, cells, drains, share = _places(facilities)
    far = cells[:, 0] != drains[:, 0]
    order = np.argsort(np.where(far, rows, cells[:, 0]), kind="stable")
    facility, cells, drains, share = facility[order], cells[order], drains[order], share[order]
    group = np.where(far[order], rows, cells[:, 0])
    first = np.searchsorted(group, np.arange(rows + 1)).astype(np.int64)
    table = np.array([[float(getattr(f, key)) for key in LAW] for f in facilities], float).reshape(
        -1, len(LAW)
    )
    soil, store = (
        np.array([getattr(f, key) for f in facilities], float)[facility]
        if len(facility)
        else np.zeros(0)
        for key in ("soil_start", "store_start")
    )
    held = np.bincount(group, (soil + store) * share, rows + 1).astype(float)
    columns = (np.ascontiguousarray(part[:, k]) for part in (cells, drains) for k in (0, 1))
    moved = (np.zeros((rows + 1, len(facilities))) for _ in range(2))
    stacks = layers.Stacks(
        first,
        facility.astype(np.int32),
        *columns,
        share.copy(),
        soil,
        store,
        table,
        held,
        np.zeros(rows + 1),
        *moved,
    )
    return stacks, facility


def _places(
    facilities: tuple[Facility, ...],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Facility (n,), cell (n, 2), cell that its drain leads to (n, 2) and share (n,), in the order
    of the facilities.
    """
    none = np.zeros((0, 2))
    facility = np.repeat(np.arange(len(facilities)), [len(f.cells) for f in facilities])
    cells = np.concatenate([f.cells for f in facilities] or [none]).astype(np.int32)
    drains = np.concatenate(
        [f.cells if f.drain_cells is None else f.drain_cells for f in facilities] or [none]
    ).astype(np.int32)
    share = np.concatenate(
        [np.broadcast_to(np.asarray(f.share, float), len(f.cells)) for f in facilities]
        or [np.zeros(0)]
    )
    return facility, cells, drains, share
