"""NetCDF-4 is a file system: links, raw data and virtual datasets may lie in other files. Such a
file is refused before anything of it is read.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flood_sim.core.errors import input_error

if TYPE_CHECKING:
    import xarray

HDF5, CLASSIC = b"\x89HDF\r\n\x1a\n", (b"CDF\x01", b"CDF\x02", b"CDF\x05")
HARD, SOFT = 0, 1  # kinds of links that stay in a file
DATASET, VIRTUAL = 5, 3  # HDF5's numbers: a kind of object, a layout
LINK = "a link to another file"
BY_NAME, ANY_ORDER, DEFAULT, READ_ONLY = 0, 0, 0, 0


def check_netcdf(path: Path, place: str = "") -> Path:
    """The file, where all of it lies in itself. place : how messages name it, "" for its name
    alone.

    Raises InputError (E117) where it points elsewhere, (E110) where it is none, OSError where HDF5
    cannot open it.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(CLASSIC):
        return path  # one header and its arrays: it can name no file
    if head != HDF5:
        raise input_error(
            "E110",
            place or path.name,
            "this is no NetCDF file",
            do="re-copy the file, or write it again as NetCDF",
        )
    with hdf5_held():
        outside = _first_outside(path)
    if outside:
        problem, do = (
            "the file takes data from other files",
            "copy it into one file: nccopy OLD.nc NEW.nc",
        )
        if outside.endswith(LINK):  # nccopy cannot: the dimensions lie there, too
            problem, do = (
                "a part of the file is a link to another file",
                "give the file that holds it",
            )
        allowed = "a NetCDF file that holds its own data"
        raise input_error(
            "E117", place or path.name, problem, given=outside[:120], allowed=allowed, do=do
        )
    return path


class _Lock:
    """One for the process, taken again by the thread that holds it; a copy of it is itself."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def acquire(self, blocking: bool = True) -> bool:
        return self._lock.acquire(blocking=blocking)

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def __reduce__(self) -> str:
        return "HDF5_LOCK"


HDF5_LOCK = _Lock()


@contextmanager
def hdf5_held() -> Iterator[None]:
    """No other thread uses HDF5 meanwhile (2.2 crashes where two do), and Python's collector waits:
    it closes files that nobody holds any more, and HDF5 fails where that comes while it looks
    through another.
    """
    with HDF5_LOCK:
        running = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if running:
                gc.enable()


def open_netcdf(path: Path, place: str = "", **keys: Any) -> xarray.Dataset:
    """A NetCDF file that holds its own data, as an xarray Dataset that reads when it is asked.
    place as in check_netcdf, keys as in xarray.open_dataset. Several threads may hold such
    datasets; xarray's own lock leaves the opening free and crashes.

    Raises as check_netcdf does, and what xarray raises.
    """
    import xarray

    with hdf5_held():
        path = check_netcdf(path, place)
        return xarray.open_dataset(path, engine="netcdf4", lock=HDF5_LOCK, **keys)


VISITOR = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int64, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int), ctypes.c_void_p
)


def _library() -> Any:
    """The HDF5 that netCDF4 uses, by its C functions; they hold the interpreter's lock, as HDF5 is
    one for all threads.
    """
    from netCDF4 import _netCDF4

    library = ctypes.PyDLL(str(_netCDF4.__file__))
    number, text = ctypes.c_int64, ctypes.c_char_p
    for name, types in (
        ("H5Fopen", [text, ctypes.c_uint, number]),
        ("H5Oopen", [number, text, number]),
        ("H5Dget_create_plist", [number]),
    ):
        function = getattr(library, name)
        function.argtypes, function.restype = types, number
    for name in (
        "H5Fclose",
        "H5Oclose",
        "H5Pclose",
        "H5Iget_type",
        "H5Pget_layout",
        "H5Pget_external_count",
    ):
        getattr(library, name).argtypes = [number]
    whole, pointer = ctypes.c_int, ctypes.c_void_p
    library.H5Lvisit2.argtypes = [number, whole, whole, VISITOR, pointer]
    library.H5Eset_auto2.argtypes = [number, pointer, pointer]
    library.H5Eset_auto2(DEFAULT, None, None)
    return library


def _first_outside(path: Path) -> str:
    """The first object of an HDF5 file that lies outside it, '' where there is none. No external
    link is followed, no data is read.
    """
    library, found = _library(), list[str]()

    def visit(group: int, name: bytes, info: Any, _: Any) -> int:
        # the kind of a link is the first member of its description
        reason = _elsewhere(library, group, name, info[0])
        if reason is None:
            return -1  # HDF5's own failure: it is told as one, not laid at the file's door
        if reason:
            found.append(f"{name.decode(errors='replace')}: {reason}")
        return int(bool(reason))

    file = library.H5Fopen(str(path).encode(), READ_ONLY, DEFAULT)
    if file < 0:
        raise OSError(
            errno.EIO,
            "HDF5 cannot open this file: it is damaged, or a program is writing it",
            str(path),
        )
    try:
        ended = library.H5Lvisit2(file, BY_NAME, ANY_ORDER, VISITOR(visit), None)
    finally:
        library.H5Fclose(file)
    if ended < 0:
        raise OSError(errno.EIO, "HDF5 cannot list what is in this file: it is damaged", str(path))
    return found[0] if found else ""


def _elsewhere(library: Any, group: int, name: bytes, kind: int) -> str | None:
    """Why a link leads out of its file; '' where it does not, None where HDF5 cannot say."""
    if kind == HARD:
        return _outside(library, group, name)
    return "" if kind == SOFT else LINK


def _outside(library: Any, group: int, name: bytes) -> str | None:
    """Why a dataset's data lie in another file; '' for all other objects, None where HDF5 cannot
    say.
    """
    item = library.H5Oopen(group, name, DEFAULT)
    if item < 0:
        return None
    reason: str | None = ""
    if library.H5Iget_type(item) == DATASET:
        made = library.H5Dget_create_plist(item)
        if made < 0:
            reason = None
        elif library.H5Pget_external_count(made) != 0:
            reason = "its data lie in another file"
        elif library.H5Pget_layout(made) not in range(VIRTUAL):
            reason = "a virtual dataset"
        if made >= 0:
            library.H5Pclose(made)
    library.H5Oclose(item)
    return reason
