"""Which files SWMM would open for an .inp, found with SWMM's own rules; each must be a plain file
in an allowed folder. SWMM gets no other.

SWMM's rules (5.2): a line ends at \\n or after 1,023 bytes; a comment begins at the first
semicolon, also inside quotes; tokens end at a blank, a tab or a return; a token that begins with a
quote ends at the next one; a section is known by the first letters of its header, in any case. No
Unicode.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flood_sim.core.errors import Finding, InputError

if TYPE_CHECKING:
    from flood_sim.drainage.inp import InpFile

LONGEST_LINE = (
    1022  # bytes before the end of a line; what follows, SWMM takes for a line of its own
)
LONGEST_NAME = 255  # bytes of a path: SWMM cuts longer ones (259), and opens what is left
MOST_TOKENS = 40
SEPARATORS = " \t\n\r"
WAY_OUT = "copy the file in, or allow its folder: --allow-path DIR"

# SWMM's section keywords in the order in which it tries them.
SECTIONS = tuple(
    "[" + name
    for name in [
        "TITLE",
        "OPTION",
        "FILE",
        "RAINGAGE",
        "TEMPERATURE",
        "EVAP",
        "SUBCATCHMENT",
        "SUBAREA",
        "INFIL",
        "AQUIFER",
        "GROUNDWATER",
        "SNOWPACK",
        "JUNC",
        "OUTFALL",
        "STORAGE",
        "DIVIDER",
        "CONDUIT",
        "PUMP",
        "ORIFICE",
        "WEIR",
        "OUTLET",
        "XSECT",
        "TRANSECT",
        "LOSS",
        "CONTROL",
        "POLLUT",
        "LANDUSE",
        "BUILDUP",
        "WASHOFF",
        "COVERAGE",
        "INFLOW",
        "DWF",
        "PATTERN",
        "RDII",
        "HYDROGRAPH",
        "LOADING",
        "TREATMENT",
        "CURVE",
        "TIMESERIES",
        "REPORT",
        "COORDINATE",
        "VERTICES",
        "POLYGON",
        "LABEL",
        "SYMBOL",
        "BACKDROP",
        "TAG",
        "PROFILE",
        "MAP",
        "LID_CONTROL",
        "LID_USAGE",
        "GWF",
        "ADJUSTMENT",
        "EVENT",
        "STREET",
        "INLET_USAGE",
        "INLET",
    ]
)
NAMED = {  # section: (token with the keyword, keyword, token with the file's name)
    "[RAINGAGE": (4, "FILE", 5),
    "[TIMESERIES": (1, "FILE", 2),
    "[TEMPERATURE": (0, "FILE", 1),
    "[BACKDROP": (0, "FILE", 1),
    "[OPTION": (0, "TEMPDIR", 1),
    "[FILE": (0, "", 2),
}
LID_REPORT = 8  # token of [LID_USAGE] with a file that SWMM writes


def tokens(line: str) -> list[str]:
    """A line as SWMM splits it."""
    text, k = line.split(";", 1)[0], 0
    found: list[str] = []
    while k < len(text) and len(found) < MOST_TOKENS:
        if text[k] in SEPARATORS:
            k += 1
            continue
        quoted = text[k] == '"'
        begin = k + quoted
        ends = '"\n' if quoted else SEPARATORS
        end = next((i for i in range(begin, len(text)) if text[i] in ends), len(text))
        found.append(text[begin:end])
        k = end + 1
    return found


def section_of(header: str) -> str | None:
    """SWMM's keyword of a section header; None where SWMM knows none."""
    return next((name for name in SECTIONS if header.upper().startswith(name)), None)


def sections(lines: list[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Number (from 1), section and tokens of every line that SWMM reads as data."""
    section = SECTIONS[0]
    for number, line in enumerate(lines, start=1):
        found = tokens(line)
        if found and found[0].startswith("["):
            section = section_of(found[0]) or section
        elif found:
            yield number, section, found


def close_files(inp: InpFile, work: Path | None = None) -> InpFile:
    """The network with every file named by its whole path, each a plain file in an allowed folder.

    work : folder of the run; what SWMM opens for writing as well (USE) is copied there, its scratch
    files go there; None: only look. Raises InputError with every line that names another file,
    saves one, or that SWMM would read otherwise than we do.
    """
    lines = [_cut(line) for line in inp.lines]
    findings = [
        fault
        for number, line in enumerate(lines, start=1)
        for fault in _unreadable(inp, number, line)
    ]
    for number, section, found in sections(lines):
        if section == "[LID_USAGE" and len(found) > LID_REPORT and found[LID_REPORT] != "*":
            findings.append(
                _fault(
                    inp,
                    number,
                    "SWMM would write this file",
                    found[LID_REPORT],
                    "write * in its place: flood_sim writes its own results",
                )
            )
        key, word, name = NAMED.get(section, (0, "\0", 0))
        if len(found) <= key or not found[key].upper().startswith(word):
            continue
        faults = _refused_mode(inp, number, found) if section == "[FILE" else []
        if not faults and len(found) > name:
            path, faults = _inside(inp, number, section, found[name])
            if path is not None and not faults:
                found[name] = str(_of_the_run(section, path, work, number))
                lines[number - 1] = " ".join(
                    f'"{t}"' if k == name or not t or set(t) & set(SEPARATORS) else t
                    for k, t in enumerate(found)
                )
                faults = _too_long(inp, number, found[name]) if section != "[BACKDROP" else []
        findings += faults
    if findings:
        raise InputError(findings)
    return inp.with_lines(lines)


def _cut(line: str) -> str:
    """Without its comment where the line is longer than SWMM reads at once."""
    return (
        line.split(";", 1)[0].rstrip()
        if len(line.encode(errors="surrogateescape")) > LONGEST_LINE
        else line
    )


def _fault(
    inp: InpFile, number: int, problem: str, given: str, do: str, allowed: str = ""
) -> Finding:
    return Finding(
        "E106",
        f"{inp.path.name}, line {number}",
        problem,
        given=given[:200],
        allowed=allowed,
        do=do,
    )


def _unreadable(inp: InpFile, number: int, line: str) -> Iterator[Finding]:
    """Lines that SWMM would split otherwise than we do."""
    place = f"{inp.path.name}, line {number}"
    if len(line.encode(errors="surrogateescape")) > LONGEST_LINE:
        yield Finding(
            "E401",
            place,
            "the line is longer than SWMM reads",
            given=line[:40],
            allowed=f"{LONGEST_LINE} bytes",
            do="split the line",
        )
    if any(sign in line for sign in "\n\r\0"):
        yield Finding(
            "E401",
            place,
            "a name holds a line break or a zero byte",
            given=repr(line[:80]),
            do="rename it: one line",
        )
    found = tokens(line)
    if found and found[0].startswith("["):
        if not line.lstrip(SEPARATORS).startswith("["):
            yield Finding(
                "E401",
                place,
                "a section header stands in quotes",
                given=line.strip()[:80],
                do="remove the quotes",
            )
        elif section_of(found[0]) is None:
            yield Finding(
                "E401",
                place,
                "SWMM knows no such section",
                given=found[0][:80],
                do="rename or remove the section",
            )


def _refused_mode(inp: InpFile, number: int, found: list[str]) -> list[Finding]:
    """[FILES] holds USE lines alone: whatever else there is, SWMM would write."""
    if found[0].upper() == "USE":
        return []
    return [
        _fault(
            inp,
            number,
            "SWMM would write this file",
            " ".join(found[:3]),
            "remove the line: flood_sim writes its own results",
            "USE TYPE FILE",
        )
    ]


def _inside(
    inp: InpFile, number: int, section: str, name: str
) -> tuple[Path | None, list[Finding]]:
    """The file that a name means, and what is wrong with it."""
    try:
        path = (inp.path.parent / name).resolve()
        inside = any(path.is_relative_to(root.resolve()) for root in inp.roots)
        there = path.is_dir() if section == "[OPTION" else path.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        return None, [_fault(inp, number, f"this path cannot be followed: {error}", name, WAY_OUT)]
    if not inside:
        return None, [
            _fault(
                inp,
                number,
                "this path leaves the scenario's folder",
                name,
                WAY_OUT,
                f"files below {inp.roots[0].resolve()}",
            )
        ]
    if not there and section in ("[BACKDROP", "[OPTION"):
        return None, []  # a picture that SWMM never opens; a folder that the run's own replaces
    if not there:
        do = f"copy the file to {path}, or remove the line"
        return None, [
            Finding(
                "E101",
                f"{inp.path.name}, line {number}",
                "the file does not exist, or is no plain file",
                given=name,
                do=do,
            )
        ]
    return path, []


def _of_the_run(section: str, path: Path, work: Path | None, number: int) -> Path:
    """What SWMM may open for writing lies in the run's own folder: a copy, its scratch files."""
    if work is None or section not in ("[FILE", "[OPTION"):
        return path
    if section == "[OPTION":
        return work.resolve()
    copied = work.resolve() / f"used_{number}{path.suffix}"
    shutil.copyfile(path, copied)
    return copied


def _too_long(inp: InpFile, number: int, name: str) -> list[Finding]:
    """Paths that cannot be handed to SWMM whole."""
    if len(name.encode(errors="surrogateescape")) <= LONGEST_NAME and not set(name) & set(
        '";\n\r\0'
    ):
        return []
    allowed = f'{LONGEST_NAME} bytes, without " and ;'
    return [
        _fault(
            inp,
            number,
            "SWMM cannot be given this path whole",
            name,
            "rename the file, or move the folder to a shorter path",
            allowed,
        )
    ]
