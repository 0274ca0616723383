"""How well a study uses its workers: the same runs on one worker and on two, and what is lost to
waiting and to the machine.

scheduling_efficiency = sum of the tasks' times / (workers x wall);  machine_factor = the same
tasks' times alone / side by side.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.speed.kernel import figure, processor

SMALL, WHOLE = "six_projects_small", "six_projects_factorial"


def attribution_faults(folder: Path) -> list[str]:
    """What the results of the small city's study get wrong: rain that is not the same in all runs,
    ledgers that do not close, Shapley values that do not add up, a metro that another project than
    the boards keeps dry, services that another one than power keeps.
    """
    import pandas

    table = pandas.read_parquet(folder / "catalogue.parquet")
    document = json.loads((folder / "attribution.json").read_text(encoding="utf-8"))
    outcomes = {entry["name"]: entry for entry in document["outcomes"]}
    faults = [] if table["rain_m3"].nunique() == 1 else ["rain differs between runs"]
    if not table["volume_error_rel"].max() <= 1e-6:
        faults.append(f"a ledger is off by {table['volume_error_rel'].max()}")
    for name, entry in outcomes.items():
        off = abs(sum(entry["shapley"].values()) - entry["total_effect"])
        # rounding of sums of up to 64 values
        if not off <= 1e-9 * max(abs(entry["total_effect"]), entry["loss_none"], 1.0):
            faults.append(f"{name}: the projects' values miss the whole effect by {off}")
    for name, wanted in (
        ("underground_entry_metro", "underground_space"),
        ("service_loss", "critical_infrastructure"),
    ):
        values = outcomes[name]["shapley"]
        if (best := max(values, key=values.get)) != wanted:
            faults.append(f"{name}: {best} does most, not {wanted}")
    return faults if document["buying"] else [*faults, "no order of buying"]


def run(whole: bool = False) -> dict[str, Any]:
    """whole : the 192 runs of six_projects_factorial (a quarter of an hour), else the 64 of the
    small city; the machine's factor from 16 of them.
    """
    import pandas

    from flood_sim.runs.runner import default_threads
    from flood_sim.study import load_study
    from flood_sim.study.queue import run_study

    def timed(name: str, folder: Path, workers: int, part: str | None = None) -> pandas.DataFrame:
        study = load_study(name)
        if part is not None:
            study = replace(study, spec=study.spec.model_copy(update={"portfolios": part}))
        run_study(study, folder, workers=workers)
        return pandas.read_parquet(folder / "runs_log.parquet")

    name = WHOLE if whole else SMALL
    with tempfile.TemporaryDirectory() as temporary:
        both = timed(name, Path(temporary) / "two", 2)
        faults = [] if whole else attribution_faults(Path(temporary) / "two")
        alone = timed(SMALL, Path(temporary) / "alone", 1, "fractional")
        paired = timed(SMALL, Path(temporary) / "paired", 2, "fractional")
    wall = float(both["ended"].max() - both["started"].min())
    scheduling = float((both["ended"] - both["started"]).sum()) / (2.0 * wall)
    merged = alone.merge(paired, on="key", suffixes=("_alone", "_paired"))
    factor = float(merged["wall_s_alone"].sum() / merged["wall_s_paired"].sum())
    goal = 0.99 if whole else 0.97
    figures = [
        figure("scheduling_efficiency", scheduling, "1", goal, lower=True),
        figure("machine_factor", factor, "1", None, note="of two busy cores, from 16 runs"),
        figure("parallel_efficiency", scheduling * factor, "1", 0.90, lower=True),
        figure(
            "wall",
            wall,
            "s",
            180.0 if not whole else None,
            note=f"{len(both)} runs of {name} on two workers",
        ),
        figure("faults", float(len(faults)), "1", 0.0, note="; ".join(faults)),
        figure("seconds a run", float(both["wall_s"].mean()), "s", None),
    ]
    return {
        "benchmark": "study",
        "machine": {"processor": processor(), "cores": default_threads()},
        "figures": figures,
    }
