"""The child process of a BMI instance as its parent holds it: begun, asked, ended with the
instance, never left behind.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import mmap
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from flood_sim.bmi.variables import block_bytes, views
from flood_sim.core import errors
from flood_sim.core.errors import Finding, FloodSimError, InputError, RunFailedError

BEGIN = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); memory, folder, parent, config ="
    " sys.argv[2:]\n"
    # before numpy: threads that are there stay free
    "from flood_sim.core import sandbox; sandbox.hold_apart(config, folder)\n"
    "from flood_sim.bmi.model import serve; serve(memory, folder, parent)"
)
LOG = "model.log"
PATIENCE_S = 5.0  # until a process that should end is killed
LAST_WORDS = 12  # lines of its log that a dead process leaves in the message


class ModelProcess:
    """A model in a process of its own. Values lie in memory that both map: nothing is copied over a
    pipe, and what was handed out stays valid.

    The memory has no name in the file system: nothing is left of it, however a process ends.
    """

    def __init__(self, config: str) -> None:
        """Start the process and let it build the model. Raises InputError or RunFailedError as a
        run would.
        """
        self._lock, self._rest, self._lost = threading.Lock(), b"", ""
        self.time_s = 0.0
        self._folder = Path(tempfile.mkdtemp(prefix="flood_sim_bmi_"))
        with _nameless_file() as memory:
            self._process = _start(memory.fileno(), self._folder, config)
            self._release = weakref.finalize(self, _end, self._process, self._folder, os.getpid())
            self.facts = self.ask("initialize", config=config)
            self.sizes = {int(grid): size for grid, size in self.facts["sizes"].items()}
            block = mmap.mmap(memory.fileno(), block_bytes(self.sizes), access=mmap.ACCESS_READ)
        self.values = views(block, self.sizes)

    def ask(self, task: str, **keys: Any) -> dict[str, Any]:
        """The answer to a request. Raises the model's error; RunFailedError where its process has
        ended.

        Ctrl-C ends an update after its window, and the model can go on from there; a second one
        ends the process.
        """
        with self._lock:
            if self._lost:
                raise RunFailedError(self._lost)
            try:
                self._send({"do": task, **keys})
                answer, interrupt = self._waited(task)
            except RunFailedError:
                raise
            except BaseException:
                self.end(
                    "the model was interrupted before it had answered; initialize starts it anew"
                )
                raise
        if interrupt is not None:
            raise interrupt
        return _checked(answer)

    def _waited(self, task: str) -> tuple[dict[str, Any], KeyboardInterrupt | None]:
        try:
            return self._received(), None
        except KeyboardInterrupt as interrupt:
            if task != "update":
                raise
            self._send({"do": "stop"})
            return self._received(), interrupt

    def end(self, why: str) -> None:
        """End the process and remove its folder; what is asked later is answered with why. Values
        stay readable; safe to call twice.
        """
        self._lost = self._lost or why
        self._release()

    def _send(self, request: dict[str, Any]) -> None:
        data = memoryview(json.dumps(request).encode() + b"\n")
        descriptor = cast("IO[bytes]", self._process.stdin).fileno()
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        except BrokenPipeError:
            self._bury()

    def _received(self) -> dict[str, Any]:
        descriptor = cast("IO[bytes]", self._process.stdout).fileno()
        while b"\n" not in self._rest:
            block = os.read(descriptor, 65536)
            if not block:
                self._bury()
            self._rest += block
        line, _, self._rest = self._rest.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        self.time_s = answer["time_s"]
        return answer

    def _bury(self) -> NoReturn:
        """Raises RunFailedError: how the process ended, and its last words."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE_S)
        code = self._process.returncode
        how = f"with exit code {code}"
        if code is not None and code < 0:
            how = f"by signal {signal.Signals(-code).name}"
        if code == -signal.SIGKILL:
            how += ", which the system also sends when memory is short"
        log = self._folder / LOG
        words = (
            log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_WORDS:]
            if log.exists()
            else []
        )
        told = "".join(f"\n  {line}" for line in words if line.strip())
        self.end(f"the model's process ended {how}; initialize starts it anew{told}")
        raise RunFailedError(self._lost)


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, or the model's error as it was raised there. Raises RuntimeError, with the trace,
    for a fault of flood_sim.
    """
    if "fault" in answer:
        raise RuntimeError(
            f"this is a fault of flood_sim, in the model's process:\n{answer['fault']}"
        )
    if "error" not in answer:
        return answer
    kind = getattr(errors, answer["error"], RunFailedError)
    findings = [
        Finding(**f | {"at": tuple((x, y) for x, y in f["at"])}) for f in answer["findings"]
    ]
    if issubclass(kind, InputError):
        raise InputError(findings)
    raise (
        kind(answer["message"], findings)
        if issubclass(kind, RunFailedError)
        else FloodSimError(answer["message"])
    )


def _start(memory: int, folder: Path, config: str) -> subprocess.Popen[bytes]:
    """The same Python with the same paths; not the current folder, which may hold anything."""
    homes = [importlib.util.find_spec(name) for name in ("flood_sim", "flood_kernels")]
    paths = [p for p in sys.path if p] + [
        str(Path(h.origin).parents[1]) for h in homes if h is not None and h.origin is not None
    ]
    command = [
        sys.executable,
        "-P",
        "-c",
        BEGIN,
        json.dumps(paths),
        str(memory),
        str(folder),
        str(os.getpid()),
        config,
    ]
    environment = {"OMP_WAIT_POLICY": "passive"} | os.environ
    with (folder / LOG).open("wb") as log:
        return subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            pass_fds=(memory,),
        )


def _nameless_file() -> IO[bytes]:
    """A file in memory without a name, or in the temporary folder where the system has none of that
    kind.
    """
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("flood_sim_bmi"), "r+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)


def _end(process: subprocess.Popen[bytes], folder: Path, owner: int) -> None:
    """Close its input, at which it ends; kill it where it does not."""
    if os.getpid() != owner:  # a fork of the program: not its process
        return
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
