"""Signals that end a run readably: the first asks the loop to stop after its window, more of them
change nothing, since the run is ending.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

from flood_sim.core import net
from flood_sim.simulation.loop import Simulation

NUMBERS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
GRACE_S = 1.0  # for the first window, after a signal
LONGEST_S = (
    1.6  # for any window: a compiled one cannot be left, so the process ends in the midst of it
)
BASE = 128  # exit code of a process that a signal ended, without the signal's number


class Abandoned(BaseException):
    """Raised where the first window of a process goes on after a signal: kernels may be compiled
    for a minute there, and nothing was won yet.
    """


class Stops:
    """Which signal came, and what it does."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.number = 0
        self.first_window = False  # being computed now
        self._in_loop = False

    @contextlib.contextmanager
    def stepping(self) -> Iterator[None]:
        """Around the loop over windows: a process of our own ends here where a window takes too
        long after a signal; its last checkpoint stays.
        """
        self._in_loop = True
        try:
            yield
        finally:
            self._in_loop = False

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.number = self.number or number
        self._simulation.wanted_stop.set()
        if self.first_window:
            signal.setitimer(signal.ITIMER_REAL, GRACE_S)

    def _late(self, number: int, frame: FrameType | None) -> None:
        if self.first_window:
            self.first_window = False
            raise Abandoned

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Inside, signals are asked for, where this is the main thread (elsewhere Python knows
        none). A hang-up that is ignored stays so (nohup).
        """
        before = {}
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        with contextlib.suppress(ValueError):
            signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
            threading.Thread(target=self._watch, args=(reader,), daemon=True).start()
            before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._late)
            for number in NUMBERS:
                if (
                    number != getattr(signal, "SIGHUP", None)
                    or signal.getsignal(number) is not signal.SIG_IGN
                ):
                    before[number] = signal.signal(number, self._ask)
        try:
            yield
        finally:
            self.first_window = False
            if before:
                signal.setitimer(signal.ITIMER_REAL, 0.0)
                signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(writer)  # ends the watch, which closes its own end

    def _watch(self, reader: int) -> None:
        """A thread that hears of a signal while the main thread is in a compiled window, where no
        handler of Python runs; ends with the pipe.
        """
        while heard := os.read(reader, 1):
            if heard[0] in NUMBERS and net.OWN_PROCESS:
                end = time.monotonic() + LONGEST_S
                while self._in_loop and time.monotonic() < end:
                    time.sleep(0.02)
                if self._in_loop:
                    sys.stderr.write(
                        "interrupted within a long window: the run goes on from its last checkpoint"
                        " (flood-sim run --resume DIR)\n"
                    )
                    sys.stderr.flush()
                    os._exit(BASE + heard[0])
        os.close(reader)

    @property
    def exit_code(self) -> int:
        """130 after Ctrl-C, 143 after SIGTERM; 130 where the program itself asked to stop."""
        return BASE + (self.number or signal.SIGINT)


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP end this thread's work in order (SystemExit, 128 + number), where
    nobody else has taken care of them.
    """

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(BASE + number)

    taken = []
    with contextlib.suppress(ValueError):  # not the main thread
        for number in NUMBERS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, end)
                taken.append(number)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
