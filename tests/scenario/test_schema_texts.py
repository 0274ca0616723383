"""Texts of the schema: each kind of fault that pydantic finds in a value has one, and a number is no
time.
"""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

import flood_sim
from flood_sim.core.errors import InputError
from flood_sim.core.schema_texts import SAID, said
from flood_sim.ground.regions.packs import Region
from flood_sim.scenario import load_scenario
from flood_sim.scenario.schema_faults import models_in
from flood_sim.scenario.spec.schema import ScenarioSpec
from flood_sim.study.spec.study import StudySpec
from scenario.test_loader import GOOD

PACKAGE = Path(flood_sim.__file__).parent
STRANGE = [
    *([], {}, "", "x", "30 ft", "ä<>", "x" * 3000, "-20", "2021-07-20T15:00:00", [1.0] * 60),
    *(1.5, 7, 10**30, -1e30, 1e30, float("nan"), float("inf"), True, [1], [True], [[1.0]], [["x"]]),
    *([{}], {"a": {}}, {"a": 1}, {"kind": "zz"}, datetime(2021, 7, 20), date(2021, 7, 20)),
]
OF_KEYS = {"extra_forbidden", "missing", "value_error", "union_tag_not_found", "union_tag_invalid"}
PYDANTIC = ("valid dictionary", "valid tuple", "instance of", "Input should", "string as")


def models(root: type[BaseModel], found: dict[type[BaseModel], None]) -> dict:
    if root not in found:
        found[root] = None
        for field in root.model_fields.values():
            for model in models_in(field.annotation):
                models(model, found)
    return found


def faults() -> list[Any]:
    """Of each key of each section with each strange value, the first of each kind."""
    kinds: dict[str, Any] = {}
    found: dict[type[BaseModel], None] = {}
    for root in (ScenarioSpec, StudySpec, Region):
        models(root, found)
    for model in found:
        for field in model.model_fields.values():
            kind = Annotated[(field.annotation, *field.metadata)] if field.metadata else None
            adapter = TypeAdapter(kind or field.annotation)
            for value in STRANGE:
                try:
                    adapter.validate_python(value)
                except ValidationError as error:
                    kinds.update({fault["type"]: fault for fault in error.errors()})
    return list(kinds.values())


def test_each_kind_of_fault_has_its_text():
    found = faults()
    assert {fault["type"] for fault in found} - OF_KEYS <= set(SAID)
    assert len(found) > 20
    for fault in found:
        _, text, do = said(fault)
        assert text and do and not re.search(r"\{[a-z_]+\}", text)
        assert fault["type"] in OF_KEYS or not any(word in text for word in PYDANTIC)


@pytest.mark.parametrize("number", ["20210720", "1626764400", '"20210720"', "1626764400.0"])
def test_a_number_is_no_time(tmp_path, number):
    """It was taken for seconds since 1970, so a run of fifty years began."""
    text = GOOD.replace("start = 2021-07-20T15:00:00+08:00", f"start = {number}")
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(InputError, match="`start`: a number says no time"):
        load_scenario(tmp_path / "s.toml")


@pytest.mark.parametrize("text", ["2021-07-20T15:00:00+08:00", '"2021-07-20T15:00:00+08:00"'])
def test_times_of_toml_and_texts_are_read(tmp_path, text):
    whole = GOOD.replace("start = 2021-07-20T15:00:00+08:00", f"start = {text}")
    (tmp_path / "s.toml").write_text(whole)
    assert load_scenario(tmp_path / "s.toml").spec.time.start.isoformat() == text.strip('"')


def test_models_refuse_with_a_way_out():
    """By UnfitError, which docs/errors.md is made of; a ValueError would say "change the value"."""
    rooms = ("scenario/spec", "study/spec", "measures", "city", "ground/regions")
    files = [path for room in rooms for path in (PACKAGE / room).rglob("*.py")]
    assert len(files) > 50
    plain = [
        path.name
        for path in files
        if "import BaseModel" in path.read_text() or "model_validator" in path.read_text()
        if "raise ValueError" in path.read_text()
    ]
    assert not plain
