"""Results of benchmarks as tables of a page, and what got worse since an earlier JSON of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

# share by which a figure may move before it counts as worse: another compiler moves the last
# digits, not this much
WORSE = 0.05
SMALLEST = 1e-9  # below it a figure is rounding


def markdown(results: Sequence[dict[str, Any]], day: date) -> str:
    """One table a benchmark, under the machine, the versions and the day they were measured on."""
    parts = [
        f"# Measured on {day.isoformat()}",
        (
            "Made by `python -m benchmarks all --table FILE`; figures of different machines do not"
            " compare."
        ),
    ]
    for result in results:
        machine, versions = result["machine"], result.get("versions") or {}
        parts.append(f"## {result['benchmark']}")
        said = [
            f"{key} {value}" for key, value in {**machine, **versions}.items() if value is not None
        ]
        parts.append(", ".join(said) + ".")
        rows = ["| figure | value | unit | goal | holds | note |", "|---|---|---|---|---|---|"]
        for f in result["figures"]:
            side = "at least" if f.get("lower") else "at most"
            goal = "" if f["goal"] is None else f"{side} {f['goal']:.3g}"
            holds = {True: "yes", False: "**no**", None: ""}[f["holds"]]
            value = "null" if f["value"] is None else f"{f['value']:.3g}"
            rows.append(
                f"| {f['name']} | {value} | {f['unit']} | {goal} | {holds} |"
                f" {str(f.get('note', '')).replace('|', '/')} |"
            )
        parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


def regressions(now: dict[str, Any], before: dict[str, Any], part: bool = False) -> list[str]:
    """Figures of a benchmark that got worse by more than WORSE, no longer hold, or are gone (unless
    only a part was measured); one line each. Larger is worse, but for figures with `lower` (a goal
    from below). Meant for accuracy: times move with the machine.
    """
    measured = {f["name"] for f in now["figures"]}
    old = {f["name"]: f for f in before["figures"] if not part or f["name"] in measured}
    found = []
    for f in now["figures"]:
        was = old.pop(f["name"], None)
        if was is None or was["value"] is None:
            continue
        if f["value"] is None or not math.isfinite(f["value"]):
            found.append(
                f"{f['name']}: {was['value']:.4g} before, no value now ({f.get('note', '')})"
            )
            continue
        step = was["value"] - f["value"] if f.get("lower") else f["value"] - was["value"]
        if was["holds"] and f["holds"] is False:
            found.append(f"{f['name']}: {was['value']:.4g} held, {f['value']:.4g} does not")
        elif step > WORSE * abs(was["value"]) + SMALLEST:
            found.append(f"{f['name']}: {was['value']:.4g} before, {f['value']:.4g} now")
    return found + [
        f"{name}: {f['value']:.4g} before, not measured now"
        for name, f in old.items()
        if f["value"] is not None
    ]
