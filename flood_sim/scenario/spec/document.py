"""The reference of scenario keys, written from the schema itself: `python -m
flood_sim.scenario.spec.document > docs/scenario.md` (a test compares).
"""

from __future__ import annotations

import math
import sys
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from flood_sim.analysis.observed import MarkRow, ObservedRow
from flood_sim.core.files.map_keys import (
    BuildingFile,
    MaskFile,
    PeopleFile,
    RasterFile,
    RoadFile,
    VectorFile,
)
from flood_sim.core.files.table_rows import Row, odd_range, unit_of
from flood_sim.drainage.inlets import INLET_KINDS
from flood_sim.scenario.schema_faults import allowed_values, models_in
from flood_sim.scenario.spec.actions import Trigger
from flood_sim.scenario.spec.boundaries import EdgeSpec
from flood_sim.scenario.spec.drainage import StreetGutter, StreetInlets
from flood_sim.scenario.spec.ground import FlatBed, FromRims, StageInside
from flood_sim.scenario.spec.schema import ScenarioSpec
from flood_sim.scenario.spec.sites import NeedSpec, OpeningSpec, SumpPumpSpec
from flood_sim.scenario.spec.switches import WatchSpec
from flood_sim.scenario.spec.tables import TABLES
from flood_sim.scenario.spec.water import FormulaSpec, Gradient, LandCover, StormCellSpec
from flood_sim.simulation.exchange import ORIFICE_COEFFICIENT, WEIR_COEFFICIENT

MAPS = (RasterFile, VectorFile, MaskFile, RoadFile, BuildingFile, PeopleFile)
HEAD = """# Scenario files

A scenario is a TOML file. Keys end in their unit; times carry their offset; an unknown key is an error. `extends = "base.toml"` takes another file's keys and
replaces what this one names. Paths are relative to the file and stay below its folder (`--allow-path DIR` allows another). This page is generated from the schema.
Values outside "usually" are possible but odd: `check` says so (W220). Tables stand at the end of this page: their columns have ranges as keys have.
"""

TABLES_HEAD = """
# Tables

CSV in UTF-8 with a header; lines that begin with # are comments. Columns are separated by commas; semicolons or tabs, and then decimal commas, are read, too, and
`check` says so (W106). Columns that are not in these tables are not read (W221). Of `time`, `time_s`, `time_h` one is there, and it increases. A series
that does not meet the run is refused (E313); `before`, `after` and `gaps` of its section say what counts where rows are missing. At most 2,000,000
rows and 256 MiB. Columns of layers (roads, buildings) are the fields of their features.
"""

# What stands within braces or double brackets of a section, by where it stands.
INNER: dict[str, type[BaseModel]] = {
    "[terrain] bed_elevation = { ... }: a laboratory bed": FlatBed,
    "[terrain] bed_elevation = { ... }: ground between the rims of the nodes": FromRims,
    "[terrain] manning_n, [infiltration]: by land cover": LandCover,
    "[rainfall] gradient": Gradient,
    "[rainfall] formula = { ... }": FormulaSpec,
    "[[rainfall.cells]] of moving_cells": StormCellSpec,
    "[[boundaries]] edge": EdgeSpec,
    "[[initial.inside]]": StageInside,
    "[drainage] street_inlets": StreetInlets,
    "[drainage] gutter": StreetGutter,
    "[[sites.openings]]": OpeningSpec,
    "[[sites.pumps]]": SumpPumpSpec,
    "[[sites.needs]]": NeedSpec,
    "watches of [failures], [rules] and gates: start, stop": WatchSpec,
    "[actions] trigger": Trigger,
}
INLETS_HEAD = """
# Inlets

One opening of each kind takes `min(C_w P H^1.5, C_o A sqrt(2 g H))` from water of depth H over its rim: C_w = {weir:g} m^0.5/s, C_o = {orifice:g}; never more than
its capacity. A lid lifts under the head in its column; until then the share of P and A is open. "recalled": nobody had the print at hand. `none` takes no street
water, `sealed` lets nothing in or out. How street and sewer exchange water: [coupling](coupling.md).

| kind | perimeter P, m | clear area A, m2 | capacity, L/s | head that lifts the lid, m | open under the lid | source |
|---|---|---|---|---|---|---|"""


MAPS_HEAD = """
# Maps

Rasters are GeoTIFF or ASCII grids, vectors GeoPackage, GeoJSON or shapefiles (all files of its name beside it). Where a map's name stands, a table may stand that
says more: `buildings = { file = "city.gpkg", layer = "houses" }`. `check` prints how each file was read.

- Coordinate system: the file's own. A terrain in feet or kilometres becomes metres (in the EPSG system of the same projection in metres, where there is one); its
  network, which states none, with it. Layers in another system are reprojected; GeoJSON in degrees without `crs` is longitude, latitude on WGS 84. Of a compound
  system the horizontal part counts. Keys and columns in `_m` are metres of the terrain's system.
- Elevations: in the unit that the band or the vertical system states, else metres; a map in feet must say it, or `elevation_unit`.
- Scale and offset of a band are applied. NoData must be declared: -9999, -32768, 3.4e38 and the like are refused where they are not.
- Counts (people a cell) keep their sum on any cells; elevations, roughness, depths, shares and densities keep their mean; classes and masks take the nearest cell.
- Parts of lines are lines of their own. Rings are closed. What has no geometry, or one of another kind, is left out and counted; so is what leaves no trace on the cells.
"""


def document() -> str:
    """Markdown tables of every section and key."""
    lines = [HEAD, *_table("top level", ScenarioSpec)]
    for name, field in ScenarioSpec.model_fields.items():
        for model in models_in(field.annotation):
            kind = model.model_fields.get("kind")
            options = getattr(kind.annotation, "__args__", ()) if kind else ()
            title = f"[{name}]" + (f' kind = "{options[0]}"' if options else "")
            lines += _table(
                title.replace("[boundaries]", "[[boundaries]]")
                .replace("[structures]", "[[structures]]")
                .replace("[facilities]", "[[facilities]]"),
                model,
            )
    lines.append("\n# Inner tables")
    for title, model in INNER.items():
        lines += _table(title, model)
    lines += _inlets()
    lines.append(MAPS_HEAD)
    for keys in MAPS:
        lines += _table(" ".join((keys.__doc__ or "").split()).rstrip("."), keys)
    lines.append(TABLES_HEAD)
    tables: tuple[type[Row], ...] = (*TABLES, MarkRow, ObservedRow)
    for table in tables:
        lines += _columns(table)
    return "\n".join(lines) + "\n"


def _inlets() -> list[str]:
    """The catalogue of inlets."""
    lines = [INLETS_HEAD.format(weir=WEIR_COEFFICIENT, orifice=ORIFICE_COEFFICIENT)]
    for name, kind in INLET_KINDS.items():
        capacity = f"{1000.0 * kind.capacity_m3_s:g}" if math.isfinite(kind.capacity_m3_s) else ""
        lid = (f"{kind.lid_m:.2f}", f"{kind.shut_share:.2%}") if kind.lid_m > 0.0 else ("", "")
        numbers = (f"{kind.perimeter_m:.3g}", f"{kind.area_m2:.3g}", capacity, *lid)
        lines.append(f"| `{name}` | {' | '.join(numbers)} | {kind.source} |")
    return lines


def _columns(table: type[Row]) -> list[str]:
    """A row model as a table of its columns, with units."""
    words = " ".join((table.__doc__ or "").split())
    key = f" No two rows share {', '.join(f'`{name}`' for name in table.KEY)}." if table.KEY else ""
    lines = [
        "",
        f"## {words}{key}",
        "",
        "| column | unit | needed | allowed |",
        "|---|---|---|---|",
    ]
    one_of = {name: group for group in table.ONE_OF for name in group}
    for name, field in table.model_fields.items():
        group = [other for other in one_of.get(name, ()) if other != name]
        needed = (
            f"or {', '.join(f'`{other}`' for other in group)}"
            if group
            else "yes"
            if field.is_required()
            else "no"
        )
        lines.append(
            f"| `{name}` | {unit_of(name)} | {needed} |"
            f" {allowed_values(table, name).replace('|', '/')}{_usually(field)} |"
        )
    return lines


def _usually(field: FieldInfo) -> str:
    low, high = odd_range(field)
    if low == -math.inf and high == math.inf:
        return ""
    return (
        f"; usually {low:g} to {high:g}"
        if math.isfinite(low) and math.isfinite(high)
        else f"; usually up to {high:g}"
        if low == -math.inf
        else f"; usually from {low:g}"
    )


def _default(value: Any) -> str:
    """A default as a scenario would write it; nothing where the key is absent or a section."""
    text = "" if isinstance(value, BaseModel) else _toml(value)
    return f"`{text}`" if text else ""


def _toml(value: Any) -> str:
    """TOML of a default; '' for what TOML has no word for: nothing given, nothing in a list."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, dict):
        return ", ".join(value) if value else "{}"
    if isinstance(value, BaseModel):
        return "{}"
    return "" if value is None else str(value)


def _table(title: str, model: type[BaseModel]) -> list[str]:
    lines = ["", f"## {title}", "", "| key | default | allowed |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        if name == "kind":
            continue
        default = "required" if field.default is PydanticUndefined else _default(field.default)
        lines.append(
            f"| `{field.alias or name}` | {default} |"
            f" {allowed_values(model, field.alias or name).replace('|', '/')}{_usually(field)} |"
        )
    return lines


if __name__ == "__main__":
    sys.stdout.write(document())
