"""A network with what has failed in it for the whole run: flaps that are open, conduits that fell
in.
"""

from __future__ import annotations

from collections.abc import Iterable

from flood_sim.core.errors import Finding, InputError
from flood_sim.drainage.inp import InpFile, gate_place
from flood_sim.operations.actions import Action
from flood_sim.operations.switches import Operation


def unflapped(inp: InpFile, outfalls: set[str]) -> InpFile:
    """The network without the flaps of these outfalls."""
    lines = list(inp.lines)
    for row in inp.rows("OUTFALLS"):
        place = gate_place(row.tokens)
        if row.tokens[0] in outfalls and len(row.tokens) > place:
            lines[row.line - 1] = " ".join([*row.tokens[:place], "NO", *row.tokens[place + 1 :]])
    return inp.with_lines(lines)


def collapsed(inp: InpFile, conduits: set[str], remaining: float) -> InpFile:
    """The network with less depth in some conduits: circular ones get a flat bed (FILLED_CIRCULAR),
    others less full depth.
    """
    lines = list(inp.lines)
    for row in inp.rows("XSECTIONS"):
        if row.tokens[0] not in conduits:
            continue
        tokens = [*row.tokens, *["0"] * (6 - len(row.tokens))]
        depth = inp.number(row, 2)
        if tokens[1].upper() == "CIRCULAR":
            tokens[1], tokens[3] = "FILLED_CIRCULAR", f"{(1.0 - remaining) * depth:.6g}"
        else:
            tokens[2] = f"{remaining * depth:.6g}"
        lines[row.line - 1] = " ".join(tokens)
    return inp.with_lines(lines)


def refuse_half_notches(
    inp: InpFile | None, operations: Iterable[Operation], actions: Iterable[Action]
) -> None:
    """SWMM takes a V-notch weir that is set between shut and open for one without its notch. Raises
    InputError (E421) with all that set one so.
    """
    weirs = () if inp is None else inp.rows("WEIRS")
    notches = {r.tokens[0] for r in weirs if len(r.tokens) > 3 and r.tokens[3].upper() == "V-NOTCH"}
    held = [(o.name, link, o.setting) for o in operations for link in o.links]
    held += [(a.name, t.target, t.setting) for a in actions for t in a.tasks if t.effect == "link"]
    faults = [
        Finding(
            "E421",
            f"`{name}`, weir `{link}`",
            "SWMM loses the notch of a V-notch weir that is set between shut and open",
            given=f"{setting:g}",
            allowed="0 or 1",
            do="shut it or leave it open, or make it a TRANSVERSE weir",
        )
        for name, link, setting in held
        if link in notches and 0.0 < setting < 1.0
    ]
    if faults:
        raise InputError(faults)
