"""House rules that a machine can read: imports one way, kernels in one file, public names, warnings."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KERNELS = sorted((ROOT / "kernels" / "flood_kernels").glob("*.py"))
SOURCES = sorted((ROOT / "flood_sim").rglob("*.py"))
LONGEST_FILE = 400


def test_imports_go_one_way():
    done = subprocess.run([str(Path(sys.executable).parent / "lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("path", KERNELS, ids=lambda p: p.name)
def test_cached_kernels_call_nothing_jitted_in_another_file(path):
    """Numba keys its cache by the function's own file: an edit in another file would not be seen."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("flood_kernels") and node.level == 0
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
            assert all(str(n).split(".")[0] in ("numpy", "numba", "math", "typing", "llvmlite", "__future__") for n in names)


def test_public_names_are_a_sorted_list_that_exists():
    import flood_sim

    assert flood_sim.__all__ == sorted(flood_sim.__all__)
    for name in flood_sim.__all__:
        assert getattr(flood_sim, name) is not None


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_has_a_sign_on_its_door_and_one_subject(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module begins by saying what is in it"
    assert text.count("\n") <= LONGEST_FILE


def test_variables_are_unique_and_have_units():
    from flood_sim.variables import VARIABLES

    assert all(v.unit and v.english and v.chinese for v in VARIABLES.values())
    assert {v.place for v in VARIABLES.values()} <= {"cell", "x_face", "y_face", "node", "link", "site", "run"}


def test_ruff_and_types():
    for command in (["ruff", "check", "."], ["mypy"]):
        done = subprocess.run([str(Path(sys.executable).parent / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-4000:]
