"""The folder of compiled kernels: what lies there is run as code, so nobody else may write to it."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from types import TracebackType

from flood_sim.errors import input_error


def refuse_foreign(folder: Path) -> None:
    """Raises InputError where someone else may write to a cache folder, or to the one around it: Numba would load what they put there (its cache is
    pickled code). The system's administrator may; so may the user's own group, which is their own by default on most systems."""
    if not hasattr(os, "getuid"):
        return
    for place in (folder, folder.parent):
        try:
            found = place.stat()
        except OSError:
            continue
        open_to_all = bool(found.st_mode & stat.S_IWOTH)
        if open_to_all or found.st_uid not in (0, os.getuid()):
            raise input_error(
                "E114",
                str(place),
                "the compiled kernels lie where others can write: what they put there would run with your rights",
                given=f"mode {stat.filemode(found.st_mode)}, owner {found.st_uid}",
                do=f"chmod 700 {place}, or set NUMBA_CACHE_DIR to a folder of your own",
            )
    _remove_cut(folder)


def _remove_cut(folder: Path) -> None:
    """Remove files that a full disk or a kill left cut: Numba would fail on them, and compiles anew what is not there. (Its files end in a dot.)"""
    for path in folder.rglob("*.nb[ci]"):
        with contextlib.suppress(OSError):  # gone meanwhile, or not ours to remove: told when it is loaded
            with path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                whole = size > 0 and file.seek(size - 1) >= 0 and file.read(1) == b"."
            if not whole:
                path.unlink()


def damage(error: BaseException) -> str | None:
    """What to say where compiled kernels could not be loaded; None where an error came from elsewhere."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == "numba.core.caching":
            from flood_kernels import cache_folder

            return (
                f"E120 {cache_folder()}: the compiled kernels are damaged: {type(error).__name__}: {str(error)[:120]}\n"
                "  do        remove this folder, then give the command again (it is compiled anew)"
            )
        trace = trace.tb_next
    return None
