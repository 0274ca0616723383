"""What the schema says of a file, as findings: the place as the user wrote it, what is allowed
there, and the name that may be meant.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from flood_sim.core.errors import Finding, nearest
from flood_sim.core.unit_words import number_way_out, way_out
from flood_sim.drainage.series_cover import OWN_RULE
from flood_sim.scenario.spec.rows import key_place
from flood_sim.scenario.spec.schema import ScenarioSpec

MOST_TOLD = 100  # faults of one file
TIME_FAULTS = ("timezone_aware", "datetime_type", "datetime_from_date_parsing", "datetime_parsing")
# what a key may be beside another kind: of these the one that fits best speaks
UNION_MEMBERS = (
    *("str", "float", "EdgeSpec", "LandCover", "FromRims", "FlatBed", "FormulaSpec", "WatchSpec"),
    *("RasterFile", "VectorFile", "MaskFile", "RoadFile", "BuildingFile", "PeopleFile"),
)
TAG_PLACES = {
    "rainfall": 1,
    "infiltration": 1,
    "drainage": 1,
    "boundaries": 2,
    "structures": 2,
    "facilities": 2,
    "failures": 2,
    "rules": 2,
    "sites": 2,
    "measure": 2,
}  # where pydantic puts a section's `kind` into a place


def schema_findings(file: str, faults: list[Any], data: dict[str, Any]) -> list[Finding]:
    """One finding a place of the faults that pydantic counts; data : the tables of the file."""
    findings = [_finding(file, fault, data) for fault in _merged(faults[:MOST_TOLD])]
    if len(faults) > MOST_TOLD:
        more = f"{len(faults) - MOST_TOLD} more faults"
        findings.append(Finding("E103", file, more, do="mend these first, then check again"))
    return findings


def _merged(faults: list[Any]) -> list[Any]:
    """One finding a place: of a union only the member that fits best speaks."""
    counts: dict[tuple[Any, ...], int] = {}
    for fault in faults:
        prefix, member = _member(fault["loc"])
        unfit = 100 if member in ("str", "float") and isinstance(fault.get("input"), dict) else 1
        counts[(*prefix, member)] = counts.get((*prefix, member), 0) + unfit
    places: dict[tuple[Any, ...], Any] = {}
    for fault in faults:
        prefix, member = _member(fault["loc"])
        rivals = [
            count for key, count in counts.items() if key[:-1] == prefix and key[-1] is not None
        ]
        if member is not None and counts[(*prefix, member)] > min(rivals):
            continue
        place = _without_tags(fault["loc"])
        if place not in places or fault["type"] == "extra_forbidden":
            places[place] = {**fault, "loc": place, "tags": fault["loc"]}
    return list(places.values())


def _member(loc: tuple[Any, ...]) -> tuple[tuple[Any, ...], str | None]:
    """The place of a union and the member that a fault speaks for."""
    for k, part in enumerate(loc):
        if part in UNION_MEMBERS:
            return loc[:k], str(part)
    return loc, None


def _without_tags(loc: tuple[Any, ...]) -> tuple[Any, ...]:
    tag = TAG_PLACES.get(str(loc[0]), -1) if loc else -1
    return tuple(part for k, part in enumerate(loc) if k != tag and part not in UNION_MEMBERS)


def _finding(file: str, fault: Any, data: dict[str, Any]) -> Finding:
    loc, kind = [str(part) for part in fault["loc"]], fault["type"]
    where = ", ".join(part for part in (file, key_place(fault["loc"], data)) if part)
    if kind == "extra_forbidden":
        return _unknown_key(where, loc, fault)
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _wrong_kind(where, loc, fault)
    if kind == "missing":
        allowed = allowed_values(_model_at(loc[:-1], fault), loc[-1])
        do = f"add `{loc[-1]} = ...`"
        return Finding("E104", where, "this key is missing", allowed=allowed, do=do)
    if kind in TIME_FAULTS:
        return Finding(
            "E302",
            where,
            "a time needs its offset",
            given=_short(fault.get("input"), loc),
            allowed="2021-07-20T15:00:00+08:00",
            do="add the offset, e.g. +08:00",
        )
    message = str(fault["msg"]).removeprefix("Value error, ")
    told, do = number_way_out(loc[-1], fault.get("input")) if "parsing" in kind else ("", "")
    return Finding(
        "E104",
        where,
        told or message[:1].lower() + message[1:],
        given=_short(fault.get("input"), loc),
        allowed=allowed_values(_model_at(loc[:-1], fault), loc[-1]) if loc else "",
        do=do or "change the value",
    )


def _unknown_key(where: str, loc: list[str], fault: Any) -> Finding:
    known = list(_keys(_model_at(loc[:-1], fault)))
    problem, do = way_out(loc[-1], fault.get("input"), known)
    if loc[0] == "drainage" and loc[-1] in ("before", "after", "gaps"):
        problem, do = (
            "series in a network have no such key",
            f"write rows into the .inp. {OWN_RULE}",
        )
    return Finding(
        "E103",
        where,
        problem or f"unknown key{nearest(loc[-1], known)}",
        given=_short(fault.get("input"), loc),
        allowed=", ".join(known),
        do=do or "rename or remove the key",
    )


def _wrong_kind(where: str, loc: list[str], fault: Any) -> Finding:
    """`kind` is missing or unknown."""
    tags = str(fault.get("ctx", {}).get("expected_tags", "")).replace("'", "")
    kinds = tags or ", ".join(_kinds(loc))
    missing = fault["type"] == "union_tag_not_found"
    stated = fault["input"].get("kind", "") if isinstance(fault.get("input"), dict) else ""
    problem = "the key `kind` is missing" if missing else "unknown kind"
    return Finding(
        "E104",
        where,
        problem + nearest(str(stated), kinds.split(", ")),
        given=f"kind = {stated!r}" if stated else "",
        allowed=kinds,
        do="set kind",
    )


def _kinds(loc: list[str]) -> list[str]:
    field = ScenarioSpec.model_fields.get(loc[0]) if loc else None
    models = models_in(field.annotation) if field else []
    return [
        str(k)
        for m in models
        if "kind" in m.model_fields
        for k in getattr(m.model_fields["kind"].annotation, "__args__", ())
    ]


def _short(value: Any, loc: list[str]) -> str:
    if isinstance(value, dict):
        return ""
    text = f"{loc[-1]} = {value!r}" if loc else repr(value)
    return text if len(text) < 120 else text[:117] + "..."


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_at(loc: list[str], fault: Any) -> type[BaseModel]:
    """The section in which the fault lies: follow annotations by key, a union by the fault's own
    data where it has a kind.
    """
    model: type[BaseModel] = ScenarioSpec
    for part in loc:
        if part.isdigit():
            continue
        field = model.model_fields.get(part)
        if field is None:  # a name that the user gave: [measure.NAME]
            continue
        candidates = list(models_in(field.annotation))
        if not candidates:
            break
        model = _best(candidates, fault)
    return model


def _best(candidates: list[type[BaseModel]], fault: Any) -> type[BaseModel]:
    for tag in reversed([str(p) for p in fault.get("tags", [])]):
        for model in candidates:
            if model.__name__ == tag or f"'{tag}'" in str(model.model_fields.get("kind", "")):
                return model
    return candidates[0]


def models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for part in getattr(annotation, "__args__", ()) for m in models_in(part)]


def allowed_values(model: type[BaseModel], key: str) -> str:
    """Range and description of a key, as the schema states them."""
    field = next((f for name, f in model.model_fields.items() if key in (name, f.alias)), None)
    if field is None:
        return ""
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    limits = [
        f"{signs[name]} {getattr(rule, name)}"
        for rule in field.metadata
        for name in signs
        if getattr(rule, name, None) is not None
    ]
    options = [
        repr(v)
        for v in getattr(field.annotation, "__args__", ())
        if isinstance(v, (str, int)) and not isinstance(v, bool)
    ]
    return "; ".join(
        part for part in (", ".join(options), " and ".join(limits), field.description or "") if part
    )
