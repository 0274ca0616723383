"""Signals that end a run readably: the first asks the loop to stop after its window, more of them change nothing, since the run is ending."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from flood_sim.errors import FloodSimError
from flood_sim.simulation import Simulation

NUMBERS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
BASE = 128  # exit code of a process that a signal ended, without the signal's number


class InterruptedRunError(FloodSimError):
    """A signal ended the run before its first window was done: the checkpoint is as it was."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.exit_code = BASE + number


class Abandoned(BaseException):
    """Raised by a signal in the first window of a process: kernels may be compiled for a minute there, and nothing was won yet."""


class Stops:
    """Which signal came, and what it does."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.number = 0
        self.first_window = False  # being computed now

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.number = self.number or number
        self._simulation.wanted_stop.set()
        if self.first_window:
            self.first_window = False
            raise Abandoned

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Inside, signals are asked for, where this is the main thread (elsewhere Python knows none). A hang-up that is ignored stays so (nohup)."""
        before = {}
        with contextlib.suppress(ValueError):
            for number in NUMBERS:
                if number != getattr(signal, "SIGHUP", None) or signal.getsignal(number) is not signal.SIG_IGN:
                    before[number] = signal.signal(number, self._ask)
        try:
            yield
        finally:
            self.first_window = False
            for number, handler in before.items():
                signal.signal(number, handler)

    @property
    def exit_code(self) -> int:
        """130 after Ctrl-C, 143 after SIGTERM; 130 where the program itself asked to stop."""
        return BASE + (self.number or signal.SIGINT)
