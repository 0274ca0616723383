"""Kills of coupled models and of the programs that hold them: no hang, a word with the way out, no
process and no folder left behind.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.bmi import BmiFloodSim
from flood_sim.core.errors import RunFailedError

SCENARIO = "quickstart"
PATIENCE_S = 30.0
PROGRAM = """
import sys
from flood_sim.bmi import BmiFloodSim
models = [BmiFloodSim(), BmiFloodSim()]
for model in models:
    model.initialize(sys.argv[1])
    print(model._model._process.pid, model._model._folder, flush=True)
while models[0].get_current_time() < models[0].get_end_time():
    for model in models:
        model.update()
"""


def campaign(count: int, folder: Path) -> list[dict[str, Any]]:
    """Half of the kills meet a model, the other half a program with two of them. folder: unused,
    models write below the temporary folder.
    """
    draw = np.random.default_rng(27)
    moments = [draw.uniform(0.0, 1.0) for _ in range(count)]
    half = (count + 1) // 2
    return [
        _row("BMI: a model killed", [kill_model(t) for t in moments[:half]]),
        _row("BMI: a program with two models killed", [kill_program(t) for t in moments[half:]]),
    ]


def kill_model(after_s: float) -> str:
    """What did not hold when a model is killed so long after its start; "" where all did."""
    model = BmiFloodSim()
    model.initialize(SCENARIO)
    pid, folder = model._model._process.pid, model._model._folder
    timer = threading.Timer(after_s, os.kill, (pid, signal.SIGKILL))
    timer.start()
    try:
        while True:
            model.update_until(min(model.get_current_time() + 60.0, model.get_end_time()))
            if model.get_current_time() >= model.get_end_time():
                return "it was not killed in time"
    except RunFailedError as error:
        if "SIGKILL" not in str(error) or "initialize" not in str(error):
            return f"told as: {error}"
    finally:
        timer.join()
        model.finalize()
    return _left([(pid, folder)])


def kill_program(after_s: float) -> str:
    """What is left when a program is killed while its two models step; "" where nothing is."""
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, SCENARIO], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    lines = [program.stdout.readline().split() for _ in range(2)]
    time.sleep(after_s)
    program.kill()
    program.communicate()
    return _left([(int(pid), Path(folder)) for pid, folder in lines])


def _left(models: list[tuple[int, Path]]) -> str:
    """Processes and folders that are still there after a while."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        left = [f"process {pid}" for pid, _ in models if Path(f"/proc/{pid}").exists()] + [
            str(f) for _, f in models if f.exists()
        ]
        if not left:
            return ""
        time.sleep(0.05)
    return f"left behind: {', '.join(left)}"


def _row(kind: str, faults: list[str]) -> dict[str, Any]:
    told = [fault for fault in faults if fault]
    return {
        "kind": kind,
        "tried": len(faults),
        "held": len(faults) - len(told),
        "note": "; ".join(told[:3]),
    }
