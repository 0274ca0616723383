"""The flood as a moving picture: depth over the ground, frame by frame, with the run's own
clock.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.analysis.pictures.plots import draw_ground
from flood_sim.analysis.pictures.style import DEPTH_STEPS_M, depth_scale, pyplot
from flood_sim.core.errors import input_error
from flood_sim.core.files.durable import write_beside
from flood_sim.core.files.writing import writing
from flood_sim.results import Results

FRAMES_SHOWN, FRAMES_A_SECOND = 120, 8


def animate(results: Results, path: Path) -> Path:
    """Write an animated GIF of at most FRAMES_SHOWN frames. Raises InputError where the run kept no
    frames.
    """
    from matplotlib.animation import PillowWriter

    fields = results.fields
    if "depth" not in fields or fields.sizes["time"] < 2:
        raise input_error(
            "E104",
            str(results.folder),
            "this run kept no frames to animate",
            do='[output] fields = "frames" or "depth", then run again',
        )
    with writing(path):
        path.parent.mkdir(exist_ok=True)
    writer = PillowWriter(fps=FRAMES_A_SECOND)
    _grab_frames(results, writer, path)

    def save(side: Path) -> None:
        writer.outfile = str(side)
        writer.finish()

    with writing(path, f"flood-sim report {results.folder} --animation"):
        return write_beside(path, save)


def _grab_frames(results: Results, writer: Any, path: Path) -> None:
    """Draw the chosen frames into the writer."""
    fields = results.fields
    count = int(fields.sizes["time"])
    shown = np.unique(np.linspace(0, count - 1, min(count, FRAMES_SHOWN)).round().astype(int))
    seconds = fields["time"].values.astype("datetime64[s]").astype(float)
    plt = pyplot()
    figure, axes = plt.subplots(figsize=(7.0, 6.4), layout="constrained")
    extent = draw_ground(results, axes)
    colours, norm = depth_scale()
    image = axes.imshow(
        np.nan_to_num(fields["depth"][0].values),
        extent=extent,
        cmap=colours,
        norm=norm,
        interpolation="nearest",
    )
    bar = figure.colorbar(image, ax=axes, extend="max", shrink=0.8, label="water depth 水深 (m)")
    bar.set_ticks(DEPTH_STEPS_M, labels=[f"{step:g}" for step in DEPTH_STEPS_M])
    writer.setup(figure, str(path), dpi=90)
    for k in shown.tolist():
        image.set_data(np.nan_to_num(fields["depth"][k].values))
        moment = results.start + timedelta(seconds=float(seconds[k] - seconds[0]))
        axes.set_title(moment.strftime("%d %b %Y %H:%M"))
        writer.grab_frame()
    plt.close(figure)
