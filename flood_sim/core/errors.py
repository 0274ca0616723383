"""What the program says when it stops: findings about the user's input, and failures of a run. No
printing here.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


# What to do where the place of a refusal has no better word; by code, else by its first digit.
WAYS = {
    "E100": "mend what it names, then give the command again", "E101": "name one that is there",
    "E102": "give a smaller file, in valid TOML", "E103": "remove or rename it",
    "E104": "give another value here", "E106": "add what is missing", "E111": "name another folder",
    "E112": "wait until it has ended, or name another folder",
    "E1": "mend the file, or give another", "E2": "mend the map layer, or move what lies there",
    "E3": "mend the times of the file", "E4": "mend the network, or the table that names it",
    "E5": "change the value, or leave the part out",
    "E6": "give a smaller model, or a larger machine",
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing that `check` found: where, what, and the way out.

    severity : "error" (the run is refused) or "warning" (it goes on);  code : "E2xx", "W2xx" as in
    the documentation.
    at : (x, y) of each place on the map, the worst or first of them first; () where there is none.
    do : the way out; no error is without one.
    """

    code: str
    place: str
    problem: str
    given: str = ""
    allowed: str = ""
    do: str = ""
    at: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.severity == "error" and not self.do:
            way = (
                "give what is allowed"
                if self.allowed and self.code != "E101"
                else WAYS.get(self.code, WAYS.get(self.code[:2], WAYS["E100"]))
            )
            object.__setattr__(self, "do", way)

    @property
    def x_m(self) -> float | None:
        return self.at[0][0] if self.at else None

    @property
    def y_m(self) -> float | None:
        return self.at[0][1] if self.at else None

    @property
    def severity(self) -> str:
        return "error" if self.code.startswith("E") else "warning"

    def __str__(self) -> str:
        lines = [f"{self.code} {self.place}: {self.problem}"]
        for label, text in (("given", self.given), ("allowed", self.allowed), ("do", self.do)):
            if text:
                lines.append(f"  {label:<9} {text}")
        return "\n".join(lines)


class Said(NamedTuple):
    """What is wrong with a value, wherever it stands: the code, the problem and the way out of its
    finding.
    """

    code: str
    text: str
    do: str


class FloodSimError(Exception):
    """Base of all errors of flood_sim; `exit_code` is what the command line returns."""

    exit_code = 3


class InputError(FloodSimError):
    """The user's input is wrong: one or more findings, nothing was run, nothing was overwritten."""

    exit_code = 2

    def __init__(self, findings: Finding | Iterable[Finding]) -> None:
        self.findings = [findings] if isinstance(findings, Finding) else list(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class StoppedError(FloodSimError):
    """A signal ended the work: what was done stays."""

    def __init__(self, message: str, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(message)


class RunFailedError(FloodSimError):
    """The run was stopped by the program: its last results stay readable. findings : where and why,
    as far as it is known.
    """

    def __init__(self, message: str, findings: Iterable[Finding] = ()) -> None:
        self.findings = list(findings)
        super().__init__(message)


class OutputError(RunFailedError):
    """Results cannot be written (disk full, folder gone): what was written before stays, and the
    checkpoint, to go on from.
    """


class VolumeLedgerError(RunFailedError):
    """The ledger does not close within the limit."""


class InstabilityError(RunFailedError):
    """The water on the ground ran away: a cell lost its value, or the stable time step fell below
    the smallest one allowed.
    """


class DrainageError(RunFailedError):
    """SWMM reported an error while running."""


class Faults:
    """What is wrong in several independent parts, told in one pass."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def of(self, make: Callable[P, T], *args: P.args, **keys: P.kwargs) -> T:
        """make(...), or nothing usable where it raises InputError: `refuse` comes before any use of
        the result.
        """
        try:
            return make(*args, **keys)
        except InputError as error:
            self.findings += error.findings
            return cast("T", None)

    def refuse(self) -> None:
        """Raises InputError with all findings, where there are any."""
        if self.findings:
            raise InputError(self.findings)


def input_error(code: str, place: str, problem: str, **rest: Any) -> InputError:
    """An InputError with one finding."""
    return InputError(Finding(code, place, problem, **rest))


def nearest(name: str, known: Iterable[str]) -> str:
    """'; did you mean `x`?' for the known name nearest to `name`, else an empty string."""
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean `{match[0]}`?" if match else ""
