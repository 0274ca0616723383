"""What the command line says while it works: plain lines, and one moving line on a terminal. A
terminal that is gone ends the talk, not the work.
"""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING, Any

from flood_sim.core.net import printable

if TYPE_CHECKING:
    from flood_sim.scenario import Scenario
    from flood_sim.simulation.loop import Simulation


class Talk:
    """Lines, and one moving line on a terminal, which a study moves."""

    def __init__(self, quiet: bool) -> None:
        self._quiet, self._said, self._terminal, self._open = quiet, 0.0, sys.stderr.isatty(), False

    def say(self, line: str) -> None:
        if not self._quiet:
            self._write(("\n" if self._open else "") + printable(line) + "\n")
            self._open = False

    def progress(self, progress: Any) -> None:
        """progress : with done and runs; prints itself."""
        if self._due(10.0, progress.done >= progress.runs):
            self._move(str(progress), 80)

    def _due(self, every_s: float, last: bool = False) -> bool:
        """Whether a line is to be shown now: a few a second on a terminal, one in every_s
        elsewhere.
        """
        now = time.monotonic()
        if self._quiet or (now - self._said < (0.3 if self._terminal else every_s) and not last):
            return False
        self._said = now
        return True

    def _move(self, line: str, width: int) -> None:
        self._write("\r" + line[: width - 1].ljust(width - 1) if self._terminal else line + "\n")
        self._open = self._terminal

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:  # nobody reads any more: the results are worth more than the talk
            self._quiet = True


class Moving(Talk):
    """Simulated clock, ETA, wet area, deepest water, volume error, steps a second of a run."""

    def __init__(self, scenario: Scenario, quiet: bool) -> None:
        super().__init__(quiet)
        self._duration = scenario.spec.duration_s
        self._first: tuple[float, float, int] | None = None

    def compiling(self, done: int, total: int) -> None:
        """Functions compiled: a moving line on a terminal, one plain line elsewhere."""
        if self._terminal and self._due(0.3, done == total):
            line = f"compiling {done} of {total} kernels (once; they are kept)"
            self._move(line, shutil.get_terminal_size().columns)
        elif not self._terminal and done == 0:
            self.say(f"compiling {total} kernels (once, up to a minute; they are kept) ...")

    def step(self, simulation: Simulation) -> None:
        now = time.monotonic()
        if (
            self._first is None
        ):  # the first window carries the compilation: the rate is counted from its end
            self._first = (now, simulation.time_s, simulation.surface.steps)
        elif self._due(10.0):
            self._move(self._line(simulation, now, self._first), shutil.get_terminal_size().columns)

    def _line(self, simulation: Simulation, now: float, first: tuple[float, float, int]) -> str:
        wall, simulated, steps = (
            now - first[0],
            simulation.time_s - first[1],
            simulation.surface.steps - first[2],
        )
        eta = (
            (self._duration - simulation.time_s) * wall / simulated
            if simulated > 0.0
            else float("nan")
        )
        depth = simulation.surface.depth
        wet = float((depth > 0.05).sum()) * simulation.surface.grid.cell_area_m2 / 1e4
        rate = steps / wall if wall > 0.0 else 0.0
        return (
            f"{simulation.clock.at(simulation.time_s):%d %b %H:%M:%S} "
            f" {simulation.time_s / self._duration:4.0%}  ETA {eta:4.0f} s  wet {wet:.1f} ha "
            f" deepest {float(depth.max()):.2f} m  error {simulation.ledger.relative_error:.0e} "
            f" {rate:.0f} steps/s"
        )
