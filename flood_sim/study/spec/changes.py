"""Every change that a study makes to its scenario, held against the scenario's own schema before
anything runs: storms, failure sets, twin, draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flood_sim.core.errors import Finding, InputError
from flood_sim.scenario import Scenario, load_scenario
from flood_sim.scenario.loader import merge_tables
from flood_sim.study.spec.section import Changes

if TYPE_CHECKING:
    from flood_sim.study.spec.study import StudySpec

WITHIN = (
    0.0,
    0.3728,
    1.0,
)  # places in a drawn range that are tried: both ends, and one that no whole number or choice has


def nested(key: str, value: Any) -> Changes:
    """ "a.b" and a value as { a = { b = value } }."""
    *path, last = key.split(".")
    table: Changes = {last: value}
    for part in reversed(path):
        table = {part: table}
    return table


def refuse_wrong_changes(spec: StudySpec, scenario: Scenario, study_file: str) -> None:
    """Raises InputError (E310) with every storm, failure set, twin and draw that makes no valid
    scenario.
    """
    faults = _reversed(spec, study_file)
    known = {key for finding in faults for key in (finding.place.rpartition(", ")[2],)}
    for place, changes in _all(spec):
        if place.rpartition(" = ")[0] not in known and place not in known:
            faults += _told(scenario, changes, f"{study_file}, {place}")
    if faults:
        raise InputError(list({finding.place: finding for finding in faults}.values()))


def _reversed(spec: StudySpec, study_file: str) -> list[Finding]:
    ranges = spec.draws.parameters if spec.draws is not None else {}
    return [
        Finding(
            "E310",
            f"{study_file}, draws.parameters.{key}",
            "the range runs backwards",
            given=f"[{low:g}, {high:g}]",
            do="give [least, most]",
        )
        for key, (low, high) in ranges.items()
        if low > high
    ]


def _all(spec: StudySpec) -> Iterator[tuple[str, Changes]]:
    """Place in the study and the changes to try; draws upon each storm, since a storm may bring the
    section that a draw changes.
    """
    for storm, changes in spec.storms.items():
        yield f"storms.{storm}", changes
    for name, changes in spec.failure_sets.items():
        yield f"failure_sets.{name}", changes
    if spec.twin is not None:
        yield "twin.changes", spec.twin.changes
    if spec.draws is None:
        return
    for base in spec.storms.values():
        for key, (low, high) in spec.draws.parameters.items():
            for share in WITHIN:
                value = low + share * (high - low)
                yield f"draws.parameters.{key} = {value:g}", merge_tables(base, nested(key, value))
        for key, values in spec.draws.choices.items():
            for choice in values:
                yield f"draws.choices.{key} = {choice}", merge_tables(base, nested(key, choice))


def _told(scenario: Scenario, changes: Changes, place: str) -> list[Finding]:
    try:
        load_scenario(scenario.path, scenario.allowed, changes)
    except InputError as error:
        return [
            replace(
                f,
                code="E310",
                place=place,
                problem=f"{f.problem} ({f.place})",
                do=f.do or "mend the study",
            )
            for f in error.findings[:3]
        ]
    return []
