"""How long files and functions are, and how much a function asks for, at 100 columns. The numbers
only go down: who shortens something lowers them here.
"""

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "flood_sim").rglob("*.py"))
KERNELS = sorted((ROOT / "kernels" / "flood_kernels").glob("*.py"))
WHOLE = {"local_inertial.py", "second_order.py", "second_order_rows.py"}  # one cache, one file
LONGEST_FILE, LONGEST_WHOLE = 430, 736
MEDIAN, NINE_IN_TEN, LONGEST = 8, 24, 40
OVER_FORTY, OVER_SEVEN = 0, 6  # functions over 40 lines; over 7 arguments


def functions():
    """(lines of the body without its docstring, arguments, name) of every function."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                told = ast.get_docstring(node) is not None and len(node.body) > 1
                first = node.body[int(told)].lineno
                names = [a.arg for a in node.args.args + node.args.kwonlyargs]
                asked = len(names) - (names[:1] in (["self"], ["cls"]))
                name = f"{path.relative_to(ROOT)}: {node.name}"
                yield node.body[-1].end_lineno - first + 1, asked, name


@pytest.mark.parametrize("path", SOURCES + KERNELS, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_is_no_longer_than_one_reads(path):
    limit = LONGEST_WHOLE if path.name in WHOLE else LONGEST_FILE
    assert path.read_text(encoding="utf-8").count("\n") <= limit


def test_functions_are_short():
    found = sorted(functions(), reverse=True)
    lines = sorted(row[0] for row in found)
    assert statistics.median(lines) <= MEDIAN
    assert lines[int(0.9 * len(lines))] <= NINE_IN_TEN
    assert lines[-1] <= LONGEST, found[:5]
    assert sum(n > 40 for n in lines) <= OVER_FORTY, [row for row in found if row[0] > 40]


def test_functions_ask_for_little():
    many = [row for row in functions() if row[1] > 7]
    assert len(many) <= OVER_SEVEN, many
