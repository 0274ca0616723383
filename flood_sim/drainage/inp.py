"""SWMM's .inp as text: sections, rows of tokens with their line numbers, edits that keep every
other line byte for byte.

No model here and no pyswmm; the libraries' round trips broke some real files, so nothing is written
that was not asked for.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from flood_sim.core.errors import input_error
from flood_sim.core.files.csv_files import is_chinese
from flood_sim.core.units import FOOT_M, SWMM_FLOW_UNITS, SWMM_US_UNITS
from flood_sim.drainage.crowns import crown_depths
from flood_sim.drainage.inp_files import close_files
from flood_sim.drainage.names import (
    ANYWHERE,
    DEFINED,
    LINKS,
    NODES,
    REFERENCES,
    first_spelling,
    folded,
)

WORD = re.compile(r'"[^"]*"?|\S+')
ENCODINGS = ("utf-8", "gb18030", "latin-1")


@dataclass
class Row:
    """One data line of a section: tokens without the comment, and its number in the file (from
    1).
    """

    tokens: list[str]
    line: int


@dataclass
class InpFile:
    """The text of a network. `lines` is the file; sections are found by their upper-case name
    without brackets.
    """

    path: Path
    lines: list[str]
    encoding: str = "utf-8"
    _sections: dict[str, list[Row]] = field(default_factory=dict)
    _spelling: dict[str, dict[str, str]] = field(default_factory=dict)
    _rims: dict[str, float] = field(default_factory=dict, init=False)  # of these lines alone
    _roots: tuple[Path, ...] = ()

    @property
    def roots(self) -> tuple[Path, ...]:
        """Folders in which the files lie that it may name: its own, where none was given."""
        return self._roots or (self.path.parent,)

    def with_lines(self, lines: list[str]) -> InpFile:
        """A copy with other lines."""
        return InpFile(self.path, lines, self.encoding, _roots=self._roots)

    @property
    def section_names(self) -> list[str]:
        return [
            line.strip()[1:].split("]")[0].upper()
            for line in self.lines
            if line.lstrip().startswith("[")
        ]

    def rows(self, section: str) -> list[Row]:
        """Data rows of a section, [] where it is absent. SWMM matches section names by their first
        letters; so do we. Names are spelled as where they are defined (drainage/names.py).
        """
        if section not in self._sections:
            rows = self._read(section)
            for row in rows:
                self._spell(row, section)
            self._sections[section] = rows
        return self._sections[section]

    def spelling(self, kind: str) -> dict[str, str]:
        """Folded name to the spelling of its definition, of all things of a kind ("node")."""
        if kind not in self._spelling:
            self._spelling[kind] = first_spelling(
                row.tokens[0] for section in DEFINED[kind] for row in self._read(section)
            )
        return self._spelling[kind]

    def _spell(self, row: Row, section: str) -> None:
        """One spelling for each name of a row."""
        places = REFERENCES.get(section, {})
        if section in ANYWHERE:
            places = dict.fromkeys(range(len(row.tokens)), ANYWHERE[section])
        for place, kinds in places.items():
            if place < len(row.tokens):
                name = folded(row.tokens[place])
                found = (self.spelling(k)[name] for k in kinds if name in self.spelling(k))
                row.tokens[place] = next(found, row.tokens[place])

    def _read(self, section: str) -> list[Row]:
        found, inside = [], False
        for number, line in enumerate(self.lines, start=1):
            text = line.split(";")[0].strip()
            if text.startswith("["):
                inside = text[1:].split("]")[0].upper().startswith(
                    section[:4]
                ) and section.startswith(text[1:5].upper().rstrip("]"))
            elif inside and text:
                words = text.replace("\u00a0", " ")
                split = _words(words) if '"' in words else words.split()
                found.append(Row(split, number))
        return found

    def number(self, row: Row, place: int) -> float:
        """A token as a finite number. Raises InputError with file, line and token."""
        text = row.tokens[place] if place < len(row.tokens) else ""
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise input_error(
                "E401",
                f"{self.path.name}, line {row.line}",
                f"`{row.tokens[0]}` has no number here",
                given=" ".join(row.tokens[:5]),
                do="mend the line",
            )
        return value

    def option(self, name: str, default: str = "") -> str:
        """The value of [OPTIONS] `name`, upper case; of two rows SWMM keeps the last, so do we."""
        for row in reversed(self.rows("OPTIONS")):
            if row.tokens[0].upper() == name and len(row.tokens) > 1:
                return row.tokens[1].upper()
        return default

    @property
    def flow_units(self) -> str:
        return self.option("FLOW_UNITS", "CFS")

    @property
    def metres_per_unit(self) -> float:
        """Metres per unit of length in this file."""
        return FOOT_M if self.flow_units in SWMM_US_UNITS else 1.0

    def with_options(self, options: dict[str, str]) -> InpFile:
        """A copy whose [OPTIONS] hold these values; other lines unchanged."""
        left, lines = dict(options), list(self.lines)
        for row in self.rows("OPTIONS"):
            name = row.tokens[0].upper()
            if name in options:
                lines[row.line - 1] = f"{name:<21}{options[name]}"
                left.pop(name, None)
        extra = [f"{name:<21}{value}" for name, value in left.items()]
        return self.with_lines([*lines, "", "[OPTIONS]", *extra] if extra else lines)

    def with_section(self, section: str, body: list[str]) -> InpFile:
        """A copy in which a section holds exactly these lines: old rows are emptied, new ones stand
        at the end.

        Lines keep their numbers, so that SWMM's error lines name the user's own.
        """
        lines = list(self.lines)
        for row in self.rows(section):
            lines[row.line - 1] = ""
        return self.with_lines([*lines, "", f"[{section}]", *body])

    def write(self, path: Path) -> None:
        """Write as UTF-8 without a byte order mark."""
        path.write_text("\n".join(self.lines) + "\n", encoding="utf-8", newline="\n")

    # ------------------------------------------------------------------------- what a network holds

    def node_ids(self) -> list[str]:
        return [row.tokens[0] for name in NODES for row in self.rows(name)]

    def coordinates(self) -> dict[str, tuple[float, float]]:
        """Node id to map coordinates, as they stand in the file (never converted)."""
        places = {}
        for row in self.rows("COORDINATES"):
            if len(row.tokens) >= 3:
                places[row.tokens[0]] = (self.number(row, 1), self.number(row, 2))
        return places

    def places(self, nodes: Iterable[str]) -> tuple[tuple[float, float], ...]:
        """Map coordinates of nodes; those without are left out."""
        where = self.coordinates()
        return tuple(where[name] for name in nodes if name in where)

    def link_places(self, links: Iterable[str]) -> tuple[tuple[float, float], ...]:
        """The middle between the two nodes of each link that has them on the map."""
        where, ends = self.coordinates(), self.links()
        pairs = [[where[node] for node in ends.get(name, ()) if node in where] for name in links]
        return tuple(
            (0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])) for a, b in (p for p in pairs if len(p) == 2)
        )

    def rims(self) -> dict[str, float]:
        """Node id to rim elevation (m) as SWMM takes it: invert + maximum depth, of junctions at
        least to the top of the highest pipe.
        """
        if not self._rims:  # asked for pipe after pipe
            crowns, inverts = crown_depths(self), self._inverts()
            self._rims.update(
                (n, max(z, inverts[n] + crowns.get(n, 0.0))) for n, z in self.stated_rims().items()
            )
        return dict(self._rims)

    def stated_rims(self) -> dict[str, float]:
        """The same as the file says: only MaxDepth 0 means the top of the highest pipe."""
        metre, crowns, rims = self.metres_per_unit, crown_depths(self), self._inverts()
        for name in ("JUNCTIONS", "STORAGE", "DIVIDERS"):
            for row in self.rows(name):
                depth = self.number(row, 2) if len(row.tokens) > 2 and name != "DIVIDERS" else 0.0
                rims[row.tokens[0]] += depth * metre or crowns.get(row.tokens[0], 0.0)
        return rims

    def _inverts(self) -> dict[str, float]:
        sections = ("JUNCTIONS", "STORAGE", "DIVIDERS")
        rows, metre = [row for name in sections for row in self.rows(name)], self.metres_per_unit
        return {row.tokens[0]: self.number(row, 1) * metre for row in rows}

    def links(self) -> dict[str, tuple[str, str]]:
        """Link id to its two nodes."""
        return {
            row.tokens[0]: (row.tokens[1], row.tokens[2])
            for name in LINKS
            for row in self.rows(name)
            if len(row.tokens) >= 3
        }

    def outfall_pipes(self) -> dict[str, tuple[float, np.ndarray]]:
        """Outfall id to its invert (m) and, of each circular conduit that ends there, length and
        full depth (n, 2) m.
        """
        metre = self.metres_per_unit
        inverts = {row.tokens[0]: self.number(row, 1) * metre for row in self.rows("OUTFALLS")}
        shapes = {row.tokens[0]: row.tokens for row in self.rows("XSECTIONS")}
        pipes: dict[str, list[list[float]]] = {name: [] for name in inverts}
        for row in self.rows("CONDUITS"):
            for end in row.tokens[1:3]:
                shape = shapes.get(row.tokens[0])
                if end in pipes and shape and shape[1].upper() == "CIRCULAR":
                    pipes[end].append([self.number(row, 3) * metre, float(shape[2]) * metre])
        return {
            name: (inverts[name], np.array(rows).reshape(-1, 2)) for name, rows in pipes.items()
        }


def read_inp(path: Path, roots: tuple[Path, ...] = ()) -> InpFile:
    """Read a network; a byte order mark is dropped, GBK and Latin-1 are decoded.

    roots : folders in which the files lie that it may name; its own folder where none is given.
    Raises InputError where it is no text, has no sections, or names a file that SWMM may not open.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise input_error(
            "E101",
            str(path),
            f"the network cannot be read: {error.strerror}",
            do="check [drainage] network",
        ) from error
    data = data.removeprefix(codecs.BOM_UTF8)
    for encoding in ENCODINGS:
        if encoding == "gb18030" and not is_chinese(data):
            continue
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    inp = InpFile(path, text.splitlines(), encoding, _roots=roots)
    if "\x00" in text or not inp.section_names:
        raise input_error(
            "E401",
            str(path),
            "this is no SWMM input file: no [SECTION] found",
            do="give an EPA SWMM 5 .inp file",
        )
    if inp.flow_units not in SWMM_FLOW_UNITS:
        raise input_error(
            "E401",
            f"{path}, [OPTIONS]",
            "unknown FLOW_UNITS",
            given=inp.flow_units,
            allowed=", ".join(SWMM_FLOW_UNITS),
        )
    close_files(inp)
    return inp


def gate_place(tokens: list[str]) -> int:
    """Where an outfall's row holds its flap: behind the stage, where it has one."""
    return 3 if tokens[2].upper() in ("FREE", "NORMAL") else 4


def _words(text: str) -> list[str]:
    """Tokens of a line with quotes: these stay around names with blanks and around nothing, so that
    a row can be written as it was.
    """
    words = WORD.findall(text)
    return [w.strip('"') if len(w) > 2 and " " not in w else w for w in words]
