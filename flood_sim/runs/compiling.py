"""Compiles the large kernels of a run before its first window, half of them in a second process
that writes the same cache. The process is started by this one: the sandbox holds it, too.

As a program (`python -m flood_sim.runs.compiling`) it is that second process.
"""

from __future__ import annotations

import contextlib
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


class _Progress:
    """Functions compiled so far by both processes."""

    def __init__(self, tell: Tell, total: int) -> None:
        self._tell, self._total, self._done, self._lock = tell, total, 0, threading.Lock()
        tell(0, total)

    def one_more(self) -> None:
        with self._lock:
            self._done = min(self._done + 1, self._total)
            self._tell(self._done, self._total)


def compile_kernels(simulation: Simulation, tell: Tell = lambda done, total: None) -> None:
    """Compile what the surface of this run needs and the cache does not hold.

    tell : is given how many functions are compiled and how many there are. What fails in the second
    process is compiled by this one when it is called.
    """
    from flood_sim.surface.steps import surface_kernels  # the second process needs none of it

    missing = [k for k in surface_kernels(simulation.surface) if not is_kept(k)]
    if not missing:
        return
    progress = _Progress(tell, sum(k.functions for k in missing))
    own, others = missing[:1], missing[1:]
    with _second_process(others, progress) as second, _counted(progress.one_more):
        for kernel in own:
            kernel.dispatcher.compile(kernel.types)
        second()


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


@contextlib.contextmanager
def _second_process(kernels: list[Kernel], progress: _Progress) -> Iterator[Callable[[], None]]:
    """A process that compiles `kernels`; yields what waits for it. It ends with the block, however
    that ends.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if not kernels or (cores or 1) < 2 or not os.access(_nearest(), os.W_OK):
        yield lambda: None
        return
    paths = [os.path.abspath(p) for p in sys.path if p]
    environment = {
        "PYTHONPATH": os.pathsep.join(paths),
        "NUMBA_CACHE_DIR": str(cache_folder().parent),
    }
    second = subprocess.Popen(
        [sys.executable, "-P", "-m", "flood_sim.runs.compiling"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | environment,
    )
    reader = threading.Thread(target=_listen, args=(second, progress), daemon=True)
    try:
        _hand_over(second, kernels)
        reader.start()
        yield reader.join
    finally:
        second.kill()
        second.wait()


def _nearest() -> str:
    """The cache folder, or the one above it that is there."""
    folder = cache_folder()
    return str(next(p for p in (folder, *folder.parents) if p.exists()))


def _hand_over(second: subprocess.Popen[bytes], kernels: list[Kernel]) -> None:
    wanted = [(k.dispatcher.__module__, k.dispatcher.__name__, k.types) for k in kernels]
    with contextlib.suppress(OSError):  # it is gone: they are compiled when they are called
        if second.stdin is not None:
            second.stdin.write(pickle.dumps((os.getpid(), wanted)))
            second.stdin.close()


def _listen(second: subprocess.Popen[bytes], progress: _Progress) -> None:
    """One line a function; the end of the lines is the end of the process."""
    for _ in second.stdout or ():
        progress.one_more()


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
    with _counted(_say_one):
        for module, name, types in wanted:
            getattr(importlib.import_module(module), name).compile(types)


if __name__ == "__main__":
    work()
