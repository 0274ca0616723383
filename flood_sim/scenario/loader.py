"""Reading scenario files: TOML, `extends`, paths inside the project, and every fault gathered into
one message.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flood_sim.core.errors import Finding, InputError, input_error, nearest
from flood_sim.core.files.map_keys import MapKeys, named
from flood_sim.core.files.toml_files import read_toml
from flood_sim.scenario.doors.map_source import MapSource, ReadLog
from flood_sim.scenario.doors.paths import file_inside
from flood_sim.scenario.schema_faults import schema_findings
from flood_sim.scenario.spec.schema import NOT_YET, ScenarioSpec

SUFFIX = ".toml"


@dataclass(frozen=True)
class Scenario:
    """A validated scenario and where it came from. Paths in it are resolved against `folder` when
    it is built. log : how its maps were read, of the last build.
    """

    spec: ScenarioSpec
    path: Path
    allowed: tuple[Path, ...] = ()
    log: ReadLog = field(default_factory=ReadLog, compare=False, repr=False)

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

    def map(self, value: str | MapKeys, place: str) -> MapSource:
        """A map of the scenario, given by its name or by keys; the file as `file` has it."""
        keys = {} if isinstance(value, str) else value.model_dump(exclude={"file"})
        words = keys.pop("uses", None) or keys.pop("zones", None) or {}
        keys.pop("uses", None), keys.pop("zones", None)
        return MapSource(self.file(named(value), place), place, self.log, words=words, **keys)

    def __repr__(self) -> str:
        s = self.spec
        ground = (
            f"reference city {s.city.side_m:g} m, {s.city.vintage}"
            if s.city
            else f"terrain {_bed_named(s)}"
        )
        return (
            f"Scenario {s.name} ({self.path})\n  time      {s.time.start.isoformat()} to"
            f" {s.time.stop.isoformat()}\n  ground    {ground}\n  rain      {s.rainfall.kind}\n "
            f" sewers    {s.drainage.kind}"
        )


def _bed_named(spec: ScenarioSpec) -> str:
    bed = spec.terrain.bed_elevation if spec.terrain else ""
    return bed.file if isinstance(bed, MapKeys) else str(bed)


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
        raise InputError(schema_findings(path.name, error.errors(), data)) from error
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
    data = read_toml(path)
    base = data.get("extends")
    if base is None:
        return data
    parent = file_inside(path.parent, str(base), f"{path.name}, `extends`", allowed)
    return merge_tables(_read_with_extends(parent, (*seen, path.resolve()), allowed), data)


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
