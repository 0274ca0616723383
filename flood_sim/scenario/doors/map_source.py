"""Which map a key of the scenario means, and the log of how each file was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flood_sim.core.errors import Finding


@dataclass
class ReadLog:
    """One line a file of how it was read, and what is doubtful in it. The doors write it; `check`
    prints it. map_unit : name and metres of the unit of the terrain's file.
    """

    lines: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    map_unit: tuple[str, float] = ("metre", 1.0)

    def copy(self) -> ReadLog:
        """Another log that begins with what stands in this one."""
        return ReadLog(dict(self.lines), list(self.findings), self.map_unit)

    def clear(self) -> None:
        self.lines.clear()
        self.findings.clear()
        self.map_unit = ("metre", 1.0)

    def doubt(self, finding: Finding) -> None:
        """Said once, however often the file is read."""
        if finding not in self.findings:
            self.findings.append(finding)


@dataclass(frozen=True)
class MapSource:
    """A file with what the scenario says of it.

    fields : our name of a field to the file's;  words : the file's word to ours;  other : ours for
    all other words;  per : what a number of people counts for.
    """

    path: Path
    place: str
    log: ReadLog
    layer: str | None = None
    band: int | None = None
    per: str = "cell"
    other: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.path.name

    def tell(self, *parts: str) -> None:
        """How it was read, for the user."""
        of = f", {self.layer}" if self.layer else f", band {self.band}" if self.band else ""
        self.log.lines[f"{self.name}{of}"] = "; ".join(part for part in parts if part)

    def doubt(self, code: str, problem: str, **rest: object) -> None:
        self.log.doubt(Finding(code, self.name, problem, **rest))  # type: ignore[arg-type]
