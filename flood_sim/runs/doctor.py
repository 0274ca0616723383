"""`flood-sim doctor`: what this machine has, whether the parts work here, and how fast they are."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flood_sim.core.sandbox import described
from flood_sim.core.units import GIBIBYTE
from flood_sim.output.summary import versions


def examine() -> dict[str, Any]:
    """Versions, machine, folders, and the self-test: each part with ok, what it found, seconds."""
    return {
        "versions": versions(),
        "machine": machine(),
        "checks": [_tried(name, check) for name, check in CHECKS.items()],
    }


def machine() -> dict[str, Any]:
    """Cores and memory as this process may use them; threads that a run takes."""
    from flood_sim.runs.runner import default_threads
    from flood_sim.scenario.memory import available_bytes

    return {
        "cores": os.cpu_count(),
        "usable_cores": (
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        ),
        "threads_of_a_run": default_threads(),
        "memory_free_gib": round(available_bytes() / GIBIBYTE, 1),
        "sandbox": described(),
        "chromium": next(
            (
                found
                for name in ("chromium", "chromium-browser", "google-chrome")
                if (found := shutil.which(name))
            ),
            None,
        ),
    }


def _tried(name: str, check: Callable[[], str]) -> dict[str, Any]:
    begun = time.perf_counter()
    try:
        text, ok = check(), True
    except Exception as error:  # the doctor tells what fails, whatever it is
        text, ok = f"{type(error).__name__}: {error}".splitlines()[0][:200], False
    return {"name": name, "ok": ok, "found": text, "seconds": round(time.perf_counter() - begun, 2)}


def _kernels() -> str:
    """Where compiled code is kept; whether it may be written."""
    from flood_kernels import cache_folder
    from flood_kernels.cache_place import WAY_OUT
    from flood_sim.runs.kernel_cache import refuse_foreign

    folder = cache_folder()
    refuse_foreign(folder)
    kept = sum(1 for _ in folder.rglob("*.nbc"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        if not kept:
            raise OSError(
                f"compiled kernels cannot be kept in {folder} ({error.strerror}): each start"
                f" compiles anew; {WAY_OUT}"
            ) from error
        return (
            f"{kept} compiled functions in {folder}, which cannot be written: what is missing there"
            " is compiled at each start"
        )
    return (
        f"{kept} compiled functions in {folder}"
        if kept
        else f"none compiled yet; the first run compiles (a minute or more) into {folder}"
    )


def _rasters() -> str:
    """A GeoTIFF and a GeoPackage, written and read."""
    import numpy as np
    import pyogrio
    import rasterio
    import shapely
    from rasterio.transform import from_origin

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tif"
        profile = {
            "height": 2,
            "width": 3,
            "count": 1,
            "dtype": "float32",
            "crs": "EPSG:4547",
            "transform": from_origin(472000, 3846000, 5, 5),
        }
        with rasterio.open(path, "w", driver="GTiff", **profile) as data:
            data.write(np.arange(6, dtype=np.float32).reshape(2, 3), 1)
        with rasterio.open(path) as data:
            read, crs = data.read(1), data.crs
        if read[1, 2] != 5.0 or crs.to_epsg() != 4547:
            raise RuntimeError(
                "a GeoTIFF came back changed: the PROJ or GDAL data of this installation are not"
                " found"
            )
        layer = Path(folder) / "a.gpkg"
        shapes = shapely.to_wkb(np.array([shapely.Point(472001, 3845999)]))
        pyogrio.raw.write(
            layer,
            shapes,
            [],
            np.array([], object),
            driver="GPKG",
            geometry_type="Point",
            crs="EPSG:4547",
        )
        return (
            f"GeoTIFF and GeoPackage (GDAL {rasterio.__gdal_version__},"
            f" {pyogrio.read_info(layer)['features']} feature)"
        )


def _run() -> str:
    """A quarter of a square kilometre of city with its sewers, two minutes of 7.20: the ledger
    closes.
    """
    from flood_sim.runs.runner import run_scenario
    from flood_sim.scenario import build_inputs, load_scenario

    with tempfile.TemporaryDirectory() as folder:
        scenario = load_scenario(
            "quickstart",
            (),
            {
                "city": {"side_m": 500.0, "cell_size_m": 10.0},
                "time": {"stop": "2021-07-20T16:02:00+08:00", "start": "2021-07-20T16:00:00+08:00"},
            },
        )
        inputs = build_inputs(scenario)
        begun = time.perf_counter()
        run_scenario(scenario, Path(folder) / "r", inputs=inputs)
        return (
            f"{inputs.terrain.grid.rows * inputs.terrain.grid.columns} cells with sewers, two"
            f" minutes of 7.20 in {time.perf_counter() - begun:.1f} s; the ledger closes"
        )


def _speed() -> str:
    """Local inertial on 500 x 500 wet cells: ns a cell and step, on the threads of a run."""
    import numpy as np

    from flood_sim.core.clock import Window
    from flood_sim.core.grid import Grid
    from flood_sim.ground.terrain import terrain_of
    from flood_sim.runs.runner import default_threads
    from flood_sim.surface.flow import SurfaceFlow
    from flood_sim.surface.inputs import SurfaceInputs
    from flood_sim.surface.settings import SurfaceSettings

    n, threads = 500, default_threads()
    grid = Grid(n, n, 5.0, 0.0, 5.0 * n, "local")
    x, y = np.meshgrid(grid.x_m, grid.y_m)
    terrain = terrain_of(grid, 0.2 * np.sin(x / 97.0) * np.cos(y / 83.0), 0.03)
    surface = SurfaceFlow(
        SurfaceInputs(terrain, SurfaceSettings(threads=threads, largest_step_ratio=0.0), depth=1.0)
    )
    surface.advance(Window(0.0, 20.0))  # compiled, and the first wave
    begun, before = time.perf_counter(), surface.steps
    surface.advance(Window(20.0, 120.0))
    steps = surface.steps - before
    return (
        f"{1e9 * (time.perf_counter() - begun) / (steps * n * n):.1f} ns a cell and step (local"
        f" inertial, float32, {threads} threads, {steps} steps)"
    )


CHECKS: dict[str, Callable[[], str]] = {
    "kernels": _kernels,
    "maps": _rasters,
    "run": _run,
    "speed": _speed,
}


def doctor_lines(found: dict[str, Any]) -> list[str]:
    """As text."""
    m = found["machine"]
    lines = [", ".join(f"{name} {text}" for name, text in found["versions"].items())]
    lines.append(
        f"{m['usable_cores']} of {m['cores']} cores, {m['memory_free_gib']} GiB free; a run takes"
        f" {m['threads_of_a_run']} threads"
    )
    lines.append(f"second line of defence: {m['sandbox']}")
    lines.append(f"reports as PDF: {m['chromium'] or 'no Chromium found; HTML works without'}")
    lines += [
        f"{'ok  ' if c['ok'] else 'FAIL'} {c['name']:<8} {c['found']} ({c['seconds']:.1f} s)"
        for c in found["checks"]
    ]
    failed = [c["name"] for c in found["checks"] if not c["ok"]]
    return [
        *lines,
        f"doctor: {', '.join(failed)} not working here" if failed else "doctor: everything works",
    ]
