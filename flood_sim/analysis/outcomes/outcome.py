"""One outcome, and the table of all of ours: name, labels, unit, and where it is shown. The page,
the console and the studies read this table; a plugin's outcome is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from flood_sim.core.files.writing import reading
from flood_sim.results import Results

SQUARE_METRES_A_HECTARE = 1e4
# why an outcome has no value
NO_EXPOSURE = "no exposure in this run: [exposure] in the scenario"
NO_ROADS = "no roads in this run: [exposure] roads in the scenario"
NO_BUILDINGS = "no buildings in this run: [exposure] buildings in the scenario"
NO_PEOPLE = (
    "nobody says how many people live here: no `people` in the buildings' layer, no [exposure]"
    " population"
)


@dataclass(frozen=True)
class Outcome:
    """value in unit, None where it cannot be computed; note: what it counts, or why it is missing;
    source: file and variable. english, chinese : labels of a plugin's; those of ours are in KINDS.
    """

    name: str
    value: float | None
    unit: str
    note: str
    source: str
    english: str = ""
    chinese: str = ""

    def row(self) -> dict[str, Any]:
        """As consequences.json holds it; labels only where the outcome brings its own."""
        return {k: v for k, v in asdict(self).items() if v or k not in ("english", "chinese")}


@dataclass(frozen=True)
class OutcomeKind:
    """What is always the same of an outcome. name : * at its end stands for any ending. shown :
    the page lists it; headline : it is among the first figures of the page and of the console.
    """

    name: str
    english: str
    chinese: str
    unit: str
    shown: bool = False
    headline: bool = False

    @property
    def label(self) -> str:
        """Both languages in one line."""
        return f"{self.english} {self.chinese}".strip()

    @property
    def chinese_label(self) -> str:
        return self.chinese or self.english


# In the order of the page; translations recalled.
KINDS = (
    OutcomeKind("damage", "damage", "经济损失", "CNY", shown=True, headline=True),
    OutcomeKind(
        "people_exposed", "people in wet ground floors", "底层进水居民", "persons", True, True
    ),
    OutcomeKind(
        "people_outdoors", "people on dangerous streets", "街上处于危险的人", "persons", True
    ),
    OutcomeKind("underground_entry_metro", "water into the metro", "地铁进水量", "m3", True, True),
    OutcomeKind("underground_entry_garage", "water into garages", "车库进水量", "m3", True, True),
    OutcomeKind(
        "evacuation_shortfall", "people too late underground", "地下疏散不及", "person min", True
    ),
    OutcomeKind("service_loss", "hours without service", "服务中断小时", "h", True, True),
    OutcomeKind("road_area_hours", "flooded road", "道路积水", "ha h", True, True),
    OutcomeKind(
        "access_loss_fire_engine",
        "people beyond fire engines",
        "消防不可达",
        "person h",
        True,
        True,
    ),
    OutcomeKind("ground_floors_wet", "wet ground floors", "底层进水建筑", "1", True),
    OutcomeKind("volume_out_of_sewer", "water out of sewers", "检查井冒溢", "m3", True),
    OutcomeKind("ground_floor_area_wet", "area of wet ground floors", "底层进水面积", "m2"),
    OutcomeKind("flooded_area_hours_*", "flooded ground", "地面积水", "ha h"),
    OutcomeKind("service_loss_with_repair", "hours without service, repair", "服务中断与修复", "h"),
    OutcomeKind("underground_entry", "water into underground spaces", "地下空间进水量", "m3"),
    OutcomeKind("underground_entry_*", "water into underground spaces", "地下空间进水量", "m3"),
    OutcomeKind("access_loss_car", "people beyond ambulances", "医院不可达", "person h"),
    OutcomeKind("road_area_hours_*", "road unsafe for cars", "道路行车危险", "ha h"),
    OutcomeKind("danger_for_most_area", "ground dangerous for most", "危险地面", "ha"),
)
_BY_NAME = {kind.name: kind for kind in KINDS}
_FAMILIES = [kind for kind in KINDS if kind.name.endswith("*")]


def own_kind(name: str) -> OutcomeKind | None:
    """The table's line of an outcome, under its own name; None where the program has no such."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    family = next((k for k in _FAMILIES if name.startswith(k.name.removesuffix("*"))), None)
    return None if family is None else replace(family, name=name)


def kind_of(name: str, unit: str = "", english: str = "", chinese: str = "") -> OutcomeKind:
    """The same; a plugin's, with the unit and the labels that it brings, is shown and headlined.
    Without a label its name is shown.
    """
    own = own_kind(name)
    if own is not None and not english:
        return replace(own, unit=unit) if unit else own  # money is in that of the limits
    return OutcomeKind(name, english or name, chinese, unit, shown=True, headline=True)


def kinds_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, OutcomeKind]:
    """By name, from rows of consequences.json: in the table's order, then what plugins brought."""
    found = {}
    for row in rows:
        more = {key: row.get(key, "") for key in ("unit", "english", "chinese")}
        found[row["name"]] = kind_of(row["name"], **more)
    place = {name: number for number, name in enumerate(_BY_NAME)}
    return dict(sorted(found.items(), key=lambda pair: place.get(pair[0], len(place))))


def our_outcome(name: str, value: float | None, note: str, source: str) -> Outcome:
    """An outcome of the table, in its unit. Raises KeyError where the table lacks it."""
    kind = own_kind(name)
    if kind is None:
        raise KeyError(name)
    return Outcome(name, value, kind.unit, note, source)


def written(results: Results, part: str = "outcomes") -> dict[str, dict[str, Any]]:
    """Rows of consequences.json by name (part "evacuation": by space); none where the report was
    not drawn.
    """
    path = results.folder / "consequences.json"
    with reading(path, f"flood-sim report {results.folder}"):
        rows = json.loads(path.read_text(encoding="utf-8"))[part] if path.is_file() else []
        return {row.get("name", row.get("space")): row for row in rows}
