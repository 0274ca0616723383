"""A result folder belongs to one run: claimed by a lock, its log, SWMM's work folder inside it, what an earlier run left."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from flood_sim.checkpoint import FOLDER, OLD, SIDE, TAPE, remove_checkpoint
from flood_sim.errors import InputError, input_error
from flood_sim.output import FILES

LOCK, WORK = ".lock", "swmm.part"
CLOCKS_DIFFER_S = 60.0  # of a file system and this machine


@contextlib.contextmanager
def claimed(out: Path, overwrite: bool) -> Iterator[None]:
    """Hold the result folder for one run. Raises InputError where it holds results, other files, or another run."""
    if out.exists() and not out.is_dir():
        raise input_error("E111", str(out), "this is a file, not a folder", do="give another --out")
    present = sorted(p.name for p in out.iterdir()) if out.is_dir() else []
    lock = out / LOCK
    owner = lock.read_text(encoding="utf-8").strip() if LOCK in present else ""
    if (
        owner.isdigit() and int(owner) != os.getpid() and process_alive(int(owner), lock.stat().st_mtime)
    ):  # in a container a killed run had our number
        raise input_error("E112", str(out), "another run is writing here", given=f"process {owner}", do="wait for it, or give another --out")
    results = [name for name in present if name in FILES]
    if results and not overwrite:
        raise input_error(
            "E111",
            str(out),
            "results of an earlier run are here",
            given=", ".join(results[:4]),
            do="give another --out, or --overwrite to replace them",
        )
    if present and not results and set(present) - {LOCK, WORK, FOLDER, SIDE, OLD, TAPE}:
        raise input_error("E111", str(out), "this folder holds other files", given=", ".join(present[:4]), do="give an empty or new folder as --out")
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock.write_text(str(os.getpid()), encoding="utf-8")
    except OSError as error:
        raise input_error("E111", str(out), f"the folder cannot be written: {error.strerror}", do="give another --out") from error
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        if out.is_dir() and not any(out.iterdir()):
            out.rmdir()


def process_alive(pid: int, wrote_s: float = math.inf) -> bool:
    """Whether a process is there, no zombie that nobody has buried, and no younger one with the number of that which wrote at wrote_s (since 1970)."""
    import psutil

    try:
        process = psutil.Process(pid)
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.create_time() < wrote_s + CLOCKS_DIFFER_S)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def remove_results(out: Path) -> None:
    """Delete what an earlier run wrote, by name; nothing else in the folder is touched."""
    for name in FILES:
        if name != "log.txt":
            (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / "report", ignore_errors=True)
    remove_checkpoint(out)


@contextlib.contextmanager
def log_file(out: Path) -> Iterator[Callable[[str], None]]:
    """Appends lines with the time to the folder's log; the log goes again where the input proves wrong and none was there."""
    path = out / "log.txt"
    existed = path.exists()
    with path.open("a", encoding="utf-8") as file:

        def write(line: str) -> None:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {line}\n")
            file.flush()

        try:
            yield write
        except InputError:
            file.close()
            if not existed:
                path.unlink(missing_ok=True)
            raise


def work_folder(out: Path) -> Path:
    """Where SWMM writes until the run ends; empty."""
    work = out / WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    return work
