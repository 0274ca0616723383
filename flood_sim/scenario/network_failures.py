"""A network with what has failed in it for the whole run: flaps that are open, conduits that fell
in.
"""

from __future__ import annotations

from flood_sim.drainage.inp import InpFile, gate_place


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
