"""Compiles the large kernels of a run before its first window, the longest in a second process
that writes the same cache. The process is started by this one: the sandbox holds it, too.

As a program (`python -m flood_sim.runs.compiling`) it is that second process.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from numba.core import event

from flood_kernels import cache_folder

if TYPE_CHECKING:
    from flood_sim.simulation.loop import Simulation
    from flood_sim.surface.steps import Kernel

Tell = Callable[[int, int], None]


class _Count(event.Listener):
    """Calls `each` whenever a function has been compiled."""

    def __init__(self, each: Callable[[], None]) -> None:
        self._each = each

    def on_start(self, event: Any) -> None:
        pass

    def on_end(self, event: Any) -> None:
        self._each()


@contextlib.contextmanager
def _counted(each: Callable[[], None]) -> Iterator[None]:
    listener = _Count(each)
    event.register("numba:compile", listener)
    try:
        yield
    finally:
        event.unregister("numba:compile", listener)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for cycles: of what a compiler makes it finds little and takes 8 % of the
    time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:  # who switched it off wants it so
            gc.enable()


class _Progress:
    """Functions compiled so far by both processes."""

    def __init__(self, tell: Tell, total: int) -> None:
        self._tell, self._total, self._done, self._lock = tell, total, 0, threading.Lock()
        tell(0, total)

    def one_more(self) -> None:
        with self._lock:
            self._done = min(self._done + 1, self._total)
            self._tell(self._done, self._total)


class Compiling:
    """Compiles what the surface of a run needs and the cache does not hold. As a context it begins
    with the window beside the reading of the scenario: the longest of them, and its types follow
    from the scheme and the precision.
    """

    def __init__(self, precision: str = "float32", scheme: str = "local_inertial") -> None:
        """scheme : "auto" is taken for local_inertial; where it comes to another, the work of the
        second process is thrown away.
        """
        self._settings = precision, "local_inertial" if scheme == "auto" else scheme
        self._ahead: _SecondProcess | None = None

    def __enter__(self) -> Compiling:
        window = _usual_window(*self._settings)
        if window is not None and not is_kept(window) and _can_have_a_second():
            self._ahead = _SecondProcess([window])
        return self

    def __exit__(self, *raised: object) -> None:
        """The second process ends, however the block does."""
        self._give_up_ahead()

    def _give_up_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.end()
            self._ahead = None

    def compile(self, simulation: Simulation, tell: Tell = lambda done, total: None) -> None:
        """tell : is given how many functions are compiled and how many there are. What fails in the
        second process is compiled by this one when it is called.
        """
        from flood_sim.surface.steps import surface_kernels  # the second process needs none of it

        kernels = surface_kernels(simulation.surface)
        if self._ahead is not None and not all(map(kernels.__contains__, self._ahead.kernels)):
            self._give_up_ahead()  # the scenario came to another scheme
        missing = [k for k in kernels if not is_kept(k)]
        if self._ahead is None and len(missing) > 1 and _can_have_a_second():
            self._ahead = _SecondProcess(missing[1:])
        try:
            if missing:
                _compile(missing, self._ahead, _Progress(tell, sum(k.functions for k in missing)))
        finally:
            self._give_up_ahead()


def _compile(missing: list[Kernel], second: _SecondProcess | None, progress: _Progress) -> None:
    with _counted(progress.one_more), _uncollected():
        if second is not None:
            second.tell(progress.one_more)
        for kernel in missing:
            if second is None or kernel not in second.kernels:
                kernel.dispatcher.compile(kernel.types)
        if second is not None:
            second.wait()


def _usual_window(precision: str, scheme: str) -> Kernel | None:
    """The window of any run with this precision and scheme: kernels take the same types of arrays
    for every scenario. None: of a plugin.
    """
    import numpy as np  # the second process needs none of it

    from flood_sim.core.grid import Grid
    from flood_sim.ground.terrain import terrain_of
    from flood_sim.surface.flow import SurfaceFlow
    from flood_sim.surface.inputs import SurfaceInputs
    from flood_sim.surface.settings import SurfaceSettings
    from flood_sim.surface.steps import surface_kernels

    terrain = terrain_of(Grid(3, 3, 1.0, 0.0, 3.0, "local"), np.zeros((3, 3)), 0.03)
    settings = SurfaceSettings(precision=precision, scheme=scheme)  # type: ignore[arg-type]
    kernels = surface_kernels(SurfaceFlow(SurfaceInputs(terrain, settings)))
    return kernels[0] if kernels else None


def is_kept(kernel: Kernel) -> bool:
    """Whether the cache's index names the kernel for these types; a damaged index names nothing."""
    cache, context = kernel.dispatcher._cache, kernel.dispatcher.targetctx
    try:
        kept = cache._cache_file._load_index()
        return cache._index_key(kernel.types, context.codegen()) in kept
    except MemoryError:
        raise
    except Exception:  # a cut file raises whatever its bytes happen to mean
        return False


def _can_have_a_second() -> bool:
    """Whether there is a core for a second process, and a cache that it can write."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (cores or 1) >= 2 and os.access(_nearest(), os.W_OK)


class _SecondProcess:
    """A process that compiles `kernels` into the same cache."""

    def __init__(self, kernels: list[Kernel]) -> None:
        self.kernels = kernels
        paths = [os.path.abspath(p) for p in sys.path if p]
        environment = {
            "PYTHONPATH": os.pathsep.join(paths),
            "NUMBA_CACHE_DIR": str(cache_folder().parent),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "flood_sim.runs.compiling"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | environment,
        )
        self._done, self._lock = 0, threading.Lock()
        self._each: Callable[[], None] | None = None
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._hand_over()
        self._reader.start()

    def tell(self, each: Callable[[], None]) -> None:
        """`each` is called for every function compiled: at once for those before."""
        with self._lock:
            self._each = each
            for _ in range(self._done):
                each()

    def wait(self) -> None:
        """Until it has compiled everything, or has failed."""
        self._reader.join()

    def end(self) -> None:
        """At once; what it has compiled is kept."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _hand_over(self) -> None:
        wanted = [(k.dispatcher.__module__, k.dispatcher.__name__, k.types) for k in self.kernels]
        with contextlib.suppress(OSError):  # it is gone: they are compiled when they are called
            if self._process.stdin is not None:
                self._process.stdin.write(pickle.dumps((os.getpid(), wanted)))
                self._process.stdin.close()

    def _listen(self) -> None:
        """One line a function; the end of the lines is the end of the process."""
        for _ in self._process.stdout or ():
            with self._lock:
                self._done += 1
                if self._each is not None:
                    self._each()


def _nearest() -> str:
    """The cache folder, or the one above it that is there."""
    folder = cache_folder()
    return str(next(p for p in (folder, *folder.parents) if p.exists()))


def _say_one() -> None:
    sys.stdout.write("\n")
    sys.stdout.flush()


def _end_with(parent: int) -> None:
    """Ends this process when the first one is gone, however it ended."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)


def work() -> None:
    """The second process: what to compile comes from the first one alone, by its standard input."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first one's affair: it ends us
    parent, wanted = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 (written by the process that started this one)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    with _counted(_say_one), _uncollected():
        for module, name, types in wanted:
            getattr(importlib.import_module(module), name).compile(types)


if __name__ == "__main__":
    work()
