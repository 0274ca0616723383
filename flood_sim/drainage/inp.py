"""SWMM's .inp as text: sections, rows of tokens with their line numbers, edits that keep every other line byte for byte.

No model here and no pyswmm; the libraries' round trips broke some real files, so nothing is written that was not asked for.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from flood_sim.errors import input_error
from flood_sim.units import FOOT_M, SWMM_FLOW_UNITS, SWMM_US_UNITS

ENCODINGS = ("utf-8", "gb18030", "latin-1")


@dataclass
class Row:
    """One data line of a section: tokens without the comment, and its number in the file (from 1)."""

    tokens: list[str]
    line: int


@dataclass
class InpFile:
    """The text of a network. `lines` is the file; sections are found by their upper-case name without brackets."""

    path: Path
    lines: list[str]
    encoding: str = "utf-8"
    _sections: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def section_names(self) -> list[str]:
        return [line.strip()[1:].split("]")[0].upper() for line in self.lines if line.lstrip().startswith("[")]

    def rows(self, section: str) -> list[Row]:
        """Data rows of a section, [] where it is absent. SWMM matches section names by their first letters; so do we."""
        if section not in self._sections:
            self._sections[section] = list(self._read(section))
        return self._sections[section]

    def _read(self, section: str) -> list[Row]:
        found, inside = [], False
        for number, line in enumerate(self.lines, start=1):
            text = line.split(";")[0].strip()
            if text.startswith("["):
                inside = text[1:].split("]")[0].upper().startswith(section[:4]) and section.startswith(text[1:5].upper().rstrip("]"))
            elif inside and text:
                found.append(Row(text.replace("\u00a0", " ").split(), number))
        return found

    def option(self, name: str, default: str = "") -> str:
        """The value of [OPTIONS] `name`, upper case."""
        for row in self.rows("OPTIONS"):
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
        starts = [k for k, line in enumerate(lines) if line.strip().upper().startswith("[OPTION")]
        if starts:
            lines[starts[0] + 1 : starts[0] + 1] = extra
        else:
            lines = ["[OPTIONS]", *extra, "", *lines]
        return InpFile(self.path, lines, self.encoding)

    def with_section(self, section: str, body: list[str]) -> InpFile:
        """A copy in which a section holds exactly these lines (added at the end where it was absent)."""
        lines, inside, placed = [], False, False
        for line in self.lines:
            if line.lstrip().startswith("["):
                inside = line.strip()[1:].split("]")[0].upper() == section
                if inside:
                    lines += [line, *body, ""]
                    placed = True
                    continue
            if not inside:
                lines.append(line)
        if not placed:
            lines += ["", f"[{section}]", *body]
        return InpFile(self.path, lines, self.encoding)

    def write(self, path: Path) -> None:
        """Write as UTF-8 without a byte order mark."""
        path.write_text("\n".join(self.lines) + "\n", encoding="utf-8", newline="\n")

    # ----------------------------------------------------------------------------------------------- what a network holds

    def node_ids(self) -> list[str]:
        return [row.tokens[0] for name in ("JUNCTIONS", "OUTFALLS", "STORAGE", "DIVIDERS") for row in self.rows(name)]

    def coordinates(self) -> dict[str, tuple[float, float]]:
        """Node id to map coordinates, as they stand in the file (never converted)."""
        places = {}
        for row in self.rows("COORDINATES"):
            if len(row.tokens) >= 3:
                places[row.tokens[0]] = (float(row.tokens[1]), float(row.tokens[2]))
        return places

    def rims(self) -> dict[str, float]:
        """Junction and storage id to rim elevation (m): invert + maximum depth; MaxDepth 0 means the top of the highest pipe."""
        metre = self.metres_per_unit
        rims = {}
        for name in ("JUNCTIONS", "STORAGE", "DIVIDERS"):
            for row in self.rows(name):
                numbers = [float(t) for t in row.tokens[1:3] if _is_number(t)]
                depth = numbers[1] if len(numbers) > 1 and name != "DIVIDERS" else 0.0
                rims[row.tokens[0]] = (numbers[0] + depth) * metre
        return rims

    def links(self) -> dict[str, tuple[str, str]]:
        """Link id to its two nodes."""
        return {
            row.tokens[0]: (row.tokens[1], row.tokens[2])
            for name in ("CONDUITS", "PUMPS", "ORIFICES", "WEIRS", "OUTLETS")
            for row in self.rows(name)
            if len(row.tokens) >= 3
        }

    def outfall_pipes(self) -> dict[str, tuple[float, np.ndarray]]:
        """Outfall id to (invert m, [[length m, full depth m, full area m2] of each circular conduit that ends there])."""
        metre = self.metres_per_unit
        inverts = {row.tokens[0]: float(row.tokens[1]) * metre for row in self.rows("OUTFALLS")}
        shapes = {row.tokens[0]: row.tokens for row in self.rows("XSECTIONS")}
        pipes: dict[str, list[list[float]]] = {name: [] for name in inverts}
        for row in self.rows("CONDUITS"):
            for end in row.tokens[1:3]:
                shape = shapes.get(row.tokens[0])
                if end in pipes and shape and shape[1].upper() == "CIRCULAR":
                    pipes[end].append([float(row.tokens[3]) * metre, float(shape[2]) * metre])
        return {name: (inverts[name], np.array(rows).reshape(-1, 2)) for name, rows in pipes.items()}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_inp(path: Path) -> InpFile:
    """Read a network; a byte order mark is dropped, GBK and Latin-1 are decoded. Raises InputError where it is no text or has no nodes."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise input_error("E101", str(path), f"the network cannot be read: {error.strerror}", do="check [drainage] network") from error
    data = data.removeprefix(codecs.BOM_UTF8)
    for encoding in ENCODINGS:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    inp = InpFile(path, text.splitlines(), encoding)
    if "\x00" in text or not inp.section_names:
        raise input_error("E401", str(path), "this is no SWMM input file: no [SECTION] found", do="give an EPA SWMM 5 .inp file")
    if inp.flow_units not in SWMM_FLOW_UNITS:
        raise input_error("E401", f"{path}, [OPTIONS]", "unknown FLOW_UNITS", given=inp.flow_units, allowed=", ".join(SWMM_FLOW_UNITS))
    return inp
