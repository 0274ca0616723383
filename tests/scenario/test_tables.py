"""Tables as people send them: what a spreadsheet made of a CSV is read and said, or refused with
its row; columns have ranges and keys as sections have.
"""

import math
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel, Field

from flood_sim.core.errors import InputError
from flood_sim.core.files.cell_values import COMMA_NUMBER, NUMBER
from flood_sim.core.files.checked_tables import read_rows
from flood_sim.core.files.table_rows import Row, like, unit_of, usual
from flood_sim.scenario.schema_faults import models_in
from flood_sim.scenario.spec.document import document
from flood_sim.scenario.spec.schema import ScenarioSpec
from flood_sim.scenario.spec.tables import (
    TABLES,
    ClassRow,
    DischargeRow,
    EvaporationRow,
    InletRow,
    RainRow,
)
from flood_sim.scenario.spec.water import EvaporationSpec
from flood_sim.study.spec.study import StudySpec

START = datetime.fromisoformat("2021-07-20T15:00:00+08:00")


def read(folder: Path, text, model=RainRow):
    path, findings = folder / "t.csv", []
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return read_rows(path, model, findings, START), findings


PLAIN = "time_s,depth_mm\n0,1.5\n300,2\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAIN, []), (PLAIN.rstrip("\n"), []), (PLAIN.replace("\n", "\r\n"), []), (PLAIN.replace("\n", "\r"), []), ("\ufeff" + PLAIN, []),
        ("# a comment\n\n" + PLAIN + "\n\n", []), (PLAIN.replace("1.5", '"1.5"'), []), (PLAIN.replace(",", " , "), []), (PLAIN.replace("1.5", "15e-1"), []),
        ("time_s,depth_mm,\n0,1.5,\n300,2,,\n,,\n", []),  # a spreadsheet's empty columns and rows
        (PLAIN.encode("gb18030"), []), ("时间,time_s,depth_mm\na,0,1.5\nb,300,2\n".encode("gb18030"), ["W221"]),
        ("time_s;depth_mm\n0;1,5\n300;2\n", ["W106"]), ("time_s\tdepth_mm\n0\t1.5\n300\t2\n", ["W106"]), ("sep=;\n" + PLAIN.replace(",", ";"), ["W106"]),
        ("time_h,depth_mm\n0,1.5\n" + repr(300 / 3600) + ",2\n", []),
        # two offsets, both stated
        ("time,depth_mm\n2021-07-20T15:00:00+08:00,1.5\n2021-07-20T07:05:00Z,2\n", []),
        ("time_s,depth_mm\n-0.0,1.5\n300,2\n", []),
    ],
)  # fmt: skip
def test_one_table_in_many_dresses(tmp_path, text, said):
    table, findings = read(tmp_path, text)
    assert table.columns["time_s"] == pytest.approx([0.0, 300.0]) and table.columns[
        "depth_mm"
    ].tolist() == [1.5, 2.0]
    assert not np.signbit(table.columns["time_s"]).any()
    assert [f.code for f in findings] == said


def test_what_was_read_otherwise_is_said(tmp_path):
    _, (finding,) = read(tmp_path, "time_s;depth_mm\n0;1,5\n300;2\n")
    assert "separated by `;`, decimals have a comma (1,5 in row 2)" in str(finding)


def test_all_faults_of_a_table_are_told_at_once_and_few(tmp_path):
    """Three columns with faults in many rows: one finding a column, its first row named, the others
    counted; rows are lines of the file.
    """
    rows = "".join("J1,grate,-2,0.5,x\n" for _ in range(500))
    with pytest.raises(InputError) as refused:
        read(
            tmp_path,
            "# made by hand\nnode,kind,count,clogging,x_m\nJ1,grate,1,0.5,5\nJ1,grat,1,50,7\n"
            + rows,
            InletRow,
        )
    texts = [str(f) for f in refused.value.findings]
    assert len(texts) == 5, texts
    assert any("row 4, `kind`" in t and "did you mean `grate`" in t for t in texts)
    assert any(
        "row 5, `count`: a value below zero; 499 more rows" in t and "> 0 and <= 500" in t
        for t in texts
    )
    assert any("row 4, `clogging`" in t and "< 1" in t for t in texts)
    assert any("row 5, `x_m`: this is no number" in t and "499 more" in t for t in texts)
    assert any("is given twice, first in t.csv, row 5" in t and "498 more" in t for t in texts)


def test_a_column_has_the_range_of_its_key(tmp_path):
    """Evaporation beyond the scenario's own limit was taken from a file."""
    limit = next(
        rule.le
        for rule in EvaporationSpec.model_fields["rate_mm_d"].metadata
        if hasattr(rule, "le")
    )
    read(tmp_path, f"time_s,rate_mm_d\n0,{limit}\n", EvaporationRow)
    with pytest.raises(InputError, match="`rate_mm_d`: a value out of range"):
        read(tmp_path, f"time_s,rate_mm_d\n0,{1.001 * limit}\n", EvaporationRow)


def test_a_long_series_is_read_by_column(tmp_path):
    """200,000 rows come out as numpy reads them; the last row's fault has its line."""
    rng = np.random.default_rng(3)
    q = np.round(rng.uniform(0.0, 50.0, 200_000), 3)
    lines = [f"{60 * k},{v!r}" for k, v in enumerate(q.tolist())]
    table, _ = read(tmp_path, "time_s,discharge_m3_s\n" + "\n".join(lines), DischargeRow)
    assert (table.columns["discharge_m3_s"] == q).all() and table.columns["time_s"][-1] == 60.0 * (
        q.size - 1
    )
    with pytest.raises(InputError, match="row 200002, `discharge_m3_s`: this is no number"):
        read(tmp_path, "time_s,discharge_m3_s\n" + "\n".join([*lines, "99999999,x"]), DischargeRow)


@pytest.mark.parametrize("text", ["1", "-1.5", "+.5", "1.", "1e5", "1E-5", "0", "007"])
def test_numbers_are_those_of_python(text):
    assert NUMBER.fullmatch(text) and math.isfinite(float(text))


@pytest.mark.parametrize(
    "text", ["", "1_000", "１", "1,5", "0x1", "nan", "inf", "1 0", "--1", "e5", ".", "1e", "٣"]
)
def test_what_is_no_number(text):
    assert NUMBER.fullmatch(text) is None
    assert (COMMA_NUMBER.fullmatch(text) is not None) == (text == "1,5")


class Odd(Row):
    """A table for this test."""

    KEY = ("name",)
    name: str
    size_m: float = Field(ge=0.0, le=100.0, json_schema_extra=usual(0.1, 10.0))
    whole: int | None = Field(None, ge=0, le=5)
    same: float | None = like(EvaporationSpec, "rate_mm_d")


def test_possible_but_odd_is_a_finding_with_the_figure(tmp_path):
    table, (finding,) = read(tmp_path, "name,size_m\na,5\nb,50\nc,60\n", Odd)
    assert (
        len(table) == 3
        and finding.code == "W220"
        and "row 3, `size_m`" in str(finding)
        and "50" in finding.given
        and "1 more" in finding.problem
    )
    assert "usually 0.1 to 10; >= 0 and <= 100" in finding.allowed


def test_the_same_file_read_twice_speaks_once(tmp_path):
    path, findings = tmp_path / "t.csv", []
    path.write_text("name;size_m\na;50\n")
    for _ in range(3):
        read_rows(path, Odd, findings)
    assert [f.code for f in findings] == ["W220", "W106"]


# ------------------------------------------------------------------------- every number has a range
GROUND = {
    "boxes",
    "manning_n",
    "depth",
    "stage_volume",
}  # held against the ground, or by a row model
ELSEWHERE = {"river_stage_h_m", "levels", "parameters", "choices"}  # by a validator of their own
PLACES = re.compile(
    r"(location|line|polygon|within|from|to|at|depot|gates|bounds)_m$|^gauges$|^sections$"
)  # map places: on the grid, or refused


def models(model: type[BaseModel], found: dict[str, type[BaseModel]]):
    for field in model.model_fields.values():
        for inner in models_in(field.annotation):
            if inner.__name__ not in found:
                found[inner.__name__] = inner
                models(inner, found)
    return found


def test_every_number_of_keys_and_columns_has_both_ends_of_a_range():
    bare = []
    for name, model in (
        models(ScenarioSpec, {})
        | models(StudySpec, {"StudySpec": StudySpec})
        | {t.__name__: t for t in TABLES}
    ).items():
        for key, field in model.model_fields.items():
            kind = str(field.annotation)
            if (
                not re.search(r"\b(float|int)\b", kind)
                or "Literal" in kind
                or key in GROUND | ELSEWHERE
                or PLACES.search(key)
                or "seed" in key
            ):
                continue
            rules = str(field.metadata) + kind
            if not (re.search(r"\bg[et]=", rules) and re.search(r"\bl[et]=", rules)):
                bare.append(f"{name}.{key}: {kind}")
    assert not bare, bare


def test_the_reference_shows_every_column_with_its_unit_and_range():
    text = document()
    for table in TABLES:
        for name in table.model_fields:
            assert f"| `{name}` | {unit_of(name)} |" in text, name
    assert (
        "| `capacity_m3_s` | m3/s | no | >= 0.0 and <= 10.0; most it takes; a street inlet takes"
        " 0.01 to 0.1; usually up to 1 |" in text
    )
    assert "or `rate_mm_h`" in text and "No two rows share `gauge`." in text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2021-07-20T24:00:00+08:00", 9 * 3600.0),
        ("2021-07-31 24:00+08:00", (11 * 24 + 9) * 3600.0),
        ("20210720T240000+0800", 9 * 3600.0),
        ("2021-07-20T24:30:00+08:00", None),
        ("1626764400", None),
        ("2021-07-20T15:00:00", None),
    ],
)
def test_midnight_is_the_next_day_and_nothing_else_is_guessed(tmp_path, text, seconds):
    table = f"time,depth_mm\n{text},1\n"
    if seconds is None:
        with pytest.raises(InputError, match="E302"):
            read(tmp_path, table)
    else:
        assert read(tmp_path, table)[0].columns["time_s"].tolist() == [seconds]


def test_columns_of_land_cover_have_the_ranges_of_the_keys(tmp_path):
    """255 is the byte of no data; 30 is a share in per cent; all are told in one pass."""
    text = (
        "class,curve_number,deficit,conductivity_mm_h,depression_mm,manning_n\n"
        "1,80,0.3,10,2,0.03\n2,255,30,-9999,500,0\n"
    )
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, ClassRow)
    told = [(f.code, f.place.split("`")[1]) for f in caught.value.findings]
    columns = ("conductivity_mm_h", "curve_number", "deficit", "depression_mm", "manning_n")
    assert sorted(told, key=lambda t: t[1]) == [("E222", name) for name in columns]
