"""Kill a run at random moments, or let its disk be full, resume it, kill it again; the results must
be those of an undisturbed run, bit for bit.
"""

from __future__ import annotations

import json
import os
import platform
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

# Everything that holds state: soil, hollows, evaporation, a facility, a moving storm, gutters, a
# river's stage, a culvert's pump, events, spaces, a critical site, an action.
SCENARIO = """
schema = 1
name = "killed"
[time]
start = 2021-07-20T15:30:00+08:00
stop = 2021-07-20T16:10:00+08:00
[city]
kind = "reference_city"
side_m = 500.0
[rainfall]
kind = "moving_cells"
cells = [{ peak_mm_h = 200, radius_m = 300, begin_s = 0, end_s = 1800, from_m = [472000, 3846250], to_m = [472500, 3846250] }]
interval_s = 70
[infiltration]
kind = "green_ampt"
conductivity_mm_h = 6.5
suction_mm = 167
deficit = 0.3
recovery = true
[storage]
canopy_mm = 1.0
depression_mm = 2.0
[evaporation]
rate_mm_d = 8.0
[drainage]
kind = "swmm"
coupling_step_s = 2
routing_step_s = 1
roofs = "sewer"
[[structures]]
kind = "pump"
name = "street to street"
from_m = [472270, 3846090]
to_m = [472310, 3846094]
capacity_m3_s = 0.02
start_depth_m = 0.03
stop_depth_m = 0.01
[[failures]]
kind = "clogged_inlets"
name = "leaves"
clogging = 0.5
when = { gauge = "underground_car_park_1", depth_above_m = 0.02 }
until = 2021-07-20T15:50:00+08:00
[[rules]]
kind = "mobile_pump"
name = "truck"
from_m = [472270, 3846090]
to_node = "N00006"
discharge_m3_s = 0.05
when = { at_m = [472206, 3846094], depth_above_m = 0.03 }
until = { at_m = [472206, 3846094], depth_below_m = 0.01 }
[resources]
crews = 1
[[sites]]
name = "mall"
kind = "underground"
location_m = [472206, 3846094]
sill_height_m = 0.0
floor_area_m2 = 300
height_m = 1.0
board_height_m = 0.2
pumps = [{ capacity_m3_s = 0.01, start_depth_m = 0.0, stop_depth_m = 0.0, to_node = "N00006", power = "substation" }]
[[sites]]
name = "cellar"
kind = "underground"
floor_area_m2 = 300
floor_elevation_m = 90.0
[[passages]]
name = "corridor"
from_site = "mall"
to_site = "cellar"
sill_elevation_m = 90.0
width_m = 1.0
[[sites]]
name = "substation"
kind = "critical"
inside = "cellar"
failure_depth_m = 0.02
repair_h = 0.1
[[actions]]
name = "board"
trigger = { at = 2021-07-20T15:45:00+08:00 }
setup_min = 5
depot_m = [472270, 3846090]
boards = ["mall"]
[surface]
scheme = "SCHEME"
[output]
interval_s = 100
"""
FULL_SHARE = 0.25  # of the lives: a full disk instead of a kill
NOT_COMPARED = {"wall_s", "timers"}


def child(arguments: list[str]) -> None:
    """One life of a run: `start|resume folder seed`; it kills itself at a random moment, early or
    in the loop, or from then on no file may grow beyond some size (seed < 0: neither)."""
    from flood_sim.core.errors import OutputError

    task, folder, seed = arguments[0], Path(arguments[1]), int(arguments[2])
    rng = random.Random(seed)  # noqa: S311
    early, full = rng.random() < 0.2, rng.random() < FULL_SHARE
    signal.signal(
        signal.SIGXFSZ, signal.SIG_IGN
    )  # a write beyond the limit fails, as on a full disk

    def die() -> None:
        time.sleep(rng.random() * (0.5 if early else 0.8))
        if full:
            resource.setrlimit(
                resource.RLIMIT_FSIZE,
                (int(10.0 ** (2.0 + 4.0 * rng.random())), resource.RLIM_INFINITY),
            )
        else:
            os.kill(os.getpid(), signal.SIGKILL)

    armed = threading.Event()

    def arm(_: Any = None) -> None:
        if seed >= 0 and not armed.is_set():
            armed.set()
            threading.Thread(target=die, daemon=True).start()

    if early:
        arm()
    try:
        outcome = _lived(task, folder, arm)
    except OutputError as error:
        if seed < 0:
            raise
        sys.stderr.write(str(error))
        raise SystemExit(3) from None
    if outcome.exit_code:
        raise SystemExit(
            f"exit {outcome.exit_code}: {outcome.summary['message']} {outcome.summary['exceeded']}"
        )


def _lived(task: str, folder: Path, arm: Any) -> Any:
    from flood_sim.runs.runner import Keeping, resume_scenario, run_scenario
    from flood_sim.runs.underway import Listener
    from flood_sim.scenario import load_scenario

    if task == "start":
        outcome = run_scenario(
            load_scenario(folder / "s.toml"),
            folder / "out",
            threads=1,
            keeping=Keeping(checkpoint_s=0.1),
            listener=Listener(progress=arm),
        )
    else:
        outcome = resume_scenario(folder / "out", threads=1, listener=Listener(progress=arm))
    return outcome


def live(task: str, folder: Path, seed: int) -> int:
    """Return code of one life in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.reliability.kills", task, str(folder), str(seed)]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, -signal.SIGKILL) and not (done.returncode == 3 and seed >= 0):
        raise RuntimeError(done.stderr[-2000:])
    return done.returncode


def has_checkpoint(folder: Path) -> bool:
    return any(
        (folder / "out" / name / "complete").exists()
        for name in ("checkpoint", "checkpoint.part", "checkpoint.old")
    )


def killed_run(folder: Path, scheme: str, kills: int, seed: int = 0) -> int:
    """Run a scenario to its end through as many kills as there is time for, at most `kills`;
    returns how many there were.
    """
    folder.mkdir(parents=True)
    (folder / "s.toml").write_text(SCENARIO.replace("SCHEME", scheme), encoding="utf-8")
    count = 0
    while True:
        task = "resume" if has_checkpoint(folder) else "start"
        if task == "start" and (folder / "out").exists():
            for path in sorted((folder / "out").rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
        code = live(task, folder, seed + count if count < kills else -1)
        if code == 0:
            return count
        count += 1


def differences(one: Path, other: Path) -> list[str]:
    """What differs between two result folders, but for times on the wall."""
    import netCDF4

    found = []
    for name in ("fields.nc", "network.nc"):
        with (
            netCDF4.Dataset(one / name) as a,
            netCDF4.Dataset(other / name) as b,
        ):  # left open, HDF5 2.2 fell over hundreds of them
            for key in a.variables:
                x, y = np.ma.getdata(a[key][:]), np.ma.getdata(b[key][:])
                same = (
                    np.array_equal(x, y)
                    if x.dtype.kind not in "f"
                    else np.array_equal(x, y, equal_nan=True)
                )
                found += [] if same else [f"{name}: {key}"]
    for name in ("gauges.csv", "max_depth.tif", "max_hazard.tif", "swmm.inp"):
        found += [] if (one / name).read_bytes() == (other / name).read_bytes() else [name]
    first, second = (
        json.loads((folder / "summary.json").read_text(encoding="utf-8")) for folder in (one, other)
    )
    found += [
        f"summary: {key}" for key in first if key not in NOT_COMPARED and first[key] != second[key]
    ]
    return found


def campaign(count: int, folder: Path) -> list[dict[str, Any]]:
    """Rows of the benchmark `hold`: kills and full disks of runs, half of them in each scheme."""
    rows = []
    for scheme in ("local_inertial", "second_order"):
        base, done, part, bad = folder / scheme, 0, 0, list[str]()
        killed_run(base / "quiet", scheme, 0)
        while done < max(count // 2, 1):
            before = done
            try:
                done += killed_run(
                    base / f"killed{part}", scheme, max(count // 2, 1) - done, seed=1000 * part
                )
                bad += differences(base / "quiet" / "out", base / f"killed{part}" / "out")
            except (RuntimeError, OSError, ValueError, KeyError) as error:
                bad.append(f"seed {1000 * part}: {str(error)[-300:]}")
                done = max(done, before + 1)
            part += 1
        note = "; ".join(bad[:3]) or f"{part} runs, bits equal"
        rows.append(
            {
                "kind": f"kills and full disks of runs, {scheme}",
                "tried": done,
                "held": done if not bad else max(done - len(bad), 0),
                "note": note,
            }
        )
    return rows


def run(kills: int = 200) -> dict[str, Any]:
    """The benchmark: kills shared among both schemes."""
    import tempfile

    figures: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        for scheme in ("local_inertial", "second_order"):
            base = Path(temporary) / scheme
            killed_run(base / "quiet", scheme, 0)
            done, lost, part = 0, 0, 0
            while done < kills // 2:
                done += killed_run(
                    base / f"killed{part}", scheme, kills // 2 - done, seed=1000 * part
                )
                lost += len(differences(base / "quiet" / "out", base / f"killed{part}" / "out"))
                part += 1
            figures.append(
                {
                    "name": f"{scheme}_kills",
                    "value": done,
                    "unit": "1",
                    "goal": None,
                    "holds": None,
                    "note": f"{part} runs",
                }
            )
            figures.append(
                {
                    "name": f"{scheme}_differences",
                    "value": lost,
                    "unit": "1",
                    "goal": 0,
                    "holds": lost == 0,
                    "note": "",
                }
            )
    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
    }
    return {"benchmark": "kills", "machine": machine, "versions": {}, "figures": figures}


if __name__ == "__main__":
    child(sys.argv[1:])
