"""Where the runs of a study go: workers of this machine, or a dask scheduler that is named; how
many, by cores and memory.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from flood_sim.core.errors import RunFailedError, input_error
from flood_sim.core.units import GIBIBYTE
from flood_sim.scenario import load_scenario
from flood_sim.scenario.memory import available_bytes, grid_size
from flood_sim.study.expand import expand
from flood_sim.study.spec.section import Changes
from flood_sim.study.spec.study import Study

BASE_BYTES = (
    0.6 * GIBIBYTE
)  # interpreter, libraries, SWMM of one model process (measured 0.41 GB on the small city)
MEMORY_SHARE = 0.8
LOOK_S, CLOSE_S, RESULT_S = 1.0, 2.0, 60.0
WORKERLESS_SAID_S, WORKERLESS_S = 10.0, 300.0  # without any worker: said, and given up


SIZES = {
    "city": ("cell_size_m", "side_m"),
    "grid": None,
    "terrain": None,
    "surface": ("precision",),
    "infiltration": ("kind",),
}


def memory_need(study: Study) -> int:
    """Bytes that one model process is expected to take: the largest of the grids that storms, draws
    and the twin make of the scenario.
    """
    from flood_sim.surface.arrays import estimated_bytes

    path, allowed = study.scenario.path, study.scenario.allowed
    different = {
        json.dumps(_size_of(run.changes), sort_keys=True, default=str) for run in expand(study)
    }
    scenarios = [
        study.scenario if text == "{}" else load_scenario(path, allowed, json.loads(text))
        for text in sorted(different)
    ]
    return max(
        int(
            BASE_BYTES
            + 1.2
            * estimated_bytes(
                *grid_size(s), s.spec.surface.precision, s.spec.infiltration.kind != "none"
            )
        )
        for s in scenarios
    )


def _size_of(changes: Changes) -> Changes:
    """Those of a run's changes that say how large its arrays are."""
    kept = {
        section: {k: v for k, v in changes[section].items() if keys is None or k in keys}
        for section, keys in SIZES.items()
        if section in changes
    }
    return {section: table for section, table in kept.items() if table}


def worker_count(study: Study) -> int:
    """As many as there are cores for, and memory."""
    from flood_sim.runs.runner import default_threads

    return max(
        1,
        min(
            default_threads() // study.spec.threads_per_run,
            int(MEMORY_SHARE * available_bytes() / memory_need(study)),
        ),
    )


@contextlib.contextmanager
def open_client(slots: int, scheduler: str | None, trusted: bool) -> Iterator[Any]:
    """A client of a cluster on this machine's loopback, or of a scheduler that is named. Raises
    InputError where that one is open to a network.
    """
    _silence()
    if scheduler is not None:
        client = _named_scheduler(scheduler, trusted)
        try:
            yield client
        finally:
            # The scheduler may be gone; what failed before is what is told.
            with contextlib.suppress(Exception):
                client.close(timeout=CLOSE_S)
        return
    with contextlib.ExitStack() as stack:
        yield _started_cluster(slots, stack)


def _named_scheduler(scheduler: str, trusted: bool) -> Any:
    from distributed import Client

    loopback = "//127.0.0.1:" in scheduler or "//localhost:" in scheduler
    if not (scheduler.startswith("tls://") or trusted or loopback):
        raise input_error(
            "E104",
            "--scheduler",
            "whoever reaches an open scheduler can run code on its workers",
            given=scheduler,
            allowed="tls://HOST:PORT, or a loopback address",
            do="use TLS, or --i-trust-this-network",
        )
    try:
        return Client(scheduler, timeout="20s")
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise input_error(
            "E101",
            "--scheduler",
            f"no connection: {error}",
            given=scheduler,
            do=(
                "start it; with TLS, name certificate and key in dask's configuration"
                " (docs/cluster.md)"
            ),
        ) from error


def _started_cluster(slots: int, stack: contextlib.ExitStack) -> Any:
    """Workers of this machine, ended with the stack. Raises RunFailedError."""
    import dask

    settings = {
        "distributed.scheduler.allowed-failures": 10, "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False, "distributed.worker.memory.pause": 0.85,
        "distributed.scheduler.worker-ttl": None, "logging.distributed": "error",
    }  # fmt: skip
    stack.enter_context(dask.config.set(settings))
    try:
        with _terminal_signals_held():  # what is started here does not know them
            return _own_cluster(slots, stack)
    except (OSError, RuntimeError, TimeoutError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        place = dask.config.get("temporary-directory") or tempfile.gettempdir()
        raise RunFailedError(
            f"E123 study: the workers cannot be started: {why}\n  do        free space in {place}"
            " and memory, then the same command again; a script of your own calls it below"
            ' `if __name__ == "__main__":`'
        ) from error


def _own_cluster(slots: int, stack: contextlib.ExitStack) -> Any:
    from distributed import Client, LocalCluster

    cluster = stack.enter_context(
        LocalCluster(
            n_workers=slots,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=50,
            memory_limit=0,
        )
    )
    return stack.enter_context(Client(cluster))


@contextlib.contextmanager
def _terminal_signals_held() -> Iterator[None]:
    """Ctrl-C goes to all processes of a terminal: the parent ends its workers itself. What is
    started inside inherits that these signals are ignored; one that comes meanwhile waits until the
    end."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    numbers, handlers = (signal.SIGINT, signal.SIGHUP), {}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        with contextlib.suppress(ValueError):  # not the main thread
            for number in numbers:
                handlers[number] = signal.signal(number, signal.SIG_IGN)
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _silence() -> None:
    """What the library logs of a lost connection are tracebacks; what it means is told in one
    message.
    """
    import distributed  # noqa: F401

    for name in [
        name
        for name in logging.root.manager.loggerDict
        if name.split(".")[0] in ("distributed", "tornado", "asyncio")
    ]:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


class SchedulerLostError(Exception):
    """The scheduler, or every worker of it, is gone."""


def threads_of(client: Any) -> int:
    """Threads of the workers that are connected. Raises SchedulerLostError."""
    try:
        return sum(client.nthreads().values())
    except (OSError, RuntimeError, TimeoutError) as error:
        raise _lost(f"it does not answer: {error}") from error


class Flight:
    """Runs that are under way on a cluster. Raises SchedulerLostError where nobody can tell any
    more what became of them.
    """

    def __init__(self, client: Any, say: Callable[[str], None]) -> None:
        self._client, self._say = client, say
        self._ended: queue.Queue[Any] = queue.Queue()
        self._identities: dict[Any, str] = {}
        self._workers_seen, self._said = time.monotonic(), False

    def __len__(self) -> int:
        return len(self._identities)

    def send(self, identity: str, key: str, arguments: tuple[Any, ...]) -> None:
        """Submit a run: a function and what it is called with."""
        self._look()
        function, *values = arguments
        future = self._client.submit(function, *values, key=key, pure=False)
        self._identities[future] = identity
        future.add_done_callback(self._ended.put)

    def next(self) -> tuple[str, dict[str, Any]]:
        """The next run that has ended, and its record; one whose worker died has status "died"."""
        while True:
            try:
                future = self._ended.get(timeout=LOOK_S)
            except queue.Empty:
                self._look()
                self._count_workers()
                continue
            self._look()
            self._workers_seen = time.monotonic()
            try:
                record = future.result(timeout=RESULT_S)
            except Exception as error:
                self._look()
                record = {"status": "died", "message": f"the worker: {error}"}
            identity = self._identities.pop(future)
            future.release()
            return identity, record

    def _look(self) -> None:
        if self._client.status != "running":
            raise _lost("the connection is closed")

    def _count_workers(self) -> None:
        alone_s = time.monotonic() - self._workers_seen
        if alone_s < WORKERLESS_SAID_S:
            return
        if threads_of(self._client):
            self._workers_seen, self._said = time.monotonic(), False
        elif alone_s > WORKERLESS_S:
            raise _lost(f"no worker has been connected for {alone_s:.0f} s")
        elif not self._said:
            self._said = True
            self._say(f"no worker is connected: waiting for one, at most {WORKERLESS_S:g} s")


def _lost(why: str) -> SchedulerLostError:
    return SchedulerLostError(
        f"E121 --scheduler: the cluster is lost: {why}; the runs that had ended are kept"
    )
