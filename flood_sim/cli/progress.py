"""What the command line says while it works: plain lines, and one moving line on a terminal. A
terminal that is gone ends the talk, not the work.
"""

from __future__ import annotations

import math
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from flood_sim.core.ledger import RELATIVE_ERROR_EXCEEDED
from flood_sim.core.net import printable

if TYPE_CHECKING:
    from flood_sim.scenario import Scenario
    from flood_sim.simulation.loop import Simulation

GAP, LEAST_BAR = 2, 8  # columns between two figures; of the bar


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


class Figures(NamedTuple):
    """What the moving line says of a run."""

    clock: str
    share: float  # of the run that is done
    eta_s: float  # of wall time; NaN before it is known
    wet_ha: float  # deeper than 0.05 m
    deepest_m: float
    error: float  # of the ledger, relative
    rate: float  # steps a second


class Moving(Talk):
    """Simulated clock, ETA, wet area, deepest water, volume error, steps a second of a run: a line
    with a bar on a terminal, plain lines elsewhere.
    """

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
            found = self._figures(simulation, now, self._first)
            if self._terminal:
                self._open = True
                self._write("\r" + bar_line(found))
            else:
                self._write(plain_line(found) + "\n")

    def _figures(
        self, simulation: Simulation, now: float, first: tuple[float, float, int]
    ) -> Figures:
        wall, simulated, steps = (
            now - first[0],
            simulation.time_s - first[1],
            simulation.surface.steps - first[2],
        )
        left = self._duration - simulation.time_s
        depth = simulation.surface.depth
        return Figures(
            f"{simulation.clock.at(simulation.time_s):%d %b %H:%M:%S}",
            simulation.time_s / self._duration,
            left * wall / simulated if simulated > 0.0 else math.nan,
            float((depth > 0.05).sum()) * simulation.surface.grid.cell_area_m2 / 1e4,
            float(depth.max()),
            simulation.ledger.relative_error,
            steps / wall if wall > 0.0 else 0.0,
        )


def plain_line(found: Figures) -> str:
    """The figures for a log."""
    return (
        f"{found.clock}  {found.share:4.0%}  ETA {found.eta_s:4.0f} s  wet {found.wet_ha:.1f} ha "
        f" deepest {found.deepest_m:.2f} m  error {found.error:.0e}  {found.rate:.0f} steps/s"
    )


def bar_line(found: Figures) -> str:
    """The figures with a bar, as wide as the terminal less one column; what does not fit is left
    out.
    """
    from rich.console import Console  # here: --help stays quick
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stderr, highlight=False)
    width = console.width - 1
    texts = [found.clock, f"{found.share:4.0%}", f"ETA {clock_text(found.eta_s)}"]
    room = width - sum(len(text) + GAP for text in texts) - LEAST_BAR
    for text in (
        f"wet {found.wet_ha:.1f} ha",
        f"error {found.error:.0e}",
        f"deepest {found.deepest_m:.2f} m",
        f"{found.rate:.0f} steps/s",
    ):
        room -= len(text) + GAP
        if room < 0:
            break
        texts.append(text)
    line = Table.grid(padding=(0, GAP, 0, 0), expand=True)
    line.add_column(no_wrap=True)
    line.add_column(ratio=1)
    for _ in texts[1:]:
        line.add_column(no_wrap=True)
    bar = ProgressBar(1.0, found.share, complete_style="cyan", finished_style="cyan")
    wrong = "red" if found.error > RELATIVE_ERROR_EXCEEDED else ""
    rest = [Text(text, wrong if text.startswith("error") else "") for text in texts[1:]]
    line.add_row(texts[0], bar, *rest)
    with console.capture() as captured:
        console.print(line, width=width, end="")
    return captured.get().rstrip("\n")


def clock_text(seconds: float) -> str:
    """A time left as h:mm:ss; -:-- where it is not known."""
    if not math.isfinite(seconds):
        return "-:--"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
