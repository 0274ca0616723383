"""The 22 tables of SWASHES (Delestre et al. 2013, doi:10.1002/fld.3741), read from the shared
folder; nothing of them is kept here.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.cases.channel import (
    CaseResult,
    Finding,
    Setting,
    advance,
    build,
    front,
    inflow,
    outlet,
    relative_l1,
    set_velocity,
    steady,
    strip,
)
from flood_sim.core.grid import Grid
from flood_sim.ground.terrain import terrain_of

G = 9.80665


def read_table(path: Path) -> np.ndarray:
    """Numbers of the last block; NaN where the text says so."""
    with gzip.open(path, "rt") as file:
        text = file.read()
    block = text.split("# time = ")[-1]
    rows = [
        line.split() for line in block.splitlines() if line.strip() and not line.startswith("#")
    ]
    return np.array([[float(v) for v in row] for row in rows if len(row) > 2])


@dataclass(frozen=True)
class Steady:
    """A channel that comes to rest in time: unit discharge and level at the left, level at the
    right (None: free).
    """

    q: float
    right: float | None  # depth over the last cell's bed; None: the water leaves freely
    n: float = 0.0
    left_depth: float | None = None
    rain: float = 0.0
    start: float | None = (
        None  # level of the water at the start; None: the right level as depth along the bed
    )
    stop: float = 4000.0
    window: float = 4.0
    # critical at the right: a mirrored subcritical flow would never leave a level, frictionless
    # channel
    overfall: bool = False


STEADY = {
    "bump_subcritical": Steady(4.42, 2.0, start=2.0, stop=400.0, window=0.5),
    "bump_transcritical_noshock": Steady(
        1.53, None, start=0.66, stop=400.0, window=0.5, overfall=True
    ),
    "bump_transcritical_shock": Steady(0.18, 0.33, start=0.33, stop=400.0, window=0.5),
    "macdonald_long_sub_manning": Steady(2.0, 0.748324, 0.033),
    "macdonald_long_super_manning": Steady(2.5, None, 0.04, left_depth=0.741514, stop=2500.0),
    "macdonald_long_sub2super_manning": Steady(2.0, None, 0.0218),
    "macdonald_long_super2sub_manning": Steady(2.0, 1.33475, 0.0218, left_depth=0.543791),
    "macdonald_short_shock_manning": Steady(
        2.0, 2.87871, 0.0328, start=2.87871, stop=800.0, window=1.0
    ),
    "macdonald_undulating_manning": Steady(2.0, 1.125, 0.03, stop=15000.0, window=8.0),
    "macdonald_rain_sub_manning": Steady(1.0, 0.748324, 0.033, rain=0.001),
    "macdonald_rain_super_manning": Steady(
        2.5, None, 0.04, left_depth=0.741514, rain=0.001, stop=2500.0
    ),
}


def steady_case(name: str, setting: Setting, table: np.ndarray) -> CaseResult:
    """Run to rest, compare depth and discharge along the channel."""
    case = STEADY[name]
    x, exact, bed = table[:, 0], table[:, 1], table[:, 3]
    froude = float(np.nanmax(table[:, 6]))
    if setting.scheme == "local_inertial" and froude >= 0.8:
        return CaseResult(
            [Finding(f"swashes_{name}_l1_depth", None, note=f"not applicable: Froude {froude:.2f}")]
        )
    dx = float(x[1] - x[0])
    terrain = strip(bed, dx, case.n)
    depth = np.maximum(case.start - bed, 0.0) if case.start is not None else np.full(bed.size, 0.02)
    right = None if case.right is None else case.right + bed[-1]
    left = None if case.left_depth is None else case.left_depth + bed[0] - 0.5 * (bed[1] - bed[0])
    edges = [outlet(terrain, "east", right, np.inf if case.overfall else None)]
    rain = {"rain": steady(case.rain, case.stop)} if case.rain else {}
    surface = build(
        setting,
        terrain,
        depth[None, :],
        edges=edges,
        inflows=[inflow(terrain, "west", case.q, left)],
        **rain,
    )
    advance(surface, case.stop, case.window)
    found = surface.depth[0].astype(float)
    goal = 0.01 if setting.scheme == "second_order" else None
    findings = [Finding(f"swashes_{name}_l1_depth", relative_l1(found, exact), goal=goal)]
    findings.append(
        Finding(
            f"swashes_{name}_mean_error",
            float(np.abs(found - exact).mean()),
            "m",
            note=f"Froude up to {froude:.2f}",
        )
    )
    return CaseResult(
        findings,
        {"exact": (x, exact + bed), str(setting): (x, found + bed), "bed": (x, bed)},
        ("x, m", "level, m"),
    )


def lake(name: str, setting: Setting, table: np.ndarray) -> CaseResult:
    bed = np.maximum(
        0.0, 0.2 - 0.05 * (table[:, 0] - 10.0) ** 2
    )  # the table is rounded to seven digits: no lake is at rest on it
    exact = np.maximum((0.1 if "emerged" in name else 0.5) - bed, 0.0)
    terrain = strip(bed, float(table[1, 0] - table[0, 0]))
    surface = build(setting, terrain, exact[None, :])
    advance(surface, 100.0, 0.5)
    wet = surface.depth > 0.0
    speed = float(max(np.abs(a[wet]).max() for a in surface.velocity()))
    goal = 1e-10 if setting.precision == "float64" else 1e-4
    return CaseResult(
        [
            Finding(
                f"swashes_{name}_velocity",
                speed,
                "m/s",
                goal,
                note="PEERS 4 asks 1e-4 of float32" if setting.precision == "float32" else "",
            )
        ]
    )


BREAKS = {  # depth left and right of the middle, time; the bed is the table's
    "dambreak_ritter_dry": (0.005, 0.0, 6.0, 0.0),
    "dambreak_stoker_wet": (0.005, 0.001, 6.0, 0.0),
    "dambreak_step": (4.0, 1.0, 1.0, 0.0),
    "dambreak_dressler_friction": (6.0, 0.0, 40.0, 6.0 ** (1.0 / 6.0) / 40.0),
}


def dam_break(name: str, setting: Setting, table: np.ndarray) -> CaseResult:
    """Depth and front of a dam break; Dressler's friction is Chezy's: Manning's n of the same
    friction at the reservoir's depth stands for it.
    """
    if setting.scheme == "local_inertial":
        return CaseResult(
            [
                Finding(
                    f"swashes_{name}_l1_depth",
                    None,
                    note="not applicable: the fan runs at Froude 1 and more",
                )
            ]
        )
    high, low, stop, n = BREAKS[name]
    x, exact, bed = table[:, 0], table[:, 1], table[:, 3]
    dx = float(x[1] - x[0])
    depth = np.where(np.arange(x.size) < x.size // 2, high, low)
    surface = build(setting, strip(bed, dx, n), depth[None, :])
    advance(surface, stop, stop / 50.0)
    found = surface.depth[0].astype(float)
    limit = 0.01 * high + low
    middle = 0.5 * (x[0] + x[-1])
    at, should = front(x, found, limit), front(x, exact, limit)
    path = should - middle
    note = "the table's friction is Chezy's" if n else ""
    findings = [
        Finding(
            f"swashes_{name}_l1_depth",
            relative_l1(found, exact),
            goal=None if n else 0.01,
            note=note,
        ),
        Finding(
            f"swashes_{name}_front",
            abs(at - should),
            "m",
            None if n else 2.0 * dx + 0.02 * path,
            note=note,
        ),
    ]
    return CaseResult(
        findings, {"exact": (x, exact + bed), str(setting): (x, found + bed)}, ("x, m", "level, m")
    )


def thacker_1d(setting: Setting, table: np.ndarray) -> CaseResult:
    """Planar surface in a parabola: h0 0.5, a 1, L 4 m, 5 periods; at rest and tilted at the
    start.
    """
    x, exact = table[:, 0], table[:, 1]
    bed = table[:, 3]
    h0, a, half = 0.5, 1.0, 2.0
    depth = np.maximum(
        -h0 * (((x - half + 0.5) / a) ** 2 - 1.0), 0.0
    )  # h(x, 0) = -h0 ([(x - L/2) / a + 1 / (2a)]^2 - 1) (SWASHES 4.2.1)
    surface = build(setting, strip(bed, float(x[1] - x[0])), depth[None, :])
    advance(surface, 10.0303, 0.1)
    found = surface.depth[0].astype(float)
    lines = {"exact": (x, exact + bed), str(setting): (x, found + bed), "bed": (x, bed)}
    return CaseResult(
        [Finding("swashes_thacker_planar_1d_l1_depth", relative_l1(found, exact), goal=0.05)],
        lines,
        ("x, m", "level, m"),
    )


def thacker_2d(name: str, setting: Setting, table: np.ndarray) -> CaseResult:
    """Paraboloid h0 0.1, a 1, L 4 m on 100 x 100 cells, three periods."""
    cells, size, h0, a = 100, 4.0, 0.1, 1.0
    dx = size / cells
    centre = (np.arange(cells) + 0.5) * dx - 0.5 * size
    x, y = np.meshgrid(centre, centre)
    r2 = x**2 + y**2
    bed = h0 * (r2 / a**2 - 1.0)
    omega = np.sqrt(2.0 * G * h0) / a
    grid = Grid(cells, cells, dx, 0.0, size)
    if name == "thacker2d_planar":
        eta = 0.5
        depth = np.maximum(eta * h0 / a**2 * (2.0 * x - eta) - bed, 0.0)
        velocity = np.zeros(x.shape), np.where(depth > 0.0, eta * omega, 0.0)
        stop = 3.0 * 2.0 * np.pi / omega
    else:
        r0 = 0.8
        amplitude = (a**2 - r0**2) / (a**2 + r0**2)
        depth = np.maximum(
            h0
            * (
                np.sqrt(1.0 - amplitude**2) / (1.0 - amplitude)
                - 1.0
                - r2 / a**2 * ((1.0 - amplitude**2) / (1.0 - amplitude) ** 2 - 1.0)
            )
            - bed,
            0.0,
        )
        velocity = np.zeros(x.shape), np.zeros(x.shape)
        stop = 3.0 * 2.0 * np.pi / np.sqrt(8.0 * G * h0) * a
    surface = build(setting, terrain_of(grid, bed, 0.0), depth)
    set_velocity(surface, *velocity)
    advance(surface, stop, 0.05)
    error = relative_l1(surface.depth.astype(float), depth)
    found, exact = surface.depth[cells // 2].astype(float), depth[cells // 2]
    order = np.argsort(table[:, 1] * 1e6 + table[:, 0]) if table.shape[0] == cells * cells else None
    published = table[order, 2].reshape(cells, cells) if order is not None else depth
    note = f"analytic field differs from the table by {np.abs(published - depth).max():.1e} m"
    lines = {
        "exact": (centre, exact + bed[cells // 2]),
        str(setting): (centre, found + bed[cells // 2]),
    }
    return CaseResult(
        [Finding(f"swashes_{name}_l1_depth", error, goal=0.05, note=note)],
        lines,
        ("x, m", "level, m"),
    )


OTHER_FRICTION = {
    "sampson_linear_friction": (
        "not applicable: its friction is linear in the velocity, ours is Manning's"
    ),
    "mobile_rain_same_speed": (
        "not applicable: its friction is linear in the velocity (and the rain moves with the flow)"
    ),
}


def run(folder: Path, setting: Setting) -> dict[str, CaseResult]:
    """All 22."""
    results = {}
    for path in sorted(folder.glob("*.txt.gz")):
        name = path.name.split(".")[0]
        table = read_table(path) if name not in OTHER_FRICTION else np.zeros((0, 0))
        if name in OTHER_FRICTION:
            result = CaseResult([Finding(f"swashes_{name}", None, note=OTHER_FRICTION[name])])
        elif name in STEADY:
            result = steady_case(name, setting, table)
        elif name in BREAKS:
            result = dam_break(name, setting, table)
        elif name.startswith("bump_lake"):
            result = lake(name, setting, table)
        elif setting.scheme == "local_inertial":
            result = CaseResult(
                [
                    Finding(
                        f"swashes_{name}_l1_depth",
                        None,
                        note="not applicable: a moving shore faster than Froude 0.8",
                    )
                ]
            )
        elif name == "thacker_planar_1d":
            result = thacker_1d(setting, table)
        else:
            result = thacker_2d(name, setting, table)
        results[f"swashes_{name}"] = result
    return results
