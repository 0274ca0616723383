"""Which messages of docs/errors.md are followed by a test that does what they say, and which are
not, each with its reason.
"""

import importlib
from pathlib import Path

from flood_sim.core.error_causes import CAUSES
from ways_out import Way, plain

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "errors.md"
PARTS = sorted(p.stem for p in HERE.glob("test_*.py") if p.stem != "test_counted")
MODULES = [importlib.import_module(f"ways.{part}") for part in PARTS]
WAYS: list[Way] = [way for module in MODULES for way in module.WAYS]
Row = tuple[str, str, str]
# Messages that no test follows, and why.
WITHOUT: dict[Row, str] = {
    row: reason for module in MODULES for row, reason in getattr(module, "WITHOUT", {}).items()
}


def rows() -> set[Row]:
    """Code, text and way out of each message that has one (tests/architecture/test_documentation.py
    holds the page to the sources).
    """
    found, code = set(), ""
    for line in DOCS.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 4 and cells[0] not in ("code", "---"):
            code = cells[0].strip("`") or code
            found.add((code, *(plain(cell.replace("&lt;", "<")) for cell in cells[2:])))
    return {row for row in found if row[1] and (row[0][0] == "E" or row[2])}


def test_each_message_is_followed_or_its_reason_stands_with_its_kind():
    known, followed = rows(), {way.row for way in WAYS}
    assert not set(WITHOUT) & followed
    assert not set(WITHOUT) - known
    missing = sorted(known - followed - set(WITHOUT))
    assert not missing, (len(known), len(known & followed), missing)
    assert len(known) > 500


def test_each_code_of_an_error_is_followed():
    followed = {way.code for way in WAYS}
    assert not sorted(code for code in CAUSES if code[0] == "E" and code not in followed)
