"""A result folder belongs to one run: claimed by a lock, its log, SWMM's work folder inside it,
what an earlier run left.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from flood_sim.core.errors import InputError, input_error
from flood_sim.core.files.durable import PART, remove_parts
from flood_sim.core.files.folder_lock import held, looks_held, owner_file
from flood_sim.core.files.live import COUNTER
from flood_sim.core.files.live import RUN_LOCK as LOCK
from flood_sim.output.checkpoint import FOLDER, OLD, SIDE, TAPE, has_checkpoint, remove_checkpoint
from flood_sim.output.recorder import FILES

WORK = "swmm.part"


@contextlib.contextmanager
def claimed(out: Path, overwrite: bool) -> Iterator[None]:
    """Hold the result folder for one run. Raises InputError where it holds results (unless
    overwrite), other files, or another run.
    """
    if not looks_held(out, LOCK):  # who writes here is said by the lock
        _refuse_contents(out, overwrite)
    with held(out, LOCK, "run"):
        _refuse_contents(out, overwrite)  # somebody may have come and gone while this one waited
        remove_parts(out)
        yield


def _refuse_contents(out: Path, overwrite: bool) -> None:
    if out.exists() and not out.is_dir():
        raise input_error("E111", str(out), "this is a file, not a folder", do="give another --out")
    try:
        present = sorted(p.name for p in out.iterdir()) if out.is_dir() else []
    except OSError as error:
        raise input_error(
            "E111",
            str(out),
            f"the folder cannot be read: {error.strerror}",
            do="give another --out",
        ) from error
    results = [name for name in present if name in FILES]
    own = {LOCK, owner_file(out, LOCK).name, WORK, FOLDER, SIDE, OLD, TAPE, COUNTER}
    if results and not overwrite:
        on = f", or go on with it: flood-sim run --resume {out}" if has_checkpoint(out) else ""
        raise input_error(
            "E111",
            str(out),
            "results of an earlier run are here",
            given=", ".join(results[:4]),
            do=f"give another --out, or --overwrite to replace them{on}",
        )
    if not results and {name for name in present if PART not in name} - own:
        raise input_error(
            "E111",
            str(out),
            "this folder holds other files",
            given=", ".join(present[:4]),
            do="give an empty or new folder as --out",
        )


def remove_results(out: Path) -> None:
    """Delete what an earlier run wrote, by name; nothing else in the folder is touched."""
    for name in ("summary.json", *FILES):  # first what calls the rest complete
        if name != "log.txt":
            (out / name).unlink(missing_ok=True)
    (out / COUNTER).unlink(missing_ok=True)
    shutil.rmtree(out / "report", ignore_errors=True)
    remove_checkpoint(out)


@contextlib.contextmanager
def log_file(out: Path) -> Iterator[Callable[[str], None]]:
    """Appends lines with the time to the folder's log; the log goes again where the input proves
    wrong and none was there.
    """
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
