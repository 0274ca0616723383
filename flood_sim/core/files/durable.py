"""Files that are there whole or not at all: written beside, synced to the disk, renamed into place,
the folder synced. Knows no format.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

PART = ".part"  # in the name of every file that is still being written
NO_SYNC = (
    errno.EINVAL,
    errno.ENOTSUP,
    errno.EBADF,
)  # what file systems answer that cannot sync a folder
_numbers = itertools.count()


def write_beside(path: Path, writer: Callable[[Path], object]) -> Path:
    """Let writer(side) make the file under another name with the same ending, then put it in the
    place of `path`.

    A kill, a full disk or an exception at any moment leaves `path` as it was: the old file, or
    none. Raises what the writer raises, and OSError.
    """
    side = path.with_name(f".{path.stem}.{os.getpid()}-{next(_numbers)}{PART}{path.suffix}")
    try:
        writer(side)
        sync_file(side)
        os.replace(side, path)
    except BaseException:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            side.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return path


def write_bytes(path: Path, content: bytes) -> Path:
    """Replace the file by content. Raises OSError."""
    return write_beside(path, lambda side: side.write_bytes(content))


def write_text(path: Path, text: str) -> Path:
    """Replace the file by text in UTF-8, line ends as they are. Raises OSError."""
    return write_bytes(path, text.encode())


def write_json(path: Path, document: Any, indent: int | None = 2) -> Path:
    """Replace the file by a JSON document with a line end. Raises OSError, and ValueError for what
    JSON does not know.
    """
    return write_text(path, json.dumps(document, indent=indent, ensure_ascii=False) + "\n")


def sync_file(path: Path) -> None:
    """What the file holds is on the disk when this returns."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """The names in the folder are on the disk when this returns, where the file system can do
    that.
    """
    number = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise
    finally:
        os.close(number)


def remove_parts(folder: Path) -> None:
    """Remove what killed writers left in a folder that this process holds."""
    for side in folder.glob(f".*{PART}*"):
        side.unlink(missing_ok=True)
