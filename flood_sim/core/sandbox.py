"""The second line of defence: the kernel itself (Landlock, Linux 5.13 and later) lets a process
open only the folders that its command needs.

Whatever a file persuades a C library to do, it ends at these folders: reads below Python, the
system's libraries, the scenario's folder and those allowed; writes below the result folder, a
scratch folder and caches of compiled kernels and fonts; no TCP (Linux 6.7). Only the command line
and the processes of a study's models are held, never a program that imports flood_sim. Standard
library alone: it runs before everything else is imported.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flood_sim.core.errors import InputError, input_error
from flood_sim.core.landlock import DEVICES, SYSTEM, SYSTEM_FILES, available, restrict
from flood_sim.core.sandbox_folders import (
    beside,
    caches,
    compile_own,
    emptied,
    home_folders,
    made,
    paths_of,
    python_folders,
    real,
    recorded,
)

VARIABLE = "FLOOD_SIM_NO_SANDBOX"


@dataclass(frozen=True)
class Needs:
    """Which arguments of a command name what it reads, and folders that it writes; network: a
    study's parent, which talks to its workers.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    network: bool = False


COMMANDS = {
    "copy": Needs(("name",), ("folder",)),
    "check": Needs(("name", "allow_path"), ("out",)),
    "run": Needs(("name", "allow_path"), ("out", "resume")),
    "report": Needs(("limits",), ("folders",)),
    "compare": Needs(("observed",), ("before", "after")),
    "explain": Needs((), ("folder",)),
    "trace": Needs((), ("folder",)),
    "section": Needs((), ("folder",)),
    "lead-time": Needs(("name", "allow_path"), ("out",)),
    "audit": Needs(("name", "allow_path", "standards", "loads"), ("out",), network=True),
    "study check": Needs(("name", "allow_path"), ()),
    "study run": Needs(("name", "allow_path"), ("out",), network=True),
    "study resume": Needs((), ("folder",), network=True),
    "study status": Needs((), ("folder",)),
}


@dataclass
class _State:
    armed: bool = False
    roots: list[Path] = field(default_factory=list)
    scratch: Path | None = None


_state = _State()


def arm() -> None:
    """From now on `enter` holds this process: called where flood_sim is the program, not a
    library.
    """
    _state.armed = os.environ.get(VARIABLE, "") in ("", "0")


def described() -> str:
    """One line for `doctor`."""
    abi = available()
    if os.environ.get(VARIABLE, "") not in ("", "0"):
        return f"none: {VARIABLE} is set; the checks of paths stand alone"
    if abi == 0:
        return (
            "none: this system has no Landlock (Linux 5.13 and later); the checks of paths stand"
            " alone"
        )
    return f"Landlock {abi}: commands open only what they need" + (
        ", and no TCP port" if abi >= 4 else "; TCP is not held (Linux 6.7)"
    )


def enter(command: str, arguments: dict[str, Any]) -> None:
    """Hold this process to what a command needs, for good. Does nothing where flood_sim is a
    library, or the kernel cannot.
    """
    needs = COMMANDS.get(command)
    if (
        needs is None or not _state.armed or arguments.get("pdf")
    ):  # a browser prints the PDF: it has a sandbox of its own
        return
    folders = [path for name in needs.writes for path in paths_of(arguments.get(name))]
    reads = [
        place
        for name in needs.reads
        for path in paths_of(arguments.get(name))
        for place in beside(path, name)
    ]
    reads += [place for folder in folders for place in recorded(folder)]
    hold(reads, folders, network=needs.network)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """A file that the kernel keeps from this process ends it with one message."""
    try:
        yield
    except OSError as error:
        message = denied(error)
        if message is None:
            raise
        raise message from error


def hold_model(store: Path, reads: list[Path]) -> bool:
    """Hold the process of a study's models: it writes the study's runs, and talks to nobody."""
    return _state.armed and hold(reads, [store])


def hold_apart(config: str, folder: str) -> bool:
    """Hold the process of a BMI instance: it reads its scenario's folder, and writes its own."""
    arm()
    return _state.armed and hold(beside(Path(config.partition("#")[0]), "name"), [Path(folder)])


def leave() -> None:
    """Remove this process' temporary files: for those that end at once (os._exit)."""
    if _state.scratch is not None:
        shutil.rmtree(_state.scratch, ignore_errors=True)


def hold(reads: Iterable[Path], folders: Iterable[Path], network: bool = False) -> bool:
    """Hold this process and those it starts: read `reads`, write `folders` (made where they are not
    there). True where the kernel does.

    Threads that are there already stay free on kernels before 6.16: call it before numpy is
    imported.
    """
    abi = available()
    if abi == 0:
        return False
    reads = [*reads, *python_folders(), *home_folders()]
    results = [made(folder) for folder in folders]
    empty = emptied(results)
    writes = [*results, *caches(), _scratch()]
    compile_own()
    _state.roots = [
        real(p) for p in (*reads, *writes, *map(Path, (*SYSTEM, *SYSTEM_FILES, *DEVICES)))
    ]
    return restrict(reads, writes, empty, network)


def denied(error: OSError) -> InputError | None:
    """The message for a file that the kernel kept from this process because it lies outside; None
    for every other error.
    """
    if (
        error.errno not in (errno.EACCES, errno.EXDEV)
        or not _state.roots
        or not isinstance(error.filename, (str, bytes, os.PathLike))
    ):
        return None
    path = real(Path(os.fsdecode(error.filename)))
    if any(path.is_relative_to(root) for root in _state.roots):
        return None
    return input_error(
        "E106",
        str(path),
        "this file lies outside the folders that this command may open",
        allowed="the scenario's and the result folder",
        do="copy the file in; run, check and study run can allow its folder: --allow-path DIR",
    )


def _scratch() -> Path:
    """A new folder for this process' temporary files, removed at its end."""
    import tempfile

    folder, pid = Path(tempfile.mkdtemp(prefix="flood_sim_")), os.getpid()
    os.environ["TMPDIR"], tempfile.tempdir, _state.scratch = str(folder), None, folder
    atexit.register(lambda: leave() if os.getpid() == pid else None)
    return folder
