"""Names of a network: SWMM takes A and a for one name. Every reference is read in the spelling of
the first definition; the text itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

NODES = ("JUNCTIONS", "OUTFALLS", "STORAGE", "DIVIDERS")
LINKS = ("CONDUITS", "PUMPS", "ORIFICES", "WEIRS", "OUTLETS")
# Sections that define names, by kind.
DEFINED: dict[str, tuple[str, ...]] = {
    "node": NODES,
    "link": LINKS,
    "curve": ("CURVES",),
    "series": ("TIMESERIES",),
    "pattern": ("PATTERNS",),
    "subcatchment": ("SUBCATCHMENTS",),
    "gauge": ("RAINGAGES",),
}
_ENDS: dict[int, tuple[str, ...]] = {0: ("link",), 1: ("node",), 2: ("node",)}
# Section: place of a token and the kinds of thing that it may name.
REFERENCES: dict[str, dict[int, tuple[str, ...]]] = {
    "OUTFALLS": {3: ("curve", "series")},
    "DIVIDERS": {2: ("link",), 4: ("curve",)},
    "STORAGE": {5: ("curve",)},
    "CONDUITS": _ENDS,
    "PUMPS": _ENDS | {3: ("curve",)},
    "ORIFICES": _ENDS,
    "WEIRS": _ENDS,
    "OUTLETS": _ENDS | {5: ("curve",)},
    "XSECTIONS": {0: ("link",)},
    "LOSSES": {0: ("link",)},
    "VERTICES": {0: ("link",)},
    "INLET_USAGE": {0: ("link",), 2: ("node",)},
    "COORDINATES": {0: ("node",)},
    "INFLOWS": {0: ("node",), 2: ("series",), 7: ("pattern",)},
    "DWF": {0: ("node",), **dict.fromkeys((3, 4, 5, 6), ("pattern",))},
    "RDII": {0: ("node",)},
    "TREATMENT": {0: ("node",)},
    "CURVES": {0: ("curve",)},
    "TIMESERIES": {0: ("series",)},
    "PATTERNS": {0: ("pattern",)},
    "SUBCATCHMENTS": {1: ("gauge",), 2: ("node", "subcatchment")},
    "RAINGAGES": {5: ("series",)},
    "TAGS": {1: ("node", "link", "subcatchment")},
    "EVAPORATION": {1: ("series", "pattern")},
}
ANYWHERE: dict[str, tuple[str, ...]] = {"CONTROLS": ("link", "node", "curve", "series")}
_UPPER = str.maketrans({c: c.upper() for c in "abcdefghijklmnopqrstuvwxyz"})


def folded(name: str) -> str:
    """As SWMM compares names: letters a to z are capitals, all others as they are."""
    return name.translate(_UPPER)


def first_spelling(names: Iterable[str]) -> dict[str, str]:
    """Folded name to its first spelling."""
    spelling: dict[str, str] = {}
    for name in names:
        spelling.setdefault(folded(name), name)
    return spelling


def matched(name: str, names: Iterable[str] | Mapping[str, object]) -> str:
    """The one of `names` that SWMM takes for this name; the name itself where there is none."""
    return name if name in names else first_spelling(names).get(folded(name), name)
