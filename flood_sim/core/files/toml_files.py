"""TOML files of a user: read within bounds, so that a file made to hurt, or by a machine, costs no
time; every fault is one finding.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from flood_sim.core.errors import input_error
from flood_sim.core.units import MEBIBYTE

DEEPEST = 16  # tables within tables
_PART = r"""(?:"[^"\n]*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_LONG_KEY = re.compile(
    rf"(?:^[ \t]*\[*|[{{,])[ \t]*{_PART}(?:[ \t]*\.[ \t]*{_PART}){{{DEEPEST},}}", re.MULTILINE
)
_LONG_NUMBER = re.compile(r"(?<!\w)(?:0[xob])?[0-9][0-9a-fA-F_]{400,}")


def read_toml(path: Path, place: str = "") -> dict[str, Any]:
    """Tables of a file of at most 1 MB, DEEPEST deep. Raises InputError (E102) with the file; place
    : what the file is given for, where not itself.
    """
    place = place or path.name
    text = _text(path, place)
    _refuse_long(text, place)
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise input_error(
            "E102",
            place,
            f"this is not valid TOML: {error}",
            do="mend the line; strings stand in quotes",
        ) from error
    if _depth(data) > DEEPEST:
        raise input_error(
            "E102",
            place,
            f"tables stand more than {DEEPEST} deep in each other",
            do="take out what is nested too deep",
        )
    return data


def _text(path: Path, place: str) -> str:
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MEBIBYTE else b""
    except OSError as error:
        raise input_error(
            "E102",
            place,
            f"the file cannot be read: {error.strerror}",
            given=str(path),
            do="give a file that you may read",
        ) from error
    if size > MEBIBYTE:
        raise input_error(
            "E102",
            place,
            "a TOML file larger than 1 MB is not read",
            given=f"{size} bytes",
            do="put tables and series into CSV files",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise input_error(
            "E102",
            place,
            f"this is no UTF-8 text: byte {error.start} cannot be read",
            do="save the file as UTF-8",
        ) from error


def _refuse_long(text: str, place: str) -> None:
    """Raises InputError for keys of many parts, which are read in the square of their length, and
    numbers that no quantity has.
    """
    for pattern, problem, do in (
        (_LONG_KEY, f"a key of more than {DEEPEST} parts", "take out what is nested too deep"),
        (
            _LONG_NUMBER,
            "a number of hundreds of digits",
            "give a number of the size that the key asks for",
        ),
    ):
        found = pattern.search(text)
        if found:
            line = text.count("\n", 0, found.start()) + 1
            raise input_error(
                "E102",
                f"{place}, line {line}",
                problem,
                given=found.group().strip()[:40] + "...",
                do=do,
            )


def _depth(data: Any) -> int:
    """Tables and lists within each other; without recursion."""
    level, depth = [data], 0
    while level and depth <= DEEPEST:
        level = [
            v
            for table in level
            for v in (table.values() if isinstance(table, dict) else table)
            if isinstance(v, (dict, list))
        ]
        depth += 1
    return depth
