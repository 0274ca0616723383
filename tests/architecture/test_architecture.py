"""House rules that a machine can read: imports one way, kernels in one file, public names,
warnings.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KERNELS = sorted((ROOT / "kernels" / "flood_kernels").glob("*.py"))
SOURCES = sorted((ROOT / "flood_sim").rglob("*.py"))


def test_imports_go_one_way():
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("path", KERNELS, ids=lambda p: p.name)
def test_kernels_know_arrays_only(path):
    allowed = {
        "numpy",
        "numba",
        "math",
        "typing",
        "llvmlite",
        "__future__",
        "flood_kernels",
        "hashlib",
        "sys",
        "os",
        "pathlib",
    }
    if path.name == "pipelines.py":  # it looks after the compiler
        allowed |= {"contextlib", "copy"}
    if path.name in ("cache.py", "cache_place.py"):  # they look after files
        allowed |= {"contextlib", "logging", "stat", "tempfile"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
            assert {str(n).split(".")[0] for n in names} <= allowed


def test_an_edited_kernel_is_compiled_anew(tmp_path, monkeypatch):
    """Numba keys its cache by the function's own file: an edit of a helper in another file would
    not be seen. Here it is a new folder.
    """
    copy = tmp_path / "flood_kernels"
    shutil.copytree(KERNELS[0].parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    look = (
        "import flood_kernels as k; print(k.__file__, k.cache_folder().name,"
        " k.local_inertial.advance_faces.stats.cache_path)"
    )
    seen = []
    for line in ("", "# an edit\n"):
        with (copy / "points.py").open("a", encoding="utf-8") as file:
            file.write(line)
        done = subprocess.run(
            [sys.executable, "-c", look],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        seen.append(done.stdout.split())
    assert all(Path(file).parent == copy and folder in path for file, folder, path in seen)
    assert seen[0][1] != seen[1][1]


def test_public_names_are_a_sorted_list_that_exists():
    import flood_sim

    assert flood_sim.__all__ == sorted(flood_sim.__all__)
    for name in flood_sim.__all__:
        assert getattr(flood_sim, name) is not None


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_has_a_sign_on_its_door(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module begins by saying what is in it"


def test_variables_are_unique_and_have_units():
    from flood_sim.core.variables import VARIABLES

    assert all(v.unit and v.english and v.chinese for v in VARIABLES.values())
    assert {v.place for v in VARIABLES.values()} <= {
        "cell",
        "x_face",
        "y_face",
        "node",
        "link",
        "site",
        "run",
    }


# each kind of file is opened by one module; a result reads what a run wrote itself
DOORS = {
    r"csv\.(reader|DictReader)|read_csv|loadtxt|genfromtxt": {
        "core/files/csv_files.py",
        "results.py",
    },
    r"xarray\.open_|xr\.open_": {"core/files/netcdf.py"},
    r"\bread_raw\(": {
        "core/files/csv_files.py",
        "core/files/checked_tables.py",
        "scenario/inlets.py",
        "analysis/observed.py",
    },
    r"\bread_timed\(": {
        "scenario/doors/tables.py",
        "scenario/doors/series.py",
        "scenario/rain_series.py",
        "scenario/rain_grids.py",
        "scenario/switches.py",
    },
    r"\bopen_netcdf\(": {
        "core/files/netcdf.py",
        "scenario/doors/gridded.py",
        "results.py",
    },
}


@pytest.mark.parametrize("call", DOORS)
def test_each_kind_of_file_has_one_door(call):
    found = {
        path.relative_to(ROOT / "flood_sim").as_posix()
        for path in (ROOT / "flood_sim").rglob("*.py")
        if re.search(call, path.read_text(encoding="utf-8"))
    }
    assert found <= DOORS[call], found - DOORS[call]
    assert found, "the call has another name now"


def test_a_table_with_times_is_held_to_the_run():
    """Whoever reads rows with times asks what of the run they cover."""
    for name in DOORS[r"\bread_timed\("] - {"scenario/doors/tables.py"}:
        text = (ROOT / "flood_sim" / name).read_text(encoding="utf-8")
        assert "refuse_apart()" in text, name


def test_ruff_and_types():
    for command in (["ruff", "check", "."], ["mypy"]):
        done = subprocess.run(
            [str(Path(sys.executable).parent / command[0]), *command[1:]],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:]
