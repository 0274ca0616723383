"""Public functions that take or return arrays say in their docstring which shape these have and in
which unit. The two counts of those that do not only go down: who mends one lowers them here.
"""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "flood_sim").rglob("*.py"))
WITHOUT_SHAPE, WITHOUT_UNIT = 112, 110  # of 234
# "(n,)", "(rows, columns)", "(n + 1, 2)"; or the thing that each number belongs to
SHAPE = re.compile(
    r"\((?:[a-z]\w*|\d+)(?: [+-] \d+)?,(?: ?(?:[a-z]\w*|\d+)(?: [+-] \d+)?,?)*\)"
    r"|\b(?:per|of each|for each|of every|each) [a-z]+",
)
# units, or what has none: numbers of things, masks, shares
UNIT = re.compile(
    r"(?<![\w.'])(?:m|mm|cm|km|m2|m3|km2|ha|s|min|h|y|m/s|m2/s|m3/s|mm/h|mm/d|m s-1|m3 s-1|kg|CNY"
    r"|%|deg|radians?|years?|seconds?|metres?|shares?|bool|masks?|whether|true|index|indices"
    r"|numbers?|counts?|codes?|no unit|0 to 1)(?![\w/'])"
    r"|\) cells",
    re.IGNORECASE,
)


def asks_for_arrays(node) -> bool:
    """Whether an argument or the result is annotated as an array."""
    a = node.args
    given = [x.annotation for x in (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg) if x]
    return any("ndarray" in ast.unparse(x) for x in (*given, node.returns) if x is not None)


def has_unit(text) -> bool:
    """Whether a unit is named outside the shapes: an "(h, 2)" is none."""
    return bool(UNIT.search(SHAPE.sub("()", text)))


def functions(body, name=""):
    """(name, node) of the public functions of a module or class and of its public classes."""
    for node in body:
        if getattr(node, "name", "_").startswith("_"):
            continue
        if isinstance(node, ast.ClassDef):
            yield from functions(node.body, f"{name}{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            yield f"{name}{node.name}", node


@cache
def docstrings():
    """Docstring by file and name, of all public functions with arrays; "" where there is none."""
    found = {}
    for path in SOURCES:
        for name, node in functions(ast.parse(path.read_text(encoding="utf-8")).body):
            if asks_for_arrays(node):
                found[f"{path.relative_to(ROOT)}: {name}"] = ast.get_docstring(node) or ""
    return found


def test_shapes_of_arrays_are_said():
    without = [name for name, text in docstrings().items() if not SHAPE.search(text)]
    assert len(without) <= WITHOUT_SHAPE, "\n".join(without)


def test_units_of_arrays_are_said():
    without = [name for name, text in docstrings().items() if not has_unit(text)]
    assert len(without) <= WITHOUT_UNIT, "\n".join(without)


def test_the_reader_of_docstrings_sees_what_lacks():
    for text in (
        "(rows, columns) m",
        "(n,) m3/s a window",
        "(n + 1, 2) cells",
        "depth per cell, m",
    ):
        assert SHAPE.search(text) and has_unit(text), text
    for text in ("Water of a store.", "As it is (see above).", "A's own."):
        assert not SHAPE.search(text) and not has_unit(text), text
    assert SHAPE.search("A table (h, 2).") and not has_unit("A table (h, 2).")
    assert len(docstrings()) > 150
