"""Energy lost where flow bends, drops or joins in a manhole: coefficients by HEC-22 for pipes that
run full, in the place that SWMM has for them (entry loss of the conduit that leaves).

FHWA, Urban Drainage Design Manual, HEC-22, second edition (2001), section 7.1.6.7: loss = K V^2/2g
with V of the pipe that leaves, K = Ko CQ Cp; Ko = 0.1 (b/D) (1 - sin t) + 1.4 (b/D)^0.15 sin t;
CQ = (1 - 2 sin t) (1 - Qi/Qo)^0.75 + 1; Cp = 1 + 0.2 (h/D) (h - d)/D where water falls h > d.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import NamedTuple

from flood_sim.drainage.conduits import Conduit, read_conduits
from flood_sim.drainage.inp import InpFile
from flood_sim.drainage.sections import OPEN_SHAPES

MANHOLE_M = 1.2  # inner width where the pipe is not wider
WORTH_TELLING = 0.5  # K of a bend of 22 degrees or more; a straight run has 0.1 to 0.2


class Loss(NamedTuple):
    """Of a conduit that leaves a manhole: K, the bend (degrees, 0 straight on) and fall (m) of its
    main inflow.
    """

    link: str
    node: str
    coefficient: float
    bend_deg: float
    fall_m: float


def coefficient(bend_deg: float, fall_m: float, diameter_m: float, share: float = 1.0) -> float:
    """K of HEC-22 of a full pipe of a diameter (m) whose main inflow bends by bend_deg (0 straight
    on, at most 90 count), falls fall_m (m, invert above invert) and brings a share (0 to 1) of the
    flow.
    """
    sine = math.sin(math.radians(min(bend_deg, 90.0)))
    wide = max(MANHOLE_M / diameter_m, 1.0)
    base = 0.1 * wide * (1.0 - sine) + 1.4 * wide**0.15 * sine
    joined = (1.0 - 2.0 * sine) * (1.0 - share) ** 0.75 + 1.0
    falls = fall_m - 0.5 * diameter_m  # from the flow line of the higher pipe to the lower's middle
    plunge = 1.0
    if falls > diameter_m:  # the pipe that leaves is full: water stands to its crown
        plunge += 0.2 * (falls / diameter_m) * (falls - diameter_m) / diameter_m
    return base * max(joined, 0.0) * plunge


def missing_losses(inp: InpFile) -> list[Loss]:
    """Of each manhole whose closed conduits the file gives no loss: one conduit leaves, its main
    inflow is the one of the largest capacity. Storages and outfalls have none.
    """
    places = _places(inp)
    leaving, entering = defaultdict[str, list[Conduit]](list), defaultdict[str, list[Conduit]](list)
    for c in read_conduits(inp):
        if c.shape not in OPEN_SHAPES:
            leaving[c.upper].append(c)
            entering[c.lower].append(c)
    have = {
        row.tokens[0]
        for row in inp.rows("LOSSES")
        if any(inp.number(row, k) for k in (1, 2, 3) if k < len(row.tokens))
    }
    found = []
    for node in sorted({row.tokens[0] for row in inp.rows("JUNCTIONS")}):
        out, into = leaving[node], entering[node]
        if len(out) != 1 or not into or {c.name for c in (*out, *into)} & have:
            continue
        loss = _loss_at(places, node, out[0], into)
        if loss is not None:
            found.append(loss)
    return found


class _Places(NamedTuple):
    """Nodes, and the bends of links, on the map."""

    nodes: dict[str, tuple[float, float]]
    bends: dict[str, list[tuple[float, float]]]


def _places(inp: InpFile) -> _Places:
    bends = defaultdict[str, list[tuple[float, float]]](list)
    for row in inp.rows("VERTICES"):
        bends[row.tokens[0]].append((inp.number(row, 1), inp.number(row, 2)))
    return _Places(inp.coordinates(), bends)


def _loss_at(places: _Places, node: str, leaving: Conduit, entering: list[Conduit]) -> Loss | None:
    main = max(entering, key=lambda c: (_size(c), c.name))
    before, after = _axis(places, main, node), _axis(places, leaving, node)
    if before is None or after is None:
        return None
    turn = abs(math.degrees(after - (before + math.pi))) % 360.0
    bend = min(turn, 360.0 - turn)
    fall = max(main.outlet_m - leaving.inlet_m, 0.0)
    share = _size(main) / sum(map(_size, entering))
    diameter = math.sqrt(4.0 * leaving.area_m2 / math.pi)
    return Loss(leaving.name, node, coefficient(bend, fall, diameter, share), bend, fall)


def _size(c: Conduit) -> float:
    return c.capacity_m3_s if c.capacity_m3_s > 0.0 else c.area_m2


def _axis(places: _Places, conduit: Conduit, node: str) -> float | None:
    """Direction (radians) in which a conduit leaves a node on the map; None where nobody says."""
    end = conduit.lower if conduit.upper == node else conduit.upper
    bends = places.bends.get(conduit.name, [])
    if node not in places.nodes or (not bends and end not in places.nodes):
        return None
    first = (bends[0] if conduit.upper == node else bends[-1]) if bends else places.nodes[end]
    east, north = first[0] - places.nodes[node][0], first[1] - places.nodes[node][1]
    return math.atan2(north, east) if east or north else None


def with_losses(inp: InpFile, losses: list[Loss]) -> InpFile:
    """The network with each loss as entry loss of its conduit; flap gates and seepage stay."""
    mine = {loss.link: loss.coefficient for loss in losses}
    body = []
    for row in inp.rows("LOSSES"):
        name, given, *rest = row.tokens
        value = f"{mine.pop(name):.4f}" if name in mine else given
        body.append(" ".join([_quoted(name), value, *rest]))
    body += [f"{_quoted(name)} {value:.4f} 0 0 NO" for name, value in mine.items()]
    return inp.with_section("LOSSES", body) if losses else inp


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def losses_line(losses: list[Loss], taken: bool) -> str:
    """What `check` prints of them; empty where there is nothing to say."""
    told = [loss for loss in losses if loss.coefficient >= WORTH_TELLING]
    if taken:
        worst = max((loss.coefficient for loss in losses), default=0.0)
        return f"losses at {len(losses)} manholes by HEC-22, K up to {worst:.2f}"
    if not told:
        return ""
    worst_one = max(told, key=lambda loss: loss.coefficient)
    return (
        f"{len(told)} bends and drops at manholes have no loss in [LOSSES]; by HEC-22 K is up to"
        f" {worst_one.coefficient:.2f} (`{worst_one.node}`, {worst_one.bend_deg:.0f} degrees):"
        ' [drainage] junction_losses = "hec22"'
    )
