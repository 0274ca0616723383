"""Which messages of docs/errors.md are followed by a test that does what they say, and which are
not, each with its reason.
"""

import importlib
from pathlib import Path

from flood_sim.core.error_causes import CAUSES
from flood_sim.core.error_reference import messages
from ways_out import plain

HERE = Path(__file__).parent
PARTS = sorted(p.stem for p in HERE.glob("test_*.py") if p.stem != "test_counted")
MODULES = [importlib.import_module(f"ways.{part}") for part in PARTS]
WAYS = [way for module in MODULES for way in module.WAYS]
ROWS = {(m.code, plain(m.text), plain(m.do)) for m in messages() if m.code[0] == "E" or m.do}

# Messages that no test follows, and why.
WITHOUT: dict[tuple[str, str, str], str] = {
    row: why for module in MODULES for row, why in getattr(module, "WITHOUT", {}).items()
}


def test_each_message_is_followed_or_its_reason_stands_here():
    followed = {way.row for way in WAYS}
    assert not set(WITHOUT) & followed
    assert not set(WITHOUT) - ROWS
    missing = sorted(ROWS - followed - set(WITHOUT))
    assert not missing, (len(ROWS), len(ROWS & followed), missing)


def test_each_code_of_an_error_is_followed():
    followed = {way.code for way in WAYS}
    assert not sorted(c for c in CAUSES if c[0] == "E" and c not in followed)
