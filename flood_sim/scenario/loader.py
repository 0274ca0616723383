"""Reading scenario files: TOML, `extends`, paths inside the project, and every fault gathered into
one message.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from flood_sim.core.errors import Finding, InputError, input_error, nearest
from flood_sim.core.files.toml_files import read_toml
from flood_sim.scenario.doors.paths import file_inside
from flood_sim.scenario.spec.schema import NOT_YET, ScenarioSpec

SUFFIX = ".toml"
MOST_TOLD = 100  # faults of one file


@dataclass(frozen=True)
class Scenario:
    """A validated scenario and where it came from. Paths in it are resolved against `folder` when
    it is built.
    """

    spec: ScenarioSpec
    path: Path
    allowed: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def roots(self) -> tuple[Path, ...]:
        """Folders in which every file of the scenario lies."""
        return (self.folder, *self.allowed)

    def file(self, text: str, place: str) -> Path:
        """A path of the scenario as a plain file inside its folder (or an allowed one). Raises
        InputError otherwise.
        """
        return file_inside(
            self.folder,
            text,
            place if place.startswith(self.path.name) else f"{self.path.name}, {place}",
            self.allowed,
        )

    def __repr__(self) -> str:
        s = self.spec
        ground = (
            f"reference city {s.city.side_m:g} m, {s.city.vintage}"
            if s.city
            else f"terrain {s.terrain.bed_elevation if s.terrain else ''}"
        )
        return (
            f"Scenario {s.name} ({self.path})\n  time      {s.time.start.isoformat()} to"
            f" {s.time.stop.isoformat()}\n  ground    {ground}\n  rain      {s.rainfall.kind}\n "
            f" sewers    {s.drainage.kind}"
        )


def scenarios_folder() -> Path:
    """Shipped scenarios: inside the installed package, else in the checkout."""
    package = Path(__file__).resolve().parent.parent
    return (
        package / "_scenarios"
        if (package / "_scenarios").is_dir()
        else package.parent / "scenarios"
    )


def list_scenarios() -> list[str]:
    """Names of the shipped scenarios."""
    return sorted(path.stem for path in scenarios_folder().glob(f"*{SUFFIX}"))


def find_scenario(name: str) -> Path:
    """The file of a scenario given by path or by the name of a shipped one. Raises InputError with
    the nearest name.
    """
    path = Path(name)
    if path.suffix == SUFFIX or path.exists():
        if path.is_file():
            return path
        known = [p.name for p in path.parent.glob(f"*{SUFFIX}")] if path.parent.is_dir() else []
        raise input_error(
            "E101",
            name,
            f"the scenario file does not exist{nearest(path.name, known)}",
            do="`flood-sim list` shows the shipped ones",
        )
    shipped = scenarios_folder() / f"{name}{SUFFIX}"
    if not shipped.is_file():
        raise input_error(
            "E101",
            name,
            f"no scenario of this name{nearest(name, list_scenarios())}",
            allowed=", ".join(list_scenarios()),
            do="give one of these names or the path of a .toml file",
        )
    return shipped


def load_scenario(
    name: str | Path, allowed: tuple[Path, ...] = (), changes: dict[str, Any] | None = None
) -> Scenario:
    """Read and validate a scenario; changes : keys that a study puts in place of the file's. Raises
    InputError with every fault of the file.
    """
    path = find_scenario(str(name))
    data = merge_tables(_read_with_extends(path, (), (path.parent, *allowed)), changes or {})
    data.pop("extends", None)
    _refuse_what_is_not_built(data, path)
    try:
        spec = ScenarioSpec.model_validate(data)
    except ValidationError as error:
        faults = error.errors()
        findings = [_finding(path, fault) for fault in _merged(faults[:MOST_TOLD])]
        if len(faults) > MOST_TOLD:
            findings.append(
                Finding(
                    "E103",
                    path.name,
                    f"{len(faults) - MOST_TOLD} more faults",
                    do="mend these first, then check again",
                )
            )
        raise InputError(findings) from error
    return Scenario(spec, path, allowed)


def _read_with_extends(
    path: Path, seen: tuple[Path, ...], allowed: tuple[Path, ...]
) -> dict[str, Any]:
    if path.resolve() in seen:
        raise input_error(
            "E103",
            path.name,
            "`extends` runs in a circle",
            given=" -> ".join(p.name for p in (*seen, path)),
        )
    data = _read_toml(path)
    base = data.get("extends")
    if base is None:
        return data
    parent = file_inside(path.parent, str(base), f"{path.name}, `extends`", allowed)
    return merge_tables(_read_with_extends(parent, (*seen, path.resolve()), allowed), data)


def _read_toml(path: Path) -> dict[str, Any]:
    return read_toml(path)


def merge_tables(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged key by key, everything else is replaced; a table of another `kind` replaces
    the whole.
    """
    merged = copy.deepcopy(base)
    for key, value in over.items():
        old = merged.get(key)
        same_kind = (
            isinstance(old, dict)
            and isinstance(value, dict)
            and value.get("kind", old.get("kind")) == old.get("kind")
        )
        merged[key] = merge_tables(old, value) if same_kind and isinstance(old, dict) else value
    return merged


def _refuse_what_is_not_built(data: dict[str, Any], path: Path) -> None:
    findings = [
        Finding(
            "E103",
            f"{path.name}, [{key}]",
            f"not implemented yet: {NOT_YET[key]}",
            do="remove this section",
        )
        for key in data
        if key in NOT_YET
    ]
    if findings:
        raise InputError(findings)


UNION_MEMBERS = ("str", "float", "EdgeSpec", "LandCover", "FromRims", "FlatBed")
TAG_PLACES = {
    "rainfall": 1,
    "infiltration": 1,
    "drainage": 1,
    "boundaries": 2,
    "structures": 2,
    "facilities": 2,
    "measure": 2,
}  # where pydantic puts a section's `kind` into a place


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


def _finding(path: Path, fault: Any) -> Finding:
    loc = [str(part) for part in fault["loc"]]
    where = f"{path.name}{_place(loc)}"
    model = _model_at(loc[:-1], fault)
    given = (
        ""
        if fault["type"] in ("missing", "extra_forbidden") and isinstance(fault.get("input"), dict)
        else _short(fault.get("input"), loc)
    )
    if fault["type"] == "extra_forbidden":
        known = list(_keys(model))
        return Finding(
            "E103",
            where,
            f"unknown key{nearest(loc[-1], known)}",
            given=given,
            allowed=", ".join(known),
            do="rename or remove the key",
        )
    if fault["type"] in ("union_tag_not_found", "union_tag_invalid"):
        kinds = str(fault.get("ctx", {}).get("expected_tags", "")).replace("'", "") or ", ".join(
            _kinds(loc)
        )
        problem = (
            "the key `kind` is missing"
            if fault["type"] == "union_tag_not_found"
            else "unknown kind"
        )
        stated = fault["input"].get("kind", "") if isinstance(fault.get("input"), dict) else ""
        return Finding(
            "E104",
            where,
            problem + nearest(str(stated), kinds.split(", ")),
            given=f"kind = {stated!r}" if stated else "",
            allowed=kinds,
            do="set kind",
        )
    if fault["type"] == "missing":
        return Finding(
            "E104",
            where,
            "this key is missing",
            allowed=allowed_values(model, loc[-1]),
            do=f"add `{loc[-1]} = ...`",
        )
    if fault["type"] in (
        "timezone_aware",
        "datetime_type",
        "datetime_from_date_parsing",
        "datetime_parsing",
    ):
        return Finding(
            "E302",
            where,
            "a time needs its offset",
            given=given,
            allowed="2021-07-20T15:00:00+08:00",
            do="add the offset, e.g. +08:00",
        )
    message = str(fault["msg"]).removeprefix("Value error, ")
    return Finding(
        "E104",
        where,
        message[:1].lower() + message[1:],
        given=given,
        allowed=allowed_values(model, loc[-1]) if loc else "",
        do="change the value",
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


def _place(loc: list[str]) -> str:
    """[section], `key`; items of a list of tables count from 1, as in [[boundaries]] 2."""
    if len(loc) > 1 and loc[0] == "boundaries" and loc[1].isdigit():
        head = f", [[boundaries]] {int(loc[1]) + 1}"
        return head + (f", `{'.'.join(loc[2:])}`" if loc[2:] else "")
    return (f", [{'.'.join(loc[:-1])}]" if len(loc) > 1 else "") + (f", `{loc[-1]}`" if loc else "")


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
        candidates = list(models_in(field.annotation)) if field else []
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
