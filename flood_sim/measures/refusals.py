"""Refusals of one rule that meets many objects as one message; why a measure builds nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from flood_sim.core.errors import Finding, input_error
from flood_sim.measures.base import Measure, Targets
from flood_sim.measures.edits import Plan

SHOWN = 3  # objects that a message names
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def together(findings: Iterable[Finding], names: Collection[str]) -> list[Finding]:
    """Findings of one code, place and sentence, which differ by an object's name and by numbers, as
    one with their count and the first three. names : of the objects.
    """
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for f in findings:
        groups.setdefault((f.code, f.place, _sentence(f.problem, names)), []).append(f)
    return [_one(group) for group in groups.values()]


def _sentence(problem: str, names: Collection[str]) -> str:
    words = ("*" if word.strip(".,:;()'`") in names else word for word in problem.split())
    return NUMBER.sub("#", " ".join(words))


def _one(group: list[Finding]) -> Finding:
    if len(group) == 1:
        return group[0]
    first = "; ".join(_said(f) for f in group[:SHOWN])
    rest = f"; and {len(group) - SHOWN} more" if len(group) > SHOWN else ""
    allowed = {f.allowed for f in group}
    return replace(
        group[0],
        problem=f"{len(group)} objects are refused for one reason: {first}{rest}",
        given="",
        allowed=group[0].allowed if len(allowed) == 1 else "",
        at=tuple(place for f in group for place in f.at),
    )


def _said(finding: Finding) -> str:
    return f"{finding.problem} ({finding.given})" if finding.given else finding.problem


def why_nothing(measure: Measure, plan: Plan) -> str:
    """Why a plan changes nothing; "" where it does."""
    if plan.edits or plan.quantities:
        return ""
    targets = getattr(measure, "targets", None)
    if plan.targets:
        return f"{len(plan.targets)} targets, each already as large, clean or open as asked"
    rule = rule_text(targets) if isinstance(targets, Targets) else ""
    return f"no object meets {rule}" if rule else "no object is meant"


def rule_text(targets: Targets) -> str:
    """What is asked of targets, as it stands in the scenario."""
    given = targets.model_dump(exclude_defaults=True, exclude={"allow_empty"})
    return ", ".join(f"{key} = {value}" for key, value in given.items())


def refuse_unpriced(name: str, items: list[str], currency: str) -> None:
    """Raises InputError where the region's pack has no unit cost of what a measure builds."""
    if items:
        raise input_error(
            "E104",
            f"measure.{name}",
            f"the pack of [region] has no unit cost in {currency} of {', '.join(items)}",
            allowed="all costs of a run are in one money",
            do=f"add {items[0]} = [low, middle, high] to [costs.items] of the pack",
        )
