"""What a dask worker does: hand a run to the child beside it (study/child.py) and wait. Text in,
less than a kilobyte out.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flood_sim.core.errors import RunFailedError

if TYPE_CHECKING:
    from flood_sim.scenario import Scenario

# By store, thread and folders: one child beside each.
_children: dict[tuple[str | int, ...], subprocess.Popen[bytes]] = {}


def request(
    scenario: Scenario,
    portfolio: str,
    measures: Iterable[str],
    actions: str | None,
    changes: dict[str, Any],
    threads: int,
    **more: Any,
) -> dict[str, Any]:
    """A run as the child is asked for it: plain text, no arrays."""
    from flood_sim.scenario.region import pinned

    return {
        "scenario": str(scenario.path.resolve()),
        "allowed": [str(p) for p in scenario.allowed],
        "changes": pinned(scenario, changes),
        "portfolio": portfolio,
        "measures": list(measures),
        "actions": actions,
        "threads": threads,
        **more,
    }


def completed(wanted: dict[str, Any], store: Path, label: str, timeout_s: float = 7200.0) -> str:
    """Run what is asked for in this thread's child; its key. Raises RunFailedError with the
    label where it does not end complete.
    """
    answer = hydraulics(json.dumps(wanted, default=str), str(store.resolve()), timeout_s)
    if answer["status"] != "complete":
        raise RunFailedError(f"{label}: {answer['message']}")
    return str(answer["key"])


def hydraulics(text: str, store: str, timeout_s: float) -> dict[str, Any]:
    """One run, by its document as JSON. Status: complete, refused (input), failed (the model), died
    (its process), timeout.
    """
    places = _places(text)
    mine: tuple[str | int, ...] = (store, threading.get_ident(), *places)
    process = _children.get(mine)
    if process is None or process.poll() is not None:
        try:
            process = _children[mine] = _start(Path(store), places)
        except OSError as error:
            return {
                "status": "stopped",
                "message": f"the model's process cannot be started: {error}",
            }
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):  # found below
            process.stdin.write(text.encode() + b"\n")
            process.stdin.flush()
    line = _read_line(process, timeout_s)
    if line is None:
        process.kill()
        process.wait()
        del _children[mine]
        return {"status": "timeout", "message": f"no answer within {timeout_s:g} s"}
    if not line.endswith(b"\n"):  # nothing, or half an answer
        code = process.wait()
        del _children[mine]
        return {"status": "died", "message": f"the model's process ended with {code}"}
    answer: dict[str, Any] = json.loads(line)
    if answer["status"] in (
        "failed",
        "stopped",
    ):  # what it left half done (SWMM's one simulation a process) is none of the next run's
        process.kill()
        process.wait()
        del _children[mine]
    return answer | {"pid": os.getpid()}


def _places(text: str) -> tuple[str, ...]:
    """Folders that a run reads: its scenario's and those allowed."""
    wanted = json.loads(text)
    return str(Path(wanted["scenario"]).parent), *wanted["allowed"]


def _start(store: Path, places: tuple[str, ...]) -> subprocess.Popen[bytes]:
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    environment = os.environ | threads | {"OMP_WAIT_POLICY": "passive"}
    with (store / "models.log").open("ab") as log:
        command = [sys.executable, "-m", "flood_sim.study.child", str(store), *places]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment
        )


def _read_line(process: subprocess.Popen[bytes], timeout_s: float) -> bytes | None:
    """A line; b"" where the process ended; None where it took too long."""
    if process.stdout is None:
        return b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        return process.stdout.readline() if selector.select(timeout_s) else None
