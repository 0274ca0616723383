"""The picture of a storm: intensity as bars, reported ones dark, and the sum."""

from __future__ import annotations

from typing import Any

import numpy as np

from flood_sim.analysis.pictures.style import PAPER, RAIN, RAIN_FILLED, SERIES, pyplot


def storm_picture(
    name: str, time_s: np.ndarray, cumulative_m: np.ndarray, reported: np.ndarray, note: str
) -> Any:
    """A figure; time_s (n + 1,) s, cumulative_m (n + 1,) m, reported (n,) bool."""
    plt = pyplot()
    figure, axes = plt.subplots(figsize=(8.0, 3.6), layout="constrained")
    hours, depth = time_s / 3600.0, 1000.0 * np.diff(cumulative_m)
    rate = depth / np.diff(hours)
    colours = np.where(reported, RAIN, RAIN_FILLED)
    axes.bar(
        hours[:-1],
        rate,
        np.diff(hours),
        align="edge",
        color=colours,
        edgecolor=PAPER,
        linewidth=0.4,
    )
    axes.set_xlabel(f"time 时间 (h)    {note}", fontsize=8)
    axes.set_ylabel("rain 雨强 (mm/h)")
    if reported.any():
        axes.set_title(f"{name}: {depth.sum():.1f} mm; dark: reported 实测, light: filled in 补全")
    else:
        axes.set_title(f"{name}: {depth.sum():.1f} mm, computed")
    side = axes.twinx()
    side.plot(hours, 1000.0 * (cumulative_m - cumulative_m[0]), color=SERIES[4], linewidth=1.2)
    side.set_ylabel("sum 累计 (mm)", color=SERIES[4])
    side.set_ylim(bottom=0.0)
    return figure
