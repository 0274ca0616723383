"""How the pictures look: one font that has Chinese glyphs, one colour scale for depth, no window
system.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

from flood_sim.core.files.durable import write_bytes
from flood_sim.core.files.writing import AGAIN, writing

DEPTH_STEPS_M = (0.02, 0.05, 0.15, 0.3, 0.5, 1.0, 2.0, 4.0)
DEPTH_COLOURS = ("#d7ecf7", "#a6d3ec", "#63b0de", "#2c84c6", "#1a56a0", "#3a2a83", "#7b1f7a")
DEPTH_OVER = "#4a0033"  # deeper than the last step
FONT = Path(__file__).parent / "fonts" / "FloodSimSansSC.otf"


@cache
def pyplot() -> Any:
    """matplotlib.pyplot without a window system, with the font of the reports."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import font_manager
    from matplotlib import pyplot as plt

    font_manager.fontManager.addfont(str(FONT))
    name = font_manager.FontProperties(fname=str(FONT)).get_name()
    plt.rcParams.update(
        {
            "font.family": [name, "DejaVu Sans"],
            "axes.unicode_minus": False,
            "figure.dpi": 110,
            "savefig.dpi": 130,
            "axes.titlesize": 11,
        }
    )
    return plt


def save_figure(figure: Any, target: Path, then: str = AGAIN) -> Path:
    """Write the figure as PNG, whole or not at all, and close it; the folder is made. Raises
    OutputError; then : what to do once there is room.
    """
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    pyplot().close(figure)
    with writing(target, then):
        target.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(target, picture.getvalue())
    return target


def depth_scale() -> tuple[Any, Any]:
    """Colour map and norm of depth maps; below 2 cm nothing is drawn."""
    from matplotlib.colors import BoundaryNorm, ListedColormap

    colours = ListedColormap(DEPTH_COLOURS).with_extremes(under=(0, 0, 0, 0), over=DEPTH_OVER)
    return colours, BoundaryNorm(DEPTH_STEPS_M, colours.N)
