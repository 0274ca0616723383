"""A folder that came from somebody else: nothing in it may lead out of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from flood_sim.core.errors import input_error


def check_folder(folder: Path) -> None:
    """Raises InputError (E106) where a result or study folder holds a link out of it, a pipe, or a
    device: what is read or written there lies there.
    """
    root = folder.resolve()
    for place, names, files in os.walk(root):
        for name in (*names, *files):
            path = Path(place, name)
            try:
                kind = path.lstat().st_mode
            except FileNotFoundError:  # a run that writes here has renamed it
                continue
            if stat.S_ISREG(kind) or stat.S_ISDIR(kind):
                continue
            if stat.S_ISLNK(kind) and _stays(path, root):
                continue
            raise input_error(
                "E106",
                str(path),
                "a link out of this folder, a pipe or a device",
                allowed="plain files and folders",
                do="copy the file in, or remove it",
            )


def _stays(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        return False


def plain_name(name: object) -> str:
    """The name of a folder, as a table of a foreign study gives it. Raises InputError (E106) where
    it leads elsewhere.
    """
    text = str(name)
    if text in ("", ".", "..") or any(sign in text for sign in "/\\\0"):
        raise input_error(
            "E106",
            "a run's key",
            "this is no name of a run",
            given=text[:100],
            do="the study's tables were changed: flood-sim study resume DIR",
        )
    return text
