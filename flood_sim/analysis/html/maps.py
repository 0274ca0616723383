"""Maps of a page: the ground once, the water over it as pictures of nine colours, at its highest
and at some moments of the run.
"""

from __future__ import annotations

import io
from datetime import UTC, timedelta
from typing import Any

import numpy as np

from flood_sim.analysis.html.data_url import address
from flood_sim.analysis.pictures.plots import hillshade, length_text, scale_length
from flood_sim.analysis.pictures.style import BUILDING, DEPTH_COLOURS, DEPTH_OVER, DEPTH_STEPS_M
from flood_sim.results import Results

LARGEST_MAP, LARGEST_FRAME, MOST_FRAMES = 900, 450, 24  # pixels a side; moments of the slider


def viewer(runs: list[tuple[Any, Results]]) -> dict[str, Any]:
    """Maps of named runs of one grid, the times of their slider and the rain under it. The ground
    is the first run's.

    A run whose frames are not those of the first has its maximum only.
    """
    first = runs[0][1]
    moments = _moments(first)
    maps = []
    for name, results in runs:
        frames = _frames(results, moments) if _moments(results) == moments else []
        maps.append(
            {
                "name": name,
                "maximum": water_picture(
                    results.over_ground(results.max_depth.values), LARGEST_MAP
                ),
                "frames": frames,
            }
        )
    start = first.start
    hours = [(m - start) / timedelta(hours=1) for m in moments.values()]
    return {
        "ground": ground_picture(first),
        "maps": maps,
        "times": [m.astimezone(start.tzinfo).strftime("%m-%d %H:%M") for m in moments.values()],
        "key": _key(),
        "rain": _rain(first, hours),
        "scale": scale_bar(first),
    }


def scale_bar(results: Results) -> dict[str, Any]:
    """A round length (1, 2 or 5 times a power of ten) of at most a quarter of the map's width: m,
    and per cent of the width.
    """
    x = results.fields["x"].values
    wide = float(abs(x[1] - x[0])) * x.size
    length = scale_length(wide)
    return {"said": length_text(length), "share": round(100.0 * length / wide, 3)}


def water_picture(depth: np.ndarray, largest: int) -> str:
    """Depth (rows, columns) m as a data address: a PNG of the depth scale's colours, transparent
    where there is none; blocks show their deepest cell.
    """
    from PIL import Image

    shown = np.digitize(_blocks(np.nan_to_num(depth), largest, np.max), DEPTH_STEPS_M).astype(
        np.uint8
    )
    picture = Image.fromarray(shown, "P")
    colours = ["#000000", *DEPTH_COLOURS, DEPTH_OVER]
    picture.putpalette([int(c[k : k + 2], 16) for c in colours for k in (1, 3, 5)])
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True, transparency=0, bits=4)
    return address("image/png", stream.getvalue())


def ground_picture(results: Results) -> str:
    """Shaded relief as a data address, buildings in their own colour as in the pictures."""
    from PIL import Image

    fields = results.fields
    cell = float(abs(fields["x"].values[1] - fields["x"].values[0]))
    bed = fields["bed_elevation"].values
    shade = np.clip(0.35 + 0.6 * np.nan_to_num(hillshade(bed, cell), nan=0.75), 0.0, 1.0)
    grey = (255 * _blocks(shade, LARGEST_MAP, np.mean)).astype(np.uint8)
    colours = np.stack([grey] * 3, axis=-1)
    building = _blocks((~np.isfinite(bed)).astype(float), LARGEST_MAP, np.mean) > 0.5
    colours[building] = [int(BUILDING[k : k + 2], 16) for k in (1, 3, 5)]
    stream = io.BytesIO()
    Image.fromarray(colours, "RGB").save(stream, "PNG", optimize=True)
    return address("image/png", stream.getvalue())


def share_of_map(results: Results, x_m: float, y_m: float) -> tuple[float, float]:
    """Per cent from the left and from the top of a run's picture."""
    x, y = results.fields["x"].values, results.fields["y"].values
    cell = float(abs(x[1] - x[0]))
    return 100.0 * (x_m - x[0] + 0.5 * cell) / (cell * x.size), 100.0 * (
        y[0] + 0.5 * cell - y_m
    ) / (cell * y.size)


def _blocks(field: np.ndarray, largest: int, of: Any) -> np.ndarray:
    """The field in blocks so large that no side has more than `largest` of them."""
    times = -(-max(field.shape) // largest)
    if times == 1:
        return field
    padded = np.pad(field, [(0, -n % times) for n in field.shape], mode="edge")
    rows, columns = (n // times for n in padded.shape)
    return np.asarray(of(padded.reshape(rows, times, columns, times), axis=(1, 3)))


def _moments(results: Results) -> dict[int, Any]:
    """Number of the frame to its moment (aware), at most MOST_FRAMES, evenly over the run."""
    if "depth" not in results.fields:
        return {}
    times = results.fields["time"].values
    chosen = np.unique(
        np.linspace(0, times.size - 1, min(times.size, MOST_FRAMES)).round().astype(int)
    )
    return {int(k): times[k].astype("datetime64[s]").item().replace(tzinfo=UTC) for k in chosen}


def _frames(results: Results, moments: dict[int, Any]) -> list[str]:
    if not moments:  # a run that kept maxima alone
        return []
    depth = results.fields["depth"]
    return [water_picture(results.over_ground(depth[k].values), LARGEST_FRAME) for k in moments]


def _rain(results: Results, hours: list[float]) -> dict[str, Any]:
    """The strongest rate (mm/h) between the slider's moments, and the rate before each as a share
    of it; empty where the run tells no rain.
    """
    series = results.summary.get("rainfall", {}).get("hyetograph_mm_h")
    if not series or not hours or max(series["mm_h"], default=0.0) <= 0.0:
        return {}
    step, rates = series["step_h"], np.asarray(series["mm_h"])
    cumulative = np.concatenate([[0.0], np.cumsum(rates * step)])
    fallen = np.interp(hours, step * np.arange(cumulative.size), cumulative)
    before = np.diff(fallen, prepend=0.0) / np.diff(
        hours, prepend=hours[0] - (hours[1] - hours[0] if len(hours) > 1 else 1.0)
    )
    most = max(float(before.max()), 1e-9)
    return {"most_mm_h": most, "shares": [float(v) for v in before / most]}


def _key() -> list[dict[str, Any]]:
    edges, colours = [*DEPTH_STEPS_M, None], [*DEPTH_COLOURS, DEPTH_OVER]
    return [
        {
            "colour": c,
            "label": f"{edges[k]:g}" + (f"–{edges[k + 1]:g}" if edges[k + 1] is not None else "+"),
            "dark": k > 2,
        }
        for k, c in enumerate(colours)
    ]
