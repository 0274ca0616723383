"""Merged edits of the .inp as text: fields of rows replaced, rows added and taken away, every other
line as it was.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from flood_sim.drainage.inp import InpFile, gate_place
from flood_sim.measures.edits import NEW_ROW, Op
from flood_sim.measures.resources import Resource

FIELDS: dict[str, dict[str, int]] = {
    "CONDUITS": {"length": 3, "roughness": 4, "inlet_offset": 5, "outlet_offset": 6},
    "XSECTIONS": {"shape": 1, "geom1": 2, "geom2": 3, "geom3": 4, "geom4": 5, "barrels": 6},
    "JUNCTIONS": {"invert": 1, "depth": 2},
    "PUMPS": {"start": 5, "stop": 6},
    "LOSSES": {"entry": 1, "exit": 2, "average": 3, "flap": 4},
}


def edited(inp: InpFile, items: dict[tuple[Resource, Hashable], tuple[Op, Any]]) -> InpFile:
    """The network with all edits of its sections; the same edits in any order
    give the same text.
    """
    lines, sections = list(inp.lines), sorted({r for r, _ in items if r.section})
    added: list[str] = []
    for resource in sections:
        section = resource.section
        rows = {row.tokens[0]: row for row in inp.rows(section)}
        mine = sorted(
            ((key, edit) for (r, key), edit in items.items() if r == resource),
            key=lambda pair: str(pair[0]),
        )
        new: list[str] = []
        fields: dict[str, list[tuple[str, Op, Any]]] = {}
        for key, (op, value) in mine:
            name, field = (str(part) for part in key)  # type: ignore[attr-defined]
            if op == "insert":
                new += (
                    [" ".join((name, *value))]
                    if isinstance(value, tuple)
                    else [" ".join(tokens) for tokens in value]
                )
            elif op == "delete" and field == NEW_ROW:
                for row in inp.rows(section):
                    if row.tokens[0] == name:
                        lines[row.line - 1] = ""
            else:
                fields.setdefault(name, []).append((field, op, value))
        for name, changes in fields.items():
            row = rows[name]
            lines[row.line - 1] = " ".join(_changed(section, list(row.tokens), changes))
        if new:
            added += ["", f"[{section}]", *new]
    return inp.with_lines([*lines, *added])


def _changed(section: str, tokens: list[str], changes: list[tuple[str, Op, Any]]) -> list[str]:
    for field, op, value in changes:
        place = (
            gate_place(tokens)
            if (section, field) == ("OUTFALLS", "gated")
            else FIELDS[section][field]
        )
        tokens += ["1" if section == "XSECTIONS" and len(tokens) == 6 else "0"] * max(
            place + 1 - len(tokens), 0
        )
        if isinstance(value, str):
            tokens[place] = value
            continue
        now = float(tokens[place])
        result = {
            "lower_to": min(now, value),
            "raise_to": max(now, value),
            "add": now + value,
            "set": value,
        }[op]
        tokens[place] = f"{result:.9g}"
    return tokens
