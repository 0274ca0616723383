"""Landlock, the kernel's own lock on folders (Linux 5.13 and later): whether it is there, and the
rules of a process. Standard library and landlockpy alone.
"""

from __future__ import annotations

import contextlib
import errno
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flood_sim.core.sandbox_folders import programs

SYSTEM = (
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/nix/store",
    "/gnu/store",
    "/run/current-system",
)
SYSTEM_FILES = (
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ld.so.preload",
    "/etc/localtime", "/etc/timezone", "/etc/fonts", "/etc/passwd", "/etc/group",
    "/etc/nsswitch.conf", "/etc/os-release", "/etc/lsb-release", "/etc/debian_version",
    "/etc/mime.types", "/etc/ssl/openssl.cnf", "/etc/alternatives", "/etc/matplotlibrc",
    "/etc/malloc.conf", "/etc/locale.alias", "/etc/host.conf", "/etc/hosts", "/etc/resolv.conf",
    "/etc/gai.conf", "/var/cache/fontconfig", "/proc", "/sys/devices", "/sys/fs/cgroup",
    "/sys/kernel/mm", "/dev/random", "/dev/urandom",
)  # fmt: skip
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty")
# a container that forbids it
FORBIDDEN = (errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.E2BIG)
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (no temporary file of ours)


def available() -> int:
    """The kernel's Landlock version, 0 where it has none."""
    try:
        import landlockpy

        return int(landlockpy.abi_version())
    except (ImportError, OSError):
        return 0


def restrict(reads: list[Path], writes: list[Path], empty: list[Path], network: bool) -> bool:
    """Hold this process for good: it reads `reads`, writes `writes`, and removes empty folders in
    `empty`; no TCP, unless network. False where the kernel cannot.
    """
    from landlockpy import AccessNet, RestrictFlag, Ruleset, Scope, net_for_abi

    try:
        with Ruleset(
            handled_net=AccessNet.NONE if network else net_for_abi(available()),
            scoped=Scope.NONE if network else Scope.SIGNAL | Scope.ABSTRACT_UNIX_SOCKET,
        ) as rules:
            for path, access, of_a_file in _rules(reads, writes, empty, network):
                with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
                    rules.allow_path(path, access if path.is_dir() else of_a_file)
            rules.restrict(RestrictFlag.TSYNC)
    except OSError as error:
        if error.errno in FORBIDDEN:
            return False
        raise
    # Numba asks for a lock of worker processes in /dev/shm, which no command needs, and says that
    # it has none
    warnings.filterwarnings("ignore", message="Could not obtain multiprocessing lock")
    return True


def _rules(
    reads: list[Path], writes: list[Path], empty: list[Path], network: bool
) -> Iterator[tuple[Path, Any, Any]]:
    """Each path with what is allowed there if it is a folder, and if it is a file."""
    from landlockpy import AccessFS as Fs

    read = Fs.READ_FILE | Fs.READ_DIR
    made = Fs.MAKE_REG | Fs.MAKE_DIR | Fs.REMOVE_FILE | Fs.REMOVE_DIR | Fs.REFER
    write = read | Fs.WRITE_FILE | Fs.TRUNCATE | made
    device = Fs.READ_FILE | Fs.WRITE_FILE | Fs.IOCTL_DEV
    of_a_file = Fs.READ_FILE | Fs.WRITE_FILE | Fs.TRUNCATE | Fs.EXECUTE | Fs.IOCTL_DEV
    run = programs()
    for places, access in (
        ([*map(Path, SYSTEM), *(p for p in reads if p in run)], read | Fs.EXECUTE),
        ([*map(Path, SYSTEM_FILES), *reads], read),
        ([*map(Path, DEVICES)], device),
        (writes, write),
        (empty, Fs.REMOVE_DIR),
        # locks of Python's own worker processes; an OpenMP of conda leaves its mark there, or ends
        # the process
        ([SHARED_MEMORY] if network or _conda_openmp() else [], write),
    ):
        for place in places:
            yield place, access, access & of_a_file


def _conda_openmp() -> bool:
    return any(Path(sys.prefix, "lib").glob("lib*omp*.so*"))
