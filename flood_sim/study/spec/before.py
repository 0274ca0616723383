"""What is wrong with the input of a study's runs, found before any worker starts: the runs at the
corners, and every set of measures, built but not run.
"""

from __future__ import annotations

import json
from dataclasses import replace

from flood_sim.core.errors import Faults, Finding, InputError
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.scenario.build import bare_inputs, build_portfolio
from flood_sim.study.expand import RunSpec, expand
from flood_sim.study.spec.study import Study

# runs whose keys are checked, runs whose grids are built, sets of measures that are built
MOST_READ, MOST_BUILT, MOST_SETS = 64, 8, 64


def refuse_wrong_input(study: Study) -> dict[str, int]:
    """Raises InputError with what `check` would say of the study's runs: keys of every storm,
    failure set and draw (the first MOST_READ of them), every set of measures (the first MOST_SETS,
    the smallest first), files and grids of the storms without a project and with all (the first
    MOST_BUILT). Returns how much was looked at.
    """
    runs, faults = expand(study), Faults()
    sets, asked = _sets(study, runs, faults)
    if not faults.findings:
        _corner_faults(study, runs, faults)
    if faults.findings:
        raise InputError(faults.findings)
    return {"runs": len(runs), "sets": sets, "sets_asked": asked}


def _sets(study: Study, runs: list[RunSpec], faults: Faults) -> tuple[int, int]:
    """Build every set of measures on the inputs of the first run; how many, and how many there are.
    A fault that a smaller set showed already is told once.
    """
    first = runs[0]
    mine = [r for r in runs if (r.storm, r.failure_set, r.draw, r.twin) == _kind(first)]
    found = {r.measures: r for r in sorted(mine, key=_measures)}
    chosen = list(found.values())[:MOST_SETS]
    portfolios = {
        f"set {k}": {"measures": list(r.measures), "actions": study.spec.actions}
        for k, r in enumerate(chosen)
    }
    table = first.changes | {"portfolio": portfolios}
    scenario = faults.of(load_scenario, study.scenario.path, study.scenario.allowed, table)
    base = None if scenario is None else faults.of(bare_inputs, scenario)
    if scenario is None or base is None:
        faults.findings = [_of(first, f) for f in faults.findings]
        return 0, len(found)
    for k, run in enumerate(chosen):
        before = len(faults.findings)
        faults.of(build_portfolio, scenario, base, f"set {k}")
        _tell_new(faults, before, run)
    return len(chosen), len(found)


def _kind(run: RunSpec) -> tuple[str, str, int, bool]:
    return run.storm, run.failure_set, run.draw, run.twin


def _corner_faults(study: Study, runs: list[RunSpec], faults: Faults) -> None:
    """Keys and grids of the runs at the corners."""
    seen, built = set[str](), 0
    for run in _corners(runs):
        changes = json.dumps(run.changes, sort_keys=True, default=str)
        if len(seen) >= MOST_READ and changes not in seen:
            continue
        before = len(faults.findings)
        scenario = faults.of(
            load_scenario, study.scenario.path, study.scenario.allowed, _table(study, run)
        )
        if scenario is not None and run.draw <= 0 and built < MOST_BUILT:
            built += 1
            faults.of(build_inputs, scenario, run.portfolio)
        seen.add(changes)
        _tell_new(faults, before, run)


def _table(study: Study, run: RunSpec) -> dict[str, object]:
    portfolio = {"measures": list(run.measures), "actions": study.spec.actions}
    return run.changes | {"portfolio": {run.portfolio: portfolio}}


def _tell_new(faults: Faults, before: int, run: RunSpec) -> None:
    """Findings from `before` on: those that an earlier run had are dropped, the others say which
    run has them.
    """
    faults.findings[before:] = [
        _of(run, f)
        for f in faults.findings[before:]
        if not any(_same(f, g) for g in faults.findings[:before])
    ]


def _corners(runs: list[RunSpec]) -> list[RunSpec]:
    """One run of each storm, failure set, draw and model with the fewest and with the most
    measures; those of the first storm come first.
    """
    found: dict[tuple[object, ...], list[RunSpec]] = {}
    for run in runs:
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
