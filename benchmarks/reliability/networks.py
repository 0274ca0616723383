"""Networks made by others: SWMM alone with the file's own options, and behind our door with nothing
coupled; whose own books do not close is named.

One SWMM simulation a process: each is run in a child of its own (`python -m
benchmarks.reliability.networks alone|door FILE`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.speed.kernel import figure, processor
from flood_sim.drainage.inp import InpFile, read_inp
from flood_sim.drainage.inp_files import close_files

HOURS = 12.0  # of each file, at most
STEP_S = 2.0  # behind our door: at most
OWN_ERROR_PERCENT = 5.0  # of SWMM alone: above it the network is named


def start_and_duration(inp: InpFile) -> tuple[datetime, float]:
    """START and END of the file, the duration cut to HOURS (s)."""

    def moment(name: str) -> datetime:
        day = inp.option(f"{name}_DATE").replace("-", "/")
        clock = [int(float(part)) for part in (inp.option(f"{name}_TIME") or "0:0:0").split(":")]
        hours, minutes, seconds = [*clock, 0, 0][:3]
        return datetime.strptime(day, "%m/%d/%Y") + timedelta(
            hours=hours, minutes=minutes, seconds=seconds
        )

    begin = moment("START")
    return begin, min((moment("END") - begin).total_seconds(), HOURS * 3600.0)


def own_step_s(inp: InpFile) -> float:
    parts = [float(part) for part in inp.option("ROUTING_STEP", "20").split(":")]
    return sum(value * 60.0 ** (len(parts) - 1 - k) for k, value in enumerate(parts))


def alone(inp: InpFile, folder: Path) -> dict[str, float]:
    """pyswmm runs the file; only its end is changed."""
    from pyswmm import Simulation
    from swmm.toolkit import solver

    start, duration = start_and_duration(inp)
    end = start + timedelta(seconds=duration)
    options = {"END_DATE": f"{end:%m/%d/%Y}", "END_TIME": f"{end:%H:%M:%S}"}
    close_files(inp).with_options(options).write(folder / "alone.inp")
    with Simulation(str(folder / "alone.inp")) as simulation:
        for _ in simulation:
            pass
        totals = solver.system_get_routing_totals()
        left = {"outflow": totals.outflow, "flooding": totals.flooding}
        solver.swmm_end()
        return {**left, "percent": float(simulation.flow_routing_error)}


def door(inp: InpFile, folder: Path) -> dict[str, float]:
    """SwmmNetwork with the coupling's options and step, no street."""
    from flood_sim.drainage.swmm import SwmmNetwork

    start, duration = start_and_duration(inp)
    step = max(round(min(own_step_s(inp), STEP_S)), 1)
    network = SwmmNetwork(inp, folder, start, duration, float(step))
    try:
        stop = 0.0
        while stop < duration:
            stop = min(stop + 60.0 * step, duration)
            network.advance(stop)
        balance, unit = network.balance(), network.cubic_metre
    finally:
        network.close()
    return {
        "outflow": balance["outflow"] / unit,
        "flooding": balance["flooding"] / unit,
        "percent": network.continuity()["routing_percent"],
    }


def measured(mode: str, path: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.reliability.networks", mode, str(path)]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    try:
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))
    except (IndexError, ValueError):
        return {
            "refused": next(
                (x.strip() for x in done.stderr.splitlines() if "ERROR" in x),
                done.stderr.strip()[-100:],
            )
        }


def run(shared: Path | None) -> dict[str, Any]:
    """A line a network: what leaves it behind our door over what leaves it alone, and both
    continuity errors.
    """
    figures = []
    for path in sorted((shared / "swmm_networks").glob("*.inp")) if shared is not None else []:
        own, ours = measured("alone", path), measured("door", path)
        if "refused" in own or "refused" in ours:
            figures.append(
                figure(
                    path.stem,
                    None,
                    "1",
                    None,
                    note=f"SWMM refuses it: {own.get('refused', ours.get('refused'))}",
                )
            )
            continue
        size = own["outflow"] + own["flooding"]
        ratio = (ours["outflow"] + ours["flooding"]) / size if size > 0.0 else 1.0
        named = "its own books do not close; " if abs(own["percent"]) > OWN_ERROR_PERCENT else ""
        figures.append(
            figure(
                path.stem,
                ratio,
                "1",
                None,
                note=(
                    f"{named}continuity error alone {own['percent']:.2f} %, ours"
                    f" {ours['percent']:.2f} %"
                ),
            )
        )
    if not figures:
        figures.append(
            figure(
                "networks",
                None,
                "1",
                None,
                note="not measured: the shared folder is not there (FLOOD_SIM_SHARED_DATA)",
            )
        )
    return {
        "benchmark": "networks",
        "machine": {"processor": processor(), "cores": os.cpu_count()},
        "versions": {},
        "figures": figures,
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        print(
            "\n"
            + json.dumps(
                {"alone": alone, "door": door}[sys.argv[1]](
                    read_inp(Path(sys.argv[2])), Path(temporary)
                )
            )
        )
