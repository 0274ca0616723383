"""What the system or a library refuses to write, or cannot read, as one message: which file, why,
what to do. Files are put down whole.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from flood_sim.core.errors import FloodSimError, OutputError, input_error
from flood_sim.core.files.durable import write_text

SHOWN = 120  # characters of a library's own words: a database tells its whole statement
LIBRARIES = ("rasterio", "pyogrio", "netCDF4", "PIL", "pyarrow")
DISK = "free space, or ask for a larger quota"
RIGHTS = "name a place where you may write, or have its rights changed"
REFUSALS = {
    errno.ENOSPC: DISK,
    errno.EDQUOT: DISK,
    errno.EFBIG: "raise the limit of file sizes (ulimit -f unlimited)",
    errno.EROFS: RIGHTS,
    errno.EACCES: RIGHTS,
    errno.EPERM: RIGHTS,
    errno.EIO: "look after the disk or the network drive",
    errno.ESTALE: "mount the network drive again",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "end other programs",
    errno.ENOMEM: "end other programs",
    errno.EAGAIN: "end other programs",
    errno.ENOTDIR: "name a folder: a part of this path is a file",
    errno.EISDIR: "name a file: this is a folder",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.ELOOP: "remove the link that leads to itself",
    errno.ENOENT: "look whether it was moved or removed meanwhile",
    errno.EEXIST: "name another place, or remove what is there",
    errno.ENXIO: "name a plain file",
    errno.ENODEV: "name a plain file",
    errno.EBUSY: "wait for the other program",
    errno.EBADF: "leave standard output open",
    errno.EXDEV: "name a place on one file system",
}
BROKEN = (
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
)  # what the readers of formats raise
AGAIN = "give the command again"


@contextlib.contextmanager
def writing(target: Path, then: str = AGAIN) -> Iterator[None]:
    """Raises OutputError with file, reason and way out for what the system or a library refuses
    inside; then : what to do once there is room.
    """
    try:
        yield
    except FloodSimError:
        raise
    except Exception as error:
        refused = isinstance(error, OSError) and error.errno in REFUSALS
        if not refused and type(error).__module__.partition(".")[0] not in LIBRARIES:
            raise
        way = REFUSALS[error.errno or 0] if isinstance(error, OSError) and refused else DISK
        name = (
            error.filename
            if isinstance(error, OSError)
            and refused
            and error.errno in (errno.ENOTDIR, errno.EISDIR)
            else None
        )
        raise OutputError(
            f"E602 {name or target}: this cannot be written: {reason(error)}\n  do        {way};"
            f" then {then}"
        ) from error


@contextlib.contextmanager
def reading(
    path: Path, do: str = "put the file back, or run its scenario into a new --out"
) -> Iterator[None]:
    """Raises InputError (E110) for what goes wrong inside while a file of results is read: it is
    cut, empty, damaged, or another program's.
    """
    try:
        yield
    except FloodSimError:
        raise
    except Exception as error:
        if (
            not isinstance(error, BROKEN)
            and type(error).__module__.partition(".")[0] not in LIBRARIES
        ):
            raise
        raise input_error(
            "E110",
            str(path),
            f"this file is damaged, or not of these results: {reason(error)}",
            do=do,
        ) from error


def write_csv(path: Path, rows: Iterable[Sequence[object]], then: str = AGAIN) -> Path:
    """A table, whole or not at all. Raises OutputError."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    with writing(path, then):
        return write_text(path, text.getvalue())


def reason(error: BaseException) -> str:
    """The system's word for it, or the beginning of a library's, on one line."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())[:SHOWN] or type(error).__name__


def refusal(error: OSError) -> str | None:
    """What to say where the system refused a file or a stream that nobody was watching; None where
    that is no reason of the system's.
    """
    if error.errno not in REFUSALS:
        return None
    name, way = error.filename, REFUSALS[error.errno]
    if isinstance(name, bytes):
        name = name.decode(errors="replace")
    if name is None:
        name, way = _unnamed(error, way)
    return f"E602 {name}: the system refused it: {reason(error)}\n  do        {way}; then {AGAIN}"


def _unnamed(error: OSError, way: str) -> tuple[str, str]:
    """What a refusal is about that names no file: temporary files, the current folder, standard
    output; and the way out.
    """
    if "temporary directory" in str(error):
        return "temporary files", "set TMPDIR to a folder where you may write"
    try:
        os.getcwd()
    except OSError:
        return "current folder", "it was removed: cd into one that is there"
    try:
        os.write(1, b"\n")
    except OSError:
        return "standard output", way
    return "a file", way
