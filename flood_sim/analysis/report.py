"""The report folder of a run: its pictures as PNG. (report.html is not implemented yet.)"""

from __future__ import annotations

from pathlib import Path

from flood_sim.analysis import plots
from flood_sim.analysis.style import pyplot
from flood_sim.results import Results


def draw_report(results: Results) -> Path:
    """Draw max_depth.png, hydrographs.png, ledger.png, node_flooding.png as far as the run has them; returns the folder."""
    target = results.folder / "report"
    target.mkdir(exist_ok=True)
    pictures = {"max_depth": plots.max_depth_map(results)}
    if results.gauges:
        pictures["hydrographs"] = plots.hydrographs(results)
    if results.ledger:
        pictures["ledger"] = plots.ledger_bar(results)
    nodes = plots.node_flooding_map(results)
    if nodes is not None:
        pictures["node_flooding"] = nodes
    for name, figure in pictures.items():
        figure.savefig(target / f"{name}.png")
        pyplot().close(figure)
    return target
