"""Underground spaces: what enters over their sills, stands in them, flows on through passages, is
pumped out, and comes back to the street.

The street gives water to an opening inside the surface's own time step, by the law of a step (Q =
1.70 B h^1.5, head over the crest), within an acceptance that is set here window by window.
Everything else moves once a window. Volumes are float64 and close exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from flood_kernels import passages
from flood_sim.core.clock import Window
from flood_sim.core.ledger import Lines
from flood_sim.sites.underground_inputs import SHAFT_M, Space, SpaceInputs

STEP_COEFFICIENT = 1.70  # m^0.5/s, (2/3) Cd sqrt(2 g) at Cd 0.577: flow over an entrance step
PASSAGE_STEP_S = 1.0  # at most, between two looks at the levels on both sides of a passage
HALF = 0.5  # of the way to equal levels a window (or step) may go: levels meet without swinging


class AtOpenings(Protocol):
    """What is handed over: acceptance (openings,) m3/s, set by the spaces; brought (outlets,) m3
    for the street, added to by them; captured (openings,) m3 of the last window.
    """

    @property
    def acceptance(self) -> np.ndarray: ...
    @property
    def brought(self) -> np.ndarray: ...
    @property
    def captured(self) -> np.ndarray: ...


class Street(Protocol):
    """What the spaces see of the surface and do to it; arrays (openings,)."""

    @property
    def at_openings(self) -> AtOpenings: ...
    def levels_at(self, cells: np.ndarray) -> np.ndarray: ...
    def set_sills(self, crest_m: np.ndarray, leak_m3_s: np.ndarray) -> None: ...


def step_discharge(
    upstream_m: np.ndarray | float, downstream_m: np.ndarray | float, width_m: np.ndarray | float
) -> np.ndarray:
    """Flow (n,) m3/s over a step; heads (n,) m over its crest, upstream >= downstream. Submergence
    after Villemonte 1947: [1 - (h2/h1)^1.5]^0.385.
    """
    up = np.maximum(upstream_m, 0.0)
    ratio = np.divide(
        np.maximum(downstream_m, 0.0), up, out=np.zeros_like(up * 1.0), where=up > 0.0
    )
    return STEP_COEFFICIENT * width_m * up**1.5 * (1.0 - np.minimum(ratio, 1.0) ** 1.5) ** 0.385


@dataclass
class SpaceBook:
    """What moved in each space since the start, (spaces,) m3, and the extremes; entered is gross:
    what went out again is not taken off.
    """

    entered: np.ndarray
    returned: np.ndarray
    pumped: np.ndarray
    drained_in: np.ndarray  # from own catchments
    passed_in: np.ndarray
    passed_out: np.ndarray
    max_volume: np.ndarray
    first_entry_s: np.ndarray  # NaN: never

    @property
    def largest(self) -> float:
        """The largest volume that stood in any space, m3."""
        return float(self.max_volume.max(initial=0.0))


class Spaces:
    """State of all underground spaces: volume (spaces,) m3, boards placed (openings,), passages
    closed.
    """

    KEPT: ClassVar[tuple[str, ...]] = (
        "volume", "placed", "closed", "running", "reached_s", "book", "caught", "left", "inflow",
    )  # fmt: skip

    def __init__(self, inputs: SpaceInputs, node_ids: Sequence[str] = ()) -> None:
        self.inputs = inputs
        spaces, number = inputs.spaces, {s.name: k for k, s in enumerate(inputs.spaces)}
        self.openings = tuple(o for s in spaces for o in s.openings)
        self._open(spaces)
        self._tables = [_with_shaft(s) for s in spaces]
        most = max((len(z) for z, _ in self._tables), default=1)
        self._stage_table, self._volume_table = (
            _padded([t[side] for t in self._tables], most) for side in (0, 1)
        )
        self.volume = np.array([s.initial_m3 for s in spaces], float)
        node = {name: k for k, name in enumerate(node_ids)}
        self._drain_nodes = [
            -1 if s.drain_to_node is None else node[s.drain_to_node] for s in spaces
        ]
        self._equip(spaces, node)
        self._join(inputs, number)
        entered, returned, pumped, drained, passed_in, passed_out = np.zeros((6, len(spaces)))
        never = np.full(len(spaces), np.nan)
        moved = entered, returned, pumped, drained, passed_in, passed_out
        self.book = SpaceBook(*moved, self.volume.copy(), never)
        self.caught = 0.0  # m3 from own catchments since the start: supply
        self.left = 0.0  # m3 pumped out of the model since the start
        self.inflow = np.zeros(len(spaces))  # m3/s over sills in the last window

    def _open(self, spaces: Sequence[Space]) -> None:
        """Openings: where they are, their sills and boards."""
        self._space = np.array([k for k, s in enumerate(spaces) for _ in s.openings], np.int64)
        self._cells = np.array([(o.row, o.column) for o in self.openings], np.int64).reshape(-1, 2)
        self._sill, self._width, self._board, self._leak = (
            np.array([getattr(o, key) for o in self.openings], float)
            for key in ("sill_m", "width_m", "board_m", "leak_m2_s")
        )
        # when street water first stood over the sill
        self.reached_s = np.full(len(self.openings), np.nan)
        self._opening_number = {o.name: k for k, o in enumerate(self.openings)}
        self.placed = np.array([o.placed for o in self.openings], bool)
        self._sharing = (
            np.bincount(self._space, minlength=len(spaces))[self._space]
            if len(spaces)
            else np.zeros(0)
        )

    def _equip(self, spaces: Sequence[Space], node: dict[str, int]) -> None:
        """Pumps: their levels and where they lift to."""
        self._pumps = [(k, p) for k, s in enumerate(spaces) for p in s.pumps]
        self.running = np.zeros(len(self._pumps), bool)
        self._pump_space = np.array([k for k, _ in self._pumps], np.int64)
        self._pump_start, self._pump_stop = (
            np.array([getattr(p, key) for _, p in self._pumps], float)
            for key in ("start_m", "stop_m")
        )
        self._pump_rest = [
            float(np.interp(p.stop_m, *self._tables[k])) for k, p in self._pumps
        ]  # m3 left where a pump stops
        self._pump_outlets = (
            len(self.openings)
            + np.cumsum([p.to_cell is not None for _, p in self._pumps], dtype=np.int64)
            - 1
        )
        self._pump_nodes = [
            node[p.to_node] if p.to_node is not None else -1 for _, p in self._pumps
        ]

    def _join(self, inputs: SpaceInputs, number: dict[str, int]) -> None:
        """Passages: the spaces at their ends, their sizes."""
        self._passage_number = {p.name: k for k, p in enumerate(inputs.passages)}
        ends = np.array(
            [(number[p.first], number[p.second]) for p in inputs.passages], np.int64
        ).reshape(-1, 2)
        sizes = (
            np.array([getattr(p, key) for p in inputs.passages], float)
            for key in ("sill_m", "width_m", "height_m")
        )
        self._ways = (ends[:, 0].copy(), ends[:, 1].copy(), *sizes)
        self.closed = np.array([p.closed for p in inputs.passages], bool)

    # ----------------------------------------------------------------------------- what others read

    @property
    def stored(self) -> float:
        """Water in all spaces, m3."""
        return math.fsum(self.volume.tolist())

    @property
    def stored_lines(self) -> Lines:
        """What the ledger begins with."""
        return (("sites_stored", self.stored),)

    @property
    def ledger_lines(self) -> Lines:
        """What the spaces hold, caught themselves and lifted out of the model since the start."""
        return (
            ("inflow", self.caught),
            ("boundary_out", self.left),
            ("sites_stored_end", self.stored),
        )

    @property
    def outlet_cells(self) -> np.ndarray:
        """(n, 2) cells that spaces give water to: each opening's, then those of the pumps that lift
        to the street.
        """
        lifted = [p.to_cell for _, p in self._pumps if p.to_cell is not None]
        return np.concatenate([self._cells, np.array(lifted, np.int64).reshape(-1, 2)])

    @property
    def levels(self) -> np.ndarray:
        """(spaces,) m: water level inside, the floor where empty."""
        return self._at(self._volume_table, self._stage_table, self.volume)

    def volume_by_level(self) -> np.ndarray:
        """(spaces,) m3 that stand in each space by its level and its own table: a second sum beside
        `volume`.
        """
        levels = self.levels.tolist()
        return np.array(
            [
                float(np.interp(level, *table))
                for level, table in zip(levels, self._tables, strict=True)
            ]
        )

    def booked_volume(self) -> np.ndarray:
        """(spaces,) m3 by the book: what stood at the start, with all that came in and without all
        that left.
        """
        b, start = self.book, np.array([s.initial_m3 for s in self.inputs.spaces], float)
        return np.asarray(
            start + b.entered + b.drained_in + b.passed_in - b.returned - b.pumped - b.passed_out
        )

    def crests(self) -> np.ndarray:
        """(openings,) m: sill, with the board where one stands."""
        return self._sill + np.where(self.placed, self._board, 0.0)

    def opening_heads(self, street: Street) -> np.ndarray:
        """(openings,) m of street water over the crest, 0 where none."""
        return np.maximum(street.levels_at(self._cells) - self.crests(), 0.0)

    def place_board(self, opening: str) -> None:
        """The board of an opening stands from now on."""
        self.placed[self._opening_number[opening]] = True

    def shut_door(self, passage: str) -> None:
        """A passage lets nothing through from now on."""
        self.closed[self._passage_number[passage]] = True

    # -------------------------------------------------------------------------------- time stepping

    def open_window(self, street: Street, window: Window) -> None:
        """Say what each opening may take, and give back what stands higher inside than outside."""
        if not self.openings:
            return
        crest = self.crests()
        street.set_sills(crest, np.where(self.placed, self._leak * self._width, 0.0))
        outside, inside = street.levels_at(self._cells), self.levels[self._space]
        over, behind = outside - crest, inside - crest
        self.reached_s[(outside > self._sill) & np.isnan(self.reached_s)] = window.start
        room = self._volume_at(outside) - self.volume[self._space]
        most = HALF * np.maximum(room, 0.0) / (self._sharing * window.length)
        drowned = step_discharge(over, behind, self._width) + np.where(
            self.placed, self._leak * self._width, 0.0
        )
        street.at_openings.acceptance[:] = np.where(
            behind <= 0.0, most, np.minimum(most, drowned)
        )  # nothing where it stands as high inside
        self._give_back(street, behind, np.maximum(over, 0.0), window)

    def _give_back(
        self, street: Street, behind: np.ndarray, over: np.ndarray, window: Window
    ) -> None:
        """Water higher inside than the crest and the street returns: by the law of the step, at
        most half of the way to equal levels.
        """
        rising = behind > over
        if not rising.any():
            return
        by_law = step_discharge(behind, over, self._width) * window.length
        area = self._areas()[self._space]
        above = (
            np.maximum(self.volume[self._space] - self._volume_at(self.crests()), 0.0)
            / self._sharing
        )  # what lies below the crest stays
        volume = np.where(
            rising,
            np.minimum(np.minimum(by_law, HALF * (behind - over) * area / self._sharing), above),
            0.0,
        )
        given = np.bincount(self._space, volume, len(self.volume))
        self.volume -= given
        self.book.returned += given
        street.at_openings.brought[: len(volume)] += volume

    def close_window(
        self, street: Street, window: Window, powered: np.ndarray, to_nodes: np.ndarray
    ) -> None:
        """Take what came in, run the pumps that have power (pumps,), let passages flow. to_nodes
        (nodes,) m3: what pumps lift into the network.
        """
        count = len(self.volume)
        if not count:
            return
        captured = (
            np.bincount(self._space, street.at_openings.captured, count)
            if self.openings
            else np.zeros(count)
        )
        self.volume += captured
        self.book.entered += captured
        self.inflow = captured / window.length
        first = np.isnan(self.book.first_entry_s) & (captured > 0.0)
        self.book.first_entry_s[first] = window.start
        self._catch(window, to_nodes)
        self._pump(street, window, powered, to_nodes)
        self._pass(window)
        np.maximum(self.book.max_volume, self.volume, out=self.book.max_volume)

    def _catch(self, window: Window, to_nodes: np.ndarray) -> None:
        for k, space in enumerate(self.inputs.spaces):
            if space.catchment_m2 > 0.0 and space.rainfall is not None:
                water = space.catchment_m2 * space.rainfall.depth_between(window.start, window.stop)
                drained = min(water, space.ramp_drain_m3_s * window.length)
                self.volume[k] += water - drained
                self.book.drained_in[k] += water - drained
                self.caught += water
                if self._drain_nodes[k] >= 0:
                    to_nodes[self._drain_nodes[k]] += drained
                else:
                    self.left += drained

    def _pump(
        self, street: Street, window: Window, powered: np.ndarray, to_nodes: np.ndarray
    ) -> None:
        if not self._pumps or not (self.volume[self._pump_space] > 0.0).any():
            self.running[:] = False
            return
        level = self.levels[self._pump_space]
        self.running = powered & (
            (level > self._pump_start) | (self.running & (level > self._pump_stop))
        )
        for j in np.flatnonzero(
            self.running
        ).tolist():  # one after the other: two pumps of a space share its water
            k, pump = self._pumps[j]
            lifts = max(
                min(pump.capacity_m3_s * window.length, float(self.volume[k]) - self._pump_rest[j]),
                0.0,
            )
            self.volume[k] -= lifts
            self.book.pumped[k] += lifts
            if pump.to_cell is not None:
                street.at_openings.brought[self._pump_outlets[j]] += lifts
            elif self._pump_nodes[j] >= 0:
                to_nodes[self._pump_nodes[j]] += lifts
            else:
                self.left += lifts

    def _pass(self, window: Window) -> None:
        """Passages one after the other in short steps."""
        if not self.inputs.passages:
            return
        steps = max(1, math.ceil(window.length / PASSAGE_STEP_S))
        passages.advance_passages(
            *self._ways,
            self.closed,
            self.volume,
            self._stage_table,
            self._volume_table,
            STEP_COEFFICIENT,
            window.length / steps,
            steps,
            self.book.passed_in,
            self.book.passed_out,
        )

    # --------------------------------------------------------------------------------------- tables

    def _volume_at(self, level_m: np.ndarray) -> np.ndarray:
        """(openings,) m3 in an opening's space at a level."""
        return self._at(self._stage_table[self._space], self._volume_table[self._space], level_m)

    def _areas(self) -> np.ndarray:
        """(spaces,) m2 of water surface inside."""
        k = np.clip(
            (self._volume_table[:, 1:] < self.volume[:, None]).sum(axis=1),
            0,
            self._volume_table.shape[1] - 2,
        )
        row = np.arange(len(k))
        rise = self._stage_table[row, k + 1] - self._stage_table[row, k]
        return (self._volume_table[row, k + 1] - self._volume_table[row, k]) / np.maximum(
            rise, 1e-9
        )

    @staticmethod
    def _at(x: np.ndarray, y: np.ndarray, value: np.ndarray) -> np.ndarray:
        """Linear interpolation, one table a row: x, y (n, k) ascending, value (n,); constant
        outside.
        """
        k = np.clip((x[:, 1:] < value[:, None]).sum(axis=1), 0, x.shape[1] - 2)
        row = np.arange(len(k))
        width = x[row, k + 1] - x[row, k]
        share = np.clip(
            np.divide(value - x[row, k], width, out=np.zeros_like(width), where=width > 0.0),
            0.0,
            1.0,
        )
        return y[row, k] + share * (y[row, k + 1] - y[row, k])

    def __repr__(self) -> str:
        book = self.book
        return (
            f"Spaces: {len(self.volume)} underground, {self.stored:.1f} m3 in"
            f" {int((self.volume > 0.0).sum())} of them\n"
            f"  openings   {len(self.openings)}, boards stand at {int(self.placed.sum())},"
            f" {int((~np.isnan(self.reached_s)).sum())} reached\n"
            f"  passages   {len(self.closed)}, {int(self.closed.sum())} shut\n"
            f"  pumps      {len(self._pumps)}, {int(self.running.sum())} run\n"
            f"  came in    {book.entered.sum():.1f} m3 from streets, {self.caught:.1f} m3 from own"
            f" catchments\n"
            f"  went out   {book.returned.sum():.1f} m3 to streets, {book.pumped.sum():.1f} m3"
            f" pumped; fullest {book.largest:.1f} m3"
        )


def _with_shaft(space: Space) -> tuple[np.ndarray, np.ndarray]:
    """The space's table with the shafts of its openings above the ceiling."""
    return np.append(space.stage_m, space.stage_m[-1] + SHAFT_M), np.append(
        space.volume_m3, space.volume_m3[-1] + space.shaft_m2 * SHAFT_M
    )


def _padded(rows: list[np.ndarray], length: int) -> np.ndarray:
    """(rows, length) with the last value repeated."""
    return np.array([np.append(row, np.full(length - len(row), row[-1])) for row in rows]).reshape(
        -1, length
    )
