"""The three standards of a city, searched: the highest return period that each portfolio passes,
with what fails first.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from flood_sim.analysis.outcomes.consequences import Consequences
from flood_sim.analysis.standards.criteria import Verdict, judge
from flood_sim.analysis.standards.files import (
    read_loads,
    refuse_wrong_loads,
    refuse_wrong_standards,
)
from flood_sim.analysis.standards.ladder import ladder_answer, next_rung
from flood_sim.core.errors import input_error, nearest
from flood_sim.ground.rainfall import FORMULAS, TAKEN_LAW, StormFormula
from flood_sim.results import open_results
from flood_sim.scenario import Scenario, build_inputs
from flood_sim.scenario.build import chosen_portfolio
from flood_sim.scenario.region import design_law, region_of
from flood_sim.study.store import AUDIT, Store, write_whole
from flood_sim.study.worker import completed, request

DAY_AFTER_H = 4.0  # the longest time in which streets must be passable again
Rung = tuple[str, float]  # family and return period


class Audit:
    """One scenario under one set of standards; runs are kept by content, so that portfolios and
    standards share them.
    """

    def __init__(
        self,
        scenario: Scenario,
        standards: dict[str, Any],
        city_class: str,
        folder: Path,
        threads: int = 1,
        loads: dict[str, Any] | None = None,
    ) -> None:
        """loads : rain and river stage by return period; None: those of the reference city."""
        self.scenario, self.standards, self.city_class, self.threads = (
            scenario,
            standards,
            city_class,
            threads,
        )
        self.loads, self.store = loads or read_loads(), Store(folder)
        self._runs: dict[tuple[str, Rung], Consequences] = {}
        self.law = design_law(scenario, region_of(scenario))
        refuse_wrong_standards(standards)
        refuse_wrong_loads(self.loads)
        _refuse_unknown_formulas(self.loads)
        known = next(iter(self.parts.values()))["required_y"]
        if city_class not in known:
            raise input_error(
                "E104",
                "--city-class",
                f"no such class{nearest(city_class, known)}",
                given=city_class,
                allowed=", ".join(known),
            )
        if scenario.spec.city is None and loads is None:
            raise input_error(
                "E104",
                scenario.path.name,
                "the loads by return period that come with the program are the reference city's",
                do="--loads FILE with those of this place (docs/studies.md)",
            )

    @property
    def parts(self) -> dict[str, Any]:
        return {name: s for name, s in self.standards.items() if isinstance(s, dict)}

    def portfolio(self, name: str, say: Callable[[str], None]) -> dict[str, Any]:
        """All standards of one portfolio. Raises RunFailedError where a run fails."""
        found = {}
        for standard, part in self.parts.items():
            required, families = float(part["required_y"][self.city_class]), {}
            for family in part["family"]:
                tried: dict[float, tuple[bool, dict[str, float]]] = {}
                verdicts: dict[float, list[Verdict]] = {}
                while (
                    self._has(family)
                    and (rung := next_rung(tried, self.standards["ladder_y"], required)) is not None
                ):
                    verdicts[rung] = self._verdicts(name, (family, rung), part)
                    if not verdicts[rung]:
                        break
                    tried[rung] = (
                        all(v.passed for v in verdicts[rung]),
                        {v.criterion: v.margin for v in verdicts[rung]},
                    )
                    say(
                        f"  {name}: {standard}, {family} {rung:g} y:"
                        f" {'passes' if tried[rung][0] else 'fails'}"
                    )
                if tried:
                    answer = ladder_answer(tried, self.standards["ladder_y"])
                    worst = verdicts[answer["fails_y"]] if answer["fails_y"] is not None else []
                    families[family] = answer | {
                        "tried": sorted(tried),
                        "fails_first": [_said(v) for v in worst if not v.passed],
                    }
                    if worst:
                        families[family]["run"] = self._run(
                            name, (family, answer["fails_y"])
                        ).results.folder.name
            found[standard] = _together(families, required, part)
        return found

    def _has(self, family: str) -> bool:
        """Whether there are loads of a family; a river's stage is set at the reference city
        only.
        """
        return family in self.loads and (family != "river" or self.scenario.spec.city is not None)

    def _verdicts(self, portfolio: str, rung: Rung, part: dict[str, Any]) -> list[Verdict]:
        consequences = self._run(portfolio, rung)
        ends_h = {"short": self.loads["short"]["duration_min"] / 60.0, "day": 24.0, "river": 0.0}[
            rung[0]
        ]
        found = [judge(consequences, criterion, ends_h) for criterion in part["criterion"]]
        return [v for v in found if v is not None]

    def _run(self, portfolio: str, rung: Rung) -> Consequences:
        if (portfolio, rung) not in self._runs:
            chosen = chosen_portfolio(self.scenario, portfolio)
            wanted = request(
                self.scenario,
                portfolio,
                chosen.measures,
                chosen.actions,
                self.changes(*rung),
                self.threads,
            )
            key = completed(wanted, self.store.folder, f"{portfolio}, {rung[0]} {rung[1]:g} y")
            self._runs[portfolio, rung] = Consequences(open_results(self.store.runs / key))
        return self._runs[portfolio, rung]

    def _formula(self, load: dict[str, Any]) -> str | dict[str, Any]:
        """Of a family's rain: the loads', else the scenario's law."""
        name = load.get("formula")
        return _plain(self.law.law) if name is None else str(name)

    def changes(self, family: str, period_y: float) -> dict[str, Any]:
        """What makes the scenario one of a family's storms: rain, river stage and length."""
        start, loads = self.scenario.spec.time.start, self.loads
        rain: dict[str, Any]
        if family == "river":
            rain, hours = {"kind": "none"}, loads["river"]["duration_h"]
        elif family == "short":
            short = loads["short"]
            rain = {
                "kind": "design_storm",
                "formula": self._formula(short),
                "return_period_y": period_y,
                "duration_min": short["duration_min"],
            }
            hours = short["duration_min"] / 60.0 + short["after_h"]
        else:
            rain = {
                "kind": "daily_storm",
                "depth_mm": day_depth_mm(loads, period_y, self.law.law),
                "return_period_y": period_y,
                "formula": self._formula(loads["day"]),
            }
            hours = 24.0 + DAY_AFTER_H + 0.5
        changes = {
            "time": {"stop": (start + timedelta(hours=hours)).isoformat()},
            "rainfall": rain,
            "output": {"fields": "depth", "interval_s": 900},
        }
        if self._has("river"):
            stage = river_stage_m(
                loads,
                period_y if family == "river" else min(period_y, loads["river"]["with_rain_y"]),
            )
            changes["city"] = {"river_stage_h_m": [[0.0, stage], [hours, stage]]}
        return changes


def _plain(law: StormFormula) -> dict[str, Any]:
    """As a scenario has it."""
    return dataclasses.asdict(law)


def _refuse_unknown_formulas(loads: dict[str, Any]) -> None:
    for family, table in loads.items():
        formula = table.get("formula")
        if formula is not None and formula not in FORMULAS:
            raise input_error(
                "E104",
                f"--loads, [{family}] `formula`",
                f"no such formula{nearest(formula, FORMULAS)}",
                given=formula,
                allowed=", ".join(FORMULAS),
            )


def river_stage_m(loads: dict[str, Any], period_y: float) -> float:
    """m over the riverside street: log-linear through bank-full and crest."""
    river = loads["river"]
    slope = (river["crest_m"] - river["full_m"]) / math.log(river["crest_y"] / river["full_y"])
    return float(river["full_m"] + slope * math.log(period_y / river["full_y"]))


def day_depth_mm(
    loads: dict[str, Any], period_y: float, own: StormFormula = TAKEN_LAW.law
) -> float:
    """24 h depth, scaled by the formula's intensities of both return periods; own : the law of the
    scenario, where the loads name none.
    """
    day = loads["day"]
    name = day.get("formula")
    intensity = (own if name is None else FORMULAS[name]).intensity_l_s_ha
    return float(day["depth_mm"] * intensity(120.0, period_y) / intensity(120.0, day["at_y"]))


def _said(verdict: Verdict) -> dict[str, Any]:
    return {
        "criterion": verdict.criterion,
        "worst": verdict.worst,
        "limit": verdict.limit,
        "strict": verdict.strict,
        "where": verdict.where,
        "objects": list(verdict.objects),
    }


def _together(
    families: dict[str, dict[str, Any]], required: float, part: dict[str, Any]
) -> dict[str, Any]:
    """The city's answer: the lowest of its storm families."""
    if not families:
        return {
            "required_y": required,
            "met": None,
            "why": (
                "no loads for it, or the runs have nothing to judge (no roads, buildings or spaces)"
            ),
            "families": {},
            "source": part["source"],
        }
    worst = min(families.values(), key=lambda f: f["passes_y"] or 0.0)
    passes = worst["passes_y"] or 0.0
    return {
        "required_y": required,
        "passes_y": worst["passes_y"],
        "fails_y": worst["fails_y"],
        "about_y": worst["about_y"],
        "met": passes >= required,
        "monotone": all(f["monotone"] for f in families.values()),
        "families": families,
        "chinese": part["chinese"],
        "source": part["source"],
    }


class AuditRules(NamedTuple):
    """What a city is held against. loads : None: those of the reference city."""

    standards: dict[str, Any]
    city_class: str
    loads: dict[str, Any] | None = None


def run_audit(
    scenario: Scenario,
    names: list[str],
    rules: AuditRules,
    folder: Path,
    workers: int = 0,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Audit portfolios side by side; writes audit.json into the folder. Raises InputError before
    anything runs.
    """
    from flood_sim.runs.runner import default_threads

    audit = Audit(scenario, rules.standards, rules.city_class, folder, loads=rules.loads)
    for name in names:
        build_inputs(scenario, name)
    audit.store.prepare()
    with audit.store.locked():
        audit.store.sweep()
        with ThreadPoolExecutor(workers or min(default_threads(), len(names))) as pool:
            results = list(pool.map(lambda name: audit.portfolio(name, say), names))
        document = {
            "scenario": scenario.spec.name,
            "city_class": rules.city_class,
            "synthetic": rules.loads is None,
            "portfolios": dict(zip(names, results, strict=True)),
            "regressions": _regressions(dict(zip(names, results, strict=True))),
            "assumptions": [
                *_assumed(audit.loads),
                f"sizes by return period, and loads without a formula: {audit.law}",
                (
                    "a street is passable along the driest way from end to end over cells and their"
                    " corners, frames of 15 min; a lane's width is not held clear, crossings and"
                    " overland flow paths are not exempt"
                ),
                "wave run-up and set-up on dykes: none",
            ],
        }
        write_whole(folder / AUDIT, json.dumps(document, indent=1, ensure_ascii=False).encode())
    return document


def _assumed(loads: dict[str, Any]) -> list[str]:
    said = []
    if "river" in loads:
        said.append(
            f"rain of any return period meets a river of at most {loads['river']['with_rain_y']:g}"
            f" years ({loads['river']['source']})"
        )
    if "day" in loads:
        said.append(f"24 h depths: {loads['day']['source']}")
    if "short" in loads:
        said.append(
            f"short storm {loads['short']['duration_min']:g} min: {loads['short']['source']}"
        )
    return said


def _regressions(portfolios: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Standards that a portfolio passes at a lower return period than the first: the most useful
    finding.
    """
    names = list(portfolios)
    return [
        {
            "portfolio": name,
            "standard": standard,
            "before_y": portfolios[names[0]][standard].get("passes_y"),
            "after_y": answer.get("passes_y"),
        }
        for name in names[1:]
        for standard, answer in portfolios[name].items()
        if (answer.get("passes_y") or 0.0) < (portfolios[names[0]][standard].get("passes_y") or 0.0)
    ]


def audit_lines(document: dict[str, Any]) -> list[str]:
    """The table as text: what is required, what each portfolio passes and fails, what fails
    first.
    """
    names = list(document["portfolios"])
    lines = [f"{document['scenario']}, city class {document['city_class']}"]
    for standard in document["portfolios"][names[0]]:
        for name in names:
            a = document["portfolios"][name][standard]
            if a["met"] is None:
                lines.append(f"  {standard:<17} {name:<24} not judged: {a['why']}")
                continue
            passes = f"passes {a['passes_y']:g}" if a["passes_y"] is not None else "passes none"
            fails = (
                f", fails {a['fails_y']:g}" if a["fails_y"] is not None else ", fails none tried"
            )
            about = f" (about {a['about_y']:.0f})" if a["about_y"] is not None else ""
            order = (
                ""
                if a["monotone"]
                else "; NOT monotone: a rarer storm passes where a commoner one fails"
            )
            lines.append(
                f"  {standard:<17} {name:<24} {'meets' if a['met'] else 'MISSES'}"
                f" {a['required_y']:g} y: {passes}{fails}{about}{order}"
            )
            for family, answer in a["families"].items():
                for v in answer["fails_first"][:2]:
                    worst = "; ".join(
                        f"{o['name']} {o['value']:.2f}"
                        + (f" at {o['x_m']:.0f}, {o['y_m']:.0f}" if "x_m" in o else "")
                        for o in v["objects"][:2]
                    )
                    lines.append(
                        f"      {family} {answer['fails_y']:g} y, {v['criterion']}:"
                        f" {v['worst']:.2f} over {v['limit']:g}" + (f" ({worst})" if worst else "")
                    )
    lines += [
        f"  worse than {names[0]}: {r['portfolio']}, {r['standard']}: {r['before_y']} ->"
        f" {r['after_y']} y"
        for r in document["regressions"]
    ]
    return lines + [f"  assumed: {text}" for text in document["assumptions"]]
