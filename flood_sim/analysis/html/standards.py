"""The part of a page that an audit fills: three standards beside the portfolios, what fails first,
what got worse.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flood_sim.analysis.html.maps import ground_picture, share_of_map
from flood_sim.analysis.html.names import STANDARDS
from flood_sim.core.files.plain_folder import plain_name
from flood_sim.results import open_results

PINS = "ABCDEFGH"  # one letter a portfolio: never by colour alone


def standards_context(document: dict[str, Any], runs: Path | None = None) -> dict[str, Any]:
    """From audit.json; runs : the folder of the audit's runs, for the map of what fails first."""
    names = list(document["portfolios"])
    standards = list(document["portfolios"][names[0]])
    rows, first = [], []
    for standard in standards:
        answers = [document["portfolios"][n][standard] for n in names]
        english = STANDARDS.get(standard, standard.replace("_", " "))
        cells = [
            _cell(a, f"audit.json:portfolios:{n}:{standard}")
            for n, a in zip(names, answers, strict=True)
        ]
        rows.append(
            {
                "en": english,
                "zh": answers[0].get("chinese", ""),
                "required": answers[0]["required_y"],
                "source": answers[0]["source"],
                "cells": cells,
            }
        )
        for name, answer in zip(names, answers, strict=True):
            for family, of_family in answer["families"].items():
                first += [
                    _fails(name, english, family, of_family["fails_y"], v)
                    for v in of_family["fails_first"]
                ]
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
            "names": names,
            "rows": rows,
            "first": first,
            "worse": worse,
            "assumptions": document["assumptions"],
            "map": _map(document, runs),
        },
    }


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
    ground = next(
        (
            r
            for *_, f in answers
            if runs is not None and (r := runs / plain_name(f.get("run", "none"))).is_dir()
        ),
        None,
    )
    if ground is None:
        return None
    results, pins = open_results(ground), []
    for k, name, standard, family in answers:
        for verdict in family["fails_first"]:
            for o in verdict["objects"]:
                if "x_m" in o:
                    left, top = share_of_map(results, o["x_m"], o["y_m"])
                    said = (
                        f"{name}: {STANDARDS.get(standard, standard)},"
                        f" {verdict['criterion'].replace('_', ' ')}, {o['name']} {o['value']:.2f}"
                    )
                    pins.append(
                        {
                            "letter": PINS[k % len(PINS)],
                            "k": k % 4,
                            "left": f"{left:.2f}",
                            "top": f"{top:.2f}",
                            "said": said,
                        }
                    )
    names = list(document["portfolios"])
    return {
        "ground": ground_picture(results),
        "pins": pins,
        "key": [
            {"letter": PINS[k % len(PINS)], "k": k % 4, "name": n} for k, n in enumerate(names)
        ],
    }


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
