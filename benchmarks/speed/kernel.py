"""The surface kernel: ns a cell and step on 1,000 x 1,000 wet cells, beside the machine's memory
bandwidth and peers in the same run.

Each figure is the best of several repeats after a warm-up (compilation apart): the machine is
shared, the best is what the code can do.
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
from flood_sim.core.clock import Window
from flood_sim.core.grid import Grid
from flood_sim.ground.rainfall import NO_RAIN, rainfall_from_intervals
from flood_sim.ground.terrain import terrain_of
from flood_sim.surface.arrays import LEFT
from flood_sim.surface.flow import SurfaceFlow
from flood_sim.surface.inputs import SurfaceInputs
from flood_sim.surface.settings import SurfaceSettings

CELLS = 1000
REPEATS, WINDOW_S = 24, 3.0  # many short repeats: other users of the machine come and go
# Bytes a cell and step of the fused sweep: depth, carry, qx, qy read and written; bed read.
# Roughness and rain weights are the same in all rows here: they are read from the cache.
ACCESSES = 2 * 4 + 1


def valley(cells: int, wet_share: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Bed (m) and depth (m) of a wet valley flow, the same for us and for the peers; below 1 a
    winding river between dry banks 3 m high.
    """
    y, x = np.mgrid[0:cells, 0:cells]
    rng = np.random.default_rng(1)
    bed = (
        10.0
        - 0.01 * x
        + 0.5 * np.sin(y / 50.0)
        + 0.5 * np.cos(x / 37.0)
        + 0.05 * rng.random(x.shape)
    )
    depth = 0.5 + 0.1 * rng.random(x.shape)
    if wet_share < 1.0:
        banks = np.abs(y - cells * (0.5 + 0.05 * np.sin(8.0 * x / cells))) > 0.5 * wet_share * cells
        bed, depth = bed + 3.0 * banks, np.where(banks, 0.0, depth)
    return bed, depth


def time_ours(
    scheme: str,
    precision: str,
    threads: int,
    *,
    cells: int = CELLS,
    wet_share: float = 1.0,
    repeats: int = REPEATS,
    skip_dry: bool = True,
) -> tuple[float, float]:
    """Best ns a cell (dry ones count) and step, and the seconds of the first call (compilation,
    where the cache is cold).
    """
    numba.set_num_threads(threads)
    bed, depth = valley(cells, wet_share)
    rain = (
        rainfall_from_intervals("steady", np.array([0.0, 36000.0]), np.array([100.0]))
        if wet_share == 1.0
        else NO_RAIN
    )
    grid = Grid(cells, cells, 5.0, 0.0, 5.0 * cells)
    chosen = SurfaceSettings(
        precision, threads=threads, scheme=scheme, skip_dry=skip_dry, largest_step_ratio=0.0
    )
    surface = SurfaceFlow(
        SurfaceInputs(terrain_of(grid, bed, 0.03), chosen, rainfall=rain, depth=depth)
    )

    def window(start: float, stop: float) -> int:
        surface._prepare(Window(start, stop))
        _, _, steps, _ = surface._scheme.advance_window(
            start,
            stop,
            surface._state,
            surface._band_rows,
            LEFT,
            cells,
            surface._cells,
            surface._flow,
            surface._scratch,
            surface._runs,
            surface._levels,
            surface._numbers,
            surface._shared,
            surface._limits,
        )
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
    assert 0.9 * wet_share <= wet <= 1.3 * wet_share, (
        f"the case must stay {100 * wet_share:.0f} % wet, it is {100 * wet:.1f}"
    )
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


def figure(
    name: str,
    value: float | None,
    unit: str,
    goal: float | None = None,
    note: str = "",
    lower: bool = False,
) -> dict[str, Any]:
    """One line of the result; goals are upper limits, or lower ones."""
    holds = (
        None if goal is None or value is None else bool(value >= goal if lower else value <= goal)
    )
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "goal": goal,
        "holds": holds,
        "note": note,
        "lower": lower,
    }


def ratio(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a / b


# Times itzi-core's local inertial step in the same run: 1 thread, 2 threads.
GOALS = {"local_inertial": (25.0, 30.0), "second_order": (6.0, 7.0)}
WET_SHARES = (0.1, 0.5)
LARGE = 4000


def wet_figures(scheme: str, full: float) -> list[dict[str, Any]]:
    """Cost of 10 and 50 % wet ground over a wet one, at 1,000 x 1,000 and at 4,000 x 4,000
    cells.
    """
    figures = []
    for share in WET_SHARES:
        ns, _ = time_ours(
            scheme, "float32", 1, wet_share=share, repeats=100
        )  # windows of a few ms: as long altogether as the others
        name = {0.1: "ten", 0.5: "fifty"}[share]
        figures.append(
            figure(
                f"{scheme}_{name}_percent_wet_over_full",
                ns / full,
                "1",
                0.20 if share == 0.1 else None,
            )
        )
    large, _ = time_ours(scheme, "float32", 1, cells=LARGE, repeats=3)
    ns, _ = time_ours(scheme, "float32", 1, cells=LARGE, wet_share=0.1, repeats=20)
    figures.append(figure(f"{scheme}_ten_percent_wet_over_full_{LARGE}", ns / large, "1", 0.15))
    return figures


def river_and_town(cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Bed (m) and depth (m): a winding river 3 m deep on 6 % of the ground, a rough town under 0.1
    m of water beside it.
    """
    y, x = np.mgrid[0:cells, 0:cells]
    river = np.abs(y - cells * (0.5 + 0.05 * np.sin(8.0 * x / cells))) < 0.03 * cells
    town = 5.0 - 0.001 * x + 0.1 * np.random.default_rng(1).random(x.shape)
    return np.where(river, 2.0 - 0.001 * x, town), np.where(river, 3.0, 0.1)


def local_steps_over_one(cells: int = CELLS, seconds: float = 30.0) -> float:
    """Time of a flood with local time steps over that with one step for all (1: no gain); the
    better of two tries each, one thread.
    """
    numba.set_num_threads(1)
    bed, depth = river_and_town(cells)
    grid, rain = (
        Grid(cells, cells, 5.0, 0.0, 5.0 * cells),
        rainfall_from_intervals("steady", np.array([0.0, 36000.0]), np.array([100.0])),
    )
    best = {0.0: float("inf"), 8.0: float("inf")}
    for _ in range(2):
        for largest in best:
            surface = SurfaceFlow(
                SurfaceInputs(
                    terrain_of(grid, bed, 0.03),
                    SurfaceSettings("float32", largest_step_ratio=largest),
                    rainfall=rain,
                    depth=depth,
                )
            )
            surface.advance(Window(0.0, 10.0))
            begun = time.perf_counter()
            surface.advance(Window(10.0, 10.0 + seconds))
            best[largest] = min(best[largest], time.perf_counter() - begun)
    return best[8.0] / best[0.0]


def bytes_a_cell(scheme: str) -> float:
    """MB a million cells that a surface takes once it has run: state, properties, work space,
    maxima, Green-Ampt; the interpreter's own taken off.
    """
    from flood_sim.ground.infiltration import GreenAmpt

    bed, depth = valley(CELLS)
    grid = Grid(CELLS, CELLS, 5.0, 0.0, 5.0 * CELLS)
    kinds = np.random.default_rng(2).integers(1, 6, bed.shape)
    rough = 0.01 * kinds
    soil = GreenAmpt(2e-6 * kinds, 0.05 * kinds, 0.06 * kinds)
    surface = SurfaceFlow(
        SurfaceInputs(
            terrain_of(grid, bed, rough),
            SurfaceSettings("float32", scheme=scheme),
            depth=depth,
            infiltration=soil,
        )
    )
    parts: list[Any] = [
        *surface._cells,
        *surface._flow,
        *surface._scratch,
        *surface._runs,
        *surface._levels,
        *surface._levels.runs,
    ]
    parts += [*surface.maxima, soil.soil, soil.table, soil.filled]
    owners = {
        id(a.base if a.base is not None else a): (a.base if a.base is not None else a).nbytes
        for a in parts
        if hasattr(a, "nbytes")
    }
    return sum(owners.values()) / CELLS**2


def run(peer_python: str | None = None) -> dict[str, Any]:
    """All figures of the kernel benchmark. The peers stand before and after ours, and the better of
    the two counts: the machine is shared.
    """
    cores = min(2, os.cpu_count() or 1)
    first = peers.itzi_core(peer_python, CELLS)
    ours: dict[tuple[str, str, int], float] = {}
    compile_s: dict[tuple[str, str], float] = {}
    for scheme in ("local_inertial", "second_order"):
        for precision in ("float32", "float64"):
            for threads in (1, cores):
                ns, seconds = time_ours(scheme, precision, threads)
                ours[scheme, precision, threads] = ns
                compile_s.setdefault((scheme, precision), seconds)
    again = peers.itzi_core(peer_python, CELLS)
    itzi = {
        count: min(v for v in (first.get(count), again.get(count)) if v is not None)
        for count in ("1", "2")
        if first.get(count) or again.get(count)
    }
    landlab, openswmm = peers.landlab(CELLS), peers.openswmm(CELLS)
    bandwidth = stream_bandwidth(cores)
    figures = []
    for (scheme, precision, threads), ns in ours.items():
        figures.append(
            figure(
                f"{scheme}_{precision}_{threads}_{'thread' if threads == 1 else 'threads'}_ns",
                ns,
                "ns",
            )
        )
    for scheme, (one, two) in GOALS.items():
        figures.append(
            figure(
                f"itzi_core_over_{scheme}_1_thread",
                ratio(itzi.get("1"), ours[scheme, "float32", 1]),
                "1",
                one,
                lower=True,
            )
        )
        figures.append(
            figure(
                f"itzi_core_over_{scheme}_2_threads",
                ratio(itzi.get("2"), ours[scheme, "float32", cores]),
                "1",
                two,
                lower=True,
            )
        )
        figures.append(
            figure(
                f"{scheme}_float64_over_float32",
                ours[scheme, "float64", 1] / ours[scheme, "float32", 1],
                "1",
                2.6,
            )
        )
        figures += wet_figures(scheme, ours[scheme, "float32", 1])
        figures.append(
            figure(
                f"{scheme}_memory_mb_a_million_cells",
                bytes_a_cell(scheme),
                "MB",
                {"local_inertial": 60.0, "second_order": 90.0}[scheme],
            )
        )
        for precision in ("float32", "float64"):
            figures.append(
                figure(
                    f"{scheme}_{precision}_first_call_s",
                    compile_s[scheme, precision],
                    "s",
                    note="compilation where the cache is cold",
                )
            )
    moved = ACCESSES * 4 / ours["local_inertial", "float32", cores]  # bytes per ns = GB/s
    tenth = next(
        f["value"] for f in figures if f["name"] == "local_inertial_ten_percent_wet_over_full"
    )
    figures += [
        figure("ten_percent_wet_over_full", tenth, "1", 0.20),
        figure(
            "local_inertial_local_steps_over_one_step",
            local_steps_over_one(),
            "1",
            0.67,
            note="river 3 m deep on 6 % of the ground",
        ),
        figure("stream_triad_2_threads", bandwidth, "GB/s"),
        figure("share_of_memory_bandwidth", moved / bandwidth, "1", 0.5, lower=True),
        figure("itzi_core_1_thread_ns", itzi.get("1"), "ns", note=first.get("note", "")),
        figure("itzi_core_2_threads_ns", itzi.get("2"), "ns", note=first.get("note", "")),
        figure("landlab_1_thread_ns", landlab.get("1"), "ns", note=landlab.get("note", "")),
        figure("openswmm_1_thread_ns", openswmm.get("1"), "ns", note=openswmm.get("note", "")),
        figure("openswmm_2_threads_ns", openswmm.get("2"), "ns", note=openswmm.get("note", "")),
    ]
    machine = {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform()}
    versions = {name: version(name) for name in ("numpy", "numba", "llvmlite")} | {
        "python": platform.python_version()
    }
    return {"benchmark": "kernel", "machine": machine, "versions": versions, "figures": figures}


def processor() -> str:
    """Name of the processor, where the system tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(
                line.split(":")[1].strip() for line in file if line.startswith("model name")
            )
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
