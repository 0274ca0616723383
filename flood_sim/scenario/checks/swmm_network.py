"""A user's SWMM network before it is used: what SWMM would refuse, and what means something else
here than there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from flood_sim.core.errors import Finding, InputError
from flood_sim.core.units import SWMM_US_UNITS
from flood_sim.drainage.inp import InpFile
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
    findings += [*_file(inp), *_options(inp), *_node_area(spec, inp), *_own_clock(inp)]


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


def _own_clock(inp: InpFile) -> Iterator[Finding]:
    step = inp.option("ROUTING_STEP")
    if step:
        yield Finding(
            "W409",
            inp.path.name,
            f"its own clock is not used: ROUTING_STEP {step}, dates and VARIABLE_STEP are set"
            " by the scenario",
        )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
