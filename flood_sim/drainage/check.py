"""What an engineer looks at before believing a network: slopes, diameters, levels, connections,
pumps, capacities. Reads the .inp text only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from flood_sim.core.errors import Finding, InputError
from flood_sim.drainage.inp import InpFile, Row
from flood_sim.drainage.sections import full_section

LEVEL_TOLERANCE_M = 0.005  # inverts are written to the centimetre
ROUGHNESS = (0.008, 0.1)  # Manning's n of pipes and channels: outside, another unit or a slip
LARGEST_PIPE_M = 12.0  # deeper closed sections are millimetres or inches read as metres
LENGTH_RATIO = 3.0  # of a conduit over the way between its nodes, either way
ENTRY_MINUTES = 10.0  # overland time to the first inlet (GB 50014: 5 to 15 min)
NAMED = 5  # of what is listed
OF_NODES = {"W423", "W424", "W426"}  # the other findings name links


@dataclass(frozen=True)
class Conduit:
    """A pipe or channel, SI. capacity_m3_s : full flow by Manning, 0 on level or adverse ones, NaN
    where the section is a table.
    """

    name: str
    upper: str
    lower: str
    length_m: float
    roughness: float
    inlet_m: float  # invert at its upper end, above the datum
    outlet_m: float
    shape: str
    depth_m: float
    area_m2: float
    capacity_m3_s: float
    line: int

    @property
    def slope(self) -> float:
        return (self.inlet_m - self.outlet_m) / self.length_m


def node_inverts(inp: InpFile) -> dict[str, float]:
    """Node to invert level, m."""
    metre = inp.metres_per_unit
    return {
        row.tokens[0]: inp.number(row, 1) * metre
        for name in ("JUNCTIONS", "OUTFALLS", "STORAGE", "DIVIDERS")
        for row in inp.rows(name)
    }


def read_conduits(inp: InpFile) -> list[Conduit]:
    """Every conduit whose two nodes and section the file has."""
    metre, inverts = inp.metres_per_unit, node_inverts(inp)
    sections = {row.tokens[0]: row for row in inp.rows("XSECTIONS")}
    by_level = inp.option("LINK_OFFSETS") == "ELEVATION"
    conduits = []
    for row in inp.rows("CONDUITS"):
        if (
            len(row.tokens) < 5
            or row.tokens[0] not in sections
            or not {row.tokens[1], row.tokens[2]} <= set(inverts)
        ):
            continue
        inlet, outlet = (
            _end_level(inp, row, 5 + k, inverts[row.tokens[1 + k]], by_level) for k in range(2)
        )
        shape, depth, area, radius, barrels = full_section(inp, sections[row.tokens[0]])
        if shape == "DUMMY":
            continue
        length, n = inp.number(row, 3) * metre, inp.number(row, 4)
        fall = (inlet - outlet) / length if length > 0.0 else 0.0
        capacity = (
            barrels * area * radius ** (2.0 / 3.0) * math.sqrt(max(fall, 0.0)) / n
            if n > 0.0
            else math.nan
        )
        conduits.append(
            Conduit(
                row.tokens[0],
                row.tokens[1],
                row.tokens[2],
                length,
                n,
                inlet,
                outlet,
                shape,
                depth,
                barrels * area,
                capacity,
                row.line,
            )
        )
    return conduits


def _end_level(inp: InpFile, row: Row, place: int, invert_m: float, by_level: bool) -> float:
    text = row.tokens[place] if place < len(row.tokens) else "0"
    if text == "*":
        return invert_m
    offset = inp.number(row, place) * inp.metres_per_unit if place < len(row.tokens) else 0.0
    return offset if by_level and place < len(row.tokens) else invert_m + offset


def audit_network(inp: InpFile, routing_step_s: float) -> list[Finding]:
    """Look at a network; nothing here is an error, SWMM would run it."""
    conduits = read_conduits(inp)
    findings: list[Finding] = []
    say = _Sayer(inp, findings)
    inverts = node_inverts(inp)
    adverse = [c for c in conduits if c.outlet_m > c.inlet_m + LEVEL_TOLERANCE_M]
    adverse.sort(key=lambda c: c.inlet_m - c.outlet_m)
    say(
        "W421",
        "conduits rise in their own direction",
        [f"{c.name} by {c.outlet_m - c.inlet_m:.2f} m (line {c.line})" for c in adverse],
    )
    say("W422", "conduits are smaller than the one that feeds them", _narrowing(conduits))
    say(
        "W423",
        "nodes have the invert 0 in a network far above 0: probably missing",
        _missing_inverts(inverts),
    )
    say(
        "W424",
        "nodes have no way to an outfall: their water can only spill",
        _unreachable(inp, inverts),
    )
    say("W425", "conduits stand above the rim of a node", _above_rims(inp, conduits))
    say(
        "W426",
        "outfalls lie below their stage without a flap gate: the river runs into the sewer",
        _drowned_outfalls(inp, inverts),
    )
    say("W427", "pumps do not reach the head they must lift", _weak_pumps(inp, inverts))
    odd = [
        f"{c.name} n {c.roughness:g} (line {c.line})"
        for c in conduits
        if not ROUGHNESS[0] <= c.roughness <= ROUGHNESS[1]
    ]
    say("W428", f"conduits have a Manning's n outside {ROUGHNESS[0]:g} to {ROUGHNESS[1]:g}", odd)
    closed = {"CIRCULAR", "FORCE_MAIN", "RECT_CLOSED", "EGG", "HORSESHOE", "ARCH"}
    huge = [
        f"{c.name} {c.depth_m:g} m (line {c.line})"
        for c in conduits
        if c.shape in closed and c.depth_m > LARGEST_PIPE_M
    ]
    say("W429", f"closed conduits are deeper than {LARGEST_PIPE_M:g} m: another unit?", huge)
    say(
        "W430",
        f"conduits are {LENGTH_RATIO:g} times longer or shorter than the way between their nodes:"
        " another unit of the map?",
        _lengths(inp, conduits),
    )
    steps = {
        c.name: c.length_m / math.sqrt(9.80665 * c.depth_m)
        for c in conduits
        if c.depth_m > 0.0 and c.length_m > 0.0
    }
    short = sorted(
        (name for name, step in steps.items() if step < 0.5 * routing_step_s), key=steps.__getitem__
    )
    say(
        "W431",
        "conduits are so short that a wave passes them in half a routing step of"
        f" {routing_step_s:g} s: SWMM loses water there",
        [f"{name} {steps[name]:.2f} s" for name in short],
        do="a smaller [drainage] routing_step_s, or LENGTHENING_STEP in the network",
    )
    return findings


class _Sayer:
    """One finding for a list of things, the first of them by name."""

    def __init__(self, inp: InpFile, findings: list[Finding]) -> None:
        self._inp, self._findings = inp, findings

    def __call__(self, code: str, problem: str, things: Iterable[str], do: str = "") -> None:
        things, where = (
            list(things),
            (self._inp.places if code in OF_NODES else self._inp.link_places),
        )
        if things:
            more = " ..." if len(things) > NAMED else ""
            text = f"{len(things)} {problem}: {', '.join(things[:NAMED])}{more}"
            self._findings.append(
                Finding(
                    code,
                    self._inp.path.name,
                    text,
                    do=do,
                    at=where(thing.split()[0] for thing in things),
                )
            )


def _narrowing(conduits: list[Conduit]) -> list[str]:
    """Conduits whose full area is below nine tenths of the largest one that runs into their upper
    node, the node having no wider way on.
    """
    into: dict[str, Conduit] = {}
    out: dict[str, Conduit] = {}
    for c in conduits:
        if c.area_m2 > into.get(c.lower, c).area_m2 or c.lower not in into:
            into[c.lower] = c
        if c.area_m2 > out.get(c.upper, c).area_m2 or c.upper not in out:
            out[c.upper] = c
    pairs = [
        (into[node], c)
        for node, c in out.items()
        if node in into and c.area_m2 < 0.9 * into[node].area_m2
    ]
    pairs.sort(key=lambda pair: pair[1].area_m2 / pair[0].area_m2)
    return [
        f"{c.name} ({c.depth_m:.2f} m) after {feeder.name} ({feeder.depth_m:.2f} m)"
        for feeder, c in pairs
    ]


def _missing_inverts(inverts: dict[str, float]) -> list[str]:
    values = np.array(list(inverts.values()))
    if values.size < 3 or abs(float(np.median(values))) < 5.0:
        return []
    return [name for name, z in inverts.items() if z == 0.0]


def _unreachable(inp: InpFile, inverts: dict[str, float]) -> list[str]:
    beside: dict[str, list[str]] = {}
    for a, b in inp.links().values():
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    links = inp.links()
    for row in inp.rows("INLET_USAGE"):  # a street conduit's inlet leads to a sewer node
        if len(row.tokens) > 2 and row.tokens[0] in links:
            beside.setdefault(links[row.tokens[0]][1], []).append(row.tokens[2])
            beside.setdefault(row.tokens[2], []).append(links[row.tokens[0]][1])
    reached = {row.tokens[0] for row in inp.rows("OUTFALLS")}
    front = list(reached)
    while front:
        for other in beside.get(front.pop(), ()):
            if other not in reached:
                reached.add(other)
                front.append(other)
    return [name for name in inverts if name not in reached]


def _above_rims(inp: InpFile, conduits: list[Conduit]) -> list[str]:
    rims, found = inp.rims(), []
    inverts = node_inverts(inp)
    for c in conduits:
        for node, level in ((c.upper, c.inlet_m), (c.lower, c.outlet_m)):
            if node in rims and rims[node] > inverts[node] and level > rims[node]:
                found.append(f"{c.name} at {node} by {level - rims[node]:.2f} m")
    return found


def _drowned_outfalls(inp: InpFile, inverts: dict[str, float]) -> list[str]:
    found = []
    for row in inp.rows("OUTFALLS"):
        if len(row.tokens) > 3 and row.tokens[2].upper() == "FIXED":
            stage = inp.number(row, 3) * inp.metres_per_unit
            gated = len(row.tokens) > 4 and row.tokens[4].upper() == "YES"
            if stage > inverts[row.tokens[0]] and not gated:
                found.append(f"{row.tokens[0]} by {stage - inverts[row.tokens[0]]:.2f} m")
    return found


def _weak_pumps(inp: InpFile, inverts: dict[str, float]) -> list[str]:
    """Pumps by head (PUMP3): the largest head of the curve below the lift from the upper node's
    start depth to the lower node's invert.
    """
    metre = inp.metres_per_unit
    kinds: dict[str, str] = {}
    points: dict[str, list[float]] = {}
    for row in inp.rows("CURVES"):
        tokens = row.tokens
        if len(tokens) > 1 and tokens[1].upper().startswith("PUMP"):
            kinds[tokens[0]], tokens = tokens[1].upper(), [tokens[0], *tokens[2:]]
        values = [float(t) for t in tokens[1:] if _is_number(t)]
        points.setdefault(tokens[0], []).extend(values[0::2])
    weak = []
    for row in inp.rows("PUMPS"):
        curve = row.tokens[3] if len(row.tokens) > 3 else "*"
        if (
            kinds.get(curve) != "PUMP3"
            or not points.get(curve)
            or not {row.tokens[1], row.tokens[2]} <= set(inverts)
        ):
            continue
        start = inp.number(row, 5) * metre if len(row.tokens) > 5 else 0.0
        lift = inverts[row.tokens[2]] - inverts[row.tokens[1]] - start
        if max(points[curve]) * metre < lift:
            weak.append(
                f"{row.tokens[0]}: curve to {max(points[curve]) * metre:.2f} m, lift {lift:.2f} m"
                f" (line {row.line})"
            )
    return weak


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _lengths(inp: InpFile, conduits: list[Conduit]) -> list[str]:
    """Only where most conduits agree with the map: schematic maps say nothing about lengths."""
    where, ratio = inp.coordinates(), {}
    for c in conduits:
        if c.upper in where and c.lower in where:
            way = math.dist(where[c.upper], where[c.lower])
            if way > 0.0 and c.length_m > 0.0:
                ratio[c.name] = c.length_m / way
    if not ratio or not 1.0 / LENGTH_RATIO < float(np.median(list(ratio.values()))) < LENGTH_RATIO:
        return []
    return [
        f"{name} {r:.2g}" for name, r in ratio.items() if not 1.0 / LENGTH_RATIO < r < LENGTH_RATIO
    ]


# --------------------------------------------------------------------------------------- indicators


def drained_areas(
    conduits: list[Conduit], own_area_m2: dict[str, float]
) -> dict[str, tuple[float, float]]:
    """Conduit to (m2 that drain to it, minutes of flow from its farthest upstream node), by the
    links' own directions.

    At a node with several ways out the area is split by their capacities. Loops are cut where they
    close: their areas are then too small.
    """
    out: dict[str, list[Conduit]] = {}
    waiting: dict[str, int] = {}
    for c in conduits:
        out.setdefault(c.upper, []).append(c)
        waiting[c.lower] = waiting.get(c.lower, 0) + 1
    area, minutes = dict(own_area_m2), dict.fromkeys(own_area_m2, 0.0)
    nodes = list(
        dict.fromkeys([*own_area_m2, *(c.upper for c in conduits), *(c.lower for c in conduits)])
    )
    ready = [n for n in nodes if waiting.get(n, 0) == 0]
    result: dict[str, tuple[float, float]] = {}
    seen: set[str] = set()
    while len(seen) < len(nodes):
        if not ready:  # a loop: go on with the node that waits for least
            ready = [min((n for n in nodes if n not in seen), key=lambda n: waiting.get(n, 0))]
        node = ready.pop()
        if node in seen:
            continue
        seen.add(node)
        ways = out.get(node, [])
        total = sum(
            max(c.capacity_m3_s, 1e-6) if math.isfinite(c.capacity_m3_s) else 1e-6 for c in ways
        )
        for c in ways:
            weight = max(c.capacity_m3_s, 1e-6) if math.isfinite(c.capacity_m3_s) else 1e-6
            part = area.get(node, 0.0) * weight / total
            result[c.name] = (part, minutes.get(node, 0.0))
            area[c.lower] = area.get(c.lower, 0.0) + part
            speed = (
                max(c.capacity_m3_s / c.area_m2, 0.3)
                if c.capacity_m3_s > 0.0 and c.area_m2 > 0.0
                else 0.3
            )
            minutes[c.lower] = max(
                minutes.get(c.lower, 0.0), minutes.get(node, 0.0) + c.length_m / speed / 60.0
            )
            waiting[c.lower] -= 1
            if waiting[c.lower] == 0:
                ready.append(c.lower)
    return result


def design_return_periods(
    conduits: list[Conduit],
    own_area_m2: dict[str, float],
    runoff_coefficient: float,
    intensity_l_s_ha: Callable[[float, float], float],
    longest_y: float = 100.0,
) -> dict[str, float]:
    """Conduit to the return period (years) whose rational flow psi q(t, P) A just fills it; at most
    longest_y, 0 where it carries nothing.

    intensity_l_s_ha(minutes, return period) : a storm formula; t = ENTRY_MINUTES + flow time (GB
    50014). Conduits without an area are left out.
    """
    periods, drained = {}, drained_areas(conduits, own_area_m2)
    for c in conduits:
        area, minutes = drained.get(c.name, (0.0, 0.0))
        if area <= 0.0 or not math.isfinite(c.capacity_m3_s):
            continue
        wanted = 1000.0 * c.capacity_m3_s / (runoff_coefficient * area / 1e4)  # L/(s ha)
        low, high = 0.05, longest_y
        if wanted >= intensity_l_s_ha(ENTRY_MINUTES + minutes, high):
            periods[c.name] = high
            continue
        if wanted <= intensity_l_s_ha(ENTRY_MINUTES + minutes, low):
            periods[c.name] = 0.0
            continue
        for _ in range(60):
            middle = math.sqrt(low * high)
            low, high = (
                (middle, high)
                if intensity_l_s_ha(ENTRY_MINUTES + minutes, middle) < wanted
                else (low, middle)
            )
        periods[c.name] = low
    return periods


FLOW_FACTORS, BASELINE, DRY_WEATHER_MEAN = (
    (4, 5),
    6,
    2,
)  # places of numbers in rows of [INFLOWS] and [DWF]


def refuse_odd_inflows(inp: InpFile) -> None:
    """SWMM runs with inflows that are no numbers, or below zero, and its continuity stays at 0.0 %:
    they are refused. Raises InputError.
    """
    faults, used = [], set()
    way = "an abstraction is a pump or an outlet, no inflow"
    for row in inp.rows("INFLOWS"):
        tokens = [t.strip('"') for t in row.tokens]
        if len(tokens) < 2 or tokens[1].upper() != "FLOW":
            continue
        if len(tokens) > 2 and tokens[2]:
            used.add(tokens[2])
        for place in (*FLOW_FACTORS, BASELINE):
            if place < len(tokens) and not _sound(tokens[place]):
                faults.append(
                    Finding(
                        "E408",
                        f"{inp.path.name}, line {row.line}",
                        f"an inflow of {tokens[0]}",
                        given=tokens[place],
                        allowed="0 and more",
                        do=way,
                        at=inp.places([tokens[0]]),
                    )
                )
    for row in inp.rows("DWF"):
        if (
            len(row.tokens) > DRY_WEATHER_MEAN
            and row.tokens[1].strip('"').upper() == "FLOW"
            and not _sound(row.tokens[DRY_WEATHER_MEAN])
        ):
            given = row.tokens[DRY_WEATHER_MEAN]
            faults.append(
                Finding(
                    "E408",
                    f"{inp.path.name}, line {row.line}",
                    f"the dry-weather flow of {row.tokens[0]}",
                    given=given,
                    allowed="0 and more",
                    do=way,
                    at=inp.places([row.tokens[0]]),
                )
            )
    for row in inp.rows("TIMESERIES"):
        if (
            row.tokens[0] in used
            and len(row.tokens) > 2
            and row.tokens[1].upper() != "FILE"
            and not _sound(row.tokens[-1])
        ):
            faults.append(
                Finding(
                    "E408",
                    f"{inp.path.name}, line {row.line}",
                    f"series {row.tokens[0]}",
                    given=row.tokens[-1],
                    allowed="0 and more",
                    do=way,
                )
            )
    if faults:
        raise InputError(faults)


def _sound(token: str) -> bool:
    """A finite number, not below zero; what is no number at all SWMM refuses itself."""
    try:
        value = float(token)
    except ValueError:
        return True
    return math.isfinite(value) and value >= 0.0
