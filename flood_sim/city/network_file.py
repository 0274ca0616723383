"""The designed sewers as a plain SWMM .inp: manholes, pipes, chambers, flapped outfalls, a pump
station, an underpass sump.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flood_sim.city.design import GRATE_M3_S, Design
from flood_sim.city.ground import Ground
from flood_sim.city.parameters import ORIGIN_M, STREET_LEVEL_M, CityParameters, draw
from flood_sim.city.sewers import SewerTree
from flood_sim.city.streets import Plan
from flood_sim.drainage.sections import PIPE_MANNING_N
from flood_sim.ground.rainfall import FORMULAS
from flood_sim.simulation.inputs import NodeInlet

CHAMBER_M2 = 30.0
STATIONS_PER_KM2 = 0.32
DUTY_PUMPS = 3
WELL_BELOW_M = 2.5
# over the street: a well that spilled into a ponded street would lift the river's water to it (SWMM
# has no surcharged storage)
WELL_WALL_M = 2.0
GRATE_PERIMETER_M, GRATE_AREA_M2 = 1.95, 0.30
UNDERPASS_PERIOD_Y, UNDERPASS_MIN = 30.0, 5.0

OPTIONS = """FLOW_UNITS           CMS
INFILTRATION         HORTON
FLOW_ROUTING         DYNWAVE
LINK_OFFSETS         ELEVATION
MIN_SLOPE            0
ALLOW_PONDING        NO
SKIP_STEADY_STATE    NO
START_DATE           07/20/2021
START_TIME           15:00:00
REPORT_START_DATE    07/20/2021
REPORT_START_TIME    15:00:00
END_DATE             07/20/2021
END_TIME             20:00:00
REPORT_STEP          00:05:00
WET_STEP             00:05:00
DRY_STEP             01:00:00
ROUTING_STEP         2
VARIABLE_STEP        0
INERTIAL_DAMPING     PARTIAL
NORMAL_FLOW_LIMITED  BOTH
FORCE_MAIN_EQUATION  H-W
SURCHARGE_METHOD     EXTRAN
MIN_SURFAREA         1.167
MAX_TRIALS           20
HEAD_TOLERANCE       0.0005
THREADS              1
IGNORE_QUALITY       YES"""


@dataclass(frozen=True)
class NetworkText:
    """The .inp, the inlets, and the cells where nodes without inlets spill."""

    inp: str
    inlets: tuple[NodeInlet, ...]
    nodes: int
    length_m: float
    volume_m3: float


class _Sections:
    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {}

    def add(self, section: str, *fields: object) -> None:
        texts = [f"{f:.3f}" if isinstance(f, float) else str(f) for f in fields]
        self.lines.setdefault(section, []).append(" ".join(f"{t:<14}" for t in texts).rstrip())

    def place(self, name: str, x: float, y: float) -> None:
        self.add("COORDINATES", name, float(ORIGIN_M[0] + x), float(ORIGIN_M[1] + y))

    def store(self, name: str, floor: float, depth: float, start: float, area: float) -> None:
        """A storage node of constant area (m2); depths over its floor (m)."""
        self.add("STORAGE", name, floor, depth, start, "FUNCTIONAL", 0, 0, area, 0, 0)

    def pipe(self, name: str, ends: tuple[str, str], length: float, *inverts: float) -> None:
        """A conduit; inverts (m) at its upper and its lower end."""
        self.add("CONDUITS", name, *ends, length, f"{PIPE_MANNING_N}", *inverts, 0, 0)

    def text(self, title: str) -> str:
        order = (
            "JUNCTIONS",
            "OUTFALLS",
            "STORAGE",
            "CONDUITS",
            "PUMPS",
            "XSECTIONS",
            "LOSSES",
            "CURVES",
            "TIMESERIES",
            "DWF",
            "COORDINATES",
        )
        body = "\n\n".join(
            f"[{name}]\n" + "\n".join(self.lines[name]) for name in order if name in self.lines
        )
        return (
            f"[TITLE]\n{title}\n\n[OPTIONS]\n{OPTIONS}\n\n[REPORT]\nINPUT NO\nCONTROLS NO\nNODES"
            f" ALL\nLINKS ALL\n\n{body}\n"
        )


def write_network(
    p: CityParameters, plan: Plan, ground: Ground, tree: SewerTree, design: Design
) -> NetworkText:
    """All sections; node and link names never change for the same parameters."""
    s = _Sections()
    for node, invert in zip(tree.nodes, design.inverts, strict=True):
        s.add("JUNCTIONS", node.name, invert, node.rim - invert, 0.0, 0.0, 0.0)
        s.place(node.name, node.x, node.y)
    volume = _pipes(s, tree, design)
    stations = _station_roots(p, tree, design)
    for number, root in enumerate(tree.roots, start=1):
        if root in stations:
            _pump_station(s, p, tree, design, number, root)
        else:
            _outlet(s, p, tree, design, number, root)
    inlets = [row for k in range(len(tree.nodes)) for row in _inlets(p, tree, design, k)]
    if plan.underpass is not None:
        inlets += _underpass_sump(s, plan, ground)
    for name in _cross_connected(p, tree):
        s.add("DWF", name, "FLOW", f"{p.cross_connection_l_s / 1000.0:.6g}")
    for hour, stage in p.river_stage_h_m:
        s.add(
            "TIMESERIES",
            "RIVER",
            f"{int(hour)}:{round(60 * (hour % 1)):02d}",
            STREET_LEVEL_M + stage,
        )
    title = (
        f"Synthetic reference city of flood_sim, not a real place: side {p.side_m:g} m,"
        f" {p.vintage}, P = {p.design_return_period_y:g} y, seed {p.seed}"
    )
    length = tree.length + sum(abs(tree.nodes[r].y - tree.outlet_y[r][1]) for r in tree.roots)
    return NetworkText(s.text(title), tuple(inlets), len(tree.nodes), length, volume)


def _cross_connected(p: CityParameters, tree: SewerTree) -> list[str]:
    """Nodes with foul water, drawn by their names."""
    wanted = round(p.cross_connections_per_km2 * p.side_m**2 / 1e6)
    return sorted(
        sorted(
            (node.name for node in tree.nodes), key=lambda name: (draw(p.seed, name, "foul"), name)
        )[:wanted]
    )


def _pipes(s: _Sections, tree: SewerTree, design: Design) -> float:
    volume = 0.0
    for k, node in enumerate(tree.nodes):
        pipe = design.pipes[k]
        if node.down < 0 or pipe is None:
            continue
        name = f"C{node.name[1:]}"
        ends = node.name, tree.nodes[node.down].name
        s.pipe(name, ends, node.length, pipe.upper, pipe.lower)
        _section(s, name, pipe.diameter, pipe.silt)
        volume += np.pi / 4.0 * pipe.diameter**2 * node.length
    return float(volume)


def _section(s: _Sections, link: str, diameter: float, silt: float = 0.0) -> None:
    if silt > 0.0:
        s.add("XSECTIONS", link, "FILLED_CIRCULAR", diameter, silt, 0, 0)
    else:
        s.add("XSECTIONS", link, "CIRCULAR", diameter, 0, 0, 0)


def _outlet(
    s: _Sections, p: CityParameters, tree: SewerTree, design: Design, number: int, root: int
) -> None:
    """Manhole -> chamber in the dyke -> last pipe of 12 m with a flap -> outfall: SWMM makes half
    the volume of the last pipe.
    """
    node, pipe = tree.nodes[root], design.pipes[root]
    assert pipe is not None
    chamber_y, outfall_y = tree.outlet_y[root]
    first, last = abs(node.y - chamber_y), abs(chamber_y - outfall_y)
    middle, end = pipe.upper - pipe.slope * first, pipe.upper - pipe.slope * (first + last)
    chamber, outfall = f"CH{number}", f"OUT{number}"
    s.store(chamber, middle, STREET_LEVEL_M + 1.5 - middle, 0.0, CHAMBER_M2)
    _river_outfall(s, p, outfall, end)
    s.pipe(f"L{number}A", (node.name, chamber), first, pipe.upper, middle)
    s.pipe(f"L{number}B", (chamber, outfall), last, middle, end)
    _section(s, f"L{number}A", pipe.diameter)
    _section(s, f"L{number}B", pipe.diameter)
    s.place(chamber, node.x, chamber_y)
    s.place(outfall, node.x, outfall_y)


def _river_outfall(s: _Sections, p: CityParameters, name: str, invert: float) -> None:
    gated = "NO" if draw(p.seed, name, "flap") < p.flapless_share else "YES"
    s.add("OUTFALLS", name, invert, "TIMESERIES", "RIVER", gated)


def _station_roots(p: CityParameters, tree: SewerTree, design: Design) -> set[int]:
    """Stations stand on the trunks with the largest flows; from 1 km2 up there is at least one."""
    wanted = (
        max(round(STATIONS_PER_KM2 * p.side_m**2 / 1e6), int(p.side_m >= 1000.0))
        if p.pump_stations
        else 0
    )
    return set(sorted(tree.roots, key=lambda k: (-round(design.flows[k], 4), k))[:wanted])


def _pump_station(
    s: _Sections, p: CityParameters, tree: SewerTree, design: Design, number: int, root: int
) -> None:
    """Wet well, equal pumps into a discharge chamber with its own flapped culvert, a gravity
    by-pass to a second outfall.
    """
    node, pipe = tree.nodes[root], design.pipes[root]
    assert pipe is not None
    chamber_y, outfall_y = tree.outlet_y[root]
    d, duty = pipe.diameter, design.flows[root] / DUTY_PUMPS
    trunk = pipe.upper - pipe.slope * 8.0
    floor, bottom = trunk - WELL_BELOW_M, STREET_LEVEL_M - 2.5
    well_area = max(20.0, 30.0 * duty / 1.0)
    well, discharge = f"WELL{number}", f"DIS{number}"
    s.store(well, floor, node.rim + WELL_WALL_M - floor, 0.5, well_area)
    s.store(discharge, bottom, STREET_LEVEL_M + 2.5 - bottom, 0.0, CHAMBER_M2)
    out, by_pass = f"OUT{number}", f"OUT{number}B"
    _river_outfall(s, p, out, bottom - 0.02)
    _river_outfall(s, p, by_pass, trunk - 0.02)
    s.pipe(f"L{number}A", (node.name, well), 12.0, pipe.upper, trunk)
    s.pipe(f"L{number}B", (discharge, out), 12.0, bottom, bottom - 0.02)
    s.pipe(f"L{number}C", (well, by_pass), 15.0, trunk, trunk - 0.02)
    s.add("LOSSES", f"L{number}C", 0, 0, 0, "YES")
    for link in ("A", "B", "C"):
        _section(s, f"L{number}{link}", d)
    _station_pumps(s, number, (well, discharge), d, duty)
    s.place(well, node.x, chamber_y)
    s.place(discharge, node.x + 8.0, chamber_y)
    s.place(out, node.x + 8.0, outfall_y)
    s.place(by_pass, node.x, outfall_y)


def _station_pumps(
    s: _Sections, number: int, ends: tuple[str, str], diameter: float, duty: float
) -> None:
    """Equal pumps that start one after the other; duty (m3/s): of each, at 6 m of head."""
    for k in range(DUTY_PUMPS):
        start, stop = WELL_BELOW_M + (0.35 + 0.25 * k) * diameter, WELL_BELOW_M - 1.6 + 0.25 * k
        s.add("PUMPS", f"P{number}{k + 1}", *ends, f"PUMP{number}", "OFF", start, stop)
    for label, (head, q) in zip(
        (f"PUMP{number}   PUMP3", f"PUMP{number}", f"PUMP{number}"),
        ((0.0, 1.3), (6.0, 1.0), (12.0, 0.3)),
        strict=True,
    ):
        s.add("CURVES", label, head, duty * q)


def _inlets(p: CityParameters, tree: SewerTree, design: Design, k: int) -> list[NodeInlet]:
    """The node's grates, shared by its gutter cells."""
    node = tree.nodes[k]
    share = design.grates[k] * p.inlet_open_share / len(node.inlet_cells)
    return [
        NodeInlet(
            node.name,
            row,
            column,
            share * GRATE_PERIMETER_M,
            share * GRATE_AREA_M2,
            share * GRATE_M3_S,
            open_share=p.inlet_open_share,
        )
        for row, column in node.inlet_cells
    ]


def _underpass_sump(s: _Sections, plan: Plan, ground: Ground) -> list[NodeInlet]:
    """Sump under the lowest point with two pumps and mains of their own; designed for its own rain
    only, never tied to the trunk.
    """
    u = plan.underpass
    assert u is not None
    row, column = (
        int(v) for v in ground.grid.cell_at(ORIGIN_M[0] + u.centre, ORIGIN_M[1] + u.street.at)
    )
    rim = float(ground.bed_elevation[row, column])
    area = u.street.width * 2.0 * u.ramp
    flow = (
        0.95
        * FORMULAS["zhengzhou-measures"].intensity_l_s_ha(UNDERPASS_MIN, UNDERPASS_PERIOD_Y)
        / 1e7
        * area
    )
    floor = rim - 3.5
    s.store("SUMP", floor, rim - floor, 0.3, 40.0)
    s.place("SUMP", u.centre, u.street.at)
    for k in (1, 2):
        s.add("OUTFALLS", f"OUTU{k}", STREET_LEVEL_M + 1.5, "FREE", "NO")
        s.add("PUMPS", f"PU{k}", "SUMP", f"OUTU{k}", "PUMPU", "ON", 0, 0)
        s.place(f"OUTU{k}", u.centre + 4.0 * k, plan.rivers[0] + 18.0)
    for label, depth, share in (
        ("PUMPU   PUMP4", 0.3, 0.0),
        ("PUMPU", 1.0, 0.5),
        ("PUMPU", 3.5, 0.5),
    ):
        s.add("CURVES", label, depth, share * flow)
    return [NodeInlet("SUMP", row, column, 20.0, 4.0, 2.0 * flow)]
