"""A network thinned to its trunks: the coarse twin of a sewer system, because SWMM costs the same
at any cell size. Works on the .inp's text.

Each node looks down its largest conduit; the nodes with most others upstream are kept, with
whatever they look down to. What entered at a node that goes enters at the next kept one downstream.
Small pipes' volume and the time in them are lost: a twin is measured against its original, not
believed.
"""

from __future__ import annotations

import math
from collections.abc import Collection

from flood_sim.drainage.conduits import read_conduits
from flood_sim.drainage.inp import InpFile, Row

BY_NODE = ("JUNCTIONS", "COORDINATES")
BY_LINK = ("CONDUITS", "XSECTIONS", "LOSSES", "VERTICES")
PLACES_KEPT = (
    "INFLOWS",
    "RDII",
    "TREATMENT",
)  # a node that they name stays: two of their rows cannot be added


def thinned(
    inp: InpFile, share: float, needed: Collection[str] = ()
) -> tuple[InpFile, dict[str, str]]:
    """The network with about this share of its nodes (0 to 1), and for every node that went the one
    that stands for it.

    needed : nodes, and links whose nodes, must stay. Outfalls, storages, dividers, the ends of
    pumps, orifices, weirs and outlets, what [CONTROLS] and external inflows name stay as well.
    """
    down, links = _downstream(inp), inp.links()
    nodes = inp.node_ids()
    kept: set[str] = set()

    def keep(node: str) -> None:
        while node not in kept:
            kept.add(node)
            if node not in down:
                return
            node = down[node]

    conduits = {row.tokens[0] for row in inp.rows("CONDUITS")}
    named = {t for row in inp.rows("CONTROLS") for t in row.tokens} | set(needed)
    junctions = {row.tokens[0] for row in inp.rows("JUNCTIONS")}
    stay = [n for n in nodes if n not in junctions or n in named or n not in down]
    stay += [
        end for link, ends in links.items() if link not in conduits or link in named for end in ends
    ]
    stay += [row.tokens[0] for section in PLACES_KEPT for row in inp.rows(section)]
    for node in stay:
        keep(node)
    upstream = _upstream_counts(nodes, down)
    for node in sorted(nodes, key=lambda n: (-upstream[n], n)):
        if len(kept) >= math.ceil(share * len(nodes)):
            break
        keep(node)
    for node in nodes:
        kept.add(_walk(node, down, kept))
    goes = {node: _walk(node, down, kept) for node in nodes if node not in kept}
    return _without(inp, goes, links), goes


def _downstream(inp: InpFile) -> dict[str, str]:
    """Node to the node at the lower end of its largest conduit (by full flow, then area), or of any
    other link that leaves it.
    """
    best: dict[str, tuple[float, float, str]] = {}
    for c in read_conduits(inp):
        size = (
            c.capacity_m3_s if math.isfinite(c.capacity_m3_s) else 0.0,
            c.area_m2 if math.isfinite(c.area_m2) else 0.0,
        )
        if c.upper not in best or size > best[c.upper][:2]:
            best[c.upper] = (*size, c.lower)
    down = {node: lower for node, (_, _, lower) in best.items()}
    conduits = {row.tokens[0] for row in inp.rows("CONDUITS")}
    for link, (upper, lower) in inp.links().items():
        if link not in conduits:
            down.setdefault(upper, lower)
    return down


def _upstream_counts(nodes: list[str], down: dict[str, str]) -> dict[str, int]:
    """How many nodes look down to each; a ring is walked once."""
    count = dict.fromkeys(nodes, 0)
    for start in nodes:
        node, seen = start, {start}
        while (node := down.get(node, "")) and node not in seen and node in count:
            seen.add(node)
            count[node] += 1
    return count


def _walk(node: str, down: dict[str, str], kept: set[str]) -> str:
    """Down to the first kept node, or, where a ring has none, to a node of that ring."""
    seen = {node}
    while node not in kept:
        node = down[node]
        if node in seen:
            return node
        seen.add(node)
    return node


def _without(inp: InpFile, goes: dict[str, str], links: dict[str, tuple[str, str]]) -> InpFile:
    """The text without these nodes and their links; dry-weather flows and subcatchments lead to
    those that stand for them.
    """
    lines = list(inp.lines)
    for section in BY_NODE:
        for row in inp.rows(section):
            if row.tokens[0] in goes:
                lines[row.line - 1] = ""
    lost = {link for link, ends in links.items() if ends[0] in goes or ends[1] in goes}
    for section in BY_LINK:
        for row in inp.rows(section):
            if row.tokens[0] in lost:
                lines[row.line - 1] = ""
    for row in inp.rows("TAGS"):
        if len(row.tokens) > 1 and (row.tokens[1] in lost or row.tokens[1] in goes):
            lines[row.line - 1] = ""
    for row in inp.rows("SUBCATCHMENTS"):
        if len(row.tokens) > 2 and row.tokens[2] in goes:
            row_tokens = [*row.tokens[:2], goes[row.tokens[2]], *row.tokens[3:]]
            lines[row.line - 1] = "  ".join(row_tokens)
    _add_dry_weather(inp, goes, lines)
    return inp.with_lines(lines)


def _add_dry_weather(inp: InpFile, goes: dict[str, str], lines: list[str]) -> None:
    """Dry-weather flows of all nodes that one stands for become its own, summed; SWMM would take
    the last row only. Patterns: the first's.
    """
    first: dict[tuple[str, str], Row] = {}
    total: dict[tuple[str, str], float] = {}
    for row in inp.rows("DWF"):
        key = goes.get(row.tokens[0], row.tokens[0]), row.tokens[1].upper()
        total[key] = total.get(key, 0.0) + inp.number(row, 2)
        lines[row.line - 1] = ""
        first.setdefault(key, row)
    for key, row in first.items():
        lines[row.line - 1] = "  ".join(
            [key[0], row.tokens[1], f"{total[key]:.9g}", *row.tokens[3:]]
        )
