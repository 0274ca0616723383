"""The pictures of one run, each a function of Results that returns a matplotlib figure."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flood_sim.analysis.pictures.style import (
    BUILDING,
    DASHES,
    DEPTH_STEPS_M,
    GREY,
    INK,
    SERIES,
    SEWER,
    depth_scale,
    pyplot,
)
from flood_sim.core.files.writing import reading
from flood_sim.core.variables import VARIABLES
from flood_sim.results import Results

GAUGES_SHOWN = 8
LEDGER_LABELS = {
    "rain": "rain 降雨",
    "inflow": "inflow 入流",
    "boundary_in": "boundary in 边界入",
    "network_inflow": "into sewers 管网外来",
    "boundary_out": "boundary out 边界出",
    "infiltration": "infiltration 下渗",
    "outfall_out": "outfalls 排口",
    "lost": "lost from sewers 管网损失",
    "surface": "stored on ground 地表蓄",
    "network": "stored in sewers 管网蓄",
    "sites": "underground 地下空间",
}


def hillshade(bed: np.ndarray, cell_m: float) -> np.ndarray:
    """Shaded relief in 0..1, light from the north-west, heights threefold so that streets show.

    bed : (rows, columns) m, NaN where there is no ground; the result is of the same shape
    """
    filled = np.where(np.isfinite(bed), bed, np.nanmedian(bed))
    down, right = np.gradient(filled * 3.0, cell_m)
    slope = np.arctan(np.hypot(down, right))
    aspect = np.arctan2(-right, down)
    zenith, azimuth = np.radians(45.0), np.radians(315.0)
    shade = np.cos(zenith) * np.cos(slope) + np.sin(zenith) * np.sin(slope) * np.cos(
        azimuth - aspect
    )
    return np.where(np.isfinite(bed), np.clip(shade, 0.0, 1.0), np.nan)


def _extent(results: Results) -> tuple[float, float, float, float]:
    x, y = results.fields["x"].values, results.fields["y"].values
    half = 0.5 * abs(x[1] - x[0]) if x.size > 1 else 0.5
    return float(x[0] - half), float(x[-1] + half), float(y[-1] - half), float(y[0] + half)


def draw_ground(results: Results, axes: Any) -> tuple[float, float, float, float]:
    """Hillshade with buildings in grey."""
    extent = _extent(results)
    bed = results.fields["bed_elevation"].values
    cell = (extent[1] - extent[0]) / bed.shape[1]
    axes.set_facecolor(BUILDING)
    axes.imshow(
        hillshade(bed, cell),
        extent=extent,
        cmap="gray",
        vmin=-0.4,
        vmax=1.1,
        interpolation="nearest",
    )
    axes.set_aspect("equal")
    axes.ticklabel_format(style="plain", useOffset=False)
    axes.tick_params(labelsize=7)
    axes.set_xlabel("x (m)")
    axes.set_ylabel("y (m)")
    _draw_scale(axes, extent)
    return extent


def scale_length(wide_m: float) -> float:
    """1, 2 or 5 times a power of ten (m), at most a quarter of a map's width."""
    size = 10.0 ** math.floor(math.log10(wide_m / 4.0))
    return max(size * k for k in (1.0, 2.0, 5.0) if size * k <= wide_m / 4.0)


def length_text(length_m: float) -> str:
    return f"{length_m / 1000.0:g} km" if length_m >= 1000.0 else f"{length_m:g} m"


def _draw_scale(axes: Any, extent: tuple[float, float, float, float]) -> None:
    """Below the map's right end a bar of a round length, and where north is: rows of a grid run
    from north to south.
    """
    length, below = scale_length(extent[1] - extent[0]), axes.get_xaxis_transform()
    size = axes.xaxis.get_ticklabels()[0].get_fontsize()
    ends = {"xy": (extent[1], -0.055), "xytext": (extent[1] - length, -0.055)}
    axes.annotate(
        "", **ends, xycoords=below, textcoords=below, annotation_clip=False,
        arrowprops={"arrowstyle": "|-|,widthA=0.25,widthB=0.25", "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip
    axes.annotate(
        f"▲ north 北   {length_text(length)}  ", (extent[1] - length, -0.055), xycoords=below,
        annotation_clip=False, ha="right", va="center", fontsize=size, color=INK,
    )  # fmt: skip


def _network_lines(results: Results) -> list[np.ndarray]:
    path = results.folder / "network.gpkg"
    if not path.is_file():
        return []
    import pyogrio
    import shapely

    with reading(path):
        if "links" not in [row[0] for row in pyogrio.list_layers(path)]:
            return []
        _, _, geometry, _ = pyogrio.raw.read(path, layer="links", columns=[])
        return [shapely.get_coordinates(shape) for shape in shapely.from_wkb(geometry)]


def max_depth_map(results: Results) -> Any:
    """Maximum depth over the ground, with the sewers where there are any."""
    plt = pyplot()
    figure, axes = plt.subplots(figsize=(9.5, 8.2), layout="constrained")
    extent = draw_ground(results, axes)
    colours, norm = depth_scale()
    depth = results.max_depth.values
    image = axes.imshow(
        np.where(np.isfinite(depth), depth, 0.0),
        extent=extent,
        cmap=colours,
        norm=norm,
        interpolation="nearest",
    )
    sewers = _network_lines(results)
    for line in sewers:
        axes.plot(line[:, 0], line[:, 1], color=SEWER, linewidth=0.9)
    axes.set_xlim(extent[:2])
    axes.set_ylim(extent[2:])
    label = VARIABLES["max_depth"]
    bar = figure.colorbar(
        image, ax=axes, extend="max", shrink=0.8, label=f"{label.english} {label.chinese} (m)"
    )
    bar.set_ticks(DEPTH_STEPS_M, labels=[f"{step:g}" for step in DEPTH_STEPS_M])
    title = (
        f"{results.summary.get('scenario', results.folder.name)}: {label.english} {label.chinese}"
    )
    axes.set_title(title + ("; red lines: sewers 红线：排水管网" if sewers else ""))
    return figure


def hydrographs(results: Results) -> Any:
    """Depth at the gauges (those that got wettest first) with the rain's clock below."""
    plt = pyplot()
    gauges = results.gauges
    ranked = sorted(gauges, key=lambda name: -max(gauges[name]["depth_m"], default=0.0))
    chosen = [n for n in ranked if "underpass" in n] + [
        n for n in ranked if "underpass" not in n and "lake" not in n
    ]
    figure, axes = plt.subplots(figsize=(9.5, 5.0), layout="constrained")
    for number, name in enumerate(chosen[:GAUGES_SHOWN]):
        axes.plot(
            gauges[name]["time"],
            gauges[name]["depth_m"],
            label=name.replace("_", " "),
            linewidth=1.4,
            linestyle=DASHES[number % len(DASHES)],
        )
    axes.axhline(0.15, color=GREY, linewidth=0.8)
    axes.text(
        0.99,
        0.15,
        "0.15 m",
        transform=axes.get_yaxis_transform(),
        fontsize=8,
        va="bottom",
        ha="right",
    )
    axes.set_ylabel(f"{VARIABLES['depth'].english} {VARIABLES['depth'].chinese} (m)")
    axes.set_title("Depth at the gauges 测点水深过程")
    draw_clock(axes, gauges[chosen[0]]["time"] if chosen else [])
    if chosen:
        axes.legend(fontsize=8, ncols=2)
    axes.grid()
    return figure


def draw_clock(axes: Any, moments: list[Any]) -> None:
    """The run's own clock along the time axis."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    if moments:
        zone = moments[0].tzinfo
        locator = AutoDateLocator(tz=zone)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))
        axes.set_xlabel(f"time 时间 ({moments[0].isoformat()[-6:]})")


def ledger_bar(results: Results) -> Any:
    """Where the water came from and where it is, as two bars of equal length."""
    plt = pyplot()
    ledger = results.ledger
    came = {k: ledger[k] for k in ("rain", "inflow", "boundary_in", "network_inflow")}
    went = {k: ledger[k] for k in ("infiltration", "boundary_out", "outfall_out")}
    lost = ("sewer_evaporation", "sewer_seepage", "spill_lost")
    went["lost"] = sum(ledger.get(k, 0.0) for k in lost)  # results of old have no such lines
    went["surface"] = ledger["surface_stored_end"] - ledger["surface_stored_start"]
    went["network"] = (
        ledger["network_stored_end"]
        - ledger["network_stored_start"]
        + ledger["escrow_end"]
        - ledger["escrow_start"]
    )
    went["sites"] = ledger["sites_stored_end"] - ledger["sites_stored_start"]
    figure, axes = plt.subplots(figsize=(9.5, 3.2), layout="constrained")
    for row, parts in ((1, came), (0, went)):
        left = 0.0
        for number, (name, volume) in enumerate(parts.items()):
            if abs(volume) > 1e-3 * max(sum(came.values()), 1e-9):
                axes.barh(
                    row,
                    volume,
                    left=left,
                    color=SERIES[(number + 4 * (1 - row)) % len(SERIES)],
                    label=f"{LEDGER_LABELS[name]} {volume:,.0f} m³",
                )
                left += volume
    axes.set_yticks([0, 1], ["went 去向", "came 来源"])
    axes.set_xlabel("volume 水量 (m³)")
    axes.xaxis.set_major_formatter(lambda volume, _: f"{volume:,.0f}")
    axes.legend(fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.25))
    axes.set_title(
        f"Water ledger 水量平衡: error 误差 {ledger['relative_error']:.1e} of the supply;"
        f" SWMM's own residual 残差 {ledger['network_residual']:,.0f} m³"
    )
    return figure


def node_flooding_map(results: Results) -> Any | None:
    """Nodes by how far their head rose over the rim; None without sewers."""
    path = results.folder / "network.gpkg"
    if not path.is_file():
        return None
    import pyogrio
    import shapely

    plt = pyplot()
    with reading(path):
        _, _, geometry, columns = pyogrio.raw.read(
            path, layer="nodes", columns=["max_over_rim_m", "flooded_m3"], read_geometry=True
        )
        places = shapely.get_coordinates(shapely.from_wkb(geometry))
        over, flooded = (np.asarray(c, float) for c in columns)
    figure, axes = plt.subplots(figsize=(9.5, 8.2), layout="constrained")
    extent = draw_ground(results, axes)
    for line in _network_lines(results):
        axes.plot(line[:, 0], line[:, 1], color=GREY, linewidth=0.6)
    dots = _draw_nodes(axes, places, over, flooded)
    axes.set_xlim(extent[:2])
    axes.set_ylim(extent[2:])
    figure.colorbar(
        dots,
        ax=axes,
        shrink=0.8,
        extend="both",
        label="highest head over the rim 最高水头与井口高差 (m)",
    )
    axes.set_title(
        f"Sewer nodes 检查井: {int((flooded > 0.01).sum())} of {over.size} spilled 冒溢,"
        f" {flooded.sum():,.0f} m³ (size by volume 大小表示水量)"
    )
    return figure


def _draw_nodes(axes: Any, places: np.ndarray, over: np.ndarray, flooded: np.ndarray) -> Any:
    """Dots by the head over the rim (m), as large as what spilled (m3); their edge keeps those near
    zero apart from the ground.
    """
    return axes.scatter(
        places[:, 0],
        places[:, 1],
        c=np.clip(over, -1.0, 1.0),
        s=14 + 30 * np.sqrt(flooded / max(flooded.max(initial=0.0), 1.0)),
        cmap="coolwarm",
        vmin=-1,
        vmax=1,
        edgecolors=INK,
        linewidths=0.5,
        zorder=3,
    )
