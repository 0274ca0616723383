"""Peers from PyPI in virtual environments of their own, driven by small scripts on the same valley;
null with the reason where they cannot be had.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

CACHE = Path(
    os.environ.get("FLOOD_SIM_BENCH_CACHE", Path.home() / ".cache" / "flood_sim_benchmarks")
)

VALLEY = """
import json, sys, time
import numpy as np
cells = int(sys.argv[1])
y, x = np.mgrid[0:cells, 0:cells]
rng = np.random.default_rng(1)
bed = 10.0 - 0.01 * x + 0.5 * np.sin(y / 50.0) + 0.5 * np.cos(x / 37.0) + 0.05 * rng.random(x.shape)
depth = 0.5 + 0.1 * rng.random(x.shape)
"""

ITZI = (
    VALLEY
    + """
from itzi_core.data_containers import SurfaceFlowParameters
from itzi_core.rasterdomain import RasterDomain
from itzi_core.surfaceflow import SurfaceFlowSimulation
domain = RasterDomain(np.float32, np.zeros((cells, cells), bool), (5.0, 5.0))
for key, field in (("ground_elevation", bed), ("friction", np.full(bed.shape, 0.03)), ("water_depth", depth)):
    domain.update_array(key, field.astype(np.float32))
flow = SurfaceFlowSimulation(domain, SurfaceFlowParameters())
best = float("inf")
for repeat in range(4):
    begun, steps = time.perf_counter(), 8
    for _ in range(steps):
        flow.solve_dt()
        flow.step(compute_vdir=False, compute_froude=False)
    best = min(best, (time.perf_counter() - begun) / steps / cells**2 * 1e9)
print(json.dumps(best))
"""
)

LANDLAB = (
    VALLEY
    + """
from landlab import RasterModelGrid
from landlab.components import OverlandFlow
grid = RasterModelGrid((cells, cells), xy_spacing=5.0)
grid.add_field("topographic__elevation", bed.ravel(), at="node")
grid.add_field("surface_water__depth", depth.ravel(), at="node")
flow = OverlandFlow(grid, mannings_n=0.03, steep_slopes=True)
flow.overland_flow()
best = float("inf")
for repeat in range(3):
    begun, steps = time.perf_counter(), 3
    for _ in range(steps):
        flow.overland_flow()
    best = min(best, (time.perf_counter() - begun) / steps / cells**2 * 1e9)
print(json.dumps(best))
"""
)


# A quadrilateral mesh with the same bed and depth; steps of its explicit local-inertial marcher are
# counted by the faces it has evaluated.
OPENSWMM = (
    VALLEY
    + """
import tempfile, pathlib
from openswmm.engine import Solver
v, u = np.mgrid[0:cells + 1, 0:cells + 1]
level = 10.0 - 0.01 * u + 0.5 * np.sin(v / 50.0) + 0.5 * np.cos(u / 37.0)
options = "FLOW_UNITS CMS\\nFLOW_ROUTING DYNWAVE\\nSTART_DATE 07/20/2021\\nEND_DATE 07/21/2021\\nREPORT_STEP 24:00:00\\nROUTING_STEP 2\\n"
text = "[OPTIONS]\\n" + options + "[JUNCTIONS]\\nJ 0 2 0 0 0\\n[OUTFALLS]\\nO -1 FREE NO\\n[CONDUITS]\\nC J O 100 0.013 0 0 0 0\\n[XSECTIONS]\\nC CIRCULAR 1 0 0 0\\n"
points = np.column_stack([5.0 * u.ravel(), 5.0 * v.ravel(), level.ravel()])
first = (np.arange(cells)[:, None] * (cells + 1) + np.arange(cells)[None, :]).ravel()
quads = np.column_stack([first, first + 1, first + cells + 2, first + cells + 1])
folder = pathlib.Path(tempfile.mkdtemp())
with open(folder / "m.inp", "w") as file:
    file.write(text + "[2D_VERTICES]\\n")
    np.savetxt(file, points, "%.2f %.2f %.5f")
    file.write("[2D_QUADS]\\n")
    np.savetxt(file, np.column_stack([quads, depth.ravel()]), "%d %d %d %d 0.03 %.4f")
with Solver(str(folder / "m.inp"), str(folder / "m.rpt"), str(folder / "m.out")) as solver:
    if solver.state == 2:
        solver.initialize()
    if solver.state == 3:
        solver.start()
    surface, best = solver.surface2d, float("inf")
    for repeat in range(4):
        before, begun = surface.run_stats["face_evals"], time.perf_counter()
        for _ in range(3):
            solver.step()
        swept = (surface.run_stats["face_evals"] - before) / (2 * cells * (cells - 1))
        best = min(best, (time.perf_counter() - begun) / swept / cells**2 * 1e9)
print(json.dumps(best))
"""
)


def itzi_core(python: str | None, cells: int) -> dict[str, Any]:
    """itzi-core's surface step alone, 1 and 2 threads."""
    interpreter = python or _python_at_least(12)
    if interpreter is None:
        return {"note": "not measured: itzi-core needs Python >= 3.12, none found (--peer-python)"}
    return _measure("itzi-core", interpreter, ITZI, cells, ("1", "2"))


def landlab(cells: int) -> dict[str, Any]:
    """landlab's OverlandFlow, one thread."""
    interpreter = _python_at_least(12)
    if interpreter is None:
        return {"note": "not measured: landlab needs Python >= 3.12, none found"}
    return _measure("landlab", interpreter, LANDLAB, cells, ("1",))


def openswmm(cells: int) -> dict[str, Any]:
    """openswmm's 2D engine (a pre-release), one and two threads."""
    interpreter = _python_at_least(12)
    if interpreter is None:
        return {"note": "not measured: openswmm needs Python >= 3.12, none found"}
    return _measure("openswmm", interpreter, OPENSWMM, cells, ("1", "2"), ("--pre",))


def _python_at_least(minor: int) -> str | None:
    names = [f"python3.{k}" for k in range(14, minor - 1, -1)]
    found = [sys.executable, *(p for p in map(shutil.which, names) if p)]
    found += [str(p) for p in sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"))]
    for path in found:
        done = subprocess.run(
            [path, "-c", "import sys; print(sys.version_info[1])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0 and int(done.stdout) >= minor:
            return path
    return None


def _measure(
    package: str,
    interpreter: str,
    script: str,
    cells: int,
    threads: tuple[str, ...],
    options: tuple[str, ...] = (),
) -> dict[str, Any]:
    folder = CACHE / package
    python = folder / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run(
                [interpreter, "-m", "venv", str(folder)], check=True, capture_output=True
            )
        installed = subprocess.run(
            [str(python), "-m", "pip", "install", "-q", *options, package],
            capture_output=True,
            text=True,
            check=False,
        )
        if installed.returncode != 0:
            return {
                "note": (
                    f"not measured: {package} could not be installed:"
                    f" {installed.stderr.strip().splitlines()[-1][:100]}"
                )
            }
        answer: dict[str, Any] = {}
        for count in threads:
            environment = {
                **os.environ,
                "OMP_NUM_THREADS": count,
                "NUMBA_NUM_THREADS": count,
                "OPENSWMM_2D_THREADS": count,
            }
            done = subprocess.run(
                [str(python), "-c", script, str(cells)],
                capture_output=True,
                text=True,
                check=True,
                env=environment,
                timeout=600,
            )
            answer[count] = float(json.loads(done.stdout.strip().splitlines()[-1]))
        shown = subprocess.run(
            [str(python), "-m", "pip", "show", package], capture_output=True, text=True, check=False
        ).stdout
        return {
            **answer,
            "note": next((line for line in shown.splitlines() if line.startswith("Version")), ""),
        }
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        detail = getattr(error, "stderr", "") or str(error)
        return {"note": f"not measured: {str(detail).strip().splitlines()[-1][:140]}"}
