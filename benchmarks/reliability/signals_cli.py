"""Signals at any moment from the start of the process, for each command: 130, 143 or finished, no
traceback, nothing half-written.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.reliability.disks import prepare, trials
from benchmarks.reliability.failing import Trial, broken_files

COMMANDS = ("check", "report", "copy", "compare", "run", "study")
STARTING = 0.05  # s: before it Python itself starts, and answers a signal in its own way
NOISE = ("Traceback", "Exception ignored", "Error in atexit", "core dumped")


def struck(trial: Trial, number: int, after_s: float) -> tuple[str, float]:
    """Give the command, send the signal to its process group as a terminal does (SIGTERM: to it
    alone); what is wrong ("" where nothing), and for how long it ran on after the signal (s)."""
    for name in trial.folders:
        shutil.rmtree(name, ignore_errors=True)
        if trial.kept:
            shutil.copytree(trial.kept, name)
    child = subprocess.Popen(
        [sys.executable, "-m", "flood_sim.cli", *trial.words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(after_s)
    begun = time.monotonic()
    if child.poll() is None:
        (os.killpg if number == signal.SIGINT else os.kill)(child.pid, number)
    try:
        _, said = child.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return "it did not end within 120 s", 120.0
    wrong = [word for word in NOISE if word in said]
    if child.returncode not in (0, 128 + number):
        wrong.append(f"exit {child.returncode}")
    wrong += [file for name in trial.folders for file in broken_files(Path(name))]
    return (f"{', '.join(wrong)}: {said[-200:]!r}" if wrong else ""), time.monotonic() - begun


def campaign(count: int, folder: Path) -> list[dict[str, Any]]:
    """Rows of the benchmark: `count` signals for each command, at moments drawn over the time that
    it takes.
    """
    done, rows, draw = prepare(folder), [], random.Random(720)  # noqa: S311 - moments, no secrets
    for name in COMMANDS:
        (trial,) = trials(folder, done, [(name, "none", 0)])
        begun = time.monotonic()
        struck(trial, signal.SIGINT, 0.0)  # warms the disk's cache
        _, lasted = struck(trial, 0, 0.0)
        wrong, slowest = list[str](), 0.0
        for k in range(count):
            number, after = (
                (signal.SIGINT, signal.SIGTERM)[k % 2],
                draw.uniform(STARTING, max(lasted, 2.0 * STARTING)),
            )
            text, ended = struck(trial, number, after)
            slowest = max(slowest, ended)
            wrong += [f"{signal.Signals(number).name} after {after:.2f} s: {text}"] if text else []
        note = (
            f"at most {slowest:.1f} s from signal to end, of {time.monotonic() - begun:.0f} s"
            " in all"
        )
        rows.append(
            {
                "kind": f"signals, {name}",
                "tried": count,
                "held": count - len(wrong),
                "note": "; ".join([note, *wrong[:3]]),
            }
        )
    return rows
