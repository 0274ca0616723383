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
from flood_sim.rainfall import rainfall_from_intervals
from flood_sim.surface import SurfaceFlow
from flood_sim.surface_arrays import LEFT
from flood_sim.surface_schemes import SurfaceSettings
from flood_sim.terrain import terrain_of

CELLS = 1000
REPEATS, WINDOW_S = 24, 3.0  # many short repeats: other users of the machine come and go
# Bytes a cell and step of the fused sweep: depth, carry, qx, qy read and written; bed, friction, rain weight read.
ACCESSES = 2 * 4 + 3


def valley(cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Bed (m) and depth (m) of a wet valley flow: the same for us and for the peers."""
    y, x = np.mgrid[0:cells, 0:cells]
    rng = np.random.default_rng(1)
    bed = 10.0 - 0.01 * x + 0.5 * np.sin(y / 50.0) + 0.5 * np.cos(x / 37.0) + 0.05 * rng.random(x.shape)
    return bed, 0.5 + 0.1 * rng.random(x.shape)


def time_ours(scheme: str, precision: str, threads: int) -> tuple[float, float]:
    """Best ns a cell and step, and the seconds of the first call (compilation, where the cache is cold)."""
    numba.set_num_threads(threads)
    bed, depth = valley(CELLS)
    rain = rainfall_from_intervals("steady", np.array([0.0, 36000.0]), np.array([100.0]))
    grid = Grid(CELLS, CELLS, 5.0, 0.0, 5.0 * CELLS)
    surface = SurfaceFlow(terrain_of(grid, bed, 0.03), SurfaceSettings(precision, threads=threads, scheme=scheme), rainfall=rain, depth=depth)

    def window(start: float, stop: float) -> int:
        surface._prepare(Window(start, stop))
        _, _, steps, _ = surface._scheme.advance_window(
            start, stop, surface._state, surface._band_rows, LEFT, CELLS, surface._cells, surface._flow, surface._scratch, surface._runs,
            surface._numbers, surface._shared, surface._limits,
        )  # fmt: skip
        return int(steps)

    begun = time.perf_counter()
    window(0.0, 1.0)
    first, now, best = time.perf_counter() - begun, 1.0, float("inf")
    for _ in range(REPEATS):
        begun = time.perf_counter()
        steps = window(now, now + WINDOW_S)
        best = min(best, (time.perf_counter() - begun) / steps / CELLS**2 * 1e9)
        now += WINDOW_S
    assert CELLS < 1000 or float(surface.depth.min()) > 0.05, "the case must stay wet"
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
