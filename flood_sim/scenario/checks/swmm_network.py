"""A user's SWMM network before it is used: what SWMM would refuse, and what means something else
here than there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from flood_sim.core.errors import Finding, InputError
from flood_sim.core.units import SWMM_US_UNITS
from flood_sim.drainage.inp import InpFile, Row, gate_place
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.drainage import SwmmDrainage

LARGE_NODE_M2 = 3.0


def check_on_ground(
    scenario: Scenario, spec: SwmmDrainage, inp: InpFile, findings: list[Finding]
) -> None:
    """Raises InputError with all that is wrong; what is doubtful goes to findings."""
    errors = [*_whole_network(scenario, inp), *_conduits(inp), *_junctions(inp)]
    if errors:
        raise InputError(errors)
    findings += [
        *_file(inp),
        *_options(inp),
        *_node_area(spec, inp),
        *_twice(scenario, inp),
        *_engine(inp),
        *_inlets_of_swmm(inp),
    ]


def _whole_network(scenario: Scenario, inp: InpFile) -> Iterator[Finding]:
    count = len(inp.rows("SUBCATCHMENTS"))
    if count and scenario.spec.rainfall.kind != "none":
        yield Finding(
            "E411",
            inp.path.name,
            f"{count} subcatchments and rain on the grid count the rain twice",
            do="remove [SUBCATCHMENTS] from the network, or the rain from the scenario",
        )
    if not inp.rows("OUTFALLS"):
        yield Finding(
            "E406",
            inp.path.name,
            "the network has no outfall: SWMM refuses it (error 145)",
            do="add a dummy outfall",
        )


def _conduits(inp: InpFile) -> Iterator[Finding]:
    for row in inp.rows("CONDUITS"):
        if len(row.tokens) > 3 and _number(row.tokens[3]) <= 0.0:
            yield Finding(
                "E405",
                f"{inp.path.name}, line {row.line}",
                f"conduit {row.tokens[0]} has length {row.tokens[3]}",
                do="give its length",
                at=inp.link_places([row.tokens[0]]),
            )


def _junctions(inp: InpFile) -> Iterator[Finding]:
    for row in inp.rows("JUNCTIONS"):
        if len(row.tokens) > 2 and _number(row.tokens[2]) < 0.0:
            name = row.tokens[0]
            yield Finding(
                "E404",
                f"{inp.path.name}, line {row.line}",
                f"node {name} has a negative depth",
                given=row.tokens[2],
                at=inp.places([name]),
            )


def _twice(scenario: Scenario, inp: InpFile) -> Iterator[Finding]:
    """Rain that seeps into the sewers (RDII) and falls on the grid as well."""
    count = len(inp.rows("RDII"))
    if count and scenario.spec.rainfall.kind != "none":
        yield Finding(
            "W436",
            inp.path.name,
            f"{count} nodes take infiltration from the network's rain gauges (RDII), and rain falls"
            " on the grid: that share of the rain counts twice",
            do="remove [RDII], or the rain from the scenario",
            at=inp.places(row.tokens[0] for row in inp.rows("RDII")),
        )


def _file(inp: InpFile) -> Iterator[Finding]:
    if inp.encoding != "utf-8":
        yield Finding(
            "W105",
            inp.path.name,
            f"the file is {inp.encoding}; a UTF-8 copy is used",
            do="save as UTF-8",
        )


def _options(inp: InpFile) -> Iterator[Finding]:
    if inp.flow_units in SWMM_US_UNITS:
        yield Finding(
            "W407",
            inp.path.name,
            f"FLOW_UNITS {inp.flow_units}: levels are read as feet and converted; its"
            " map has the unit of the terrain's",
        )
    routing = inp.option("FLOW_ROUTING")
    if routing not in ("DYNWAVE", "DW"):
        yield Finding(
            "W408",
            inp.path.name,
            f"FLOW_ROUTING {routing or 'not set'}: surcharge needs DYNWAVE",
            do="set FLOW_ROUTING DYNWAVE",
        )


def _node_area(spec: SwmmDrainage, inp: InpFile) -> Iterator[Finding]:
    area = _number(inp.option("MIN_SURFAREA")) * inp.metres_per_unit**2
    if area > LARGE_NODE_M2 and spec.min_surface_area_m2 is None:
        yield Finding(
            "W410",
            inp.path.name,
            f"MIN_SURFAREA is {area:.2f} m2 a node (12.566 is SWMM's default in ft2): SWMM does"
            " not count the water in it, its residual grows as nodes fill",
            do="set [drainage] min_surface_area_m2 = 1.167",
        )


def _engine(inp: InpFile) -> Iterator[Finding]:
    """What SWMM itself does otherwise than the file says."""
    notches = {r.tokens[0] for r in inp.rows("WEIRS") if _word(r, 3) == "V-NOTCH"}
    ruled = [n for n in notches if n in {t for r in inp.rows("CONTROLS") for t in r.tokens}]
    junctions = {r.tokens[0] for r in inp.rows("JUNCTIONS")}
    dry = [r.tokens[0] for r in inp.rows("PUMPS") if len(r.tokens) > 1 and r.tokens[1] in junctions]
    routed = [
        r.tokens[0]
        for r in inp.rows("OUTFALLS")
        if len(r.tokens) > 2
        and _word(r, gate_place(r.tokens)) == "YES"
        and len(r.tokens) > gate_place(r.tokens) + 1
    ]
    for code, names, text, do in (
        (
            "W445",
            ruled,
            "V-notch weirs have rules: under a setting below 1 SWMM loses the notch",
            "rules that close them or leave them open, or a TRANSVERSE weir",
        ),
        (
            "W446",
            routed,
            "gated outfalls lead to a subcatchment (RouteTo): SWMM drops their gates",
            "remove RouteTo, or put the gate on the last conduit ([LOSSES])",
        ),
        (
            "W447",
            dry,
            "pumps draw from junctions: SWMM gives them what flows in, the water there never falls",
            "make the node a storage (a wet well)",
        ),
    ):
        if names:
            named = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
            at = inp.places(names) if code == "W446" else inp.link_places(names)
            yield Finding(code, inp.path.name, f"{len(names)} {text}: {named}", do=do, at=at)


STREET_INLETS, DROP_INLETS = ("GRATE", "CURB", "SLOTTED"), ("DROP_GRATE", "DROP_CURB")


def _inlets_of_swmm(inp: InpFile) -> Iterator[Finding]:
    """SWMM's own inlets ([INLETS]) in conduits whose section they do not fit capture nothing."""
    rows = [r for r in inp.rows("INLETS") if len(r.tokens) > 1]
    kinds = {r.tokens[0]: r.tokens[1].upper() for r in rows}
    shapes = {r.tokens[0]: _word(r, 1) for r in inp.rows("XSECTIONS")}
    odd = []
    for row in inp.rows("INLET_USAGE"):
        kind = kinds.get(row.tokens[1]) if len(row.tokens) > 2 else None
        shape = shapes.get(row.tokens[0], "STREET")
        street = kind in STREET_INLETS and shape != "STREET"
        if street or (kind in DROP_INLETS and shape not in ("RECT_OPEN", "TRAPEZOIDAL")):
            odd.append(f"{row.tokens[0]} ({kind} in {shape})")
    if odd:
        names = [o.split()[0] for o in odd]
        yield Finding(
            "W449",
            inp.path.name,
            f"{len(odd)} inlets do not fit their conduit: SWMM lets nothing into them:"
            f" {', '.join(odd[:5])}",
            do="GRATE, CURB and SLOTTED in a STREET, DROP ones in open channels; or CUSTOM",
            at=inp.link_places(names),
        )


def _word(row: Row, place: int) -> str:
    return row.tokens[place].upper() if place < len(row.tokens) else ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
