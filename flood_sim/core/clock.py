"""Simulation time in seconds since the start, in windows that land exactly on every deadline. Knows
no physics.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Window:
    """One coupling window [start, stop] in seconds since the start of the run."""

    start: float
    stop: float

    @property
    def length(self) -> float:
        return self.stop - self.start


@dataclass(frozen=True)
class Clock:
    """start : with offset;  duration_s, window_s, output_s : s, window_s divides both or the last
    window is shorter.
    """

    start: datetime
    duration_s: float
    window_s: float
    output_s: float

    def windows(self) -> Iterator[Window]:
        """Windows from 0 to the end; each output time is the stop of a window."""
        deadline, now = self.output_s, 0.0
        while now < self.duration_s - 1e-9:
            stop = min(now + self.window_s, deadline, self.duration_s)
            yield Window(now, stop)
            now = stop
            if now >= deadline - 1e-9:
                deadline += self.output_s

    def is_output(self, time_s: float) -> bool:
        """Whether a frame is due at this time: at the start, at multiples of output_s, at the
        end.
        """
        return (
            time_s <= 0.0
            or time_s >= self.duration_s - 1e-9
            or abs(math.remainder(time_s, self.output_s)) < 1e-6
        )

    def outputs(self) -> int:
        """Number of frames the run writes."""
        return 1 + math.ceil(self.duration_s / self.output_s - 1e-9)

    def at(self, time_s: float) -> datetime:
        """Date and time, with the offset of the start."""
        return self.start + timedelta(seconds=time_s)

    def seconds(self, moment: datetime) -> float:
        """Seconds from the start to a moment with offset."""
        return (moment - self.start).total_seconds()
