"""One process at a time in a folder: a lock of the system, which goes with its process; who holds
it stands beside it, for the message alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flood_sim.core.errors import InputError, input_error
from flood_sim.core.files.durable import PART

WAIT_S = 0.3  # one that is just ending is waited for
TRIES = 10
CLOCKS_DIFFER_S = 60.0  # of a file system and this machine


@contextlib.contextmanager
def held(folder: Path, name: str, what: str) -> Iterator[None]:
    """Hold folder / name, where `folder` is made if it is not there; what : "run" or "study", for
    the message.

    A folder in which nothing was begun goes again. Raises InputError where another process holds it
    (E112), or where nothing can be written or locked here (E111).
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / name)
    try:
        _acquire(lock, folder)
    except Timeout:
        raise _busy(folder, name, what) from None
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise input_error(
            "E111", str(folder), f"the folder cannot be written: {reason}", do="give another --out"
        ) from error
    owner = owner_file(folder, name)
    try:
        _sign(owner)
        yield
    finally:
        owner.unlink(missing_ok=True)
        (folder / name).unlink(
            missing_ok=True
        )  # while it is held: who has opened it meanwhile sees that it has no name any more
        with contextlib.suppress(
            OSError
        ):  # results are here, or another one has just come in; else as if nobody had been here
            folder.rmdir()
        lock.release()


def _acquire(lock: Any, folder: Path) -> None:
    """Make the folder and take the lock; again where another process, which had begun nothing, has
    just taken the folder away.
    """
    for left in range(TRIES, -1, -1):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=WAIT_S, poll_interval=0.05)
            return
        except (FileNotFoundError, FileExistsError):
            if not left:
                raise


def owner_file(folder: Path, name: str) -> Path:
    """Where the holder of a lock says who it is."""
    return folder / f"{name}.owner"


def owner_of(folder: Path, name: str) -> dict[str, Any]:
    """pid, host and since (s since 1970) of who holds or last held the lock; {} where that is not
    known. No proof that it is held.
    """
    try:
        found = json.loads(owner_file(folder, name).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # gone in the meantime, or half of it written
        return {}
    return found if isinstance(found, dict) and {"pid", "host", "since"} <= found.keys() else {}


def looks_held(folder: Path, name: str) -> bool:
    """Whether somebody seems to write here, for readers who wait for whole frames: the lock itself
    is not touched.
    """
    owner = owner_of(folder, name)
    return bool(owner) and (
        owner["host"] != socket.gethostname()
        or process_alive(int(owner["pid"]), float(owner["since"]))
    )


def process_alive(pid: int, wrote_s: float = float("inf")) -> bool:
    """Whether the process that wrote at wrote_s (s since 1970) still runs. A zombie process does
    not count, nor a younger process with the same number.
    """
    import psutil

    try:
        process = psutil.Process(pid)
        return bool(
            process.status() != psutil.STATUS_ZOMBIE
            and process.create_time() < wrote_s + CLOCKS_DIFFER_S
        )
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _sign(owner: Path) -> None:
    """Say who is here. Raises InputError where the disk is full."""
    side = owner.with_name(owner.name + PART)
    try:
        side.write_text(
            json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}),
            encoding="utf-8",
        )
        os.replace(side, owner)
    except OSError as error:
        side.unlink(missing_ok=True)
        raise input_error(
            "E111",
            str(owner.parent),
            f"the folder cannot be written: {error.strerror}",
            do="free space, or give another --out",
        ) from error


def _busy(folder: Path, name: str, what: str) -> InputError:
    owner = owner_of(folder, name)
    since = (
        time.strftime(", since %Y-%m-%d %H:%M:%S", time.localtime(owner["since"])) if owner else ""
    )
    given = (
        f"process {owner['pid']} on {owner['host']}{since}"
        if owner
        else "a process that did not say its number"
    )
    verb = "writing" if what == "run" else "running"
    return input_error(
        "E112",
        str(folder),
        f"another {what} is {verb} here",
        given=given,
        do=f"wait until it ends or end it, or give this {what} another --out",
    )
