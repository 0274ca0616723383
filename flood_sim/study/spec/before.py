"""What is wrong with the input of a study's runs, found before any worker starts: the runs at the
corners, built but not run.
"""

from __future__ import annotations

import json
from dataclasses import replace

from flood_sim.core.errors import Faults, Finding, InputError
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.study.expand import RunSpec, expand
from flood_sim.study.spec.study import Study

MOST_READ, MOST_BUILT = 64, 8  # runs whose keys are checked, and whose grids are built


def refuse_wrong_input(study: Study) -> None:
    """Raises InputError with what `check` would say of the study's runs: keys of every storm,
    failure set and draw (the first MOST_READ of them), files and grids of the storms without a
    project and with all (the first MOST_BUILT)."""
    faults, seen, built = Faults(), set[str](), 0
    for run in _corners(study):
        changes = json.dumps(run.changes, sort_keys=True, default=str)
        if len(seen) >= MOST_READ and changes not in seen:
            continue
        before = len(faults.findings)
        table = run.changes | {
            "portfolio": {
                run.portfolio: {"measures": list(run.measures), "actions": study.spec.actions}
            }
        }
        scenario = faults.of(load_scenario, study.scenario.path, study.scenario.allowed, table)
        if scenario is not None and run.draw <= 0 and built < MOST_BUILT:
            built += 1
            faults.of(build_inputs, scenario, run.portfolio)
        seen.add(changes)
        faults.findings[before:] = [
            _of(run, f)
            for f in faults.findings[before:]
            if not any(_same(f, g) for g in faults.findings[:before])
        ]
    if faults.findings:
        raise InputError(faults.findings)


def _corners(study: Study) -> list[RunSpec]:
    """One run of each storm, failure set, draw and model with the fewest and with the most
    measures; those of the first storm come first.
    """
    found: dict[tuple[object, ...], list[RunSpec]] = {}
    for run in expand(study):
        found.setdefault((run.storm, run.failure_set, run.draw, run.twin), []).append(run)
    return [
        run
        for runs in found.values()
        for run in (min(runs, key=_measures), max(runs, key=_measures))
    ]


def _measures(run: RunSpec) -> int:
    return len(run.measures)


def _of(run: RunSpec, finding: Finding) -> Finding:
    return replace(finding, problem=f"{finding.problem} (run {run})")


def _same(new: Finding, old: Finding) -> bool:
    return (new.code, new.place, new.given) == (old.code, old.place, old.given)
