"""A report's context to one HTML file: the template beside it, escaped; maps as PNG inside it."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.analysis.plots import hillshade
from flood_sim.analysis.style import FONT, depth_scale, pyplot
from flood_sim.results import Results

LARGEST_MAP = 900  # pixels a side


def render(context: dict[str, Any], target: Path) -> Path:
    """Write the page; everything that is not marked as safe is escaped."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["figure"] = figure
    environment.filters["svg"] = Markup  # drawn here, with its texts escaped
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(environment.get_template("study.html.j2").render(**context, font=_address("font/otf", FONT.read_bytes())), encoding="utf-8")
    return target


def figure(value: float | None) -> str:
    """A number as people read it: no more digits than it can bear."""
    if value is None or not np.isfinite(value):
        return "–"
    size = abs(value)
    if size >= 1e9:
        return f"{value / 1e9:.3g} bn"
    if size >= 1e6:
        return f"{value / 1e6:.3g} M"
    return f"{value:,.0f}" if size >= 100.0 else f"{value:.3g}"


def depth_map(results: Results) -> str:
    """Maximum depth over the shaded ground as the text of a PNG's data address."""
    pyplot()
    from PIL import Image

    fields = results.fields
    bed, depth = fields["bed_elevation"].values, results.max_depth.values
    if "dug_depth" in fields:
        depth = np.maximum(depth - np.nan_to_num(fields["dug_depth"].values), 0.0)
    cell = float(abs(fields["x"].values[1] - fields["x"].values[0]))
    shade = np.nan_to_num(hillshade(bed, cell), nan=0.75)
    ground = np.repeat(np.clip(0.35 + 0.6 * shade, 0.0, 1.0)[..., None], 3, axis=2)
    colours, norm = depth_scale()
    water = colours(norm(np.nan_to_num(depth)))
    shown = np.where((np.nan_to_num(depth) >= 0.02)[..., None], water[..., :3], ground)
    times = max(1, LARGEST_MAP // max(shown.shape[:2]) // 2)
    pixels = np.repeat(np.repeat((255 * shown).astype(np.uint8), times, axis=0), times, axis=1)
    picture, stream = Image.fromarray(pixels), io.BytesIO()
    picture.thumbnail((LARGEST_MAP, LARGEST_MAP))
    picture.save(stream, "PNG", optimize=True)
    return _address("image/png", stream.getvalue())


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
