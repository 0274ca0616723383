"""The folder of compiled kernels: what lies there is run as code, so nobody else may write to it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

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
