"""The process in which a study's models run: one run after the other, told by lines of JSON, gone once nobody listens any more.

A subprocess of the worker, because SWMM allows one simulation a process and a model must not hold the worker's own threads; it ends at the end
of its input, so that no orphan goes on writing after a worker was killed.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from flood_sim import sandbox
from flood_sim.units import GIBIBYTE

DONE = "outcomes.json"


def serve(store: Path) -> None:
    """Answer requests from standard input on standard output until it ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # SWMM writes to standard output
    requests: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    while True:
        request = json.loads(requests.get())
        try:
            answer = run_one(request, store)
        except Exception as error:  # told to the study, which lists it; a fault of one run is none of the next
            kind = "refused" if getattr(error, "exit_code", None) == 2 else "failed"
            answer = {"status": kind, "message": str(error) or type(error).__name__, "trace": "" if kind == "refused" else traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _listen(requests: queue.Queue[str]) -> None:
    """Unbuffered, so that the end of input is seen at once, in the middle of a run too."""
    rest = b""
    while True:
        block = os.read(0, 65536)
        if not block:
            os._exit(0)
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            requests.put(line.decode())


def run_one(request: dict[str, Any], store: Path) -> dict[str, Any]:
    """Run what is asked for, or find that it has been; returns key, status, costs and the seconds that it took."""
    from flood_sim.runner import run_scenario
    from flood_sim.scenario import build_inputs, load_scenario
    from flood_sim.study.keys import run_key

    begun, cpu = time.perf_counter(), time.process_time()
    limit_memory(request.get("memory_bytes"))
    label = request["portfolio"]
    portfolio = {label: {"measures": request["measures"], "actions": request["actions"]}}
    scenario = load_scenario(request["scenario"], tuple(Path(p) for p in request["allowed"]), request["changes"] | {"portfolio": portfolio})
    inputs = build_inputs(scenario, label, request["threads"])
    key = run_key(inputs)
    folder, cached = store / "runs" / key, True
    if not is_complete(folder):
        cached = False
        side = folder.with_name(f"{key}.tmp-{socket.gethostname()}-{os.getpid()}")
        shutil.rmtree(side, ignore_errors=True)
        run_scenario(scenario, side, portfolio=label, threads=request["threads"], inputs=inputs, checkpoint_s=1e9)
        write_outcomes(side)
        _sync(side / DONE)
        try:
            os.replace(side, folder)
        except OSError:  # somebody was quicker: theirs is the same
            shutil.rmtree(side, ignore_errors=True)
    elif read_outcomes(folder) is None:
        write_outcomes(folder)
    bill = {level: sum(m["capital_cny"][level] for m in inputs.measures) for level in ("low", "middle", "high")}
    costs = {f"cost_{level}_cny": value for level, value in bill.items()} | {"cost_yearly_cny": sum(m["yearly_cny"] for m in inputs.measures)}
    return {
        "key": key, "status": "complete", "cached": cached, "costs": costs, "wall_s": time.perf_counter() - begun,
        "cpu_s": time.process_time() - cpu, "host": socket.gethostname(),
    }  # fmt: skip


def limit_memory(expected_bytes: int | None) -> None:
    """Hold this process to three times what its run is expected to take (and one GiB more): a run that goes astray ends as failed, instead of
    taking the machine and all other runs with it. Where the system has no such limit, nothing is held."""
    if expected_bytes is None or os.name != "posix":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = int(3 * expected_bytes + GIBIBYTE)
    resource.setrlimit(resource.RLIMIT_DATA, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def is_complete(folder: Path) -> bool:
    """Whether a run stands there, finished."""
    return (folder / DONE).is_file()


def read_outcomes(folder: Path) -> dict[str, Any] | None:
    """outcomes.json; None where other code wrote it."""
    from flood_sim.study.keys import all_sources

    document = dict(json.loads((folder / DONE).read_text(encoding="utf-8")))
    return document if document["sources"] == all_sources() else None


def write_outcomes(folder: Path) -> None:
    """Outcomes of a run, from its results alone."""
    from flood_sim.analysis.consequences import Consequences
    from flood_sim.results import open_results
    from flood_sim.study.keys import all_sources

    results = open_results(folder)
    consequences = Consequences(results)
    consequences.write()
    summary = results.summary
    document = {
        "sources": all_sources(),
        "outcomes": {o.name: {"value": o.value, "unit": o.unit, "note": o.note, "source": o.source} for o in consequences.outcomes()},
        "status": summary["status"], "steps": summary["steps"], "cells": summary["cells"], "scheme": summary["scheme"],
        "volume_error_rel": summary["ledger"]["relative_error"], "network_residual_m3": summary["ledger"]["network_residual"],
        "rain_m3": summary["ledger"]["rain"], "censored": {n: bool(s.get("censored")) for n, s in summary["sites"].items() if s.get("censored")},
    }  # fmt: skip
    part = folder / (DONE + ".part")
    part.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    os.replace(part, folder / DONE)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


if __name__ == "__main__":
    sandbox.arm()
    sandbox.hold_model(Path(sys.argv[1]), [Path(p) for p in sys.argv[2:]])
    serve(Path(sys.argv[1]))
