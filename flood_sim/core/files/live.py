"""A result folder while a run writes into it: a counter that is odd while frames are under way, and
what a reader does with it.

The writer never waits for readers, and holds no lock of HDF5 on its files. A reader takes a copy,
and takes it again where a frame came in between: in a file that is being written, a chunk can move
while it is looked up.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flood_sim.core.errors import InputError, input_error
from flood_sim.core.files.folder_lock import looks_held

RUN_LOCK, COUNTER = ".lock", ".frames"
PATIENCE_S, PAUSE_S = 30.0, 0.05


class FrameCounter:
    """The writer's side. Odd: frames are being written; even: all files are whole."""

    __slots__ = ("_file", "_number", "_path")  # no part of a run's state: a resumed run has its own

    def __init__(self, folder: Path) -> None:
        self._path = folder / COUNTER
        self._number = 0
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        self._put()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Odd inside; it stays odd where the writing fails."""
        self._number += 1
        self._put()
        yield
        self._number += 1
        self._put()

    def close(self) -> None:
        """Nothing more is written. Safe to call twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            self._path.unlink(missing_ok=True)

    def _put(self) -> None:
        os.pwrite(self._file, f"{self._number:020d}".encode(), 0)


def is_written_now(folder: Path) -> bool:
    """Whether a run seems to write here."""
    return looks_held(folder, RUN_LOCK)


def copied_whole(path: Path) -> tuple[Path, tempfile.TemporaryDirectory[str]]:
    """A copy of a file that a run is writing, with whole frames only, and the folder that goes with
    the copy once it is dropped.

    Raises InputError where frames come faster than the file can be copied, or the disk for the copy
    is full.
    """
    folder = tempfile.TemporaryDirectory(prefix="flood_sim_read_")
    copy = Path(folder.name) / path.name
    end = time.monotonic() + PATIENCE_S
    while True:
        before = _number(path.parent)
        if before is not None and before % 2 == 0:
            try:
                shutil.copyfile(path, copy)
            except OSError as error:
                raise input_error(
                    "E110",
                    str(path),
                    f"no copy can be made while the run writes: {error.strerror}",
                    do="free space, or wait until the run has ended",
                ) from error
            if _number(path.parent) == before:
                return copy, folder
        if not is_written_now(path.parent):  # it has ended meanwhile: the file itself is whole
            shutil.copyfile(path, copy)
            return copy, folder
        if time.monotonic() > end:
            raise _too_fast(path)
        time.sleep(PAUSE_S)


def _too_fast(path: Path) -> InputError:
    return input_error(
        "E122",
        str(path),
        f"the run writes frames faster than the file can be copied ({PATIENCE_S:g} s were tried)",
        do="wait until the run has ended, or give [output] a longer interval_s",
    )


def _number(folder: Path) -> int | None:
    """The counter; None where there is none (now)."""
    try:
        text = (folder / COUNTER).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdigit() else None
