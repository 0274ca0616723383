"""The second line of defence: the kernel itself (Landlock, Linux 5.13 and later) lets a process
open only the folders that its command needs.

Whatever a file persuades a C library to do, it ends at these folders: reads below Python, the
system's libraries, the scenario's folder and those allowed; writes below the result folder, a
scratch folder and caches of compiled kernels and fonts; no TCP (Linux 6.7). Only the command line
and the processes of a study's models are held, never a program that imports flood_sim. Standard
library alone: it runs before everything else is imported.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import json
import os
import shutil
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from flood_sim.core.errors import InputError, input_error

PACKAGE = Path(__file__).parents[1]
VARIABLE = "FLOOD_SIM_NO_SANDBOX"
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
HOME_READS = (
    ".fonts",
    ".fonts.conf",
    ".local/share/fonts",
    ".config/fontconfig",
    ".config/matplotlib",
    ".config/dask",
)


@dataclass(frozen=True)
class Needs:
    """Which arguments of a command name what it reads, and folders that it writes; network: a
    study's parent, which talks to its workers.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    network: bool = False


COMMANDS = {
    "copy": Needs(("name",), ("folder",)),
    "check": Needs(("name", "allow_path"), ("out",)),
    "run": Needs(("name", "allow_path"), ("out", "resume")),
    "report": Needs(("limits",), ("folders",)),
    "compare": Needs(("observed",), ("before", "after")),
    "explain": Needs((), ("folder",)),
    "trace": Needs((), ("folder",)),
    "section": Needs((), ("folder",)),
    "lead-time": Needs(("name", "allow_path"), ("out",)),
    "audit": Needs(("name", "allow_path", "standards", "loads"), ("out",), network=True),
    "study run": Needs(("name", "allow_path"), ("out",), network=True),
    "study resume": Needs((), ("folder",), network=True),
    "study status": Needs((), ("folder",)),
}


@dataclass
class _State:
    armed: bool = False
    roots: list[Path] = field(default_factory=list)
    scratch: Path | None = None


_state = _State()


def arm() -> None:
    """From now on `enter` holds this process: called where flood_sim is the program, not a
    library.
    """
    _state.armed = os.environ.get(VARIABLE, "") in ("", "0")


def available() -> int:
    """The kernel's Landlock version, 0 where it has none."""
    try:
        import landlockpy

        return int(landlockpy.abi_version())
    except (ImportError, OSError):
        return 0


def described() -> str:
    """One line for `doctor`."""
    abi = available()
    if os.environ.get(VARIABLE, "") not in ("", "0"):
        return f"none: {VARIABLE} is set; the checks of paths stand alone"
    if abi == 0:
        return (
            "none: this system has no Landlock (Linux 5.13 and later); the checks of paths stand"
            " alone"
        )
    return f"Landlock {abi}: commands open only what they need" + (
        ", and no TCP port" if abi >= 4 else "; TCP is not held (Linux 6.7)"
    )


def enter(command: str, arguments: dict[str, Any]) -> None:
    """Hold this process to what a command needs, for good. Does nothing where flood_sim is a
    library, or the kernel cannot.
    """
    needs = COMMANDS.get(command)
    if (
        needs is None or not _state.armed or arguments.get("pdf")
    ):  # a browser prints the PDF: it has a sandbox of its own
        return
    folders = [path for name in needs.writes for path in _paths(arguments.get(name))]
    reads = [
        place
        for name in needs.reads
        for path in _paths(arguments.get(name))
        for place in _beside(path, name)
    ]
    reads += [place for folder in folders for place in _recorded(folder)]
    hold(reads, folders, network=needs.network)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """A file that the kernel keeps from this process ends it with one message."""
    try:
        yield
    except OSError as error:
        message = denied(error)
        if message is None:
            raise
        raise message from error


def hold_model(store: Path, reads: list[Path]) -> bool:
    """Hold the process of a study's models: it writes the study's runs, and talks to nobody."""
    return _state.armed and hold(reads, [store])


def hold_apart(config: str, folder: str) -> bool:
    """Hold the process of a BMI instance: it reads its scenario's folder, and writes its own."""
    arm()
    return _state.armed and hold(_beside(Path(config.partition("#")[0]), "name"), [Path(folder)])


def leave() -> None:
    """Remove this process' temporary files: for those that end at once (os._exit)."""
    if _state.scratch is not None:
        shutil.rmtree(_state.scratch, ignore_errors=True)


def hold(reads: Iterable[Path], folders: Iterable[Path], network: bool = False) -> bool:
    """Hold this process and those it starts: read `reads`, write `folders` (made where they are not
    there). True where the kernel does.

    Threads that are there already stay free on kernels before 6.16: call it before numpy is
    imported.
    """
    abi = available()
    if abi == 0:
        return False
    reads, made = [*reads, *_python(), *_home()], [_made(folder) for folder in folders]
    empty = _emptied(made)
    writes = [*made, *_caches(), _scratch()]
    _compile_own()
    _state.roots = [
        _real(p) for p in (*reads, *writes, *map(Path, (*SYSTEM, *SYSTEM_FILES, *DEVICES)))
    ]
    return _restrict(reads, writes, empty, network)


def _restrict(reads: list[Path], writes: list[Path], empty: list[Path], network: bool) -> bool:
    from landlockpy import AccessFS as Fs
    from landlockpy import AccessNet, RestrictFlag, Ruleset, Scope, net_for_abi

    read = Fs.READ_FILE | Fs.READ_DIR
    write = (
        read
        | Fs.WRITE_FILE
        | Fs.TRUNCATE
        | Fs.MAKE_REG
        | Fs.MAKE_DIR
        | Fs.REMOVE_FILE
        | Fs.REMOVE_DIR
        | Fs.REFER
    )
    of_a_file = Fs.READ_FILE | Fs.WRITE_FILE | Fs.TRUNCATE | Fs.EXECUTE | Fs.IOCTL_DEV
    rules = [(Path(p), read | Fs.EXECUTE) for p in SYSTEM] + [
        (p, read | Fs.EXECUTE) for p in reads if p in _programs()
    ]
    rules += [(Path(p), read) for p in SYSTEM_FILES] + [
        (Path(p), Fs.READ_FILE | Fs.WRITE_FILE | Fs.IOCTL_DEV) for p in DEVICES
    ]
    rules += (
        [(p, read) for p in reads]
        + [(p, write) for p in writes]
        + [(p, Fs.REMOVE_DIR) for p in empty]
    )
    if network:
        rules.append((Path("/dev/shm"), write))  # noqa: S108 (locks of Python's own worker processes lie there)
    elif any(Path(sys.prefix, "lib").glob("lib*omp*.so*")):
        rules.append((Path("/dev/shm"), write))  # noqa: S108 (an OpenMP of conda leaves its mark there, or ends the process)
    held = AccessNet.NONE if network else net_for_abi(available())
    try:
        with Ruleset(
            handled_net=held,
            scoped=Scope.NONE if network else Scope.SIGNAL | Scope.ABSTRACT_UNIX_SOCKET,
        ) as rules_of_kernel:
            for path, access in rules:
                with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
                    rules_of_kernel.allow_path(
                        path, access if path.is_dir() else access & of_a_file
                    )
            rules_of_kernel.restrict(RestrictFlag.TSYNC)
    except OSError as error:
        if error.errno in (
            errno.ENOSYS,
            errno.EOPNOTSUPP,
            errno.EPERM,
            errno.E2BIG,
        ):  # a container that forbids it
            return False
        raise
    # Numba asks for a lock of worker processes in /dev/shm, which no command needs, and says that
    # it has none
    warnings.filterwarnings("ignore", message="Could not obtain multiprocessing lock")
    return True


def denied(error: OSError) -> InputError | None:
    """The message for a file that the kernel kept from this process because it lies outside; None
    for every other error.
    """
    if (
        error.errno not in (errno.EACCES, errno.EXDEV)
        or not _state.roots
        or not isinstance(error.filename, (str, bytes, os.PathLike))
    ):
        return None
    path = _real(Path(os.fsdecode(error.filename)))
    if any(path.is_relative_to(root) for root in _state.roots):
        return None
    return input_error(
        "E106",
        str(path),
        "this file lies outside the folders that this command may open",
        allowed="the scenario's and the result folder",
        do="copy the file in, or allow its folder: --allow-path DIR",
    )


# ----------------------------------------------------------------------------------- what is needed


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def _paths(value: Any) -> list[Path]:
    """An argument's paths: none, one, or several."""
    several = value if isinstance(value, (list, tuple)) else [value]
    return [Path(v) for v in several if v is not None and str(v)]


def _beside(path: Path, name: str) -> list[Path]:
    """A scenario or study reads the folder around it; other files are read alone. Names of shipped
    ones are no paths.
    """
    if name == "name":
        return [_real(path).parent, path.parent] if path.is_file() else []
    return [path] if path.exists() else []


def _recorded(folder: Path) -> list[Path]:
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


def _programs() -> set[Path]:
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


def _python() -> list[Path]:
    """Where Python finds code: its own folders, the search path, packages that are linked from
    elsewhere, this package, plugins.
    """
    named = {os.path.abspath(p) for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p}
    here, searched = os.getcwd(), [os.path.abspath(p) for p in sys.path]
    if (
        searched
        and searched[0] == here
        and here not in named
        and not os.environ.get("FLOOD_SIM_PLUGINS")
    ):
        searched = searched[
            1:
        ]  # `python -m` puts the folder one stands in there: it may be the whole home
    places = [*_programs(), *map(Path, searched), PACKAGE, PACKAGE.parent / "scenarios"]
    kernels = find_spec("flood_kernels")
    places += [Path(kernels.origin).parent] if kernels is not None and kernels.origin else []
    for finder in sys.meta_path:  # packages installed as links to a checkout
        mapping = getattr(sys.modules.get(getattr(finder, "__module__", "")), "MAPPING", None)
        places += [Path(str(p)) for p in mapping.values()] if isinstance(mapping, dict) else []
    for folder in searched:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            places += [_real(Path(entry.path)) for entry in entries if entry.is_symlink()]
    places += [Path(p) for p in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if p]
    return list(dict.fromkeys(places))


def _home() -> list[Path]:
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


def _caches() -> list[Path]:
    """Folders of compiled kernels and of matplotlib's list of fonts, made where they are not
    there.
    """
    home = None
    with contextlib.suppress(RuntimeError):
        home = Path.home()
    cache = (
        Path(os.environ["XDG_CACHE_HOME"])
        if os.environ.get("XDG_CACHE_HOME")
        else home / ".cache"
        if home
        else None
    )
    places = (
        [Path(os.environ["MPLCONFIGDIR"])]
        if os.environ.get("MPLCONFIGDIR")
        else [cache / "matplotlib"]
        if cache
        else []
    )
    places += [cache / "fontconfig"] if cache and (cache / "fontconfig").is_dir() else []
    kernels = kernel_cache()
    os.environ["NUMBA_CACHE_DIR"] = str(
        kernels.parent
    )  # what is chosen here is what flood_kernels and every process that is started take
    places.append(kernels)
    return [_made(place) for place in places]


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


def _made(folder: Path) -> Path:
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


def _emptied(folders: list[Path]) -> list[Path]:
    """Folders in which an empty folder may be removed: around those that are written, and that of
    temporary files.
    """
    import tempfile

    return list(dict.fromkeys([*(f.parent for f in folders), Path(tempfile.gettempdir())]))


def _scratch() -> Path:
    """A new folder for this process' temporary files, removed at its end."""
    import tempfile

    folder, pid = Path(tempfile.mkdtemp(prefix="flood_sim_")), os.getpid()
    os.environ["TMPDIR"], tempfile.tempdir, _state.scratch = str(folder), None, folder
    atexit.register(lambda: leave() if os.getpid() == pid else None)
    return folder


def _compile_own() -> None:
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
