"""Which folder keeps the compiled kernels. Standard library alone: it is asked before Numba is
imported, too.

Numba keys a cached function by its own file and does not see an edit in another one. So the
folder's name carries a hash of every kernel source: an edited or upgraded kernel is always compiled
anew.
"""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

SOURCES = sorted(Path(__file__).parent.glob("*.py"))
# Only a folder of this user alone in them is used.
TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108
WAY_OUT = "set NUMBA_CACHE_DIR to a folder of your own that can be written"


def sources_hash() -> str:
    """First 12 hexadecimal digits of the SHA-256 of all kernel sources."""
    digest = hashlib.sha256()
    for path in SOURCES:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def open_to_others(folder: Path) -> Path | None:
    """The folder, or the one around or in it, where someone else than this user and the system's
    administrator may write; None: nowhere.

    The user's own group may: it is their own by default on most systems. What is not there yet is
    nobody's.
    """
    if not hasattr(os, "getuid"):
        return None
    for place in (folder.parent, folder, *(p for p in _listed(folder) if p.is_dir())):
        try:
            found = place.stat()
        except OSError:
            continue
        if found.st_mode & stat.S_IWOTH or found.st_uid not in (0, os.getuid()):
            return place
    return None


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _writable(folder: Path) -> bool:
    """Whether a file can be made in the folder, which is made where it is missing. Permissions
    alone do not tell: disks are read-only, too.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _holds_kernels(folder: Path) -> bool:
    try:
        return any(folder.rglob("*.nbc"))
    except OSError:
        return False


def _private(base: Path) -> bool:
    """Whether the folder, in a place where everybody may write, is this user's alone; made where it
    is missing.
    """
    try:
        base.mkdir(mode=0o700, exist_ok=True)
        found = base.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.getuid()
        and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def choose_folder() -> Path:
    """Where compiled kernels are kept.

    Under NUMBA_CACHE_DIR where that is set. Else the first of these that can be written and that
    nobody else may write to: beside the sources, in the user's cache folder. Else one of both that
    can only be read and holds kernels; else a folder of this user alone among the temporary files.
    """
    name = f"kernels-{sources_hash()}"
    if os.environ.get("NUMBA_CACHE_DIR"):
        return Path(os.environ["NUMBA_CACHE_DIR"]) / name
    places, home = [Path(__file__).parent / "__pycache__"], os.path.expanduser("~")
    user = os.environ.get("XDG_CACHE_HOME") or (
        "" if home == "~" else os.path.join(home, ".cache")
    )  # "~": there is no home
    places += [Path(user) / "flood_sim"] if user else []
    known = [place / name for place in places if open_to_others(place / name) is None]
    for fits in (_writable, _holds_kernels):
        for folder in known:
            if fits(folder):
                return folder
    if hasattr(os, "getuid"):
        for place in dict.fromkeys((os.environ.get("TMPDIR") or TEMPORARY[0], *TEMPORARY)):
            base = Path(place) / f"flood_sim-{os.getuid()}"
            if _private(base) and _writable(base / name):
                return base / name
    return places[-1] / name
