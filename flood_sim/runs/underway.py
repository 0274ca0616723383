"""A run under way, from its first window to its last file; and what it comes to."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from flood_sim.core.errors import DrainageError, Finding, OutputError, RunFailedError
from flood_sim.core.files.durable import write_beside
from flood_sim.output.checkpoint import Checkpoints, remove_checkpoint
from flood_sim.output.folder import WORK
from flood_sim.output.recorder import Recorder
from flood_sim.output.summary import Ended
from flood_sim.results import open_results
from flood_sim.runs.closing import closing_lines
from flood_sim.runs.compiling import Compiling, Tell
from flood_sim.runs.full_disk import Guarded, told
from flood_sim.runs.stops import Abandoned, Stops
from flood_sim.scenario.checks.files import MESSAGE_LAYER, write_message_layer, write_messages
from flood_sim.simulation.loop import Simulation

EXIT = {"complete": 0, "failed": 3}
EXCEEDED_EXIT = 4
ABANDONED = "abandoned"  # in the first window; told as interrupted


@dataclass
class RunOutcome:
    """What a run came to: exit code (0, 3, 4, or 128 and a signal's number) and the summary."""

    exit_code: int
    summary: dict[str, Any]


class Listener(NamedTuple):
    """Who is told of a run: lines of text, the simulation after every window, and how many kernels
    of how many are compiled.
    """

    say: Callable[[str], None] = lambda line: None
    progress: Callable[[Simulation], None] = lambda simulation: None
    compiling: Tell = lambda done, total: None

    def and_into(self, log: Callable[[str], None]) -> Listener:
        """The same, with every line into a log, too."""

        def tell(line: str) -> None:
            self.say(line)
            log(line)

        return self._replace(say=tell)


@dataclass(frozen=True)
class Underway:
    """A simulation with all that goes beside it; begun : by time.perf_counter, s."""

    simulation: Simulation
    recorder: Recorder
    checkpoints: Checkpoints
    stops: Stops
    listener: Listener
    compiling: Compiling
    begun: float
    found: list[Finding] = field(default_factory=list)  # why it failed

    def run(self) -> RunOutcome:
        """All windows, then what comes last. Raises OutputError where nothing can be written."""
        before = self.recorder.summary(self.simulation, Ended("interrupted"), 0.0)
        ended = self._all_windows()
        with told(self.recorder.folder, self.simulation, (OSError, RuntimeError)):
            summary = self._finished(ended, before)
        for line in closing_lines(summary):
            self.listener.say(line)
        if summary["status"] == "interrupted":
            self.listener.say(f"to go on: flood-sim run --resume {self.recorder.folder}")
            return RunOutcome(self.stops.exit_code, summary)
        remove_checkpoint(self.recorder.folder)  # what failed would fail again
        code = EXIT[ended.status]
        return RunOutcome(EXCEEDED_EXIT if code == 0 and ended.exceeded else code, summary)

    def _all_windows(self) -> Ended:
        simulation, limits = self.simulation, self.simulation.inputs.limits
        try:
            self.stops.first_window = True
            # what the system may refuse here: the tape of what SWMM is told
            with told(self.recorder.folder, simulation), self.stops.stepping():
                self.compiling.compile(simulation, self.listener.compiling)
                status = simulation.run(Guarded(self.recorder), self._after_window)
            if status != "complete":
                return Ended(status)
            # after its first cubic metres alone SWMM's start-up would look large
            return Ended(
                status,
                exceeded=simulation.ledger.judge(
                    limits.volume_error_exceeded, limits.volume_error_stop
                ),
            )
        except Abandoned:  # the first window is left undone: the checkpoint from before it is there
            return Ended(ABANDONED)
        except OutputError:  # no summary: it would not fit either
            raise
        except (RunFailedError, DrainageError) as error:
            self.found.extend(error.findings)
            return Ended("failed", str(error))

    def _after_window(self, simulation: Simulation) -> None:
        self.stops.first_window = False
        with told(self.recorder.folder, simulation, (OSError, RuntimeError)):
            self.checkpoints.ask(simulation, self.recorder)
        self.listener.progress(simulation)

    def _finished(self, ended: Ended, before: dict[str, Any]) -> dict[str, Any]:
        """Write what comes last, the summary as the very last; returns it. before : the summary at
        the last checkpoint, for an abandoned window.
        """
        simulation, recorder, out = self.simulation, self.recorder, self.recorder.folder
        if ended.status == "interrupted":
            self.checkpoints.write(simulation, recorder)
        simulation.close()
        _take_work(out)
        if self.found:
            write_messages(out, self.found)
            write_message_layer(out, self.found, simulation.inputs.terrain.grid.crs)
            ended = ended._replace(message=f"{ended.message}\n  map       {out / MESSAGE_LAYER}")
        if ended.status == ABANDONED:
            wall_s = round(time.perf_counter() - self.begun, 3)
            return recorder.finish(simulation, before | {"wall_s": wall_s})
        wall_s = time.perf_counter() - self.begun
        return recorder.finish(
            simulation, recorder.summary(simulation, ended._replace(closed=True), wall_s)
        )


def _take_work(out: Path) -> None:
    """SWMM's files into the result folder."""
    work = out / WORK
    for path in work.iterdir() if work.is_dir() else ():
        write_beside(out / path.name, partial(shutil.move, str(path)))
    shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def closed_on_failure(simulation: Simulation) -> Iterator[None]:
    """SWMM allows one simulation a process: what ends early lets the next one begin. The first
    error is the one that is told.
    """
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception):  # its report may not fit
            simulation.close()
        raise


def tidied(out: Path, listener: Listener) -> RunOutcome:
    """A run that was killed after its last file: its checkpoint is removed."""
    remove_checkpoint(out)
    summary = open_results(out).summary
    listener.say(f"the run in {out} was complete; nothing was left to compute")
    return RunOutcome(EXCEEDED_EXIT if summary["exceeded"] else EXIT["complete"], summary)
