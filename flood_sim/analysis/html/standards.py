"""The part of a page that an audit fills: three standards beside the portfolios, what fails first,
what got worse.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flood_sim.analysis.html.maps import ground_picture, share_of_map
from flood_sim.analysis.html.names import STANDARDS
from flood_sim.core.files.plain_folder import plain_name
from flood_sim.results import Results, open_results

PINS = "ABCDEFGH"  # one letter a portfolio: never by colour alone


def standards_context(document: dict[str, Any], runs: Path | None = None) -> dict[str, Any]:
    """From audit.json; runs : the folder of the audit's runs, for the map of what fails first."""
    portfolios = document["portfolios"]
    standards = list(next(iter(portfolios.values())))
    worse = [
        f"{r['portfolio']}: {STANDARDS.get(r['standard'], r['standard'])} {_years(r['before_y'])} →"
        f" {_years(r['after_y'])}"
        for r in document["regressions"]
    ]
    return {
        "title": document["scenario"],
        "about": {
            "en": f"Audit of {document['scenario']}, city class {document['city_class']}.",
            "zh": f"{document['scenario']} 标准核查，城市等级 {document['city_class']}。",
        },
        "standards": {
            "names": list(portfolios),
            "synthetic": document["synthetic"],  # the user's own loads name their source
            "rows": [_standard_row(portfolios, standard) for standard in standards],
            "first": [row for s in standards for row in _fails_first(portfolios, s)],
            "worse": worse,
            "assumptions": document["assumptions"],
            "map": _map(document, runs),
        },
    }


def _english(standard: str) -> str:
    return STANDARDS.get(standard, standard.replace("_", " "))


def _standard_row(portfolios: dict[str, Any], standard: str) -> dict[str, Any]:
    """One standard beside all portfolios."""
    answers = {name: of[standard] for name, of in portfolios.items()}
    first = next(iter(answers.values()))
    return {
        "en": _english(standard),
        "zh": first.get("chinese", ""),
        "required": first["required_y"],
        "source": first["source"],
        "cells": [
            _cell(a, f"audit.json:portfolios:{name}:{standard}") for name, a in answers.items()
        ],
    }


def _fails_first(portfolios: dict[str, Any], standard: str) -> list[dict[str, Any]]:
    """What fails first under one standard, by portfolio and storm family."""
    return [
        _fails(name, _english(standard), family, found["fails_y"], verdict)
        for name, of in portfolios.items()
        for family, found in of[standard]["families"].items()
        for verdict in found["fails_first"]
    ]


def _map(document: dict[str, Any], runs: Path | None) -> dict[str, Any] | None:
    """The ground and a pin for each place that fails first, by portfolio; None without a run of
    this machine.
    """
    answers = [
        (k, name, s, f)
        for k, (name, of) in enumerate(document["portfolios"].items())
        for s, a in of.items()
        for f in a["families"].values()
    ]
    if runs is None:
        return None
    folders = (runs / plain_name(f.get("run", "none")) for *_, f in answers)
    ground = next((folder for folder in folders if folder.is_dir()), None)
    if ground is None:
        return None
    results, pins = open_results(ground), []
    for k, name, standard, family in answers:
        for verdict in family["fails_first"]:
            said = f"{name}: {STANDARDS.get(standard, standard)}, {_criterion(verdict)}"
            pins += [_pin(results, k, said, o) for o in verdict["objects"] if "x_m" in o]
    names = list(document["portfolios"])
    key = [{"letter": PINS[k % len(PINS)], "k": k % 4, "name": n} for k, n in enumerate(names)]
    return {"ground": ground_picture(results), "pins": pins, "key": key}


def _pin(results: Results, k: int, said: str, place: dict[str, Any]) -> dict[str, Any]:
    """A place of portfolio k on the map."""
    left, top = share_of_map(results, place["x_m"], place["y_m"])
    return {
        "letter": PINS[k % len(PINS)],
        "k": k % 4,
        "left": f"{left:.2f}",
        "top": f"{top:.2f}",
        "said": f"{said}, {place['name']} {place['value']:.2f}",
    }


def _criterion(verdict: dict[str, Any]) -> str:
    return str(verdict["criterion"]).replace("_", " ")


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
    portfolio: str, standard: str, family: str, period_y: float | None, verdict: dict[str, Any]
) -> dict[str, Any]:
    places = [
        f"{o['name']} {o['value']:.2f}"
        + (f" ({o['x_m']:.0f}, {o['y_m']:.0f})" if "x_m" in o else "")
        for o in verdict["objects"][:3]
    ]
    return {
        "portfolio": portfolio,
        "standard": standard,
        "family": family,
        "period": _years(period_y),
        "criterion": verdict["criterion"].replace("_", " "),
        "worst": verdict["worst"],
        "limit": verdict["limit"],
        "places": "; ".join(places),
    }


def _years(period: float | None) -> str:
    return "–" if period is None else f"{period:g} y"
