"""The reference of messages, read from the sources: `python -m flood_sim.core.error_reference >
docs/errors.md` (a test compares). Causes stand in `error_causes`; texts and ways out in the code.
"""

from __future__ import annotations

import ast
import functools
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from flood_sim.core.error_causes import CAUSES
from flood_sim.core.errors import WAYS
from flood_sim.core.schema_texts import CHANGE_THEM, UnfitError

CODE = re.compile(r"[EW]\d{3}")
PACKAGE = Path(__file__).resolve().parents[1]
BUILDERS = ("input_error", "Finding")  # (code, place, problem, ...)
UNFIT, RANGE = UnfitError.__name__, "usual"
FILLED = re.compile(r"\{\w+\}")  # of a text that is filled later
PROBLEM = 2  # its place among their arguments
DEEPEST = 4  # names looked up behind names

HEAD = """# Messages: codes, causes, ways out

A message has a code, a place and a problem. Below it stand what was given, what is allowed and
what to do. An E stops the command before anything runs (exit code 2), or ends a run (exit code 3).
A W is a warning: the command goes on. "…" stands for a name or value of your input. This page is
generated from the sources.
"""


class Message(NamedTuple):
    """One place of the code that says something: its code, text and way out ('' where unknown)."""

    code: str
    text: str
    do: str


class Passing(NamedTuple):
    """A function that makes a message of its arguments: their places, the code."""

    code: str
    text: int
    do: int | None


class Scope(NamedTuple):
    """What names mean where a message is made: values of the function first, then the module's.
    body : the function's statements.
    """

    names: dict[str, list[ast.expr]]
    body: tuple[ast.stmt, ...] = ()

    def at(self, line: int) -> Scope:
        """The same with the values that names may have in a line."""
        return Scope({**self.names, **_last_given(self.body, line)})

    def of(self, name: str) -> list[ast.expr]:
        return self.names.get(name, [])


def document() -> str:
    """Markdown: one table of all errors, one of all warnings."""
    found = sorted(set(messages()))
    lines = [HEAD]
    for letter, title in (("E", "Errors"), ("W", "Warnings")):
        lines += ["", f"## {title}", "", "| code | cause | what it says | way out |"]
        lines.append("|---|---|---|---|")
        codes = sorted(code for code in CAUSES if code.startswith(letter))
        for code in codes:
            lines += _rows(code, [message for message in found if message.code == code])
    return "\n".join(lines) + "\n"


def _rows(code: str, found: list[Message]) -> list[str]:
    """Rows of a code: its cause once, then each text with its way out."""
    rows: list[str] = []
    for message in found or [Message(code, "", _usual(code, False))]:
        cause = f"`{code}` | {CAUSES[code]}" if not rows else " | "
        rows.append(f"| {cause} | {_cell(message.text)} | {_cell(message.do)} |")
    return rows


def _usual(code: str, limited: bool) -> str:
    """What `Finding` says to do where the place of a refusal has no better word; limited : the
    message says what is allowed.
    """
    if code.startswith("W"):
        return ""
    if limited and code != "E101":
        return "give what is allowed"
    return WAYS.get(code, WAYS.get(code[:2], WAYS["E100"]))


def _cell(text: str) -> str:
    return FILLED.sub("…", " ".join(text.split())).replace("|", "/").replace("<", "&lt;")


def messages() -> Iterator[Message]:
    """Every message of the package with a text of its own, in the order of its files."""
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name not in ("error_causes.py", "error_reference.py")
    }
    passing = {path: _passing(tree) for path, tree in trees.items()}
    public = {
        name: one for found in passing.values() for name, one in found.items() if name[0] != "_"
    }
    for path, tree in trees.items():
        for message in of_module(tree, {**public, **passing[path]}):
            if re.search(r"[a-z]{3}", message.text):
                yield message


def _passing(tree: ast.Module) -> dict[str, Passing]:
    """Functions and methods that hand their argument on as the text of a message, by name; those
    that hand it to one of these, too.
    """
    found: dict[str, Passing] = {}
    functions = [node for node in _nodes(tree) if isinstance(node, ast.FunctionDef)]
    for _ in range(2):
        for function in functions:
            names = [argument.arg for argument in function.args.args if argument.arg != "self"]
            for call in (node for node in _nodes(function) if isinstance(node, ast.Call)):
                if one := _handed_on(call, names, found):
                    found[function.name] = one
    return found


def _handed_on(call: ast.Call, names: list[str], found: dict[str, Passing]) -> Passing | None:
    """What a call makes of one of the arguments `names` of the function around it."""
    known = found.get(_called(call))
    place = PROBLEM if _is_builder(call) else known.text if known else len(call.args)
    if place >= len(call.args):
        return None
    code, text = known.code if known else call.args[0], call.args[place]
    if isinstance(code, ast.Constant):
        code = str(code.value)
    if not (isinstance(code, str) and isinstance(text, ast.Name) and text.id in names):
        return None
    ways = [
        key.value.id for key in call.keywords if key.arg == "do" and isinstance(key.value, ast.Name)
    ]
    do = names.index(ways[0]) if ways and ways[0] in names else None
    return Passing(code, names.index(text.id), do)


def _called(call: ast.Call) -> str:
    """The name of the function or method."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _is_builder(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in BUILDERS


def of_module(tree: ast.Module, passing: dict[str, Passing]) -> Iterator[Message]:
    outer = _assigned(tree.body)
    seen: set[ast.AST] = set()
    functions = [node for node in _nodes(tree) if isinstance(node, ast.FunctionDef)]
    for function in reversed(functions):  # inner ones come later in the walk
        scope = Scope({**outer, **_assigned([function])}, tuple(function.body))
        yield from _inside(function, scope, passing, seen)
    yield from _inside(tree, Scope(outer), passing, seen)


def _inside(
    tree: ast.AST, scope: Scope, passing: dict[str, Passing], seen: set[ast.AST]
) -> Iterator[Message]:
    """Messages of the calls, rows and plain texts below `tree` that were not yet seen."""
    for node in _nodes(tree):
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, ast.Call):
            here, name = scope.at(node.lineno), _called(node)
            if name in (UNFIT, RANGE):
                yield from _of_unfit(node, here) if name == UNFIT else _of_range(node, here)
                continue
            own = list(_of_call(node, here))  # with a code of its own it is no other function
            yield from own or (_of_passing(node, passing[name], here) if name in passing else ())
        elif isinstance(node, ast.Tuple):
            row = ast.Call(ast.Name("row"), node.elts, [])
            yield from _of_call(row, scope.at(node.lineno))
        elif isinstance(node, (ast.JoinedStr, ast.Constant)):
            seen.update(ast.walk(node))  # its parts are no texts of their own
            yield from _of_text(node, scope)


def _of_passing(call: ast.Call, to: Passing, scope: Scope) -> Iterator[Message]:
    words = {key.arg: key.value for key in call.keywords if key.arg}
    do = words.get("do")
    if do is None and to.do is not None and len(call.args) > to.do:
        do = call.args[to.do]
    if len(call.args) > to.text:
        ways = _texts(do, scope) if do else [_usual(to.code, "allowed" in words)]
        yield from _paired([to.code], _texts(call.args[to.text], scope), ways)


def _of_unfit(call: ast.Call, scope: Scope) -> Iterator[Message]:
    """What a model of the schema refuses: `core.schema_texts.UnfitError(problem, do)`."""
    given = [key.value for key in call.keywords if key.arg == "do"] or call.args[1:2]
    ways = _texts(given[0], scope) if given else [CHANGE_THEM]
    yield from _paired(["E104"], _texts(call.args[0], scope), ways)


def _of_range(call: ast.Call, scope: Scope) -> Iterator[Message]:
    """Of a key or column whose range has a code of its own: `core.files.table_rows.usual`."""
    words = {key.arg: key.value for key in call.keywords if key.arg}
    if "code" in words:
        what = (_texts(words.get("what"), scope) or ["a value"])[0]
        ways = _texts(words.get("do"), scope) or ["correct the value"]
        texts = [f"{what} below zero…", f"{what} out of range…"]
        yield from _paired(_codes(words["code"], scope), texts, ways)


def _of_text(node: ast.expr, scope: Scope) -> Iterator[Message]:
    """A message written as one text: 'E901 place: problem', perhaps with a line 'do ...'."""
    for text in _texts(node, scope):
        match = re.match(r"([EW]\d{3}) [^:]*: (.*)", text, re.DOTALL)
        if match:
            said, _, do = match[2].partition("\n  do")
            said = said if re.search(r"[a-z]{3}", said) else f"{match[0].partition(':')[0][5:]}: …"
            yield Message(match[1], said.strip(), do.strip())


def _assigned(body: Sequence[ast.stmt]) -> dict[str, list[ast.expr]]:
    """Values given to plain names in these statements; nested ones too."""
    values: dict[str, list[ast.expr]] = {}
    for statement in body:
        for name, value in _given_in(statement):
            values.setdefault(name, []).append(value)
    return values


@functools.cache
def _nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """All nodes below; asked for several times."""
    return tuple(ast.walk(tree))


@functools.cache
def _given_in(statement: ast.stmt) -> tuple[tuple[str, ast.expr], ...]:
    return tuple(pair for node in ast.walk(statement) for pair in _pairs(node))


def _last_given(body: Sequence[ast.stmt], line: int) -> dict[str, list[ast.expr]]:
    """Values that names may have in a line: the last one given before it in its block or around
    it, and those of branches in between; what a call gives is not known, so the one before stands.
    """
    found: dict[str, list[ast.expr]] = {}
    for statement in body:
        if statement.lineno > line:
            break
        if line <= (statement.end_lineno or line):
            for block in ("body", "orelse", "handlers", "finalbody"):
                inner = getattr(statement, block, [])
                if inner and inner[0].lineno <= line <= inner[-1].end_lineno:
                    found.update(_last_given(inner, line))
            break
        given = _assigned([statement])
        plain = isinstance(statement, (ast.Assign, ast.AnnAssign))
        for name, values in given.items():
            known = plain and not any(isinstance(value, ast.Call) for value in values)
            found[name] = values if known else [*found.get(name, []), *values]
    return found


def _pairs(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        yield node.target.id, node.value
    if not isinstance(node, ast.Assign):
        return
    for target in node.targets:
        if isinstance(target, ast.Name):
            yield target.id, node.value
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            for one, value in zip(target.elts, node.value.elts, strict=False):
                if isinstance(one, ast.Name):
                    yield one.id, value


def _of_call(call: ast.Call, scope: Scope) -> Iterator[Message]:
    """The messages of a call with a code among its arguments, several where names have several
    values; keys like code="E408" have the text of their function."""
    words = {key.arg: key.value for key in call.keywords if key.arg}
    places = [k for k, argument in enumerate(call.args) if _codes(argument, scope)]
    if not places and "code" not in words:
        return
    rest = call.args[places[0] + 1 :] if places else []
    codes = _codes(call.args[places[0]] if places else words["code"], scope)
    given = words.get("problem")
    if given is None and _is_builder(call) and len(rest) > 1:
        given = rest[1]
    texts = _texts(given, scope) if given is not None else _longest(rest, scope)
    ways = _texts(words["do"], scope) if "do" in words else [_usual(codes[0], "allowed" in words)]
    yield from _paired(codes, texts, ways)


def _paired(codes: list[str], texts: list[str], ways: list[str]) -> Iterator[Message]:
    """Each text with its way out where there are as many, else with the first."""
    ways = ways or [""]
    for code in codes:
        for k, text in enumerate(texts or [""]):
            yield Message(code, text, ways[k] if len(ways) == len(texts) else ways[0])


def _codes(node: ast.expr, scope: Scope) -> list[str]:
    return [text for text in _texts(node, scope) if CODE.fullmatch(text)]


def _longest(arguments: list[ast.expr], scope: Scope) -> list[str]:
    """The texts of the argument that looks most like a sentence."""
    options = [_texts(argument, scope) for argument in arguments]
    return max(options, key=lambda texts: max(map(len, texts), default=0), default=[])


def _texts(node: ast.expr | None, scope: Scope, depth: int = 0) -> list[str]:
    """Every text that an expression may be, '…' for what is known in a run only."""
    if node is None or depth > DEEPEST:
        return []
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return _texts(node.body, scope, depth + 1) + _texts(node.orelse, scope, depth + 1)
    if isinstance(node, ast.JoinedStr):
        return ["".join(_part(part) for part in node.values)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = (_texts(side, scope, depth + 1) for side in (node.left, node.right))
        return [f"{(left or ['…'])[0]}{(right or ['…'])[0]}"] if left or right else []
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in _texts(value, scope, depth + 1)]
    if isinstance(node, ast.Subscript):
        return _texts(node.value, scope, depth + 1)
    if isinstance(node, ast.Name):
        found = [text for value in scope.of(node.id) for text in _texts(value, scope, depth + 1)]
        return list(dict.fromkeys(found))
    return []


def _part(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "…"


if __name__ == "__main__":
    sys.stdout.write(document())
