"""Folders that a command of flood_sim needs: those named by its arguments, Python's, the user's
fonts and settings, caches. Standard library alone: this is asked before all else.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import sys
import threading
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
HOME_READS = (
    ".fonts",
    ".fonts.conf",
    ".local/share/fonts",
    ".config/fontconfig",
    ".config/matplotlib",
    ".config/dask",
)


def real(path: Path) -> Path:
    """Without links; where they run in a circle, as it stands."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def paths_of(value: Any) -> list[Path]:
    """An argument's paths: none, one, or several."""
    several = value if isinstance(value, (list, tuple)) else [value]
    return [Path(v) for v in several if v is not None and str(v)]


def beside(path: Path, name: str) -> list[Path]:
    """A scenario or study reads the folder around it; other files are read alone. Names of shipped
    ones are no paths.
    """
    if name == "name":
        return [real(path).parent, path.parent] if path.is_file() else []
    return [path] if path.exists() else []


def recorded(folder: Path) -> list[Path]:
    """Folders that a run or a study that goes on reads: those that it was started with."""
    found: list[Path] = []
    for record in (
        folder / "study.json",
        *folder.glob("*/state.json"),
        *folder.glob(".*/state.json"),
    ):
        with contextlib.suppress(OSError, ValueError, AttributeError, TypeError):
            document = json.loads(record.read_text(encoding="utf-8"))
            named = document.get("meta", document)
            found += [Path(p) for p in named.get("allowed", ())]
            found += [Path(named["file"]).parent] if record.name == "study.json" else []
    return [path for path in found if path.is_absolute()]


def programs() -> set[Path]:
    """Folders of which files are run as programs: Python's."""
    return {
        Path(p)
        for p in (
            sys.prefix,
            sys.base_prefix,
            sys.exec_prefix,
            Path(os.path.realpath(sys.executable)).parent,
        )
    }


def python_folders() -> list[Path]:
    """Where Python finds code: its own folders, the search path, packages that are linked from
    elsewhere, this package, plugins.
    """
    named = {os.path.abspath(p) for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p}
    here, searched = os.getcwd(), [os.path.abspath(p) for p in sys.path]
    wanted = here in named or os.environ.get("FLOOD_SIM_PLUGINS")
    if searched and searched[0] == here and not wanted:
        del searched[0]  # `python -m` puts the folder one stands in there: it may be the whole home
    places = [*programs(), *map(Path, searched), PACKAGE, PACKAGE.parent / "scenarios"]
    kernels = find_spec("flood_kernels")
    places += [Path(kernels.origin).parent] if kernels is not None and kernels.origin else []
    for finder in sys.meta_path:  # packages installed as links to a checkout
        mapping = getattr(sys.modules.get(getattr(finder, "__module__", "")), "MAPPING", None)
        places += [Path(str(p)) for p in mapping.values()] if isinstance(mapping, dict) else []
    for folder in searched:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            places += [real(Path(entry.path)) for entry in entries if entry.is_symlink()]
    places += [Path(p) for p in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if p]
    return list(dict.fromkeys(places))


def home_folders() -> list[Path]:
    """Fonts and settings of the user, and the certificates that dask's configuration names."""
    places = [
        Path(p)
        for p in (os.environ.get("DASK_CONFIG"), os.environ.get("MATPLOTLIBRC"), "/etc/dask")
        if p
    ]
    places += [
        Path(value)
        for name, value in os.environ.items()
        if name.startswith("DASK_DISTRIBUTED__COMM__TLS__") and value.startswith("/")
    ]
    with contextlib.suppress(RuntimeError):  # no home
        places += [Path.home() / name for name in HOME_READS]
    return places


def caches() -> list[Path]:
    """Folders of compiled kernels and of matplotlib's list of fonts, made where they are not
    there.
    """
    cache, settings = _of_home("XDG_CACHE_HOME", ".cache"), _of_home("XDG_CONFIG_HOME", ".config")
    if cache and not (settings and (settings / "matplotlib").is_dir()):
        # else it would make its folder of settings, may not, and reads all fonts at each start
        os.environ.setdefault("MPLCONFIGDIR", str(cache / "matplotlib"))
    chosen = os.environ.get("MPLCONFIGDIR") or (cache and cache / "matplotlib")
    places = [Path(chosen)] if chosen else []
    places += [cache / "fontconfig"] if cache and (cache / "fontconfig").is_dir() else []
    kernels = kernel_cache()
    # what is chosen here is what flood_kernels and every process that is started take
    os.environ["NUMBA_CACHE_DIR"] = str(kernels.parent)
    places.append(kernels)
    return [made(place) for place in places]


def _of_home(variable: str, name: str) -> Path | None:
    """A folder of the user: where the variable says, else `name` below the home; None without
    either.
    """
    if os.environ.get(variable):
        return Path(os.environ[variable])
    try:
        return Path.home() / name
    except RuntimeError:
        return None


def kernel_cache() -> Path:
    """The folder of compiled kernels, chosen as flood_kernels chooses it, without importing that
    package (and numba).
    """
    package = find_spec("flood_kernels")
    here = Path(str(package.origin)).parent if package is not None else PACKAGE
    spec = spec_from_file_location("flood_kernels_cache_place", here / "cache_place.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{here} holds no kernels: install flood_sim again")
    place = module_from_spec(spec)
    spec.loader.exec_module(place)
    return Path(place.choose_folder())


def made(folder: Path) -> Path:
    """The folder, made with those above it; where it cannot be made, the command says so itself."""
    folder = folder.absolute()
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if missing:
            atexit.register(_remove_empty, missing, os.getpid())
    return folder


def _remove_empty(folders: list[Path], pid: int) -> None:
    """Folders that were made before the command began, and stayed empty."""
    for folder in folders if os.getpid() == pid else ():
        with contextlib.suppress(OSError):
            folder.rmdir()


def emptied(folders: list[Path]) -> list[Path]:
    """Folders in which an empty folder may be removed: around those that are written, and that of
    temporary files.
    """
    import tempfile

    return list(dict.fromkeys([*(f.parent for f in folders), Path(tempfile.gettempdir())]))


def compile_own() -> None:
    """Compile this package once, where its folder may be written: a held process may not write
    compiled code.
    """
    if sys.dont_write_bytecode or not os.access(PACKAGE, os.W_OK) or threading.active_count() > 1:
        return
    import py_compile
    from importlib.util import cache_from_source

    for source in PACKAGE.rglob("*.py"):
        compiled = Path(cache_from_source(str(source)))
        if not compiled.is_file() or compiled.stat().st_mtime < source.stat().st_mtime:
            with contextlib.suppress(OSError, py_compile.PyCompileError):
                py_compile.compile(str(source), doraise=True)
