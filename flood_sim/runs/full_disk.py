"""What the system refuses to write, told as the failure that it is: which folder, when, and how to
go on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from flood_kernels import cache_folder
from flood_sim.core.clock import Window
from flood_sim.core.errors import FloodSimError, OutputError
from flood_sim.output.checkpoint import has_checkpoint, is_complete

if TYPE_CHECKING:
    from flood_sim.output.recorder import Recorder
    from flood_sim.simulation.loop import Simulation

CACHE_WRITER = "numba.core.caching"


@contextlib.contextmanager
def told(
    out: Path,
    simulation: Simulation | None = None,
    refusals: tuple[type[Exception], ...] = (OSError,),
) -> Iterator[None]:
    """Raises OutputError for what the system (OSError) or the NetCDF library (RuntimeError)
    refuses, and for all that fails once the folder is gone.
    """
    try:
        yield
    except FloodSimError:
        raise
    except Exception as error:
        if not isinstance(error, refusals) and out.is_dir():
            raise
        raise _failure(out, simulation, error) from error


class Guarded:
    """A recorder whose failing writes end the run as what they are."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def record(self, simulation: Simulation, window: Window) -> None:
        with told(self._recorder.folder, simulation, (OSError, RuntimeError)):
            self._recorder.record(simulation, window)


def _failure(out: Path, simulation: Simulation | None, error: Exception) -> OutputError:
    moment = (
        "" if simulation is None else f" at {simulation.clock.at(simulation.time_s).isoformat()}"
    )
    way = _way_on(out)
    if _raised_in(error.__traceback__, CACHE_WRITER):
        return OutputError(
            f"E120 {cache_folder()}: the compiled kernels cannot be kept{moment}: {error}\n  do    "
            "    free space there, or set NUMBA_CACHE_DIR to a folder of your own on another disk,"
            f" then {way}"
        )
    place = (
        Path(str(error.filename))
        if isinstance(error, OSError) and isinstance(error.filename, (str, Path))
        else out
    )
    inside = place.absolute().is_relative_to(out.absolute())
    return OutputError(
        f"E602 {out if inside else place}: {'results' if inside else 'what the run needs there'}"
        f" cannot be written{moment}: {error}\n  do        free space or give the folder back, then"
        f" {way}"
    )


def _way_on(out: Path) -> str:
    if is_complete(out):
        return f"flood-sim report {out}"
    return (
        f"flood-sim run --resume {out}" if has_checkpoint(out) else "run it again with --overwrite"
    )


def _raised_in(trace: TracebackType | None, module: str) -> bool:
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == module:
            return True
        trace = trace.tb_next
    return False
