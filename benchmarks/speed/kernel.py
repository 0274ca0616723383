"""The surface kernel: ns a cell and step on 1,000 x 1,000 wet cells, beside the machine's memory bandwidth and peers in the same run.

Each figure is the best of several repeats after a warm-up (compilation apart): the machine is shared, the best is what the code can do.
"""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version
from typing import Any

import numba
import numpy as np

from benchmarks.speed import peers
from flood_sim.clock import Window
from flood_sim.grid import Grid
from flood_sim.rainfall import NO_RAIN, rainfall_from_intervals
from flood_sim.surface import SurfaceFlow
from flood_sim.surface_arrays import LEFT
from flood_sim.surface_schemes import SurfaceSettings
from flood_sim.terrain import terrain_of

CELLS = 1000
REPEATS, WINDOW_S = 24, 3.0  # many short repeats: other users of the machine come and go
# Bytes a cell and step of the fused sweep: depth, carry, qx, qy read and written; bed, friction, rain weight read.
ACCESSES = 2 * 4 + 3


def valley(cells: int, wet_share: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Bed (m) and depth (m) of a wet valley flow, the same for us and for the peers; below 1 a winding river between dry banks 3 m high."""
    y, x = np.mgrid[0:cells, 0:cells]
    rng = np.random.default_rng(1)
    bed = 10.0 - 0.01 * x + 0.5 * np.sin(y / 50.0) + 0.5 * np.cos(x / 37.0) + 0.05 * rng.random(x.shape)
    depth = 0.5 + 0.1 * rng.random(x.shape)
    if wet_share < 1.0:
        banks = np.abs(y - cells * (0.5 + 0.05 * np.sin(8.0 * x / cells))) > 0.5 * wet_share * cells
        bed, depth = bed + 3.0 * banks, np.where(banks, 0.0, depth)
    return bed, depth


def time_ours(
    scheme: str, precision: str, threads: int, *, cells: int = CELLS, wet_share: float = 1.0, repeats: int = REPEATS, skip_dry: bool = True
) -> tuple[float, float]:
    """Best ns a cell (dry ones count) and step, and the seconds of the first call (compilation, where the cache is cold)."""
    numba.set_num_threads(threads)
    bed, depth = valley(cells, wet_share)
    rain = rainfall_from_intervals("steady", np.array([0.0, 36000.0]), np.array([100.0])) if wet_share == 1.0 else NO_RAIN
    grid = Grid(cells, cells, 5.0, 0.0, 5.0 * cells)
    chosen = SurfaceSettings(precision, threads=threads, scheme=scheme, skip_dry=skip_dry)
    surface = SurfaceFlow(terrain_of(grid, bed, 0.03), chosen, rainfall=rain, depth=depth)

    def window(start: float, stop: float) -> int:
        surface._prepare(Window(start, stop))
        _, _, steps, _ = surface._scheme.advance_window(
            start, stop, surface._state, surface._band_rows, LEFT, cells, surface._cells, surface._flow, surface._scratch, surface._runs,
            surface._numbers, surface._shared, surface._limits,
        )  # fmt: skip
        return int(steps)

    begun = time.perf_counter()
    window(0.0, 1.0)
    first, now, best = time.perf_counter() - begun, 1.0, float("inf")
    for _ in range(repeats):
        begun = time.perf_counter()
        steps = window(now, now + WINDOW_S)
        best = min(best, (time.perf_counter() - begun) / steps / cells**2 * 1e9)
        now += WINDOW_S
    wet = float((surface.depth > 0.05).mean())
    assert 0.9 * wet_share <= wet <= 1.3 * wet_share, f"the case must stay {100 * wet_share:.0f} % wet, it is {100 * wet:.1f}"
    return best, first


@numba.njit(parallel=True, fastmath=False)
def triad(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    """STREAM triad a = b + s c."""
    for i in numba.prange(a.size):
        a[i] = b[i] + 3.0 * c[i]


def stream_bandwidth(threads: int) -> float:
    """GB/s of the triad (24 bytes an element, as STREAM counts)."""
    numba.set_num_threads(threads)
    arrays = [np.full(20_000_000, float(k)) for k in range(3)]
    triad(*arrays)
    best = float("inf")
    for _ in range(8):
        begun = time.perf_counter()
        triad(*arrays)
        best = min(best, time.perf_counter() - begun)
    return 24.0 * arrays[0].size / best / 1e9


def figure(name: str, value: float | None, unit: str, goal: float | None = None, note: str = "") -> dict[str, Any]:
    """One line of the result; goals are upper limits."""
    holds = None if goal is None or value is None else bool(value <= goal)
    return {"name": name, "value": value, "unit": unit, "goal": goal, "holds": holds, "note": note}


def run(peer_python: str | None = None) -> dict[str, Any]:
    """All figures of the kernel benchmark."""
    cores = min(2, os.cpu_count() or 1)
    f32_1, compile_s = time_ours("local_inertial", "float32", 1)
    f32_2, _ = time_ours("local_inertial", "float32", cores)
    f64_1, _ = time_ours("local_inertial", "float64", 1)
    bandwidth = stream_bandwidth(cores)
    moved = ACCESSES * 4 / f32_2  # bytes per ns = GB/s
    itzi = peers.itzi_core(peer_python, CELLS)
    landlab = peers.landlab(CELLS)
    figures = [
        figure("local_inertial_float32_1_thread_ns", f32_1, "ns", 4.5),
        figure("local_inertial_float32_2_threads_ns", f32_2, "ns"),
        figure("local_inertial_float64_1_thread_ns", f64_1, "ns"),
        figure("stream_triad_2_threads", bandwidth, "GB/s"),
        figure("share_of_memory_bandwidth", moved / bandwidth, "1"),
        figure("first_call_s", compile_s, "s", note="compilation where the cache is cold"),
        figure("itzi_core_1_thread_ns", itzi.get("1"), "ns", note=itzi.get("note", "")),
        figure("itzi_core_2_threads_ns", itzi.get("2"), "ns", note=itzi.get("note", "")),
        figure("landlab_1_thread_ns", landlab.get("1"), "ns", note=landlab.get("note", "")),
    ]
    machine = {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform()}
    versions = {name: version(name) for name in ("numpy", "numba", "llvmlite")} | {"python": platform.python_version()}
    return {"benchmark": "kernel", "machine": machine, "versions": versions, "figures": figures}


def processor() -> str:
    """Name of the processor, where the system tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
