"""Gutters of inlets, from [drainage] gutter and the table of inlets, and which inlets lack one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flood_sim.core.errors import Finding
from flood_sim.drainage.inlets import INLET_KINDS, InletKind
from flood_sim.drainage.inp import InpFile
from flood_sim.ground.terrain import Terrain
from flood_sim.scenario.spec.drainage import StreetGutter
from flood_sim.simulation.inputs import NodeInlet
from flood_sim.surface.on_grade import OnGrade, bed_fall

STEEP = 0.005  # m/m: inlets of steeper streets without a gutter are told
OWN = ("length_m", "grate_width_m", "grate")  # columns of the opening
ACROSS = ("gutter_width_m", "gutter_slope")
COLUMNS = ("cross_slope", "long_slope", "gutter_manning_n", *ACROSS, *OWN)


def gutter_of(
    shape: InletKind | None, values: dict[str, Any], street: StreetGutter | None, share: float
) -> OnGrade | None:
    """The gutter of an inlet of the catalogue (None: custom) by its row and the scenario's; None
    where neither gives one, or the opening has no length along a kerb. share : open after clogging.
    """
    if street is None and "cross_slope" not in values:
        return None
    length = values.get("length_m", shape.length_m if shape else 0.0)
    if length <= 0.0:
        return None
    given = {} if street is None else street.model_dump(exclude_none=True)
    given |= {key: values[key] for key in COLUMNS if key in values}
    count = values.get("count", 1.0)
    if shape is not None and shape.by_metre:
        length, count = count * length, 1.0
    return OnGrade(
        share * length,
        given.get("grate_width_m", shape.grate_width_m if shape else 0.0),
        given.get("grate", "reticuline"),
        count,
        given["cross_slope"],
        given.get("gutter_width_m", 0.0),
        given.get("gutter_slope", 0.0),
        given.get("long_slope"),
        given.get("gutter_manning_n"),
    )


def row_fault(
    kind: str, values: dict[str, Any], street: StreetGutter | None, place: str
) -> Finding | None:
    """What is wrong with the gutter of a row of the table."""
    given = [key for key in COLUMNS if key in values]
    shape = INLET_KINDS.get(kind)
    if not given:
        return None
    if street is None and "cross_slope" not in values:
        text, do = "a gutter needs its cross_slope", "fill cross_slope, or give [drainage] gutter"
    elif values.get("length_m", shape.length_m if shape else 0.0) <= 0.0:
        text, do = f"`{kind}` has no length along a kerb", "fill length_m, or empty the cells"
    elif (ACROSS[0] in values) != (ACROSS[1] in values):
        text, do = "gutter_width_m and gutter_slope go together", "fill both, or neither"
    elif not _slopes_in(values, street):
        text, do = "gutter_slope is below cross_slope", "a gutter is steeper than the street"
    else:
        return None
    said = ", ".join(f"{key} {values[key]}" for key in given)
    return Finding("E410", place, text, given=said, do=do)


def _slopes_in(values: dict[str, Any], street: StreetGutter | None) -> bool:
    """Whether the gutter falls at least as steeply as the street."""
    both = {} if street is None else street.model_dump(exclude_none=True)
    both |= values
    return "gutter_slope" not in both or bool(both["gutter_slope"] >= both["cross_slope"])


def on_grade_findings(inp: InpFile, inlets: Sequence[NodeInlet], terrain: Terrain) -> list[Finding]:
    """W454 for grates, kerb openings and slots without a gutter on ground steeper than STEEP."""
    street = [i for i in inlets if i.catalogue in INLET_KINDS and i.on_grade is None]
    street = [i for i in street if INLET_KINDS[i.catalogue].length_m > 0.0]
    steep = [i for i in street if bed_fall(terrain, i.row, i.column) > STEEP]
    if not steep:
        return []
    text = (
        f"{len(steep)} of {len(street)} street inlets without a gutter lie on ground that falls"
        f" more than {STEEP:.1%}: they take what the ponded law says, which knows no water that"
        " runs by"
    )
    do = "give [drainage] gutter, or cross_slope in the table of inlets: HEC-22 on grade"
    return [Finding("W454", inp.path.name, text, do=do)]
