"""Inflows of a network that SWMM would take without a word: no numbers, or below zero."""

from __future__ import annotations

import math

from flood_sim.core.errors import Finding, InputError
from flood_sim.drainage.inp import InpFile, Row

# Places of numbers in rows of [INFLOWS] and [DWF].
FLOW_FACTORS, BASELINE, DRY_WEATHER_MEAN = (4, 5), 6, 2
NO_INFLOW = "give what flows in; an abstraction is a pump or an outlet"


def refuse_odd_inflows(inp: InpFile) -> None:
    """SWMM runs with inflows that are no numbers, or below zero, and its continuity stays at 0.0 %:
    they are refused. Raises InputError.
    """
    given = [(row, [t.strip('"') for t in row.tokens]) for row in inp.rows("INFLOWS")]
    flows = [(row, tokens) for row, tokens in given if _is_flow(tokens)]
    faults = [
        _fault(inp, row, f"an inflow of {tokens[0]}", tokens[place], tokens[0], do=NO_INFLOW)
        for row, tokens in flows
        for place in (*FLOW_FACTORS, BASELINE)
        if place < len(tokens) and not _sound(tokens[place])
    ]
    for row in inp.rows("DWF"):
        if len(row.tokens) > DRY_WEATHER_MEAN and row.tokens[1].strip('"').upper() == "FLOW":
            mean, node = row.tokens[DRY_WEATHER_MEAN], row.tokens[0]
            if not _sound(mean):
                text = f"the dry-weather flow of {node}"
                faults.append(_fault(inp, row, text, mean, node, do=NO_INFLOW))
    used = {tokens[2] for _, tokens in flows if len(tokens) > 2 and tokens[2]}
    for row in inp.rows("TIMESERIES"):
        named = row.tokens[0] in used and len(row.tokens) > 2 and row.tokens[1].upper() != "FILE"
        if named and not _sound(row.tokens[-1]):
            text = f"series {row.tokens[0]}"
            faults.append(_fault(inp, row, text, row.tokens[-1], do=NO_INFLOW))
    if faults:
        raise InputError(faults)


def _is_flow(tokens: list[str]) -> bool:
    return len(tokens) >= 2 and tokens[1].upper() == "FLOW"


def _fault(
    inp: InpFile, row: Row, problem: str, given: str, node: str | None = None, do: str = ""
) -> Finding:
    place = f"{inp.path.name}, line {row.line}"
    at = () if node is None else inp.places([node])
    return Finding("E408", place, problem, given=given, allowed="0 and more", do=do, at=at)


def _sound(token: str) -> bool:
    """A finite number, not below zero; what is no number at all SWMM refuses itself."""
    try:
        value = float(token)
    except ValueError:
        return True
    return math.isfinite(value) and value >= 0.0
