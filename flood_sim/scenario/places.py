"""Where a scenario's map coordinates lie on the grid."""

from __future__ import annotations

from collections.abc import Iterable

from flood_sim.core.errors import input_error, nearest
from flood_sim.ground.terrain import Terrain

NAMES_SHOWN = 20


def open_cell(terrain: Terrain, location_m: tuple[float, float], place: str) -> tuple[int, int]:
    """Row and column of an active cell. Raises InputError where the place is off the grid or not
    open.
    """
    row, column = (int(v) for v in terrain.grid.cell_at(*location_m))
    if not bool(terrain.grid.contains(row, column)) or not terrain.active[row, column]:
        raise input_error(
            "E204",
            place,
            "this place is not on an open cell",
            given=str(location_m),
            allowed=repr(terrain.grid),
            do="move it off buildings and onto the grid",
            at=(location_m,),
        )
    return row, column


def those_there(names: Iterable[str], what: str) -> str:
    """The first of the names that a key may have, or that there is none."""
    known = sorted(set(names))
    more = f" and {len(known) - NAMES_SHOWN} more" if len(known) > NAMES_SHOWN else ""
    return ", ".join(known[:NAMES_SHOWN]) + more or f"there is no {what}: leave the key out"


def refuse_unknown(name: str, known: Iterable[str], what: str, place: str) -> None:
    """Raises InputError, with the name that may be meant, where a scenario names what is not
    there.
    """
    names = list(known)
    if name not in names:
        text = f"no such {what}{nearest(name, names)}"
        raise input_error("E104", place, text, given=name, allowed=those_there(names, what))
