"""A CSV as text: encoding, separator, header and cells, also of a file that a spreadsheet exported;
what is read in another way than written is said.
"""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

from flood_sim.core.errors import Finding, InputError, input_error
from flood_sim.core.units import MEBIBYTE

LARGEST_BYTES = 256 * MEBIBYTE
MOST_ROWS = 2_000_000
SEPARATORS = (",", ";", "\t")
NAMES = {",": "`,`", ";": "`;`", "\t": "tabs"}
SHEET_ERROR = re.compile(
    r"#(REF!|N/A|NV|VALUE!|WERT!|DIV/0!|NAME\?|NUM!|NULL!|BEZUG!)", re.IGNORECASE
)
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?,*;*', re.IGNORECASE | re.DOTALL)
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
HIGH = re.compile(rb"[\x80-\xff]+")
SAVE = "save the table as CSV, UTF-8"
SHOWN = 60  # characters of a line or a cell in a message


@dataclass(frozen=True)
class RawTable:
    """Cells of a CSV as text, blanks around them taken off at conversion: one sequence a column,
    and the line of the file that each row stands in.
    """

    path: Path
    separator: str
    columns: dict[str, Sequence[str]]
    lines: Sequence[int]

    def place(self, row: int, column: str = "") -> str:
        """Of a message: file, row (line of the file) and column."""
        return f"{self.path.name}, row {self.lines[row]}" + (f", `{column}`" if column else "")


def shown(text: str) -> str:
    """A cell or a line, cut for a message, unseen characters as escapes."""
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)")


def read_raw(path: Path) -> RawTable:
    """A CSV with a header; lines that begin with # are comments, blank rows are left out. Raises
    InputError where it is no table.

    Columns may be separated by commas, semicolons or tabs: the header decides. Line ends of any
    kind, a byte order mark, and the line `sep=;` are understood. All rows that have another number
    of cells than the header are told at once.
    """
    text = _text(path)
    numbers, lines = _table_lines(path, text)
    if not lines:
        raise input_error(
            "E104",
            path.name,
            "the file has no header: it is empty",
            do="give a CSV with a header and rows",
        )
    separator = ""
    found = SEPARATOR_LINE.fullmatch(lines[0].strip())
    if found:
        separator, numbers, lines = found.group(1), numbers[1:], lines[1:]
    if not lines or separator not in ("", *SEPARATORS):
        raise input_error(
            "E220",
            path.name,
            "this separator is not read",
            given=shown(separator),
            allowed=", ".join(NAMES.values()),
            do=SAVE,
        )
    separator = separator or separator_of(lines[0])
    if '"' in text or (columns := _plain(path, lines, numbers, separator)) is None:
        rows = _cells(path, lines, numbers, separator)
        table = _columns(path, separator, _header(path, rows[0], numbers[0]), rows[1:], numbers[1:])
    else:
        table = RawTable(path, separator, columns, numbers[1:])
    if UNSEEN.search(text):
        _refuse_unseen(table)
    return table


def _plain(
    path: Path, lines: Sequence[str], numbers: Sequence[int], separator: str
) -> dict[str, Sequence[str]] | None:
    """Columns of a table without quotes whose rows are all as long as its header and not blank: the
    quick way; None for any other.
    """
    width = lines[0].count(separator) + 1
    if (
        set(map(str.count, lines, repeat(separator))) != {width - 1}
        or max(map(len, lines)) > csv.field_size_limit()
    ):
        return None
    header = _header(path, lines[0].split(separator), numbers[0])
    cells = separator.join(lines[1:]).split(separator) if len(lines) > 1 else []
    if len(header) != width or not all(map(str.strip, cells[::width])):
        return None
    return {name: cells[k::width] for k, name in enumerate(header)}


def separator_of(header: str) -> str:
    """The separator that stands most often in a header outside quotes; a comma where none does."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(SEPARATORS, key=bare.count)


def _text(path: Path) -> str:
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise input_error(
            "E226",
            path.name,
            "this table is too large to be read",
            given=f"{size / MEBIBYTE:.0f} MiB",
            allowed=f"{LARGEST_BYTES / MEBIBYTE:.0f} MiB",
            do="thin it out, or cut it to the time of the run",
        )
    raw = path.read_bytes()
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise input_error("E105", path.name, "this text is in UTF-16", do=SAVE)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
            if not is_chinese(raw):
                given = shown(next(w for w in raw.decode("latin-1").split() if not w.isascii()))
                raise input_error(
                    "E105",
                    path.name,
                    "this text is in Latin-1 (Windows-1252), it seems",
                    given=given,
                    do=SAVE,
                )
        except UnicodeDecodeError as error:
            given = f"byte {raw[error.start]:#04x} at offset {error.start}"
            raise input_error(
                "E105", path.name, "this is no text in UTF-8 or GBK", given=given, do=SAVE
            ) from error
    if "\0" in text:
        raise input_error(
            "E105", path.name, "this is no text: it holds zero bytes (UTF-16?)", do=SAVE
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def is_chinese(raw: bytes) -> bool:
    """Whether bytes that GBK can read are GBK: common characters have two high bytes. In Latin-1
    letters with accents stand alone before a plain letter (`R\xdcB`), which GBK reads as one, too.
    """
    runs = HIGH.findall(raw)
    alone = sum(len(run) == 1 for run in runs)
    return alone * 2 <= len(runs)


def _table_lines(path: Path, text: str) -> tuple[Sequence[int], list[str]]:
    """Numbers and text of the lines that are neither blank nor comments."""
    if text.count("\n") > MOST_ROWS:
        raise input_error(
            "E226",
            path.name,
            "this table has too many rows",
            given=f"{text.count(chr(10)):,} lines",
            allowed=f"{MOST_ROWS:,}",
            do="thin it out, or cut it to the time of the run",
        )
    lines = text.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if "#" not in text and all(map(str.strip, lines)):
        return range(1, len(lines) + 1), lines
    kept = [
        (n, line) for n, line in enumerate(lines, start=1) if line.strip() and not _comment(line)
    ]
    return [n for n, _ in kept], [line for _, line in kept]


def _comment(line: str) -> bool:
    bare = line.lstrip().lstrip('"')
    return bare.startswith("#") and SHEET_ERROR.match(bare) is None


def _cells(path: Path, lines: list[str], numbers: Sequence[int], separator: str) -> list[list[str]]:
    keys: dict[str, Any] = {
        "delimiter": separator,
        "strict": True,
        "skipinitialspace": separator != "\t",
    }
    with contextlib.suppress(csv.Error):  # told below, with its row
        rows = list(csv.reader(lines, **keys))
        if len(rows) == len(lines):  # else a quoted cell has run over its line
            return rows
    return [
        _row(f"{path.name}, row {number}", line, keys)
        for number, line in zip(numbers, lines, strict=True)
    ]


def _row(place: str, line: str, keys: dict[str, Any]) -> list[str]:
    try:
        return next(csv.reader([line], **keys))
    except csv.Error as error:
        long = "field limit" in str(error)
        problem = (
            f"a cell is longer than {csv.field_size_limit():,} characters"
            if long
            else "a quotation mark is not closed, or stands inside a cell"
        )
        raise input_error("E105", place, problem, given=shown(line), do="mend the row") from error


def _header(path: Path, cells: list[str], number: int) -> list[str]:
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    place = f"{path.name}, row {number}"
    double = sorted({name for name in names if names.count(name) > 1 and name})
    if double:
        raise input_error(
            "E221",
            place,
            f"the header has the column `{double[0]}` twice",
            given=shown(", ".join(names)),
            do="remove or rename one",
        )
    if "" in names:
        do = "name the column, or remove it"
        raise input_error(
            "E221",
            place,
            f"column {names.index('') + 1} of the header has no name",
            given=shown(", ".join(names)),
            do=do,
        )
    return names


def _columns(
    path: Path, separator: str, header: list[str], rows: list[list[str]], numbers: Sequence[int]
) -> RawTable:
    width = len(header)
    if set(map(len, rows)) - {width}:
        rows = [
            row[:width] if len(row) > width and not any(map(str.strip, row[width:])) else row
            for row in rows
        ]
    filled = (
        [k for k, row in enumerate(rows) if any(map(str.strip, row))]
        if any(not row[0].strip() for row in rows)
        else range(len(rows))
    )
    rows, numbers = [rows[k] for k in filled], [numbers[k] for k in filled]
    _refuse_widths(path, separator, width, rows, numbers)
    cells: Iterable[tuple[str, ...]] = zip(*rows, strict=True) if rows else [() for _ in header]
    return RawTable(path, separator, dict(zip(header, cells, strict=True)), numbers)


def _refuse_widths(
    path: Path, separator: str, width: int, rows: list[list[str]], numbers: Sequence[int]
) -> None:
    wrong = [k for k, row in enumerate(rows) if len(row) != width]
    if not wrong:
        return
    first = rows[wrong[0]]
    more = f"; so are {len(wrong) - 1} more rows" if len(wrong) > 1 else ""
    commas = (
        "decimal commas, or thousands separators? write 1.5 and 1234; or separate the columns"
        " by `;`"
    )
    raise input_error(
        "E220",
        f"{path.name}, row {numbers[wrong[0]]}",
        f"the row has {len(first)} cells, the header {width}{more}",
        given=shown(separator.join(first)),
        allowed=f"{width} cells, separated by {NAMES[separator]}",
        do=commas if separator == "," and len(first) > width else "mend the row",
    )


def _refuse_unseen(table: RawTable) -> None:
    for name, cells in table.columns.items():
        if UNSEEN.search("".join(cells)):
            row = next(k for k, cell in enumerate(cells) if UNSEEN.search(cell))
            finding = Finding(
                "E105",
                table.place(row, name),
                "the cell holds unseen control characters",
                given=shown(cells[row]),
                do="retype the cell",
            )
            raise InputError(finding)
