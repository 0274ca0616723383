"""Full disks at every moment: the n-th write, sync, rename, ... of each command fails and all after
it, n = 1, 2, ... until the command passes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.reliability.failing import CALLS, PLAIN, Trial, failing, held, why_not

SCENARIO = """
schema = 1
name = "small"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T16:10:00+08:00
[terrain]
bed_elevation = { columns = 20, rows = 10, cell_size_m = 5.0, slope_x = -0.005, level_m = 10.0 }
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
[output]
interval_s = 120
gauges = { middle = [50.0, 25.0] }
[measure.pond]
kind = "pond_restoration"
targets = { polygon_m = [[10, 10], [40, 10], [40, 40], [10, 40]] }
depth_m = 0.5
cost = 1.0e6
"""
STUDY = (
    'schema = 1\nscenario = "s.toml"\nname = "few"\nportfolios = "factorial"\n[projects]\nponds ='
    ' ["pond"]\n[storms.a]\n'
)

TOGETHER = 8  # trials of one preloaded process; after the first that passes the rest is left out


def prepare(folder: Path) -> Path:
    """A scenario, a study of it and a finished run, for all trials; returns the run. Raises
    CalledProcessError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "s.toml").write_text(SCENARIO)
    (folder / "study.toml").write_text(STUDY)
    command = [
        sys.executable,
        "-m",
        "flood_sim.cli",
        "run",
        str(folder / "s.toml"),
        "--out",
        str(folder / "done"),
        "--threads",
        "1",
        "--quiet",
        "--no-report",
    ]
    subprocess.run(command, check=True)
    return folder / "done"


def trials(folder: Path, done: Path, points: list[tuple[str, str, int]]) -> list[Trial]:
    """One for each (command, call, n); what a command writes lies in `t` and its own folder
    there.
    """
    place, scenario = folder / "t", str(folder / "s.toml")
    words = {
        "run": ["run", scenario, "--out", str(place), "--threads", "1", "--quiet", "--no-report"],
        "check": ["check", scenario, "--out", str(place)],
        "report": ["report", str(place)],
        "copy": ["copy", "teaching", str(place), "--as-files"],
        "compare": ["compare", str(done), str(place)],
        "study": [
            "study",
            "run",
            str(folder / "study.toml"),
            "--out",
            str(place),
            "--workers",
            "1",
            "--quiet",
        ],
    }
    reads = ("report", "compare")
    return [
        Trial(
            words[name],
            call,
            n,
            folders=[str(place), f"{place}_new"],
            kept=str(done) if name in reads else "",
        )
        for name, call, n in points
    ]


def campaign(count: int, folder: Path) -> list[dict[str, Any]]:
    """Rows of the benchmark: for each command the first `count` failing calls of each kind, or all
    that it makes.
    """
    if why := why_not():
        return [{"kind": "full disks", "tried": 0, "held": 0, "note": f"not tried: {why}"}]
    done, rows = prepare(folder), []
    for name in ("check", "report", "copy", "compare", "run", "study"):
        tried, wrong = 0, list[str]()
        for call in CALLS:
            for first in range(1, count + 1, TOGETHER):
                found = failing(
                    trials(
                        folder,
                        done,
                        [(name, call, n) for n in range(first, min(first + TOGETHER, count + 1))],
                    ),
                    folder,
                )
                tried += len(found)
                wrong += [f"{call} {t.n}: {w}" for t in found if (w := held(t))]
                if found[-1].code == 0:
                    break
        rows.append(
            {
                "kind": f"full disk, {name}",
                "tried": tried,
                "held": tried - len(wrong),
                "note": "; ".join(wrong[:3]),
            }
        )
        shutil.rmtree(folder / "t", ignore_errors=True)
    return rows


__all__ = ["PLAIN", "campaign", "prepare", "trials"]
