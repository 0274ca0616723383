"""Paths that a file names: each must mean a plain file in that file's own folder, or in one that
the user allowed.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

from flood_sim.core.errors import input_error, nearest

VIRTUAL = (
    "/vsi",
    "://",
    "!",
    "<",
)  # what the map libraries take for an archive, an address or an inline document
WAY_OUT = "copy the file in, or allow its folder: --allow-path DIR"


def file_inside(folder: Path, text: str, place: str, allowed: tuple[Path, ...] = ()) -> Path:
    """The file that `text` means beside a file in `folder`, resolved. Raises InputError where it is
    virtual, lies elsewhere, or is no plain file.
    """
    if any(sign in text for sign in VIRTUAL):
        raise input_error(
            "E107", place, "virtual or remote files are not read", given=text, do="use a plain file"
        )
    if any(unicodedata.category(sign) == "Cc" for sign in text):
        raise input_error(
            "E106",
            place,
            "a path holds no control characters",
            given=repr(text)[:120],
            do="rename the file",
        )
    try:
        path = (folder / text).resolve()
        inside = any(path.is_relative_to(root.resolve()) for root in (folder, *allowed))
        there, plain = path.exists(), path.is_file()
    except (
        OSError,
        RuntimeError,
        ValueError,
    ) as error:  # a circle of links, a name too long, a folder that may not be entered
        raise input_error(
            "E106",
            place,
            f"this path cannot be followed: {error}"[:200],
            given=text[:120],
            do="copy the file in",
        ) from error
    if not inside:
        raise input_error(
            "E106",
            place,
            "this path leaves the scenario's folder",
            given=text,
            allowed=f"files below {folder.resolve()}",
            do=WAY_OUT,
        )
    if there and not plain:
        raise input_error(
            "E106",
            place,
            "this is no plain file",
            given=text,
            allowed="no folder, device or pipe",
            do="name a file",
        )
    if not plain:
        known = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise input_error(
            "E101",
            place,
            f"the file does not exist{nearest(path.name, known)}",
            given=text,
            do=f"put the file there ({path}), or change the path",
        )
    return path
