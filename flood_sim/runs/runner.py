"""One run from scenario to result folder: begun or resumed, ended readably by signals, failures
told. No physics, no printing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from flood_kernels import cache_folder
from flood_sim.core.errors import Finding, InputError, RunFailedError, input_error
from flood_sim.core.files.folder_lock import looks_held
from flood_sim.core.files.live import RUN_LOCK
from flood_sim.core.units import GIBIBYTE
from flood_sim.output.checkpoint import (
    ANEW,
    TAPE,
    Checkpoints,
    Saved,
    is_complete,
    made_of,
    text_hash,
)
from flood_sim.output.folder import WORK, claimed, log_file, remove_results, work_folder
from flood_sim.output.recorder import Recorder
from flood_sim.output.summary import python_line
from flood_sim.results import Results, open_results
from flood_sim.runs.compiling import Compiling
from flood_sim.runs.full_disk import told
from flood_sim.runs.kernel_cache import refuse_foreign
from flood_sim.runs.stops import Stops
from flood_sim.runs.underway import (
    EXCEEDED_EXIT,
    Listener,
    RunOutcome,
    Underway,
    closed_on_failure,
    tidied,
)
from flood_sim.scenario import Scenario, build_inputs, load_scenario
from flood_sim.scenario.memory import frame_bytes, memory_line
from flood_sim.simulation.inputs import ModelInputs
from flood_sim.simulation.loop import Simulation

CHECKPOINT_S = 300.0  # of wall time between checkpoints


class Keeping(NamedTuple):
    """overwrite : replace what is in the folder;  checkpoint_s : wall time between checkpoints."""

    overwrite: bool = False
    checkpoint_s: float = CHECKPOINT_S


def default_threads() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_scenario(
    scenario: Scenario,
    out: Path,
    *,
    portfolio: str = "baseline",
    threads: int = 0,
    keeping: Keeping = Keeping(),
    inputs: ModelInputs | None = None,
    listener: Listener = Listener(),
) -> RunOutcome:
    """Run in this process; inputs : of this scenario and portfolio, where they are built already.
    Raises InputError before anything is written where the input is wrong or the folder is in use.
    """
    begun = time.perf_counter()
    threads = threads or default_threads()
    os.environ.setdefault(
        "OMP_WAIT_POLICY", "passive"
    )  # read when Numba loads its thread pool; see surface.threads
    refuse_foreign(cache_folder())
    surface = scenario.spec.surface
    with Compiling(surface.precision, surface.scheme) as compiling:
        inputs = inputs or build_inputs(scenario, portfolio, threads)
        for finding in inputs.findings:
            listener.say(str(finding))
        listener.say(memory_line(inputs))
        _refuse_small_disk(out, inputs)
        with claimed(out, keeping.overwrite), told(out), log_file(out) as log:
            both = listener.and_into(log)
            log(python_line())
            for finding in inputs.findings:
                log(str(finding))
            work = work_folder(out)
            try:
                simulation = Simulation(
                    inputs, work, work / TAPE
                )  # SWMM may refuse the network: old results are still there
            except (InputError, KeyboardInterrupt, SystemExit):
                shutil.rmtree(work, ignore_errors=True)
                raise
            return _begin(simulation, scenario, out, keeping, begun, both, compiling)


def _begin(
    simulation: Simulation,
    scenario: Scenario,
    out: Path,
    keeping: Keeping,
    begun: float,
    listener: Listener,
    compiling: Compiling,
) -> RunOutcome:
    """From here on old results are given up, and signals wait until what is being written is
    whole.
    """
    inputs, stops = simulation.inputs, Stops(simulation)
    with stops.watching(), closed_on_failure(simulation):
        if keeping.overwrite:
            remove_results(out)
        if (out / WORK / TAPE).exists():
            (out / WORK / TAPE).rename(out / TAPE)
        if inputs.drainage is not None and not simulation.network.surcharge.works:  # type: ignore[attr-defined]
            listener.say(
                "W413 drainage: this SWMM does not let the street's level act on its nodes; they"
                " spill at their rims (storms differ by 1 mm, tides by 8 mm)"
            )
        with told(out, simulation, (OSError, RuntimeError)):
            recorder = Recorder(out, simulation)
            meta = _meta_of(inputs, scenario, out, keeping.checkpoint_s)
            checkpoints = Checkpoints(out, keeping.checkpoint_s, meta)
            checkpoints.write(simulation, recorder)  # from here on a kill loses nothing
        return Underway(simulation, recorder, checkpoints, stops, listener, compiling, begun).run()


def _meta_of(
    inputs: ModelInputs, scenario: Scenario, out: Path, checkpoint_s: float
) -> dict[str, Any]:
    """What a resumed run has to know of this one."""
    return {
        "portfolio": inputs.portfolio,
        "allowed": [str(path) for path in (scenario.folder, *scenario.allowed)],
        "every_s": checkpoint_s,
        "file": scenario.path.name,
        "made_of": made_of(inputs),
        "text": text_hash(out),
    }


def resume_scenario(
    out: Path,
    *,
    threads: int = 0,
    checkpoint_s: float | None = None,
    listener: Listener = Listener(),
) -> RunOutcome:
    """Go on with a run that was killed or interrupted, from its last checkpoint; the finished
    results are those of an undisturbed run.

    threads : may be others than before;  checkpoint_s : None: as before.

    Raises InputError where there is no checkpoint, another run is writing, or the input or the
    program is not what it was.
    """
    begun = time.perf_counter()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    refuse_foreign(cache_folder())
    if not looks_held(out, RUN_LOCK):  # who writes here is said by the lock
        saved_run(out)  # refused before anything is touched
    with claimed(out, overwrite=True), told(out), log_file(out) as log:
        both = listener.and_into(log)
        saved, scenario = saved_run(out)  # as the last owner left it
        if is_complete(out):  # killed after its last file, before its checkpoint was removed
            return tidied(out, both)
        inputs = build_inputs(scenario, saved.meta["portfolio"], threads or default_threads())
        _refuse_changed(out, saved, inputs)
        both.say(f"resumed at {inputs.clock.at(saved.time_s).isoformat()}")
        saved.put_files_back()
        work_folder(out)
        with told(out):
            simulation = Simulation(inputs, out / WORK, out / TAPE)
        every_s = saved.meta["every_s"] if checkpoint_s is None else checkpoint_s
        checkpoints, stops = (
            Checkpoints(out, every_s, saved.meta | {"every_s": every_s}),
            Stops(simulation),
        )
        with closed_on_failure(simulation):
            with told(out, simulation, (OSError, RuntimeError)):
                recorder = Recorder(out, simulation, resumed=True)
            with told(out, simulation):
                saved.restore(
                    simulation, recorder
                )  # signals end it at once: the checkpoint is as it was
            with stops.watching():
                return Underway(
                    simulation, recorder, checkpoints, stops, both, Compiling(), begun
                ).run()


def _refuse_changed(out: Path, saved: Saved, inputs: ModelInputs) -> None:
    changed = [
        key for key, value in made_of(inputs).items() if saved.meta["made_of"].get(key) != value
    ]
    if changed:
        raise input_error(
            "E113",
            str(out),
            "the run cannot be resumed: what it is made of has changed",
            given=", ".join(changed),
            do=f"put it back, or {ANEW}",
        )


LEAST_PACKED = 0.05  # share of raw frames that compression leaves at best


def _refuse_small_disk(out: Path, inputs: ModelInputs) -> None:
    """Raises InputError where not even well compressed frames fit."""
    there = next(p for p in (out, *out.resolve().parents) if p.exists())
    need, free = LEAST_PACKED * frame_bytes(inputs), shutil.disk_usage(there).free
    if need > free:
        raise input_error(
            "E602",
            str(out),
            "the results do not fit on this disk",
            given=f"at least {need / GIBIBYTE:.1f} GiB",
            allowed=f"{free / GIBIBYTE:.1f} GiB free",
            do='[output] fields = "depth" or "maxima", a longer interval_s, or another --out',
        )


def saved_run(out: Path) -> tuple[Saved, Scenario]:
    """The checkpoint of a result folder and the scenario it belongs to; nothing is changed. Raises
    InputError where there is none that is whole.
    """
    if not out.is_dir():
        raise input_error(
            "E113",
            str(out),
            "there is no such folder, so there is nothing to resume",
            do="flood-sim run SCENARIO --out DIR",
        )
    saved = Saved(out)
    if saved.meta.get("text", "") != text_hash(out):
        raise input_error(
            "E113",
            str(out),
            "the run cannot be resumed: what it is made of has changed, or is damaged",
            given="scenario.toml",
            do=f"put the file back, or {ANEW}",
        )
    scenario = load_scenario(out / "scenario.toml", tuple(Path(p) for p in saved.meta["allowed"]))
    return saved, replace(
        scenario, path=out / saved.meta["file"]
    )  # findings name the user's own file


def run(
    scenario: Scenario | str | Path,
    portfolio: str = "baseline",
    out: str | Path | None = None,
    *,
    threads: int = 0,
    overwrite: bool = False,
) -> Results:
    """Run a scenario in a child process (SWMM allows one simulation a process) and open its
    results.

    out : result folder; absent: a new temporary one. Raises InputError or RunFailedError with the
    child's message.
    """
    import tempfile

    path = str(scenario.path if isinstance(scenario, Scenario) else scenario)
    folder = (
        Path(out) if out is not None else Path(tempfile.mkdtemp(prefix="flood_sim_")) / "results"
    )
    command = [
        sys.executable,
        "-m",
        "flood_sim.cli",
        "run",
        path,
        "--portfolio",
        portfolio,
        "--out",
        str(folder),
        "--quiet",
    ]
    command += ["--threads", str(threads)] if threads else []
    command += ["--overwrite"] if overwrite else []
    if isinstance(scenario, Scenario):
        command += [part for root in scenario.allowed for part in ("--allow-path", str(root))]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode == 2:
        raise InputError(Finding("E100", path, child.stderr.strip()))
    if child.returncode not in (0, EXCEEDED_EXIT):
        raise RunFailedError(
            child.stderr.strip() or f"the run ended with exit code {child.returncode}"
        )
    return open_results(folder)
