"""Largest runs promised: a hundred million cells in 24 GiB, ten days with sewers. By the command
line, each in a process of its own.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.kernel import figure, processor

CELLS, STRIP = 10_000, 250  # a side; rows written at once
MEMORY_GIB = 24.0
LARGE = """
schema = 1
name = "hundred_million_cells"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T16:10:00+08:00
[terrain]
bed_elevation = "dem.tif"
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
[surface]
scheme = "local_inertial"
[output]
interval_s = 600
fields = "maxima"
"""
LONG = """
schema = 1
name = "ten_days"
[time]
start = 2021-07-18T00:00:00+08:00
stop = 2021-07-28T00:00:00+08:00
[city]
kind = "reference_city"
side_m = 500.0
cell_size_m = 5.0
vintage = "old"
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
[drainage]
kind = "swmm"
coupling_step_s = 4.0
routing_step_s = 2.0
[output]
interval_s = 3600
"""


def write_terrain(path: Path) -> None:
    """Hills of 6 m with 3 cm of noise, in strips: the raster as a whole is never in memory here."""
    import rasterio
    from rasterio.transform import from_origin

    rng, x = np.random.default_rng(1), np.arange(CELLS)[None, :]
    shape = {
        "width": CELLS,
        "height": CELLS,
        "count": 1,
        "dtype": "float32",
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
    }
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        compress="deflate",
        crs="EPSG:32649",
        transform=from_origin(4e5, 4e6, 5.0, 5.0),
        **shape,
    ) as file:
        for first in range(0, CELLS, STRIP):
            y = np.arange(first, first + STRIP)[:, None]
            bed = (
                100.0
                + 3.0 * np.sin(x / 70.0) * np.cos(y / 90.0)
                + rng.normal(0.0, 0.03, (STRIP, CELLS))
            )
            file.write(bed.astype(np.float32), 1, window=((first, first + STRIP), (0, CELLS)))


def _run(folder: Path, text: str) -> tuple[dict[str, Any], float]:
    """Summary of a run and the peak memory of its process, GiB."""
    (folder / "s.toml").write_text(text, encoding="utf-8")
    words = ["run", str(folder / "s.toml"), "--out", str(folder / "out"), "--no-report", "--quiet"]
    code = (
        "import resource; from flood_sim.cli.main import main\ntry:\n   "
        f" main({words!r})\nfinally:\n    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    unit = 1 if sys.platform == "darwin" else 1024
    return (
        json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8")),
        float(done.stdout.split()[-1]) * unit / 2**30,
    )


def run() -> dict[str, Any]:
    """The benchmark: ledger, memory and time of both."""
    figures: list[dict[str, Any]] = []
    for name, text in (("hundred_million_cells", LARGE), ("ten_days", LONG)):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            if text is LARGE:
                write_terrain(folder / "dem.tif")
            summary, memory = _run(folder, text)
        note = (
            f"{summary['cells']} cells, {summary['steps']} steps,"
            f" {summary['simulated_s'] / 3600:.1f} h"
        )
        figures += [
            figure(f"{name}_volume_error", summary["ledger"]["relative_error"], "1", 1e-6, note),
            figure(f"{name}_peak_memory", memory, "GiB", MEMORY_GIB),
            figure(f"{name}_wall", summary["wall_s"], "s"),
        ]
    machine = {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform()}
    return {"benchmark": "limits", "machine": machine, "versions": {}, "figures": figures}
