"""What people read about measures: the kinds that there are, the parameters of one, and what a
portfolio builds.
"""

from __future__ import annotations

from typing import Any

from flood_sim.measures.base import CONDITION, MAKE, OPERATE, PROJECTS, RESIZE, SITES, Measure
from flood_sim.measures.costs import currency_of, unit_costs
from flood_sim.measures.registry import KINDS

COMMON = set(Measure.model_fields) | {"kind"}
STAGES = {
    MAKE: "makes or removes",
    RESIZE: "resizes",
    CONDITION: "restores",
    SITES: "changes sites",
    OPERATE: "acts in time",
}


def kinds() -> list[dict[str, str]]:
    """Project, kind and summary of all kinds, in the order of the projects."""
    rows = [
        {"project": k.PROJECT, "kind": name, "summary": k.SUMMARY, "chinese": k.CHINESE}
        for name, k in KINDS.items()
    ]
    order = [str(project) for project in PROJECTS]
    return sorted(rows, key=lambda row: order.index(row["project"]))


def explained(kind: str) -> list[str]:
    """A kind's text, parameters with unit, default and range, what it reads and writes."""
    measure = KINDS[kind]
    lines = [
        f"{kind} ({measure.PROJECT} {PROJECTS[measure.PROJECT]}; {measure.CHINESE}):"
        f" {measure.SUMMARY}"
    ]
    lines += [
        (measure.__doc__ or "").strip(),
        (
            f"stage {measure.STAGE} ({STAGES[measure.STAGE]}); changes"
            f" {', '.join(sorted(measure.WRITES))}"
        ),
    ]
    for name, field in measure.model_fields.items():
        if name in COMMON:
            continue
        signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
        limits = [
            f"{signs[s]} {getattr(rule, s):g}"
            for rule in field.metadata
            for s in signs
            if getattr(rule, s, None) is not None
        ]
        default = (
            "required"
            if field.is_required()
            else ""
            if field.default is None or name == "targets"
            else f"default {field.default}"
        )
        lines.append(
            f"  {name:<26} "
            + "; ".join(
                part for part in (default, " and ".join(limits), field.description or "") if part
            )
        )
    return lines


def bill_lines(rows: tuple[dict[str, Any], ...]) -> list[str]:
    """What a portfolio builds: count, quantities, cost, the first targets of each measure; the
    sum.
    """
    lines = []
    for row in rows:
        first = ", ".join(row["targets"][:5]) + (" ..." if len(row["targets"]) > 5 else "")
        what = ", ".join(
            f"{q['amount']:,.0f} {q['unit']} {q['item']}" for q in row["quantities"]
        ) or _nothing(row)
        lines.append(
            f"  {row['name']} ({row['kind']}): {what};"
            f" {_money(row['capital'], row['currency'])}"
            f"{' as stated' if row['cost_stated_by_user'] else ''};"
            f" {len(row['targets'])} targets: {first}"
        )
    if rows:
        total = {key: sum(row["capital"][key] for row in rows) for key in ("low", "middle", "high")}
        yearly, money = sum(row["yearly"] for row in rows), currency_of(rows)
        lines.append(
            f"measures: {len(rows)}, {_money(total, money)}, {yearly / 1e6:.1f} M {money} a year;"
            f" unit costs of {rows[0]['price_year']}, mostly recalled or assumed (measures.json has"
            " each source)"
        )
    return lines


def _nothing(row: dict[str, Any]) -> str:
    why = row.get("why_nothing", "")
    return f"nothing to build: {why}" if why else "nothing to build"


def _money(cost: dict[str, float], currency: str) -> str:
    low, middle, high = (cost[key] / 1e6 for key in ("low", "middle", "high"))
    return f"{middle:.2f} M {currency} ({low:.2f} to {high:.2f})"


def cost_lines() -> list[str]:
    """The table of the program's own unit costs."""
    return [
        f"  {name:<22}{c.low:>12,.0f}{c.middle:>12,.0f}{c.high:>12,.0f} CNY/{c.unit:<6} {c.source}"
        for name, c in unit_costs().items()
    ]
