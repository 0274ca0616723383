"""One run from scenario to result folder: begun or resumed, ended readably by signals, failures
told. No physics, no printing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from flood_kernels import cache_folder
from flood_sim.core.errors import (
    DrainageError,
    Finding,
    InputError,
    OutputError,
    RunFailedError,
    input_error,
)
from flood_sim.core.files.durable import write_beside
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
    remove_checkpoint,
    text_hash,
)
from flood_sim.output.folder import WORK, claimed, log_file, remove_results, work_folder
from flood_sim.output.recorder import Recorder, python_line
from flood_sim.results import Results, open_results
from flood_sim.runs.compiling import Tell, compile_kernels
from flood_sim.runs.full_disk import Guarded, told
from flood_sim.runs.kernel_cache import refuse_foreign
from flood_sim.runs.stops import Abandoned, Stops
from flood_sim.scenario import Scenario, build_inputs, load_scenario
from flood_sim.scenario.build import frame_bytes, memory_line
from flood_sim.scenario.checks.files import MESSAGE_LAYER, write_message_layer, write_messages
from flood_sim.simulation.inputs import ModelInputs
from flood_sim.simulation.loop import Simulation

EXIT = {"complete": 0, "failed": 3}
EXCEEDED_EXIT = 4
ABANDONED = "abandoned"  # in the first window; told as interrupted
CHECKPOINT_S = 300.0  # of wall time between checkpoints


@dataclass
class RunOutcome:
    """What a run came to: exit code (DESIGN 10) and the summary."""

    exit_code: int
    summary: dict[str, Any]


def default_threads() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_scenario(
    scenario: Scenario,
    out: Path,
    *,
    portfolio: str = "baseline",
    threads: int = 0,
    overwrite: bool = False,
    checkpoint_s: float = CHECKPOINT_S,
    inputs: ModelInputs | None = None,
    say: Callable[[str], None] = lambda line: None,
    progress: Callable[[Simulation], None] = lambda simulation: None,
    compiling: Tell = lambda done, total: None,
) -> RunOutcome:
    """Run in this process; checkpoint_s : seconds of wall time between checkpoints; inputs : of
    this scenario and portfolio, where they are built already. Raises InputError before anything is
    written where the input is wrong or the folder is in use.
    """
    begun = time.perf_counter()
    threads = threads or default_threads()
    os.environ.setdefault(
        "OMP_WAIT_POLICY", "passive"
    )  # read when Numba loads its thread pool; see surface.limit_kernel_threads
    refuse_foreign(cache_folder())
    inputs = inputs or build_inputs(scenario, portfolio, threads)
    for finding in inputs.findings:
        say(str(finding))
    say(memory_line(inputs))
    _refuse_small_disk(out, inputs)
    with claimed(out, overwrite), told(out), log_file(out) as log:
        both = _both(say, log)
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
        return _begin(
            simulation, scenario, out, overwrite, checkpoint_s, begun, both, (progress, compiling)
        )


def _begin(
    simulation: Simulation,
    scenario: Scenario,
    out: Path,
    overwrite: bool,
    checkpoint_s: float,
    begun: float,
    say: Callable[[str], None],
    told_to: tuple[Callable[[Simulation], None], Tell],
) -> RunOutcome:
    """From here on old results are given up, and signals wait until what is being written is
    whole.
    """
    inputs, stops = simulation.inputs, Stops(simulation)
    with stops.watching(), _closed_on_failure(simulation):
        if overwrite:
            remove_results(out)
        if (out / WORK / TAPE).exists():
            (out / WORK / TAPE).rename(out / TAPE)
        if inputs.drainage is not None and not simulation.network.surcharge.works:  # type: ignore[attr-defined]
            say(
                "W413 drainage: this SWMM does not let the street's level act on its nodes; they"
                " spill at their rims (storms differ by 1 mm, tides by 8 mm)"
            )
        with told(out, simulation, (OSError, RuntimeError)):
            recorder = Recorder(out, simulation)
            meta = {
                "portfolio": inputs.portfolio,
                "allowed": [str(path) for path in (scenario.folder, *scenario.allowed)],
                "every_s": checkpoint_s,
                "file": scenario.path.name,
                "made_of": made_of(inputs),
                "text": text_hash(out),
            }
            checkpoints = Checkpoints(out, checkpoint_s, meta)
            checkpoints.write(simulation, recorder)  # from here on a kill loses nothing
        return _run(simulation, recorder, checkpoints, stops, begun, say, told_to)


def resume_scenario(
    out: Path,
    *,
    threads: int = 0,
    checkpoint_s: float | None = None,
    say: Callable[[str], None] = lambda line: None,
    progress: Callable[[Simulation], None] = lambda simulation: None,
    compiling: Tell = lambda done, total: None,
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
        both = _both(say, log)
        saved, scenario = saved_run(out)  # as the last owner left it
        if is_complete(out):  # killed after its last file, before its checkpoint was removed
            return _tidied(out, both)
        inputs = build_inputs(scenario, saved.meta["portfolio"], threads or default_threads())
        _refuse_changed(out, saved, inputs)
        both(f"resumed at {inputs.clock.at(saved.time_s).isoformat()}")
        saved.put_files_back()
        work_folder(out)
        with told(out):
            simulation = Simulation(inputs, out / WORK, out / TAPE)
        every_s = saved.meta["every_s"] if checkpoint_s is None else checkpoint_s
        checkpoints, stops = (
            Checkpoints(out, every_s, saved.meta | {"every_s": every_s}),
            Stops(simulation),
        )
        with _closed_on_failure(simulation):
            with told(out, simulation, (OSError, RuntimeError)):
                recorder = Recorder(out, simulation, resumed=True)
            with told(out, simulation):
                saved.restore(
                    simulation, recorder
                )  # signals end it at once: the checkpoint is as it was
            with stops.watching():
                return _run(
                    simulation, recorder, checkpoints, stops, begun, both, (progress, compiling)
                )


@contextlib.contextmanager
def _closed_on_failure(simulation: Simulation) -> Iterator[None]:
    """SWMM allows one simulation a process: what ends early lets the next one begin. The first
    error is the one that is told.
    """
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception):  # its report may not fit
            simulation.close()
        raise


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


def _tidied(out: Path, say: Callable[[str], None]) -> RunOutcome:
    remove_checkpoint(out)
    summary = open_results(out).summary
    say(f"the run in {out} was complete; nothing was left to compute")
    return RunOutcome(EXCEEDED_EXIT if summary["exceeded"] else EXIT["complete"], summary)


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


def _run(
    simulation: Simulation,
    recorder: Recorder,
    checkpoints: Checkpoints,
    stops: Stops,
    begun: float,
    say: Callable[[str], None],
    told_to: tuple[Callable[[Simulation], None], Tell],
) -> RunOutcome:
    out = recorder.folder

    def after_window(simulation: Simulation) -> None:
        stops.first_window = False
        with told(out, simulation, (OSError, RuntimeError)):
            checkpoints.ask(simulation, recorder)
        progress(simulation)

    progress, compiling = told_to
    status, message, exceeded = "failed", "", []
    found: list[Finding] = []
    before = recorder.summary(simulation, "interrupted", 0.0, [], ended=False)
    try:
        stops.first_window = True
        with told(out, simulation), stops.stepping():  # the tape of what SWMM is told
            compile_kernels(simulation, compiling)
            status = simulation.run(Guarded(recorder), after_window)
        if (
            status == "complete"
        ):  # after its first cubic metres alone SWMM's start-up would look large
            exceeded = simulation.ledger.judge(
                simulation.inputs.limits.volume_error_exceeded,
                simulation.inputs.limits.volume_error_stop,
            )
    except Abandoned:  # the first window is left undone: the checkpoint from before it is there
        status = ABANDONED
    except OutputError:  # no summary: it would not fit either
        raise
    except (RunFailedError, DrainageError) as error:
        status, message = "failed", str(error)
        found = error.findings
    with told(out, simulation, (OSError, RuntimeError)):
        summary = _finished(
            simulation, recorder, checkpoints, status, message, found, exceeded, begun, before
        )
    for line in closing_lines(summary):
        say(line)
    if summary["status"] == "interrupted":
        say(f"to go on: flood-sim run --resume {out}")
        return RunOutcome(stops.exit_code, summary)
    remove_checkpoint(out)  # what failed would fail again
    code = EXIT[status]
    return RunOutcome(EXCEEDED_EXIT if code == 0 and exceeded else code, summary)


def _finished(
    simulation: Simulation,
    recorder: Recorder,
    checkpoints: Checkpoints,
    status: str,
    message: str,
    found: list[Finding],
    exceeded: list[str],
    begun: float,
    before: dict[str, Any],
) -> dict[str, Any]:
    """Write what comes last, the summary as the very last; returns it. before : the summary at the
    last checkpoint, for an abandoned window.
    """
    out = recorder.folder
    if status == "interrupted":
        checkpoints.write(simulation, recorder)
    simulation.close()
    work = out / WORK
    for path in work.iterdir() if work.is_dir() else ():
        write_beside(out / path.name, partial(shutil.move, str(path)))
    shutil.rmtree(work, ignore_errors=True)
    if found:
        write_messages(out, found)
        write_message_layer(out, found, simulation.inputs.terrain.grid.crs)
        message += f"\n  map       {out / MESSAGE_LAYER}"
    if status == ABANDONED:
        return recorder.finish(
            simulation, before | {"wall_s": round(time.perf_counter() - begun, 3)}
        )
    return recorder.finish(
        simulation,
        recorder.summary(simulation, status, time.perf_counter() - begun, exceeded, message),
    )


def closing_lines(summary: dict[str, Any]) -> list[str]:
    """The block at the end of a run."""
    ledger, exchange, flood = summary["ledger"], summary["exchange"], summary["flood"]
    hours = summary["timers"]
    lines = [
        (
            f"{summary['status']}: {summary['simulated_s'] / 3600.0:.2f} h of {summary['cells']}"
            f" cells in {summary['wall_s']:.1f} s, {summary['steps']} steps"
        ),
        (
            f"  rain {ledger['rain']:.0f} m3, out"
            f" {ledger['boundary_out'] + ledger['outfall_out']:.0f} m3, on the ground"
            f" {ledger['surface_stored_end']:.0f} m3, in sewers"
            f" {ledger['network_stored_end']:.0f} m3"
        ),
        (
            f"  volume error {ledger['error']:.3g} m3 ({ledger['relative_error']:.1e} of the"
            f" supply); SWMM's own residual {ledger['network_residual']:.1f} m3"
        ),
        (
            f"  street to sewer {exchange['to_sewer_street']:.0f} m3, sewer to street"
            f" {exchange['to_street_street']:.0f} m3, both sides agree to"
            f" {exchange['relative_difference']:.1e}"
        ),
        (
            f"  deepest {flood['max_depth_m']:.2f} m; above 0.15 m:"
            f" {flood['flooded_area_m2']['0.15'] / 1e4:.1f} ha"
        ),
        *_site_lines(summary),
        "  time: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in hours.items()),
    ]
    if summary["message"]:
        lines.append(summary["message"])
    return lines + [f"exceeded: {text}" for text in summary["exceeded"]]


def _site_lines(summary: dict[str, Any]) -> list[str]:
    """What entered underground, who failed, and which boards came too late; [] without sites."""
    spaces = [s for s in summary["sites"].values() if s["kind"] == "underground"]
    critical = [s for s in summary["sites"].values() if s["kind"] == "critical"]
    boards, lines = summary["actions"]["boards"], []
    if spaces or critical:
        entered, wet = (
            sum(s["entered_m3"] for s in spaces),
            sum(s["entered_m3"] > 0.0 for s in spaces),
        )
        failed = sum(s["first_out"] is not None for s in critical)
        lines.append(
            f"  underground: {entered:.0f} m3 into {wet} of {len(spaces)} spaces; {failed} of"
            f" {len(critical)} critical sites failed"
        )
    if boards:
        late = [b for b in boards if b["margin_min"] is not None and b["margin_min"] < 0.0]
        standing = [b for b in boards if b["placed"] is not None]
        worst = f", the last {-min(b['margin_min'] for b in late):.0f} min" if late else ""
        lines.append(
            f"  boards: {len(standing)} of {len(boards)} placed, {len(late)} of them after the"
            f" water{worst}"
        )
    return lines


def _both(say: Callable[[str], None], log: Callable[[str], None]) -> Callable[[str], None]:
    def tell(line: str) -> None:
        say(line)
        log(line)

    return tell


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
