"""Files of standards and of loads: those beside this module, or a user's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flood_sim.analysis.standards.rows import LOADS, Ladder, Standard, faults_of
from flood_sim.core.errors import Finding, InputError, input_error, nearest
from flood_sim.core.files.toml_files import read_toml

STANDARDS = Path(__file__).parent


def read_standards(wanted: str = "china") -> dict[str, Any]:
    """A named set of standards, or a user's file. Raises InputError where there is neither, and
    with all that is wrong in it.
    """
    named = {p.stem: p for p in STANDARDS.glob("*.toml") if p.stem != "reference_city"}
    path = named.get(wanted, Path(wanted))
    if not path.is_file():
        raise input_error(
            "E102",
            "--standards",
            f"no such standards{nearest(wanted, named)}",
            given=wanted,
            allowed=f"{', '.join(sorted(named))}, or a file",
        )
    data = read_toml(path, f"--standards {path}")
    refuse_wrong_standards(data, f"--standards {path.name}")
    return data


def read_loads(path: Path = STANDARDS / "reference_city.toml") -> dict[str, Any]:
    """Rain and river stage by return period. Raises InputError with all that is wrong."""
    loads = read_toml(path, f"--loads {path}")
    refuse_wrong_loads(loads, f"--loads {path.name}")
    return loads


def refuse_wrong_standards(standards: Mapping[str, Any], place: str = "--standards") -> None:
    """Raises InputError with all that is missing or out of range."""
    parts = {name: s for name, s in standards.items() if isinstance(s, Mapping)}
    rest = {name: value for name, value in standards.items() if name not in parts}
    found = faults_of(Ladder, rest, place)
    for name, part in parts.items():
        found += faults_of(Standard, part, f"{place}, [{name}]")
    if not parts:
        do = "give tables [NAME] with chinese, family, required_y, source and [[NAME.criterion]]"
        found.append(Finding("E106", place, "no standard is in this file", do=do))
    classes = [frozenset(part["required_y"]) for part in parts.values()] if not found else []
    if len(set(classes)) > 1:
        given = "; ".join(", ".join(sorted(c)) for c in classes)[:120]
        problem = "all standards need the same city classes"
        same = "give each required_y the same classes"
        found.append(Finding("E104", f"{place}, required_y", problem, given=given, do=same))
    if found:
        raise InputError(found)


def refuse_wrong_loads(loads: Mapping[str, Any], place: str = "--loads") -> None:
    """Raises InputError with all that is missing or out of range. Whether a formula is there, the
    audit says.
    """
    allowed = ", ".join(f"[{name}]" for name in LOADS)
    found = []
    if not loads:
        found.append(Finding("E106", place, "no loads are in this file", allowed=allowed))
    for family, table in loads.items():
        where = f"{place}, [{family}]"
        if family in LOADS:
            found += faults_of(LOADS[family], table, where)
        else:
            said = f"no such loads{nearest(family, LOADS)}"
            found.append(Finding("E104", where, said, given=family, allowed=allowed))
    if found:
        raise InputError(found)
