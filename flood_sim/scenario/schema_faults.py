"""What the schema says of a file, as findings: the place as the user wrote it, what is allowed
there, and the name that may be meant.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from flood_sim.core.errors import Finding, Said, nearest
from flood_sim.core.files.cell_values import TIME
from flood_sim.core.schema_texts import said
from flood_sim.core.unit_words import number_way_out, way_out
from flood_sim.drainage.series_cover import OWN_RULE
from flood_sim.scenario.spec.rows import key_place
from flood_sim.scenario.spec.schema import ScenarioSpec

MOST_TOLD = 100  # faults of one file
# what a key may be beside another kind: of these the one that fits best speaks
UNION_MEMBERS = (
    *("str", "float", "datetime"),
    *("EdgeSpec", "LandCover", "FromRims", "FlatBed", "FormulaSpec", "WatchSpec"),
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


def schema_findings(
    file: str, faults: list[Any], data: dict[str, Any], root: type[BaseModel] = ScenarioSpec
) -> list[Finding]:
    """One finding a place of the faults that pydantic counts; data : the tables of the file; root :
    the model of the file.
    """
    findings = [_finding(file, fault, data, root) for fault in _merged(faults[:MOST_TOLD])]
    if len(faults) > MOST_TOLD:
        more = f"{len(faults) - MOST_TOLD} more faults"
        findings.append(Finding("E103", file, more, do="mend these first, then check again"))
    return findings


def _merged(faults: list[Any]) -> list[Any]:
    """One finding a place: of a union only the member that fits best speaks."""
    counts: dict[tuple[Any, ...], int] = {}
    for fault in faults:
        prefix, member = _member(fault["loc"])
        table = isinstance(fault.get("input"), dict)
        unfit = 100 if table and member and not member[0].isupper() else 1
        counts[(*prefix, member)] = counts.get((*prefix, member), 0) + unfit
    places: dict[tuple[Any, ...], Any] = {}
    within = {fault["loc"][:k] for fault in faults for k in range(len(fault["loc"]))}
    for fault in faults:
        if fault["type"] == "too_short" and fault["loc"] in within:
            continue  # what is wrong in a list is not counted in it
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
        if _is_member(part):
            return loc[:k], str(part)
    return loc, None


def _without_tags(loc: tuple[Any, ...]) -> tuple[Any, ...]:
    tag = TAG_PLACES.get(str(loc[0]), -1) if loc else -1
    return tuple(part for k, part in enumerate(loc) if k != tag and not _is_member(part))


def _is_member(part: Any) -> bool:
    """Of a union; a type with a check before it is called "function-before[...]"."""
    return part in UNION_MEMBERS or str(part).startswith("function-")


def _finding(file: str, fault: Any, data: dict[str, Any], root: type[BaseModel]) -> Finding:
    loc, kind = [str(part) for part in fault["loc"]], fault["type"]
    where = ", ".join(part for part in (file, key_place(fault["loc"], data)) if part)
    section = _model_at(loc[:-1], fault, root)
    if kind == "extra_forbidden":
        return _unknown_key(where, loc, fault, section)
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _wrong_kind(where, loc, fault)
    allowed = allowed_values(section, loc[-1]) if loc else ""
    number = None
    if kind == "float_parsing" and not loc[-1].isdigit():
        number = number_way_out(loc[-1], fault.get("input"))
    code, text, do = number or said(fault)
    return Finding(
        code,
        where,
        text,
        given=_short(fault.get("input"), loc) if kind != "missing" else "",
        allowed=TIME if code == "E302" else allowed,
        do=do,
    )


def _unknown_key(where: str, loc: list[str], fault: Any, section: type[BaseModel]) -> Finding:
    known = list(_keys(section))
    hint = nearest(loc[-1], known)
    wrong = Said("E103", f"unknown key{hint}", do="rename or remove the key")
    wrong = way_out(loc[-1], fault.get("input"), known) or wrong
    if loc[0] == "drainage" and loc[-1] in ("before", "after", "gaps"):
        do = f"leave the key out; write rows into the .inp. {OWN_RULE}"
        wrong = Said("E103", "series in a network have no such key", do=do)
    given = _short(fault.get("input"), loc)
    return Finding(
        wrong.code, where, wrong.text, given=given, allowed=", ".join(known), do=wrong.do
    )


def _wrong_kind(where: str, loc: list[str], fault: Any) -> Finding:
    """`kind` is missing or unknown."""
    tags = str(fault.get("ctx", {}).get("expected_tags", "")).replace("'", "")
    kinds = tags or ", ".join(_kinds(loc))
    missing = fault["type"] == "union_tag_not_found"
    stated = fault["input"].get("kind", "") if isinstance(fault.get("input"), dict) else ""
    hint = nearest(str(stated), kinds.split(", "))
    problem = f"the key `kind` is missing{hint}" if missing else f"unknown kind{hint}"
    return Finding(
        "E104",
        where,
        problem,
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
    text = f"{loc[-1]} = {value!r}" if loc and not loc[-1].isdigit() else repr(value)
    return text if len(text) < 120 else text[:117] + "..."


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_at(loc: list[str], fault: Any, root: type[BaseModel]) -> type[BaseModel]:
    """The section in which the fault lies: follow annotations by key, a union by the fault's own
    data where it has a kind.
    """
    model = root
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
