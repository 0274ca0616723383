"""What an engineer looks at before believing a network: slopes, diameters, levels, connections,
pumps, capacities. Reads the .inp text only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from flood_sim.core.constants import GRAVITY_M_S2
from flood_sim.core.errors import Finding
from flood_sim.drainage.conduits import Conduit, node_inverts, read_conduits
from flood_sim.drainage.inp import InpFile
from flood_sim.drainage.run_options import surcharge_method

LEVEL_TOLERANCE_M = 0.005  # inverts are written to the centimetre
ROUGHNESS = (0.008, 0.1)  # Manning's n of pipes and channels: outside, another unit or a slip
LARGEST_PIPE_M = 12.0  # deeper closed sections are millimetres or inches read as metres
LENGTH_RATIO = 3.0  # of a conduit over the way between its nodes, either way
CLOSED = {"CIRCULAR", "FORCE_MAIN", "RECT_CLOSED", "EGG", "HORSESHOE", "ARCH"}
NAMED = 5  # of what is listed
STEPS_S = (2.0, 1.0, 0.5, 0.25, 0.2, 0.1)  # routing steps to choose from
QUICKEST = 100  # one conduit in so many may be quicker than the routing step
LONGEST_SLOT_S = 1.0  # SLOT is unstable over longer steps
OF_NODES = {"W423", "W424", "W426"}  # the other findings name links


def check_network(inp: InpFile, routing_step_s: float) -> list[Finding]:
    """Look at a network; nothing here is an error, SWMM would run it."""
    conduits, inverts = read_conduits(inp), node_inverts(inp)
    findings: list[Finding] = []
    say = _Sayer(inp, findings)
    say("W421", "conduits rise in their own direction", _adverse(conduits))
    say("W422", "conduits are smaller than the one that feeds them", _narrowing(conduits))
    missing = "nodes have the invert 0 in a network far above 0: probably missing"
    say("W423", missing, _missing_inverts(inverts))
    lost = "nodes have no way to an outfall: their water can only spill"
    say("W424", lost, _unreachable(inp, inverts))
    say("W425", "conduits stand above the rim of a node", _above_rims(inp, conduits))
    drowned = "outfalls lie below their stage without a flap gate: the river runs into the sewer"
    say("W426", drowned, _drowned_outfalls(inp, inverts))
    say("W427", "pumps do not reach the head they must lift", _weak_pumps(inp, inverts))
    _say_units(inp, conduits, say)
    _say_short(conduits, routing_step_s, say)
    return findings


def _say_units(inp: InpFile, conduits: list[Conduit], say: _Sayer) -> None:
    """Numbers that another unit would explain."""
    low, high = ROUGHNESS
    odd = [
        f"{c.name} n {c.roughness:g} (line {c.line})"
        for c in conduits
        if not low <= c.roughness <= high
    ]
    say("W428", f"conduits have a Manning's n outside {low:g} to {high:g}", odd)
    huge = [
        f"{c.name} {c.depth_m:g} m (line {c.line})"
        for c in conduits
        if c.shape in CLOSED and c.depth_m > LARGEST_PIPE_M
    ]
    say("W429", f"closed conduits are deeper than {LARGEST_PIPE_M:g} m: another unit?", huge)
    say(
        "W430",
        f"conduits are {LENGTH_RATIO:g} times longer or shorter than the way between their nodes:"
        " another unit of the map?",
        _lengths(inp, conduits),
    )


def _say_short(conduits: list[Conduit], routing_step_s: float, say: _Sayer) -> None:
    """Conduits that a wave passes in half a routing step."""
    steps = wave_times(conduits)
    short = sorted((n for n, s in steps.items() if s < 0.5 * routing_step_s), key=steps.__getitem__)
    if not short:
        return
    wanted = max((s for s in STEPS_S if s <= 2.0 * steps[short[0]]), default=STEPS_S[-1])
    told = [f"{name} {steps[name]:.2f} s" for name in short]
    text = (
        f"{len(short)} conduits are so short that a wave passes them in half a routing step of"
        f" {routing_step_s:g} s: SWMM loses water there: {_named(told)}"
    )
    do = f"[drainage] routing_step_s = {wanted:g}, or LENGTHENING_STEP in the network"
    say.tell("W431", text, told, do=do)


def wave_times(conduits: list[Conduit]) -> dict[str, float]:
    """Conduit to the time that a wave takes through it when full, sqrt(g depth), s."""
    return {
        c.name: c.length_m / math.sqrt(GRAVITY_M_S2 * c.depth_m)
        for c in conduits
        if c.depth_m > 0.0 and c.length_m > 0.0
    }


def choose_step(inp: InpFile, coupling_step_s: float) -> tuple[float, str]:
    """Routing step (s) that divides the coupling step, and why: no longer than a wave takes through
    all conduits but the quickest hundredth. Norfolk: 2 s lost 2.1 to 2.5 %, 0.5 s cures it.
    """
    times = sorted(wave_times(read_conduits(inp)).values())
    quick = times[len(times) // QUICKEST] if times else math.inf
    longest = STEPS_S[0] if surcharge_method(inp) == "EXTRAN" else LONGEST_SLOT_S
    fits = [
        s
        for s in STEPS_S
        if s <= longest and abs(coupling_step_s / s - round(coupling_step_s / s)) < 1e-9
    ]
    step = next((s for s in fits if s <= quick), fits[-1])
    why = f"a wave passes the quickest conduits in {quick:.2g} s" if times else "no conduits"
    return step, f"routing step {step:g} s ({why}; [drainage] routing_step_s sets another)"


class _Sayer:
    """One finding for a list of things, the first of them by name."""

    def __init__(self, inp: InpFile, findings: list[Finding]) -> None:
        self._inp, self._findings = inp, findings

    def __call__(self, code: str, problem: str, things: Iterable[str], do: str = "") -> None:
        things = list(things)
        if things:
            self.tell(code, f"{len(things)} {problem}: {_named(things)}", things, do)

    def tell(self, code: str, text: str, things: Iterable[str], do: str = "") -> None:
        """A finding whose text is whole."""
        where = self._inp.places if code in OF_NODES else self._inp.link_places
        at = where(thing.split()[0] for thing in things)
        self._findings.append(Finding(code, self._inp.path.name, text, do=do, at=at))


def _named(things: list[str]) -> str:
    return ", ".join(things[:NAMED]) + (" ..." if len(things) > NAMED else "")


def _adverse(conduits: list[Conduit]) -> list[str]:
    """Conduits that rise, the steepest rise first."""
    adverse = [c for c in conduits if c.outlet_m > c.inlet_m + LEVEL_TOLERANCE_M]
    adverse.sort(key=lambda c: c.inlet_m - c.outlet_m)
    return [f"{c.name} by {c.outlet_m - c.inlet_m:.2f} m (line {c.line})" for c in adverse]


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
    rims, found = inp.stated_rims(), []
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
