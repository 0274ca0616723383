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
    window is shorter;  series_s : s between the rows of series, 0: at the frames.
    """

    start: datetime
    duration_s: float
    window_s: float
    output_s: float
    series_s: float = 0.0

    def windows(self) -> Iterator[Window]:
        """Windows from 0 to the end; each time of a frame or of a row is the stop of a window."""
        every = [self.output_s, *([self.series_s] if self.series_s > 0.0 else [])]
        count, now = [1] * len(every), 0.0
        while now < self.duration_s - 1e-9:
            due = [n * interval for n, interval in zip(count, every, strict=True)]
            stop = min(now + self.window_s, *due, self.duration_s)
            yield Window(now, stop)
            now = stop
            count = [n + (now >= at - 1e-9) for n, at in zip(count, due, strict=True)]

    def is_output(self, time_s: float) -> bool:
        """Whether a frame is due at this time: at the start, at multiples of output_s, at the
        end.
        """
        return self._is_due(time_s, self.output_s)

    def is_series(self, time_s: float) -> bool:
        """Whether a row of the series is due: as frames, by series_s."""
        return self._is_due(time_s, self.series_s or self.output_s)

    def _is_due(self, time_s: float, interval_s: float) -> bool:
        return (
            time_s <= 0.0
            or time_s >= self.duration_s - 1e-9
            or abs(math.remainder(time_s, interval_s)) < 1e-6
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
