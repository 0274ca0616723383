"""Which nodes of a network are open to the street, and as what: the table and the streets first,
then what the file itself says (SurDepth, open channels), the default last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from flood_sim.core.constants import GRAVITY_M_S2
from flood_sim.core.errors import Finding
from flood_sim.drainage.crowns import section_depths
from flood_sim.drainage.inlets import NO_INLET, SEALED
from flood_sim.drainage.inp import InpFile, Row
from flood_sim.drainage.sections import OPEN_SHAPES
from flood_sim.drainage.storages import SEALED_M, own_surcharge, with_surcharge
from flood_sim.ground.terrain import Terrain
from flood_sim.simulation.exchange import ORIFICE_COEFFICIENT, WEIR_COEFFICIENT
from flood_sim.simulation.inputs import NodeInlet

KERB_DEPTH_M = 0.15  # water at the kerb under which inlets are compared
NAMED = 5
Cell = tuple[int, int]


@dataclass(frozen=True)
class Openings:
    """Inlets of the coupled nodes, and the nodes that have none, by the reason. kind : of the nodes
    that nothing else names (`defaulted`).
    """

    inlets: list[NodeInlet]
    kind: str
    defaulted: tuple[str, ...] = ()
    lidded: tuple[str, ...] = ()  # the file's SurDepth closes them
    channels: tuple[str, ...] = ()  # of open conduits: open water
    without: frozenset[str] = field(default_factory=frozenset)  # kind none, by the table
    sealed: frozenset[str] = field(default_factory=frozenset)

    def in_network(self, inp: InpFile) -> InpFile:
        """The network with its sealed nodes closed for good; nodes that the table opens have no lid
        any more.
        """
        opened, own = {i.node for i in self.inlets}, own_surcharge(inp)
        depths = dict.fromkeys(self.sealed, SEALED_M) | {n: 0.0 for n in own if n in opened}
        return with_surcharge(inp, depths)

    def lines(self) -> list[str]:
        """What `check` prints: whose capacity is the default's, with counts."""
        named = {i.node for i in self.inlets} - {*self.defaulted, *self.channels}
        parts = [f"{len(named)} nodes have inlets of their own"] if named else []
        if self.defaulted:
            each = "" if self.kind in (NO_INLET, SEALED) else self._each()
            parts.append(f"{len(self.defaulted)} nodes take the default `{self.kind}`{each}")
        for nodes, what in (
            (self.lidded, "are closed by their SurDepth"),
            (self.channels, "are open water (channels)"),
            (self.without, "are `none` by the table"),
            (self.sealed - {*self.defaulted}, "are `sealed` by the table"),
        ):
            if nodes:
                parts.append(f"{len(nodes)} {what}")
        return [f"inlets: {', '.join(parts)}"] if parts else []

    def _each(self) -> str:
        first = next(i for i in self.inlets if i.node == self.defaulted[0])
        litres = 1000.0 * min(first.capacity_m3_s, kerb_flow(first.perimeter_m, first.area_m2))
        return f", {litres:.0f} L/s each under {KERB_DEPTH_M:g} m of water (assumed)"

    def findings(self, inp: InpFile) -> list[Finding]:
        """W439 for nodes that the file closes, W440 for those of open channels."""
        found, own = [], own_surcharge(inp)
        if self.lidded:
            deepest = max(own[n] for n in self.lidded)
            text = (
                f"{len(self.lidded)} nodes have a SurDepth (bolted lids, pressure mains), up to"
                f" {deepest:g} m: no street water enters, they spill above it only:"
                f" {_first(self.lidded)}"
            )
            do = "name those with open inlets in [drainage] inlets"
            found.append(Finding("W439", inp.path.name, text, do=do, at=inp.places(self.lidded)))
        if self.channels:
            water = (
                f"{len(self.channels)} nodes join open conduits only: they are open water,"
                f" not manholes: {_first(self.channels)}"
            )
            found.append(Finding("W440", inp.path.name, water, at=inp.places(self.channels)))
        return found


def channel_nodes(inp: InpFile) -> dict[str, tuple[float, float]]:
    """Junctions whose conduits are all open, each to the length of its banks (m) and the area of
    its water when full (m2): half of each conduit.
    """
    metre, heights = inp.metres_per_unit, section_depths(inp)
    shapes = {row.tokens[0]: row for row in inp.rows("XSECTIONS") if len(row.tokens) > 1}
    junctions = {row.tokens[0] for row in inp.rows("JUNCTIONS")}
    sizes: dict[str, tuple[float, float]] = {}
    closed: set[str] = set()
    for row in inp.rows("CONDUITS"):
        shape = shapes.get(row.tokens[0])
        is_open = shape is not None and shape.tokens[1].upper() in OPEN_SHAPES
        for end in row.tokens[1:3]:
            if shape is None or not is_open:
                closed.add(end)
                continue
            length = _number(row.tokens[3] if len(row.tokens) > 3 else "") * metre
            width = _width(shape, heights.get(row.tokens[0], 0.0)) * metre
            banks, area = sizes.get(end, (0.0, 0.0))
            sizes[end] = banks + length, area + 0.5 * length * width
    return {n: size for n, size in sizes.items() if n not in closed and n in junctions}


def channel_inlets(
    inp: InpFile, terrain: Terrain, places: dict[str, Cell], rims: dict[str, float | None]
) -> list[NodeInlet]:
    """Open water at the nodes of channels: as wide as their banks, at most a side of the cell (a
    wider one empties it within a step); as large as their water, at most the cell.
    """
    cell_m = terrain.grid.cell_size_m
    return [
        NodeInlet(
            name,
            *places[name],
            min(banks, cell_m),
            min(area, terrain.grid.cell_area_m2),
            rim_m=rims[name],
        )
        for name, (banks, area) in channel_nodes(inp).items()
        if name in places and banks > 0.0
    ]


def kerb_flow(perimeter_m: float, area_m2: float) -> float:
    """The inlet law under KERB_DEPTH_M of water, m3/s."""
    weir = WEIR_COEFFICIENT * perimeter_m * KERB_DEPTH_M**1.5
    return min(weir, ORIFICE_COEFFICIENT * area_m2 * math.sqrt(2.0 * GRAVITY_M_S2 * KERB_DEPTH_M))


def _width(shape: Row, depth: float) -> float:
    """Top width of an open section, in the file's unit; of tables at least twice their depth."""
    kind, numbers = shape.tokens[1].upper(), [_number(t) for t in shape.tokens[3:6]]
    numbers += [0.0] * (3 - len(numbers))
    if kind == "TRAPEZOIDAL":
        return numbers[0] + depth * (numbers[1] + numbers[2])
    return 2.0 * depth if kind in ("IRREGULAR", "STREET") else numbers[0]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _first(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:NAMED]) + (" ..." if len(names) > NAMED else "")
