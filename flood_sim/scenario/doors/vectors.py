"""The door of polygons, lines and points: layer, system, kinds of geometry and fields are read
here, made alike, and said.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from flood_sim.core.errors import InputError, input_error, nearest
from flood_sim.core.grid import Grid
from flood_sim.core.unit_words import other_unit
from flood_sim.scenario.doors import systems
from flood_sim.scenario.doors.dbf_texts import names_as_meant, texts_as_meant
from flood_sim.scenario.doors.map_files import VectorPlace, checked_vector
from flood_sim.scenario.doors.map_source import MapSource
from flood_sim.scenario.doors.traces import say_traceless

AREA, LINE, POINT = "Polygon", "LineString", "Point"
ANY = (AREA, LINE, POINT)
DBF_NAME = 10  # letters that a shapefile keeps of a field's name
WORDS = {AREA: "polygons", LINE: "lines", POINT: "points"}


@dataclass(frozen=True)
class Features:
    """Shapely geometries in the grid's system and the wanted fields, each (features,); number : of
    each in its file, from 1 (a part of a feature has its feature's).
    """

    shapes: list[Any]
    columns: dict[str, np.ndarray]
    number: np.ndarray

    def __len__(self) -> int:
        return len(self.shapes)


@dataclass(frozen=True)
class _Layer:
    """As it stands in the file: WKB, fields, the system's text ("" where none is stated)."""

    wkb: np.ndarray
    fields: list[str]
    values: list[np.ndarray]
    system: str
    said: str


def read_geometries(source: MapSource, grid: Grid, kinds: tuple[str, ...] = ANY) -> list[Any]:
    """Shapely geometries of these kinds, in the grid's system. Polygons that no centre of a cell
    lies in leave no trace: they are counted (W245).
    """
    features = read_features(source, grid, kinds)
    if kinds == (AREA,):
        say_traceless(source, features.shapes, features.number, grid)
    return features.shapes


def read_features(
    source: MapSource, grid: Grid, kinds: tuple[str, ...] = ANY, columns: tuple[str, ...] = ()
) -> Features:
    """Features in the grid's system, whole parts of one kind each: lines are single lines, polygons
    valid. Raises InputError where the file holds none of these kinds, or none on the grid.
    """
    layer = _read(source, columns)
    shapes, gone = _shapes(source, layer)
    shapes, moved = _moved(source, layer, shapes, grid)
    shapes, number = _parts(source, shapes, kinds)
    on_grid = _refuse_beside(source, shapes, grid, layer)
    values = {
        name: values[number]
        for name, values in zip(layer.fields, layer.values, strict=True)
        if name in columns
    }
    source.tell(
        layer.said,
        moved,
        f"{len(layer.wkb)} features, {on_grid} of {len(shapes)} shapes on the grid",
        f"{gone} without geometry" if gone else "",
    )
    return Features(shapes, values, number + 1)


def read_points(source: MapSource, columns: tuple[str, ...], grid: Grid) -> Features:
    """Points with fields; each feature is one point. Raises InputError otherwise."""
    layer = _read(source, columns)
    shapes, gone = _shapes(source, layer)
    wrong = [k for k, s in enumerate(shapes) if s is None or s.geom_type != POINT]
    if wrong:
        first = shapes[wrong[0]]
        raise input_error(
            "E205",
            f"{source.name}, feature {wrong[0] + 1}",
            f"{len(wrong)} of {len(shapes)} features are no points",
            given="nothing" if first is None else first.geom_type,
            allowed="points",
            do="give points",
        )
    shapes, moved = _moved(source, layer, shapes, grid)
    source.tell(layer.said, moved, f"{len(shapes)} points")
    values = dict(zip(layer.fields, layer.values, strict=True))
    return Features(shapes, values, np.arange(1, len(shapes) + 1 - gone))


def _read(source: MapSource, columns: tuple[str, ...]) -> _Layer:
    """One layer with the wanted fields, under our names."""
    import pyogrio

    place = checked_vector(source.path)
    layer = _chosen_layer(source, place)
    options: dict[str, Any] = {**place.options, "layer": layer}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rings that are not closed: they are closed below
            info = pyogrio.read_info(place.text, **options)
            written = names_as_meant(source, [str(f) for f in info["fields"]])
            theirs = _their_names(source, list(written), columns)
            wanted = sorted({written[name] for name in theirs.values()})
            meta, _, wkb, values = pyogrio.raw.read(place.text, columns=wanted, **options)
    except InputError:
        raise
    except Exception as error:
        raise input_error(
            "E110", source.name, "the vector file cannot be read", given=str(error)[:120]
        ) from error
    if wkb is None or not len(wkb):
        raise input_error("E204", source.name, "the file holds no geometry")
    values, texts = texts_as_meant(source, values)
    found = dict(zip(map(str, meta["fields"]), values, strict=True))
    system = str(meta.get("crs") or "") if place.system_stated else ""
    if system and not systems.on_earth(system, source.name):
        system = ""
    count = len(place.layers)
    said = f"layer {layer}" + (f" (1 of {count})" if count > 1 else "") + texts
    read = [found[written[name]] for name in theirs.values()]
    return _Layer(wkb, list(theirs), read, system, said)


def _chosen_layer(source: MapSource, place: VectorPlace) -> str | None:
    """The layer that is meant. Raises InputError where there are several and none is chosen."""
    import pyogrio

    try:
        listed = pyogrio.list_layers(place.text)
    except Exception as error:
        raise input_error(
            "E110", source.name, "the vector file cannot be read", given=str(error)[:120]
        ) from error
    # styles and other tables without geometry are no map
    place.layers.extend(str(name) for name, kind in listed.tolist() if kind is not None)
    names = place.layers
    if source.layer is not None:
        if source.layer not in names:
            raise input_error(
                "E240",
                source.name,
                f"the file has no such layer{nearest(source.layer, names)}",
                given=f'layer = "{source.layer}"',
                allowed=", ".join(names)[:200],
                do="choose another layer",
            )
        return source.layer
    if len(names) > 1:
        raise input_error(
            "E240",
            source.name,
            f"the file has {len(names)} layers: which one is meant?",
            given=", ".join(names)[:200],
            allowed="one layer",
            do=f'{source.place} = {{ file = "{source.name}", layer = "{names[0]}" }} (or another'
            " one)",
        )
    return names[0] if names else None


def _their_names(source: MapSource, present: list[str], columns: tuple[str, ...]) -> dict[str, str]:
    """Our name of a field to the file's, for those that the file has. Raises InputError where the
    scenario names one that it has not.
    """
    found: dict[str, str] = {}
    for ours in columns:
        told = source.fields.get(ours)
        if told is not None and told not in present:
            raise input_error(
                "E104",
                f"{source.name}, fields",
                f"the file has no field `{told}`{nearest(told, present)}",
                given=f'{ours} = "{told}"',
                allowed=", ".join(present)[:200],
                do="give the name of the field in the file",
            )
        cut = ours[:DBF_NAME] if source.path.suffix.lower() == ".shp" else ours
        name = told or next((n for n in (ours, cut) if n in present), None)
        name = name or _in_other_case(source, present, cut)
        if name is not None:
            found[ours] = name
            continue
        strange, do = other_unit(ours, present)
        if strange:
            source.doubt("W249", f"`{strange}` is not read: `{ours}` is", given=strange, do=do)
    return found


def _in_other_case(source: MapSource, present: list[str], name: str) -> str | None:
    """The field that differs in capitals alone: databases write PEOPLE, GIS People. Raises
    InputError where two do.
    """
    alike = [n for n in present if n.casefold() == name.casefold()]
    if len(alike) > 1:
        raise input_error(
            "E104",
            source.name,
            f"which field is `{name}`? {len(alike)} differ in capitals alone",
            given=", ".join(alike),
            do=f'name it: fields = {{ {name} = "{alike[0]}" }}',
        )
    return alike[0] if alike else None


def _shapes(source: MapSource, layer: _Layer) -> tuple[list[Any], int]:
    """Geometries, None where a feature has none, and how many have none; rings are closed, heights
    left out.
    """
    import shapely

    shapes = shapely.force_2d(shapely.from_wkb(layer.wkb, on_invalid="fix"))
    gone = [k for k, shape in enumerate(shapes) if shape is None or shape.is_empty]
    if len(gone) == len(shapes):
        raise input_error(
            "E204",
            source.name,
            "no feature has a geometry",
            given=f"{len(shapes)} features",
            do="draw them",
        )
    if gone:
        source.doubt(
            "W246",
            f"{len(gone)} of {len(shapes)} features have no geometry: they are left out",
            given=f"feature {', '.join(str(k + 1) for k in gone[:5])}",
            do="draw or remove them",
        )
    return [None if k in set(gone) else shape for k, shape in enumerate(shapes)], len(gone)


def _moved(
    source: MapSource, layer: _Layer, shapes: list[Any], grid: Grid
) -> tuple[list[Any], str]:
    """Geometries in the grid's system and what was done."""
    import shapely

    if grid.crs == "local":
        return shapes, "taken in the scenario's local coordinates"
    text, why = layer.system, ""
    if not text:
        text, why = _assumed(source, shapes, grid)
        if not text:
            return shapes, why
    own, target = systems.system_of(text, source.name), systems.system_of(grid.crs, source.name)
    if systems.same_system(own, target):
        return shapes, why or systems.short(own)
    new = f"{source.path.stem}_new.gpkg"
    command = f"ogr2ogr -t_srs {systems.short(target)} {new} {source.name}, and name that file"
    way = systems.way_to_grid(own, grid, source.name, command)

    def points(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(way.points(xy[:, 0], xy[:, 1]))

    there = list(shapely.transform(np.array(shapes, object), points))
    said = f"{systems.short(own)}{why}, reprojected to {systems.short(target)}{way.said}"
    return there, said


def _assumed(source: MapSource, shapes: list[Any], grid: Grid) -> tuple[str, str]:
    """The system of a file that states none: GeoJSON in degrees is lon/lat on WGS 84 (RFC 7946);
    what has metres lies in the terrain's system ("").
    """
    import shapely

    there = np.array([s for s in shapes if s is not None], object)
    west, south, east, north = shapely.total_bounds(there).tolist()
    degrees = west >= -180.0 and east <= 180.0 and south >= -90.0 and north <= 90.0
    gw, gs, ge, gn = grid.bounds
    meets = not (west > ge or east < gw or south > gn or north < gs)
    if not degrees or meets:
        return "", "no system stated: taken in the terrain's"
    if source.path.suffix.lower() in (".geojson", ".json"):
        return systems.LON_LAT, " (degrees, RFC 7946)"
    raise input_error(
        "E244",
        source.name,
        "its coordinates are degrees, and it states no coordinate system",
        given=f"x {west:.4f}..{east:.4f}, y {south:.4f}..{north:.4f}",
        allowed="a file that states its system (a shapefile has a .prj beside it)",
        do=f"write it with its system: ogr2ogr -a_srs {systems.LON_LAT} {source.path.stem}.gpkg"
        f" {source.name}, and name that file",
    )


def _parts(
    source: MapSource, shapes: list[Any], kinds: tuple[str, ...]
) -> tuple[list[Any], np.ndarray]:
    """Valid geometries of the wanted kinds and the feature (from 0) that each is of. Lines become
    single lines; the polygons of a feature stay together. What is of another kind is counted.
    """

    found: list[tuple[Any, int]] = []
    other: list[int] = []
    for k, shape in enumerate(shapes):
        if shape is None:
            continue
        pieces = _pieces(shape, kinds)
        other += [] if pieces else [k]
        found += [(piece, k) for piece in pieces]
    words = " or ".join(WORDS[kind] for kind in kinds)
    if not found:
        raise input_error(
            "E205",
            source.name,
            f"the file holds no {words}",
            given=", ".join(sorted({shapes[k].geom_type for k in other})),
            allowed=words,
            do="give a layer of them",
        )
    if other:
        source.doubt(
            "W246",
            f"{len(other)} of {len(shapes)} features are no {words}: they are left out",
            given=f"feature {other[0] + 1}: {shapes[other[0]].geom_type}",
            do="remove them, or give them in a layer of their own",
        )
    return [piece for piece, _ in found], np.array([k for _, k in found], np.int64)


def _pieces(shape: Any, kinds: tuple[str, ...]) -> list[Any]:
    """What one feature holds of these kinds."""
    import shapely

    single = shapely.get_parts(shapely.get_parts([shapely.make_valid(shape)])).tolist()
    single = [s for s in single if not s.is_empty]
    by_kind = {k: [s for s in single if s.geom_type.replace("Ring", "String") == k] for k in kinds}
    areas, rest = by_kind.get(AREA, []), [s for k in kinds if k != AREA for s in by_kind[k]]
    whole = [areas[0] if len(areas) == 1 else shapely.MultiPolygon(areas)] if areas else []
    lost = shape.geom_type.endswith(AREA)  # slivers of a mended polygon are no lines of the user
    return whole + ([] if lost else rest)


def _refuse_beside(source: MapSource, shapes: list[Any], grid: Grid, layer: _Layer) -> int:
    """How many shapes meet the grid. Raises InputError where none does."""
    import shapely

    west, south, east, north = shapely.bounds(np.array(shapes, object)).T
    gw, gs, ge, gn = grid.bounds
    meets = (west <= ge) & (east >= gw) & (south <= gn) & (north >= gs)
    if not meets.any():
        x, y = f"x {west.min():.1f}..{east.max():.1f}", f"y {south.min():.1f}..{north.max():.1f}"
        raise input_error(
            "E204",
            source.name,
            "these shapes do not overlap the grid",
            given=f"{x}, {y}, {layer.system[:60] or 'no system stated'}",
            allowed=repr(grid),
            do=_swapped(layer, grid)
            or (
                "check that it is of this place, and that its system is the right one"
                if layer.system
                else "reproject it to the grid's system; check the axis order"
            ),
        )
    return int(meets.sum())


def _swapped(layer: _Layer, grid: Grid) -> str:
    """A way out where x and y stand in the other order: then the shapes lie on the grid."""
    import shapely

    try:
        system = systems.system_of(layer.system or systems.LON_LAT, "")
        way = systems.way_to_grid(system, grid, "", "")
    except InputError:
        return ""
    shapes = shapely.from_wkb(layer.wkb, on_invalid="ignore")
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    x, y = way.points([0.5 * (south + north)], [0.5 * (west + east)])
    row, column = grid.cell_at(np.nan_to_num(x, posinf=-1e18), np.nan_to_num(y, posinf=-1e18))
    on = bool(grid.contains(row, column)[0])
    return "x and y (longitude and latitude) are swapped in the file: swap them" if on else ""
