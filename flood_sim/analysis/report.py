"""The report folder of a run: its pictures as PNG and consequences.json. The page of runs, studies
and audits is made in `analysis.html` and `study.report`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from flood_sim.analysis.outcomes.consequences import Consequences
from flood_sim.analysis.outcomes.guarded import or_reason
from flood_sim.analysis.pictures import plots, site_plots
from flood_sim.analysis.pictures.style import save_figure
from flood_sim.core.files.writing import reading
from flood_sim.results import Results, told_broken_netcdf


def draw_report(results: Results, limits: dict[str, Any] | None = None) -> Path:
    """Draw the pictures that the run has the data for into its report/, and write
    consequences.json; returns the folder.
    """
    with told_broken_netcdf(results.folder):
        return _draw(results, limits)


def _draw(results: Results, limits: dict[str, Any] | None) -> Path:
    target, failed = results.folder / "report", dict[str, str]()
    consequences = Consequences(results, limits)
    if results.status != "unfinished":
        consequences.write()
    for name, make in _pictures(results, consequences).items():
        figure, why = or_reason(make)
        if why:
            failed[name] = why
            (target / f"{name}.png").unlink(missing_ok=True)  # one of before would be taken for it
        elif figure is not None:
            save_figure(figure, target / f"{name}.png", f"flood-sim report {results.folder}")
    if failed and results.status != "unfinished":
        consequences.write(failed)
    return target


def _pictures(results: Results, consequences: Consequences) -> dict[str, Callable[[], Any]]:
    """What draws each picture that the run may have the data for; each may fail alone."""
    found: dict[str, Callable[[], Any]] = {"max_depth": partial(plots.max_depth_map, results)}
    if results.gauges:
        found["hydrographs"] = partial(plots.hydrographs, results)
    if results.ledger:
        found["ledger"] = partial(plots.ledger_bar, results)
    found["node_flooding"] = partial(plots.node_flooding_map, results)
    if results.status != "unfinished":
        found |= {
            "hazard": partial(site_plots.hazard_map, results),
            "wet_floors": partial(site_plots.wet_floors_map, consequences),
            "services": partial(site_plots.cascade_timeline, results),
            "underground": partial(site_plots.underground_filling, results),
            "access": partial(site_plots.access_curves, consequences),
            "access_maps": partial(site_plots.access_maps, consequences),
        }
    return found


def not_drawn(folder: Path) -> dict[str, str]:
    """Pictures of a run that failed, and why."""
    path = folder / "consequences.json"
    with reading(path, f"flood-sim report {folder}"):
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return dict(found.get("not_drawn", {}))
