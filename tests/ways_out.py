"""True ways out: a mistake that a message names, what its `do` says, and that done. A row of
docs/errors.md is followed by a `Way`; tests/ways holds them, tests/ways/test_counted.py counts.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from console import flood_sim
from flood_sim.core.errors import Finding, FloodSimError
from flood_sim.scenario import build_inputs, load_scenario

LABELS = {"given", "allowed", "do"}


def check(folder: Path) -> list[Finding]:
    """Everything that `check` says of the folder's s.toml, with its portfolio where it has one."""
    scenario = load_scenario(folder / "s.toml")
    named = [name for name in scenario.spec.portfolio if name != "baseline"]
    return build_inputs(scenario, named[0] if named else "baseline").findings


def command(*words: str) -> Callable[[Path], list[Finding]]:
    """A command, given with `{}` for the folder; what it says on its second stream."""

    def give(folder: Path) -> list[Finding]:
        told = flood_sim(*(str(word).replace("{}", str(folder)) for word in words))
        found = printed(told.stderr)
        assert told.returncode == 0 or found, told
        return found

    return give


def printed(text: str) -> list[Finding]:
    """The messages of a printed text, as docs/errors.md describes their form."""
    found: list[dict[str, str]] = []
    for line in text.splitlines():
        head = re.match(r"([EW]\d{3}) (.*?): (.*)", line)
        below = re.match(r"  (\w+) +(.*)", line)
        if head:
            found.append({"code": head[1], "place": head[2], "problem": head[3]})
        elif below and below[1] in LABELS and found:
            found[-1][below[1]] = below[2]
    return [Finding(**one) for one in found]


class Way(NamedTuple):
    """One row of docs/errors.md, followed.

    code, says, do : the row's cells as they stand there ("…" is anything).
    wrong(folder) makes the mistake in an empty folder;  mend(folder, finding) does what `do` says
    and nothing else;  give(folder) : what is given before and after (`check` of s.toml): it
    returns its findings or raises them.
    """

    code: str
    says: str
    do: str
    wrong: Callable[[Path], object]
    mend: Callable[[Path, Finding], object]
    give: Callable[[Path], list[Finding]] = check

    @property
    def row(self) -> tuple[str, str, str]:
        return self.code, self.says, self.do


def plain(text: str) -> str:
    """A cell of the table: one line, without marks that Markdown reads."""
    return " ".join(text.split()).replace("|", "/")


def fits(cell: str, text: str) -> bool:
    """Whether a text is what a cell of the table stands for."""
    pattern = ".*".join(re.escape(part) for part in re.split("…+", cell))
    return re.fullmatch(pattern, plain(text)) is not None


def told(give: Callable[[Path], list[Finding]], folder: Path) -> list[Finding]:
    """What is said: returned, or raised."""
    try:
        return list(give(folder))
    except FloodSimError as error:
        found = list(getattr(error, "findings", ()))
        return found or printed(str(error))


def follow(way: Way, folder: Path) -> None:
    """Makes the mistake, finds its message, does what it says: the message is gone, and no error
    is left.
    """
    way.wrong(folder)
    found = told(way.give, folder)
    meant = [f for f in found if f.code == way.code and fits(way.says, f.problem)]
    assert meant, [str(f) for f in found]
    said = [f for f in meant if f.do and fits(way.do or "…", f.do)]
    assert said, [str(f) for f in meant]
    way.mend(folder, said[0])
    left = told(way.give, folder)
    assert not [str(f) for f in left if f.severity == "error"]
    assert not [str(f) for f in left if f.code == way.code and fits(way.says, f.problem)]


def put(name: str, old: str, new: str) -> Callable[..., None]:
    """A file of the folder mended: `old` stands there, once or more, and becomes `new`."""

    def mend(folder: Path, finding: Finding | None = None) -> None:
        path = folder / name
        before = path.read_text(encoding="utf-8")
        assert old in before, (old, before)
        path.write_text(before.replace(old, new), encoding="utf-8")

    return mend
