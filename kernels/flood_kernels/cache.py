"""Where compiled kernels are kept, and how: in one folder of one's own, or nowhere.

Numba keys a cached function by its own file and does not see an edit in another one. So the folder's name carries a hash of every kernel source:
an edited or upgraded kernel is always compiled anew.

Left to itself, Numba takes the next place it knows where a folder cannot be written, without a word. What it loads is code. So here nothing is
loaded from, or saved to, any other folder than the one chosen at import. A folder that cannot be written is read. A file in it that cannot be
read, is cut, or holds something else, is compiled anew. What cannot be saved is compiled at each start, and that is said.
"""

import contextlib
import hashlib
import logging
import os
import stat
import tempfile
from pathlib import Path

import numba
from numba.core import sigutils
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator

SOURCES = sorted(Path(__file__).parent.glob("*.py"))
TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 (only a folder of this user alone in them is used)
WAY_OUT = "set NUMBA_CACHE_DIR to a folder of your own that can be written"


def sources_hash() -> str:
    """First 12 hexadecimal digits of the SHA-256 of all kernel sources."""
    digest = hashlib.sha256()
    for path in SOURCES:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def open_to_others(folder: Path) -> Path | None:
    """The folder, or the one around or in it, where someone else than this user and the system's administrator may write; None: nowhere.

    The user's own group may: it is their own by default on most systems. What is not there yet is nobody's.
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
    """Whether a file can be made in the folder, which is made where it is missing. Permissions alone do not tell: disks are read-only, too."""
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
    """Whether the folder, in a place where everybody may write, is this user's alone; made where it is missing."""
    try:
        base.mkdir(mode=0o700, exist_ok=True)
        found = base.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def choose_folder() -> Path:
    """Where compiled kernels are kept.

    Under NUMBA_CACHE_DIR where that is set. Else the first of these that can be written and that nobody else may write to: beside the sources, in
    the user's cache folder. Else one of both that can only be read and holds kernels; else a folder of this user alone among the temporary files.
    """
    name = f"kernels-{sources_hash()}"
    if numba.config.CACHE_DIR:
        return Path(numba.config.CACHE_DIR) / name
    user = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "flood_sim" / name
    known = [folder for folder in (Path(__file__).parent / "__pycache__" / name, user) if open_to_others(folder) is None]
    for fits in (_writable, _holds_kernels):
        for folder in known:
            if fits(folder):
                return folder
    if hasattr(os, "getuid"):
        for place in dict.fromkeys((os.environ.get("TMPDIR") or TEMPORARY[0], *TEMPORARY)):
            base = Path(place) / f"flood_sim-{os.getuid()}"
            if _private(base) and _writable(base / name):
                return base / name
    return user


FOLDER = choose_folder()


def cache_folder() -> Path:
    """Where this process keeps compiled kernels; the same until it ends."""
    return FOLDER


class _Place(UserProvidedCacheLocator):
    """A folder below FOLDER, whether it can be written or not."""

    def __init__(self, py_func, py_file):
        self._py_file, self._lineno = py_file, py_func.__code__.co_firstlineno
        self._cache_path = str(FOLDER / self.get_suitable_cache_subpath(py_file))

    @classmethod
    def from_function(cls, py_func, py_file):
        return cls(py_func, py_file)


class _Implementation(CompileResultCacheImpl):
    _locator_classes = (_Place,)


_said: set[str] = set()


def _say_once(kind: str, text: str) -> None:
    if kind not in _said:
        _said.add(kind)
        logging.getLogger(__name__).warning(text)


class KernelCache(FunctionCache):
    """Numba's cache of one function, in FOLDER alone; trouble with its files costs a compilation, never the run."""

    _impl_class = _Implementation

    def load_overload(self, sig, target_context):
        """The compiled function for these types of arguments; None where there is none, or none that can be read."""
        try:
            found = super().load_overload(sig, target_context)
            if found is None or tuple(found.signature.args) == tuple(sigutils.normalize_signature(sig)[0]):
                return found
            trouble = "it holds another function"  # of two processes that saved at once
        except MemoryError:
            raise
        except Exception as error:  # a cut file raises whatever its bytes happen to mean
            trouble = f"{type(error).__name__}: {error}"
        _say_once("damaged", f"a compiled kernel in {self.cache_path} cannot be read ({trouble}); it is compiled anew")
        with contextlib.suppress(OSError):  # save_overload says it
            self.flush()
        return None

    def save_overload(self, sig, data):
        """Keep a compiled function; where that fails, say so."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _say_once(
                "unkept",
                f"compiled kernels cannot be kept in {FOLDER} ({error.strerror or error}): each start compiles them anew, some minutes; way out: {WAY_OUT}",
            )
