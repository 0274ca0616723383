"""Files of limits and curves: those beside this module, or a user's own.

Sources stand in the files.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from flood_sim.analysis.limits.likeness import unlike
from flood_sim.core.errors import InputError, input_error, nearest
from flood_sim.core.files.toml_files import read_toml

LIMITS = Path(__file__).parent / "international.toml"


def read_limits(wanted: str | None = None) -> dict[str, Any]:
    """Limits and curves; a named set ("china") or a user's file replaces the tables that it has.
    Raises InputError where there is neither.
    """
    own = tomllib.loads(LIMITS.read_text(encoding="utf-8"))
    if wanted is None:
        return own
    named = {p.stem: p for p in LIMITS.parent.glob("*.toml")}
    path = named.get(wanted, Path(wanted))
    if not path.is_file():
        raise input_error(
            "E102",
            "--limits",
            f"no such limits{nearest(wanted, named)}",
            given=wanted,
            allowed=f"{', '.join(sorted(named))}, or a TOML file",
        )
    tables = read_toml(path, f"--limits {path}")
    unknown = sorted(tables.keys() - own.keys())
    if unknown:
        raise input_error(
            "E104",
            str(path),
            f"unknown table{nearest(unknown[0], own)}",
            given=unknown[0],
            allowed=", ".join(own),
        )
    wrong = [
        f
        for name, table in tables.items()
        for f in unlike(table, own[name], f"{path.name}, [{name}]")
    ]
    if wrong:
        raise InputError(wrong)
    return {**own, **tables}
