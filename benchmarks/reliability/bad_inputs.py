"""Bad inputs: each is refused with a code, place and way out (exit 2), or told as odd; none is
taken in silence, none ends in a traceback.
"""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from pathlib import Path
from typing import Any

from benchmarks.reliability import bad_input_layers, bad_input_tables
from benchmarks.reliability.bad_input_makers import CASES, Case

__all__ = ["CASES", "answer", "bad_input_layers", "bad_input_tables", "campaign", "held"]


def answer(case: Case, folder: Path) -> tuple[int, str]:
    """Exit code and everything that was said; 1 is a traceback."""
    for name, content in case.files.items():
        path = folder / name
        if callable(content):
            content(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            _ask(case, folder / "s.toml")
        return 0, said.getvalue()
    except SystemExit as end:
        return int(end.code or 0), said.getvalue()
    except Exception as error:  # what escapes is the fault that is looked for
        return 1, f"{said.getvalue()}\nTraceback: {type(error).__name__}: {error}"


def _ask(case: Case, path: Path) -> None:
    if not case.study:
        from flood_sim.cli.main import main

        main(["check", str(path)])
        return
    from flood_sim.core.errors import InputError
    from flood_sim.study import load_study

    try:
        load_study(path)
    except InputError as error:
        print(error)
        raise SystemExit(2) from error


def held(case: Case, code: int, said: str) -> str:
    """Empty where the answer is right, else what is wrong with it."""
    if code == 1 or "Traceback" in said:
        return f"traceback: {said[-200:]}"
    if missing := [word for word in case.words if word not in said]:
        return f"exit {code}, without {missing}: {said[:300]}"
    if case.odd:
        return (
            ""
            if code in (0, 2) and re.search(r"^[EW]\d{3} ", said, re.MULTILINE)
            else f"exit {code}: {said[:200]}"
        )
    return (
        ""
        if code == 2 and re.search(r"^E\d{3} ", said, re.MULTILINE)
        else f"exit {code}, taken in silence: {said[:300]}"
    )


def campaign(count: int, folder: Path) -> list[dict[str, Any]]:
    """The first `count` cases, one row a kind: tried, held, and the first that did not hold."""
    rows: dict[str, dict[str, Any]] = {}
    for case in CASES[:count]:
        row = rows.setdefault(
            case.kind, {"kind": f"bad input: {case.kind}", "tried": 0, "held": 0, "note": ""}
        )
        own = folder / f"case_{sum(r['tried'] for r in rows.values())}"
        own.mkdir(parents=True)
        wrong = held(case, *answer(case, own))
        shutil.rmtree(own)
        row["tried"] += 1
        row["held"] += not wrong
        if wrong and len(row["note"]) < 600:
            row["note"] += f"{case.name}: {wrong}; "
    return list(rows.values())
