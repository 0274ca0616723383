"""Paths that a file names: each must mean a plain file in that file's own folder, or in one that
the user allowed.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

from flood_sim.core.errors import InputError, input_error, nearest

# what the map libraries take for an archive, an address or an inline document
VIRTUAL = ("/vsi", "://", "!", "<")
WAY_OUT = "copy the file in, or allow its folder: --allow-path DIR"


def file_inside(folder: Path, text: str, place: str, allowed: tuple[Path, ...] = ()) -> Path:
    """The file that `text` means beside a file in `folder`, resolved. Raises InputError where it is
    virtual, lies elsewhere, or is no plain file.
    """
    _refuse_signs(text, place)
    try:
        path = (folder / text).resolve()
        inside = any(path.is_relative_to(root.resolve()) for root in (folder, *allowed))
        there, plain = path.exists(), path.is_file()
    # a circle of links, a name too long, a folder that may not be entered
    except (OSError, RuntimeError, ValueError) as error:
        problem = f"this path cannot be followed: {error}"[:200]
        raise input_error(
            "E106", place, problem, given=text[:120], do="copy the file in"
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
    if not plain:
        raise _no_plain_file(path, there, text, place)
    return path


def _refuse_signs(text: str, place: str) -> None:
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


def _no_plain_file(path: Path, there: bool, text: str, place: str) -> InputError:
    if there:
        return input_error(
            "E106",
            place,
            "this is no plain file",
            given=text,
            allowed="no folder, device or pipe",
            do="name a file",
        )
    known = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    return input_error(
        "E101",
        place,
        f"the file does not exist{nearest(path.name, known)}",
        given=text,
        do=f"put the file there ({path}), or change the path",
    )
