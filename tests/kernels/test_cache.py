"""Compiled kernels are code: kept in one folder of one's own, nowhere else, and a folder that fails
costs time, never the run.
"""

import importlib
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import flood_kernels
from flood_kernels import cache, cache_place, pieces
from flood_kernels.arrays import ROW

PACKAGE = Path(flood_kernels.__file__).parent
SMALL_WORK = """
import resource, signal, sys
import numpy as np
import flood_kernels as k
from flood_kernels.cache import cache_folder
if "full" in sys.argv:  # a disk that takes no byte more
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
found = k.roads.root_of(np.array([0, 0, 1]), 2), k.pieces.count_wet(np.array([0.5, 0.0, np.nan]), 0.1)
print(cache_folder(), found, sum(sum(f.stats.cache_misses.values()) for f in (k.pieces.count_wet, k.roads.root_of)), sep="|")
"""


@pytest.fixture
def place(tmp_path):
    """A copy of the package with a home of its own."""
    shutil.copytree(
        PACKAGE, tmp_path / "lib" / "flood_kernels", ignore=shutil.ignore_patterns("__pycache__")
    )
    (tmp_path / "home").mkdir()
    (tmp_path / "temporary").mkdir()
    return tmp_path


def work(place, *words, **changed):
    """Small work in a process of its own: the cache's folder, functions compiled, standard
    error.
    """
    kept = {
        name: text
        for name, text in os.environ.items()
        if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")
    }
    own = {
        "PYTHONPATH": str(place / "lib"),
        "HOME": str(place / "home"),
        "TMPDIR": str(place / "temporary"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", SMALL_WORK, *words],
        env=kept | own | changed,
        cwd=place,
        capture_output=True,
        text=True,
        check=True,
    )
    folder, found, compiled = done.stdout.strip().split("|")
    assert found == "(0, 2)"
    return Path(folder), int(compiled), done.stderr


def strays(place, folder):
    """Compiled files outside the folder."""
    return [path for path in place.rglob("*.nb[ci]") if not path.is_relative_to(folder)]


def blocked(path):
    """A file where a folder would be: even the administrator cannot write below it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")


def test_every_module_is_imported_with_the_package_and_kept_in_its_folder():
    found = {}
    for path in cache_place.SOURCES:
        module = (
            importlib.import_module(f"flood_kernels.{path.stem}")
            if path.stem != "__init__"
            else flood_kernels
        )
        found |= {
            f"{path.stem}.{n}": f
            for n, f in vars(module).items()
            if isinstance(f, Dispatcher) and f.targetoptions.get("cache", True)
        }
    places = {name: f.stats.cache_path for name, f in found.items()}
    assert (
        len(places) > 90
        and {
            name: p
            for name, p in places.items()
            if p is None or not Path(p).is_relative_to(cache.cache_folder())
        }
        == {}
    )
    code = (
        "import sys, flood_kernels; print(*(m for m in sys.modules if"
        " m.startswith('flood_kernels.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)},
    )
    assert set(done.stdout.split()) >= {
        f"flood_kernels.{p.stem}" for p in cache_place.SOURCES if p.stem != "__init__"
    }


def test_what_is_compiled_lies_in_the_folder_and_is_found_again(place):
    folder, compiled, said = work(place)
    assert (
        folder.parent == place / "lib" / "flood_kernels" / "__pycache__"
        and compiled == 2
        and said == ""
    )
    assert len(list(folder.rglob("*.nbc"))) == 2 and strays(place, folder) == []
    assert work(place) == (folder, 0, "")


def test_a_package_that_cannot_be_written_keeps_them_in_the_users_cache(place):
    blocked(place / "lib" / "flood_kernels" / "__pycache__")
    folder, _, said = work(place)
    assert (
        folder.parent == place / "home" / ".cache" / "flood_sim"
        and said == ""
        and strays(place, folder) == []
    )


def test_without_a_home_they_lie_in_a_temporary_folder_of_this_user_alone(place):
    blocked(place / "lib" / "flood_kernels" / "__pycache__")
    blocked(place / "home" / ".cache")
    folder, _, said = work(place)
    mine = place / "temporary" / f"flood_sim-{os.getuid()}"
    assert (
        folder.parent == mine
        and stat.S_IMODE(mine.stat().st_mode) == 0o700
        and said == ""
        and strays(place, folder) == []
    )
    assert work(place) == (folder, 0, "")
    mine.chmod(0o777)  # somebody else may have put something there
    assert not cache_place._private(mine) and cache_place._private(place / "temporary" / "new")


@pytest.mark.parametrize("how", ["a file", "a kernel's folder"])
def test_a_folder_that_cannot_be_used_is_said_and_nothing_is_kept_elsewhere(place, how):
    given = place / "given" if how == "a file" else Path("/proc/self/flood_sim")
    if how == "a file":
        blocked(given)
    folder, compiled, said = work(place, NUMBA_CACHE_DIR=str(given))
    assert folder.parent == given and compiled == 2 and strays(place, folder) == []
    assert (
        said.count("cannot be kept") == 1
        and "NUMBA_CACHE_DIR" in said
        and str(given) in said
        and "Traceback" not in said
    )


def test_a_full_disk_is_said_and_a_complete_cache_needs_no_byte(place):
    folder, compiled, said = work(place, "full")
    assert compiled == 2 and said.count("cannot be kept") == 1 and list(folder.rglob("*.nbc")) == []
    work(place)
    assert work(place, "full") == (folder, 0, "")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A folder for this test alone, and what is said."""
    said = []
    monkeypatch.setattr(cache, "FOLDER", tmp_path / "kernels-0")
    monkeypatch.setattr(cache, "_said", set())
    monkeypatch.setattr(cache.logging.getLogger(cache.__name__), "warning", said.append)
    return tmp_path / "kernels-0", said


def newly_loaded():
    """A kernel as a new process has it, called in both precisions; how many it had to compile."""
    fresh = numba.njit(**{**ROW, "cache": False})(pieces.rows_since.py_func)
    fresh._cache = cache.KernelCache(pieces.rows_since.py_func)
    for kind in (np.uint8, np.int64):
        now = np.empty(2, kind)
        fresh(np.array([True, False]), np.array([3, 4], kind), now)
        assert now.tolist() == [0, 5]
    return sum(fresh.stats.cache_misses.values())


@pytest.mark.parametrize("ending", ["nbc", "nbi"])
@pytest.mark.parametrize("harm", ["empty", "cut", "another", "no file"])
def test_a_damaged_file_is_compiled_anew(kept, ending, harm):
    folder, said = kept
    assert newly_loaded() == 2 and newly_loaded() == 0
    files = sorted(folder.rglob(f"*.{ending}"))
    assert len(files) == (2 if ending == "nbc" else 1)
    content = [path.read_bytes() for path in files]
    if harm == "another":  # two processes saved at once: one's index beside the other's function
        content = (
            content[1:] + content[:1]
            if ending == "nbc"
            else [next(folder.rglob("*.nbc")).read_bytes()]
        )
    for path, data in zip(files, content, strict=True):
        if harm == "no file":
            path.unlink()
        else:
            path.write_bytes({"empty": b"", "cut": data[: len(data) // 2]}.get(harm, data))
    assert newly_loaded() == 2
    assert len(said) == (0 if harm == "no file" or (harm, ending) == ("another", "nbi") else 1), (
        said
    )
    assert all("compiled anew" in text and str(folder) in text for text in said)
    assert newly_loaded() == 0


def test_kernels_that_can_only_be_read_are_used(place, monkeypatch):
    """A package that the administrator has compiled for all: read, where the user has no folder of
    their own.
    """
    beside = place / "lib" / "flood_kernels" / "__pycache__"
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(cache_place, "__file__", str(beside.parent / "cache_place.py"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "home"))
    monkeypatch.setattr(
        cache_place, "_writable", lambda folder: folder.is_relative_to(place / "temporary")
    )
    monkeypatch.setenv("TMPDIR", str(place / "temporary"))
    name = f"kernels-{cache_place.sources_hash()}"
    assert cache_place.choose_folder().is_relative_to(place / "temporary")
    (beside / name).mkdir(parents=True)
    (beside / name / "a.nbc").write_text("")
    assert cache_place.choose_folder() == beside / name
    beside.chmod(0o777)  # others may have put it there
    assert cache_place.choose_folder().is_relative_to(place / "temporary")


def test_a_place_inside_that_others_may_write_is_seen(tmp_path):
    (tmp_path / "kernels" / "sub").mkdir(parents=True)
    for path in (tmp_path, tmp_path / "kernels"):
        path.chmod(0o755)
    assert cache_place.open_to_others(tmp_path / "kernels") is None
    (tmp_path / "kernels" / "sub").chmod(0o777)
    assert cache_place.open_to_others(tmp_path / "kernels") == tmp_path / "kernels" / "sub"
