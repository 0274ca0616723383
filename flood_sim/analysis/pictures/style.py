"""How pictures and pages look: one palette, one font that has Chinese glyphs, one colour scale for
depth, no window system. No other module names a colour.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

from flood_sim.core.files.durable import write_bytes
from flood_sim.core.files.writing import AGAIN, writing

INK, SOFT, GREY, LINE, PAPER = "#111827", "#4b5563", "#6b7280", "#d5d9e0", "#ffffff"
GAIN, LOSS, WARNING = "#1f6fb2", "#c8102e", "#b7791f"  # never told by colour alone
LOSS_EDGE, PASSED = "#7a0f1d", "#166534"
# Lines and bars that stand for different things, in this order.
SERIES = (
    GAIN, LOSS, GREY, WARNING, "#7b1f7a", PASSED, "#0e7490", "#9a3412", "#be185d", "#3f6212",
)  # fmt: skip
PINS = (GAIN, "#9a3412", PASSED, "#7b1f7a")  # white letters stand on them
DASHES = ("-", "--", ":", "-.")  # of lines in one picture: they differ by more than their colour
STATES = {"works": "#9fc9a0", "degraded": "#f2c14e", "out": LOSS}  # of critical sites
HAZARDS = ("#ffffff00", "#c6dcee", "#7fb3dd", "#f5d76e", "#f39c4a", "#d9534f", "#7a1f5c")
BUILDING, PIPE, PIPE_EDGE, STREET, SEWER = "#8b8479", "#d8d4cc", "#6b665e", "#4d3b20", "#c8102e"
DEPTH_STEPS_M = (0.02, 0.05, 0.15, 0.3, 0.5, 1.0, 2.0, 4.0)
DEPTH_COLOURS = ("#d7ecf7", "#a6d3ec", "#63b0de", "#2c84c6", "#1a56a0", "#3a2a83", "#7b1f7a")
DEPTH_OVER = "#4a0033"  # deeper than the last step
RAIN, RAIN_FILLED = DEPTH_COLOURS[4], DEPTH_COLOURS[1]  # reported; filled in
FONT = Path(__file__).parent / "fonts" / "FloodSimSansSC.otf"


@cache
def pyplot() -> Any:
    """matplotlib.pyplot without a window system, with the font of the reports."""
    import matplotlib

    matplotlib.use("Agg")
    from cycler import cycler
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
            "axes.prop_cycle": cycler(color=SERIES),
            "axes.edgecolor": GREY,
            "axes.labelcolor": INK,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "grid.color": LINE,
        }
    )
    return plt


def save_figure(figure: Any, target: Path, then: str = AGAIN) -> Path:
    """Write the figure as PNG, whole or not at all, and close it; the folder is made. Raises
    OutputError; then : what to do once there is room.
    """
    picture = io.BytesIO()
    figure.set_dpi(pyplot().rcParams["savefig.dpi"])
    if (layout := figure.get_layout_engine()) is not None:
        layout.execute(figure)
        figure.set_layout_engine("none")  # savefig draws all twice for a layout to come
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
