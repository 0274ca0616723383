"""A study to its runs: sets of projects x storms x failure sets x draws, each with the changes of
the scenario that make it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from flood_sim.analysis.games.attribution import fractional_design
from flood_sim.scenario.build import bare_inputs
from flood_sim.scenario.loader import load_scenario, merge_tables
from flood_sim.study.spec.section import Changes
from flood_sim.study.spec.study import Study
from flood_sim.study.worker import request


@dataclass(frozen=True)
class RunSpec:
    """One run: which projects (bits and label), which storm, failure set and draw (-1: parameters
    as the scenario has them); by the cheap twin or not.
    """

    portfolio: str
    bits: int
    measures: tuple[str, ...]
    storm: str
    failure_set: str
    draw: int
    changes: Changes
    parameters: dict[str, float | str]
    twin: bool = False

    def __str__(self) -> str:
        draw = "" if self.draw < 0 else f", draw {self.draw}"
        return (
            f"{self.portfolio}, {self.storm},"
            f" {self.failure_set}{draw}{', twin' if self.twin else ''}"
        )

    def document(self, study: Study, digest: str) -> dict[str, Any]:
        """What a worker is told: plain text, no arrays."""
        spec = study.spec
        return request(
            study.scenario,
            self.portfolio,
            self.measures,
            spec.actions,
            self.changes,
            spec.threads_per_run,
            digest=digest,
        )

    def identity(self, study: Study, digest: str) -> str:
        """A hash of the document: the same run asked for twice has the same."""
        text = json.dumps(self.document(study, digest), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def expand(study: Study) -> list[RunSpec]:
    """All runs, in one order."""
    runs, twin = [], study.spec.twin
    for draw, parameters in enumerate(draw_parameters(study)) if study.spec.draws else [(-1, {})]:
        drawn = _nested(parameters)
        models = [False] if twin is None else [False, True] if draw < twin.dear_draws else [True]
        for storm, storm_changes in study.spec.storms.items():
            for failure_set, failure_changes in study.failure_sets.items():
                changes = merge_tables(merge_tables(storm_changes, failure_changes), drawn)
                for label, bits in portfolios(study).items():
                    measures = tuple(
                        m
                        for k, names in enumerate(study.projects.values())
                        if bits >> k & 1
                        for m in names
                    )
                    for cheap in models:
                        mine = (
                            merge_tables(changes, twin.changes)
                            if cheap and twin is not None
                            else changes
                        )
                        runs.append(
                            RunSpec(
                                label,
                                bits,
                                measures,
                                storm,
                                failure_set,
                                draw,
                                mine,
                                parameters,
                                cheap,
                            )
                        )
    return runs


def common_scheme(study: Study) -> str | None:
    """The scheme of all runs where the scenario says auto: that of its place, without draws and
    measures. Drawn roughness would change it from one run to the next, and their differences
    would be the scheme's. None where the scenario names one. Raises InputError.
    """
    mine = study.scenario
    if mine.spec.surface.scheme != "auto":
        return None
    first = next(iter(study.spec.storms.values()))
    return bare_inputs(load_scenario(mine.path, mine.allowed, first)).surface.scheme


def portfolios(study: Study) -> dict[str, int]:
    """Label to bits; bit k is the k-th project of the study."""
    names, kind = list(study.projects), study.spec.portfolios
    n = len(names)
    if isinstance(kind, dict):
        return {
            label: sum(1 << names.index(p) for p in projects) for label, projects in kind.items()
        }
    if kind == "fractional":
        sets = sorted(fractional_design().tolist())
    elif kind == "sampled":
        sets = sorted({*_singles(n), *(s for order in orders(study) for s in prefixes(order))})
    else:
        sets = list(range(2**n)) if kind == "factorial" else _singles(n)
    return {label_of(bits, names): bits for bits in sets}


def _singles(n: int) -> list[int]:
    full = 2**n - 1
    return [0, *(1 << i for i in range(n)), *(full ^ 1 << i for i in range(n) if n > 2), full]


def orders(study: Study) -> list[list[int]]:
    """Random orders of building, each followed by its reverse; members of a union stand together. A
    longer study keeps those of a shorter one.
    """
    if study.spec.portfolios != "sampled":
        return []
    rng = np.random.default_rng(study.spec.sampling.seed)
    found = []
    for _ in range(study.spec.sampling.pairs):
        order = [
            int(k)
            for u in rng.permutation(len(study.unions))
            for k in rng.permutation(study.unions[u])
        ]
        found += [order, order[::-1]]
    return found


def prefixes(order: list[int]) -> list[int]:
    """The sets (bits) that an order of building passes through, nothing built among them."""
    return [sum(1 << k for k in order[:m]) for m in range(len(order) + 1)]


def label_of(bits: int, names: list[str]) -> str:
    """none, the joined names, or all."""
    if bits == 2 ** len(names) - 1 and len(names) > 1:
        return "all"
    return "+".join(n for k, n in enumerate(names) if bits >> k & 1) or "none"


def draw_parameters(study: Study) -> list[dict[str, float | str]]:
    """Values of each draw; the first n of a longer study are those of a shorter one."""
    from scipy.stats import qmc

    draws = study.spec.draws
    if draws is None:
        return []
    keys, choices = sorted(draws.parameters), sorted(draws.choices)
    power = int(np.ceil(np.log2(max(draws.n, 1))))
    points = qmc.Sobol(
        len(keys) + len(choices), scramble=True, rng=np.random.default_rng(draws.seed)
    ).random_base2(power)[: draws.n]
    low, high = (np.array([draws.parameters[k][side] for k in keys]) for side in (0, 1))
    found: list[dict[str, float | str]] = []
    for row in points:
        drawn: dict[str, float | str] = dict(
            zip(keys, (low + row[: len(keys)] * (high - low)).tolist(), strict=True)
        )
        found.append(
            drawn
            | {
                k: draws.choices[k][int(u * len(draws.choices[k]))]
                for k, u in zip(choices, row[len(keys) :], strict=True)
            }
        )
    return found


def _nested(parameters: dict[str, float | str]) -> Changes:
    nested: Changes = {}
    for key, value in parameters.items():
        *path, last = key.split(".")
        table = nested
        for part in path:
            table = table.setdefault(part, {})
        table[last] = value
    return nested
