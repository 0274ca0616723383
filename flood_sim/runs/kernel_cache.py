"""The folder of compiled kernels: what lies there is run as code, so nobody else may write to
it.
"""

from __future__ import annotations

import stat
from pathlib import Path

from flood_kernels.cache_place import WAY_OUT, open_to_others
from flood_sim.core.errors import input_error


def refuse_foreign(folder: Path) -> None:
    """Raises InputError where someone else may write to a cache folder, to the one around it or to
    one in it: Numba would load what they put there. The system's administrator may; so may the
    user's own group, which is their own by default on most systems.
    """
    place = open_to_others(folder)
    if place is not None:
        found = place.stat()
        raise input_error(
            "E114",
            str(place),
            "the compiled kernels lie where others can write: what they put there would run with"
            " your rights",
            given=f"mode {stat.filemode(found.st_mode)}, owner {found.st_uid}",
            do=f"chmod 700 {place}, or {WAY_OUT}",
        )
