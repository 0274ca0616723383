"""The process in which a study's models run: one run after the other, told by lines of JSON, gone
once nobody listens any more.

A subprocess of the worker, because SWMM allows one simulation a process and a model must not hold
the worker's own threads; it ends at the end of its input, so that no orphan goes on writing after a
worker was killed.
"""

from __future__ import annotations

import errno
import json
import os
import queue
import shutil
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flood_sim.core import sandbox
from flood_sim.core.errors import InputError, OutputError, RunFailedError
from flood_sim.core.files.durable import sync_folder, write_json
from flood_sim.core.units import GIBIBYTE
from flood_sim.results import is_whole

if TYPE_CHECKING:
    from flood_sim.scenario import Scenario
    from flood_sim.simulation.inputs import ModelInputs

DONE = "outcomes.json"
SIZED, AGAIN = (".nc", ".csv", ".tif", ".json", ".toml", ".gpkg"), (DONE, "consequences.json")
OF_THE_MACHINE = (
    "E111",
    "E112",
    "E114",
    "E120",
    "E601",
    "E602",
)  # folders, locks, caches, memory, disks


class StoppedRunError(RunFailedError):
    """A signal ended the run of a study."""


def serve(store: Path) -> None:
    """Answer requests from standard input on standard output until it ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # SWMM writes to standard output
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(
            signal.SIG_BLOCK, (signal.SIGINT, signal.SIGHUP)
        )  # a terminal's: the study's parent decides, its end ends this process
    requests: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    while True:
        request = json.loads(requests.get())
        try:
            answer = run_one(request, store)
        except (
            Exception
        ) as error:  # told to the study, which lists it; a fault of one run is none of the next
            kind = kind_of(error)
            answer = {
                "status": kind,
                "message": str(error) or type(error).__name__,
                "trace": "" if kind == "refused" else traceback.format_exc(),
            }
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def kind_of(error: Exception) -> str:
    """refused: the input is wrong; stopped: this machine could not (disk, memory, a signal),
    another time it may; failed: the model, each time.
    """
    if isinstance(error, InputError):
        return (
            "stopped"
            if all(finding.code in OF_THE_MACHINE for finding in error.findings)
            else "refused"
        )
    return (
        "stopped"
        if isinstance(error, (OutputError, StoppedRunError, OSError, MemoryError))
        else "failed"
    )


def _listen(requests: queue.Queue[str]) -> None:
    """Unbuffered, so that the end of input is seen at once, in the middle of a run too."""
    rest = b""
    while True:
        block = os.read(0, 65536)
        if not block:
            sandbox.leave()
            os._exit(0)
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            requests.put(line.decode())


def run_one(request: dict[str, Any], store: Path) -> dict[str, Any]:
    """Run what is asked for, or find that it has been; returns key, status, costs and the seconds
    that it took.
    """
    from flood_sim.scenario import build_inputs, load_scenario
    from flood_sim.study.keys import run_key

    begun, cpu = time.perf_counter(), time.process_time()
    limit_memory(request.get("memory_bytes"))
    label = request["portfolio"]
    portfolio = {label: {"measures": request["measures"], "actions": request["actions"]}}
    scenario = load_scenario(
        request["scenario"],
        tuple(Path(p) for p in request["allowed"]),
        request["changes"] | {"portfolio": portfolio},
    )
    inputs = build_inputs(scenario, label, request["threads"])
    key = run_key(inputs)
    folder, cached = store / "runs" / key, True
    if not is_complete(folder):
        if is_whole(folder):  # its outcomes were lost, not its results
            write_outcomes(folder)
        else:
            cached = False
            _run_beside(scenario, label, request["threads"], inputs, folder)
    elif read_outcomes(folder) is None:
        write_outcomes(folder)
    bill = {
        level: sum(m["capital"][level] for m in inputs.measures)
        for level in ("low", "middle", "high")
    }
    costs = {f"cost_{level}": value for level, value in bill.items()} | {
        "cost_yearly": sum(m["yearly"] for m in inputs.measures)
    }
    return {
        "key": key,
        "status": "complete",
        "cached": cached,
        "costs": costs,
        "wall_s": time.perf_counter() - begun,
        "cpu_s": time.process_time() - cpu,
        "host": socket.gethostname(),
    }


def _run_beside(
    scenario: Scenario, label: str, threads: int, inputs: ModelInputs, folder: Path
) -> None:
    """Run in a folder of this process's own, then put it in its place, where something damaged may
    stand. What was begun goes where it fails.
    """
    from flood_sim.runs.runner import Keeping, run_scenario

    side = folder.with_name(f"{folder.name}.tmp-{socket.gethostname()}-{os.getpid()}")
    shutil.rmtree(side, ignore_errors=True)
    try:
        outcome = run_scenario(
            scenario,
            side,
            portfolio=label,
            threads=threads,
            inputs=inputs,
            keeping=Keeping(checkpoint_s=1e9),
        )
        if outcome.summary["status"] != "complete":
            kind = StoppedRunError if outcome.summary["status"] == "interrupted" else RunFailedError
            raise kind(outcome.summary["message"] or outcome.summary["status"])
        write_outcomes(side)
        _put_in_place(side, folder)
    finally:
        shutil.rmtree(side, ignore_errors=True)


def _put_in_place(side: Path, folder: Path) -> None:
    try:
        os.replace(side, folder)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        if not is_complete(folder):  # else somebody was quicker: theirs is the same
            aside = folder.with_name(
                f"{folder.name}.tmp-{socket.gethostname()}-{os.getpid()}-damaged"
            )
            os.replace(folder, aside)
            os.replace(side, folder)
            shutil.rmtree(aside, ignore_errors=True)
    sync_folder(folder.parent)


def limit_memory(expected_bytes: int | None) -> None:
    """Hold this process to three times what its run is expected to take (and one GiB more): a run
    that goes astray ends as failed, instead of taking the machine and all other runs with it. Where
    the system has no such limit, nothing is held.
    """
    if expected_bytes is None or os.name != "posix":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = int(3 * expected_bytes + GIBIBYTE)
    resource.setrlimit(
        resource.RLIMIT_DATA, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
    )


def is_complete(folder: Path) -> bool:
    """Whether a run stands there, finished, with its outcomes, and every file as long as it was."""
    document = _outcomes(folder)
    if document is None:
        return False
    sizes = document.get("files", {})
    return all(
        (folder / name).is_file() and (folder / name).stat().st_size == size
        for name, size in sizes.items()
    ) and is_whole(folder)


def _outcomes(folder: Path) -> dict[str, Any] | None:
    """outcomes.json; None where it is not there, cut or damaged."""
    try:
        document = json.loads((folder / DONE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return (
        document
        if isinstance(document, dict)
        and {"sources", "outcomes", "status", "censored"} <= document.keys()
        else None
    )


def read_outcomes(folder: Path) -> dict[str, Any] | None:
    """outcomes.json; None where other code wrote it, or where it is damaged."""
    from flood_sim.study.keys import all_sources

    document = _outcomes(folder)
    return document if document is not None and document["sources"] == all_sources() else None


def write_outcomes(folder: Path) -> None:
    """Outcomes of a run, from its results alone."""
    from flood_sim.analysis.outcomes.consequences import Consequences
    from flood_sim.results import open_results
    from flood_sim.study.keys import all_sources

    results = open_results(folder)
    consequences = Consequences(results)
    consequences.write()
    summary = results.summary
    document = {
        "sources": all_sources(),
        "outcomes": {
            o.name: {"value": o.value, "unit": o.unit, "note": o.note, "source": o.source}
            for o in consequences.outcomes()
        },
        "status": summary["status"],
        "steps": summary["steps"],
        "cells": summary["cells"],
        "scheme": summary["scheme"],
        "volume_error_rel": summary["ledger"]["relative_error"],
        "network_residual_m3": summary["ledger"]["network_residual"],
        "rain_m3": summary["ledger"]["rain"],
        "censored": {
            n: bool(s.get("censored")) for n, s in summary["sites"].items() if s.get("censored")
        },
    }
    write_json(folder / DONE, document | {"files": _sizes(folder)}, indent=None)


def _sizes(folder: Path) -> dict[str, int]:
    """Bytes of the files that nobody writes again."""
    return {
        path.name: path.stat().st_size
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix in SIZED and path.name not in AGAIN
    }


if __name__ == "__main__":
    sandbox.arm()
    sandbox.hold_model(Path(sys.argv[1]), [Path(p) for p in sys.argv[2:]])
    serve(Path(sys.argv[1]))
