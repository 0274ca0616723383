"""The report folder of a run: its pictures as PNG and consequences.json. The page of runs, studies
and audits is made in `analysis.html` and `study.report`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flood_sim.analysis.outcomes.consequences import Consequences
from flood_sim.analysis.pictures import plots, site_plots
from flood_sim.analysis.pictures.style import save_figure
from flood_sim.results import Results, told_broken_netcdf


def draw_report(results: Results, limits: dict[str, Any] | None = None) -> Path:
    """Draw the pictures that the run has the data for into its report/, and write
    consequences.json; returns the folder.
    """
    with told_broken_netcdf(results.folder):
        return _draw(results, limits)


def _draw(results: Results, limits: dict[str, Any] | None) -> Path:
    target = results.folder / "report"
    pictures = {"max_depth": plots.max_depth_map(results)}
    if results.gauges:
        pictures["hydrographs"] = plots.hydrographs(results)
    if results.ledger:
        pictures["ledger"] = plots.ledger_bar(results)
    pictures["node_flooding"] = plots.node_flooding_map(results)
    if results.status != "unfinished":
        consequences = Consequences(results, limits)
        consequences.write()
        pictures["hazard"] = site_plots.hazard_map(results)
        pictures["wet_floors"] = site_plots.wet_floors_map(consequences)
        pictures["services"] = site_plots.cascade_timeline(results)
        pictures["underground"] = site_plots.underground_filling(results)
        pictures["access"] = site_plots.access_curves(consequences)
        pictures["access_maps"] = site_plots.access_maps(consequences)
    for name, figure in pictures.items():
        if figure is not None:
            save_figure(figure, target / f"{name}.png", f"flood-sim report {results.folder}")
    return target
