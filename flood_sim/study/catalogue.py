"""Rows of the catalogue from the folders of a study: one a run, outcomes as columns; and the long
form with units and sources.
"""

from __future__ import annotations

import json
from typing import Any

from flood_sim.core.files.plain_folder import plain_name
from flood_sim.study.child import DONE
from flood_sim.study.expand import RunSpec
from flood_sim.study.spec.study import Study
from flood_sim.study.store import Store


def catalogue_rows(study: Study, store: Store, specs: dict[str, RunSpec]) -> list[dict[str, Any]]:
    """One row a run that was asked for and has ended; None where a failed run or an outcome has no
    value.
    """
    rows = []
    for identity, spec in specs.items():
        record = store.answer(identity)
        if record is None:
            continue
        document = _document(store, record)
        row: dict[str, Any] = {
            "study": study.spec.name,
            "key": record.get("key", ""),
            "portfolio": spec.portfolio,
            "bits": spec.bits,
            "storm": spec.storm,
            "return_period_y": study.spec.return_period_y.get(spec.storm),
            "draw": spec.draw,
            "twin": spec.twin,
            "failure_set": spec.failure_set,
            "status": record["status"],
            "message": record.get("message", ""),
            "params": json.dumps(spec.parameters, sort_keys=True),
        }
        for key in (
            "scheme",
            "steps",
            "cells",
            "volume_error_rel",
            "network_residual_m3",
            "rain_m3",
        ):
            row[key] = document.get(key)
        row |= {
            level: record.get("costs", {}).get(level)
            for level in ("cost_low", "cost_middle", "cost_high", "cost_yearly")
        }
        row["censored_sites"] = len(document.get("censored", {}))
        row |= {f"outcome_{name}": o["value"] for name, o in document.get("outcomes", {}).items()}
        rows.append(row)
    return rows


def outcome_rows(store: Store, specs: dict[str, RunSpec]) -> list[dict[str, Any]]:
    """One row an outcome of each different run: value, unit, what it counts, from which file and
    variable.
    """
    rows, seen = [], set()
    for identity in specs:
        record = store.answer(identity)
        if record is None or record["status"] != "complete" or record["key"] in seen:
            continue
        seen.add(record["key"])
        for name, o in _document(store, record)["outcomes"].items():
            rows.append(
                {
                    "key": record["key"],
                    "outcome": name,
                    "unit": o["unit"],
                    "value": o["value"],
                    "note": o["note"],
                    "source": o["source"],
                }
            )
    return rows


def _document(store: Store, record: dict[str, Any]) -> dict[str, Any]:
    if record["status"] != "complete":
        return {}
    return dict(
        json.loads((store.runs / plain_name(record["key"]) / DONE).read_text(encoding="utf-8"))
    )
