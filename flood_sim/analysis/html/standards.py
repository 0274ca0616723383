"""The part of a page that an audit fills: three standards beside the portfolios, what fails first,
what got worse.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flood_sim.analysis.html.maps import ground_picture, scale_bar, share_of_map
from flood_sim.analysis.html.names import (
    CITY_CLASSES,
    IN_HOURS,
    LOADS,
    criterion_words,
    place_words,
    portfolio_words,
    standard_words,
)
from flood_sim.analysis.html.runs import scheme_lines
from flood_sim.analysis.html.words import Words, both, joined
from flood_sim.core.files.plain_folder import plain_name
from flood_sim.results import Results, open_results

PINS = "ABCDEFGH"  # one letter a portfolio: never by colour alone


def standards_context(document: dict[str, Any], runs: Path | None = None) -> dict[str, Any]:
    """From audit.json; runs : the folder of the audit's runs, for the map of what fails first."""
    portfolios, runs_of = document["portfolios"], _runs(document, runs)
    standards = list(next(iter(portfolios.values())))
    place, city = document["scenario"], document["city_class"]
    size = CITY_CLASSES.get(city, both(city))
    return {
        "title": document["scenario"],
        "about": Words(
            f"Audit of {place}, city class {size.en}.", f"{place} 标准核查，城市等级：{size.zh}。"
        ),
        "standards": {
            "names": [portfolio_words(name) for name in portfolios],
            "synthetic": document["synthetic"],  # the user's own loads name their source
            "rows": [_standard_row(portfolios, standard) for standard in standards],
            "first": [row for s in standards for row in _fails_first(portfolios, s)],
            "worse": [_worse(r) for r in document["regressions"]],
            "assumptions": document["assumptions"],
            "map": _map(document, runs_of),
        },
        "caveats": scheme_lines(runs_of[:1]),  # one rule, so one scheme, for all runs of a place
    }


def _worse(regression: dict[str, Any]) -> Words:
    """A standard that a portfolio meets less well than before."""
    who, what = (
        portfolio_words(regression["portfolio"]),
        standard_words(regression["standard"]),
    )
    before, after = _years(regression["before_y"]), _years(regression["after_y"])
    return Words(
        f"{who.en}: {what.en} {before.en} → {after.en}",
        f"{who.zh}：{what.zh} {before.zh} → {after.zh}",
    )


def _runs(document: dict[str, Any], folder: Path | None) -> list[tuple[str | Words, Results]]:
    """Runs of the audit that are on this machine, by portfolio."""
    found: list[tuple[str | Words, Results]] = []
    if folder is None:
        return found
    for name, of in document["portfolios"].items():
        families = [f for answer in of.values() for f in answer["families"].values()]
        for family in families:
            place = folder / plain_name(family.get("run", "none"))
            if place.is_dir():
                found.append((portfolio_words(name), open_results(place)))
                break
    return found


def _standard_row(portfolios: dict[str, Any], standard: str) -> dict[str, Any]:
    """One standard beside all portfolios."""
    answers = {name: of[standard] for name, of in portfolios.items()}
    first = next(iter(answers.values()))
    return {
        "name": standard_words(standard, first.get("chinese", "")),
        "required": first["required_y"],
        "source": first["source"],
        "cells": [
            _cell(a, f"audit.json:portfolios:{name}:{standard}") for name, a in answers.items()
        ],
    }


def _fails_first(portfolios: dict[str, Any], standard: str) -> list[dict[str, Any]]:
    """What fails first under one standard, by portfolio and storm family."""
    return [
        _fails(portfolio_words(name), standard_words(standard), family, found["fails_y"], verdict)
        for name, of in portfolios.items()
        for family, found in of[standard]["families"].items()
        for verdict in found["fails_first"]
    ]


def _map(
    document: dict[str, Any], runs: list[tuple[str | Words, Results]]
) -> dict[str, Any] | None:
    """The ground and a pin for each place that fails first, by portfolio; None without a run of
    this machine.
    """
    if not runs:
        return None
    results, pins = runs[0][1], []
    for k, (name, of) in enumerate(document["portfolios"].items()):
        for standard, answer in of.items():
            for verdict in (v for f in answer["families"].values() for v in f["fails_first"]):
                parts = portfolio_words(name), standard_words(standard), _criterion(verdict)
                said = Words(*(", ".join(p[n] for p in parts) for n in range(2)))
                pins += [_pin(results, k, said, o) for o in verdict["objects"] if "x_m" in o]
    key = [
        {"letter": PINS[k % len(PINS)], "k": k % 4, "name": portfolio_words(name)}
        for k, name in enumerate(document["portfolios"])
    ]
    return {
        "ground": ground_picture(results),
        "pins": pins,
        "key": key,
        "scale": scale_bar(results),
    }


def _pin(results: Results, k: int, said: Words, place: dict[str, Any]) -> dict[str, Any]:
    """A place of portfolio k on the map."""
    name = place_words(place["name"])
    left, top = share_of_map(results, place["x_m"], place["y_m"])
    return {
        "letter": PINS[k % len(PINS)],
        "k": k % 4,
        # pixels, inwards: portfolios that fail at one place stand side by side
        "shift": 15 * k if left < 50.0 else -15 * k,
        "left": f"{left:.2f}",
        "top": f"{top:.2f}",
        "said": Words(
            f"{said.en}: {name.en} {place['value']:.2f}",
            f"{said.zh}：{name.zh} {place['value']:.2f}",
        ),
    }


def _criterion(verdict: dict[str, Any]) -> Words:
    return criterion_words(str(verdict["criterion"]))


def _cell(answer: dict[str, Any], source: str) -> dict[str, Any]:
    if answer["met"] is None:
        return {"met": None, "why": answer["why"], "source": source}
    about = f" ({answer['about_y']:.0f})" if answer["about_y"] is not None else ""
    return {
        "met": answer["met"],
        "passes": answer["passes_y"],
        "source": source,
        "monotone": answer["monotone"],
        "fails": f"{answer['fails_y']:g}{about}" if answer["fails_y"] is not None else None,
    }


def _fails(
    portfolio: Words,
    standard: Words,
    family: str,
    period_y: float | None,
    verdict: dict[str, Any],
) -> dict[str, Any]:
    unit = "h" if verdict["criterion"] in IN_HOURS else "m"
    places = [_place(o) for o in verdict["objects"][:3]]
    return {
        "portfolio": portfolio,
        "standard": standard,
        "family": LOADS.get(family, both(family)),
        "period": _years(period_y),
        "criterion": _criterion(verdict),
        "worst": verdict["worst"],
        "limit": verdict["limit"],
        "unit": unit,
        "places": joined(places, "; ", "；"),
    }


def _place(found: dict[str, Any]) -> Words:
    """A place that fails, with its value, and with its coordinates where it has some."""
    at = f" ({found['x_m']:.0f}, {found['y_m']:.0f})" if "x_m" in found else ""
    return Words(*(f"{name} {found['value']:.2f}{at}" for name in place_words(found["name"])))


def _years(period: float | None) -> Words:
    return both("–") if period is None else Words(f"{period:g} y", f"{period:g} 年")
