"""One small scenario written in many ways: other formats, systems, zones, labels, orders of rows
and layers, cases of names. Each way is the same street in the same storm, so the answer is the
same.
"""

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyogrio.raw
import pytest
import rasterio
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio import Affine

from cases import Silent
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.loop import Simulation
from sewer_cases import net

UTM, WEST, NORTH, CELL, SIDE = "EPSG:32649", 500000.0, 3800000.0, 10.0, 12
START = datetime(2021, 7, 20, 8, 0, tzinfo=UTC)
RAIN_MM = (2.0, 12.5, 20.0, 4.25)  # of five minutes each
HOUSES = [(22.0, -38.0, 44.0, -62.0), (67.0, -73.0, 88.0, -96.0)]  # x, y of two corners
PEOPLE, FLOORS = (12.0, 30.0), (2, 5)
INFLOW = ((0.0, 0.0), (600.0, 0.5), (1200.0, 0.1))

WAYS = st.fixed_dictionaries(
    {
        "ground": st.sampled_from(["tif", "asc", "packed", "second band"]),
        "zone_h": st.sampled_from([0, 8, -5]),
        "label": st.sampled_from(["left", "right"]),
        "quantity": st.sampled_from(["depth_mm", "rate_mm_h"]),
        "table": st.sampled_from(["commas", "semicolons", "trailing comma", "byte order mark"]),
        "houses": st.sampled_from(["gpkg", "geojson", "shp", "one layer of two"]),
        "system": st.sampled_from([UTM, "EPSG:4326", "EPSG:32650"]),
        "multi": st.booleans(),
        "names": st.sampled_from(["as they are", "other fields"]),
        "case": st.booleans(),
        "inflow": st.sampled_from(["time", "time_s"]),
        "seed": st.integers(0, 1000),
    }
)
PLAIN = {
    "ground": "tif", "zone_h": 8, "label": "left", "quantity": "depth_mm", "table": "commas",
    "houses": "gpkg", "system": UTM, "multi": False, "names": "as they are", "case": False,
    "inflow": "time", "seed": 0,
}  # fmt: skip


def bed():
    """A street that falls to the east and a hollow, in whole centimetres."""
    level = 10.0 - 0.02 * np.arange(SIDE)[None, :] + np.zeros((SIDE, 1))
    level[5:7, 7:9] -= 0.4
    return np.round(level, 2)


def write_ground(folder, way):
    """The key of the bed, and more keys."""
    level, place = bed(), Affine(CELL, 0, WEST, 0, -CELL, NORTH)
    keys = dict(driver="GTiff", height=SIDE, width=SIDE, crs=UTM, transform=place, nodata=-9999)
    if way == "asc":
        head = f"ncols {SIDE}\nnrows {SIDE}\nxllcorner {WEST}\nyllcorner {NORTH - SIDE * CELL}\n"
        rows = "\n".join(" ".join(f"{v:.2f}" for v in row) for row in level)
        (folder / "dem.asc").write_text(f"{head}cellsize {CELL}\nNODATA_value -9999\n{rows}\n")
        return '"dem.asc"', f'[grid]\ncrs = "{UTM}"\n'
    if way == "packed":
        with rasterio.open(folder / "dem.tif", "w", count=1, dtype="int32", **keys) as f:
            f.write(np.round(level * 100).astype("int32"), 1)
            f.scales = (0.01,)
    else:
        bands = 2 if way == "second band" else 1
        with rasterio.open(folder / "dem.tif", "w", count=bands, dtype="float64", **keys) as f:
            f.write(level + 3.0, 1)
            f.write(level, bands)
    return ('{ file = "dem.tif", band = 2 }' if way == "second band" else '"dem.tif"'), ""


def write_table(path, head, rows, way):
    text, comma = io.StringIO(), "," if way != "semicolons" else ";"
    writer = csv.writer(text, delimiter=comma, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([str(v).replace(".", ",") if comma == ";" else v for v in row])
    found = text.getvalue()
    if way == "trailing comma":
        found = found.replace("\n", ",\n")
    path.write_text(found, encoding="utf-8-sig" if way == "byte order mark" else "utf-8")


def stamp(way, seconds):
    zone = timezone(timedelta(hours=way["zone_h"]))
    return (START + timedelta(seconds=seconds)).astimezone(zone).isoformat()


def write_houses(folder, way, order):
    """The value of the key `buildings` of [exposure], and the file's."""
    to = Transformer.from_crs(UTM, way["system"], always_xy=True)
    shapes = [shapely.box(WEST + a, NORTH + d, WEST + c, NORTH + b) for a, b, c, d in HOUSES]
    shapes = [shapely.transform(s, to.transform, interleaved=False) for s in shapes]
    shapes = [shapely.MultiPolygon([s]) if way["multi"] else s for s in shapes]
    other = way["names"] == "other fields"
    names = ["PEOPLE_N", "STOREYS", "KIND"] if other else ["people", "floors", "use"]
    columns = [PEOPLE, FLOORS, ("shop" if other else "commercial", "residential")]
    columns = [np.array([values[k] for k in order]) for values in columns]
    columns[-1] = columns[-1].astype(object)
    drivers = {"geojson": "GeoJSON", "shp": "ESRI Shapefile"}
    kind = "gpkg" if way["houses"] == "one layer of two" else way["houses"]
    path, told = folder / f"houses.{kind}", {"geometry_type": shapes[0].geom_type}
    pyogrio.raw.write(
        str(path), shapely.to_wkb(np.array([shapes[k] for k in order], object)), columns,
        np.array(names), driver=drivers.get(kind, "GPKG"), crs=way["system"],
        **({} if kind == "geojson" else {"layer": "houses"}), **told,
    )  # fmt: skip
    keys = [f'file = "{path.name}"']
    if way["houses"] == "one layer of two":
        lot = shapely.to_wkb(np.array([shapely.box(WEST, NORTH - 100, WEST + 100, NORTH)], object))
        pyogrio.raw.write(
            str(path), lot, [np.array([1])], np.array(["lot"]), driver="GPKG", crs=UTM,
            layer="a_lots", append=True, geometry_type="Polygon",
        )  # fmt: skip
        keys.append('layer = "houses"')
    file = f"{{ {', '.join(keys)} }}"
    if other:
        keys += [
            'fields = { people = "PEOPLE_N", floors = "STOREYS", use = "KIND" }',
            'uses = { shop = "commercial" }',
        ]
    return f"{{ {', '.join(keys)} }}", file


def write(folder, way):
    """The scenario's file."""
    shuffled = np.random.default_rng(way["seed"])
    ground, grid = write_ground(folder, way["ground"])
    late = 300.0 if way["label"] == "right" else 0.0
    factor = 12.0 if way["quantity"] == "rate_mm_h" else 1.0
    rain = [(stamp(way, 300.0 * k + late), factor * mm) for k, mm in enumerate(RAIN_MM)]
    column = "rate_mm_h" if way["quantity"] == "rate_mm_h" else "depth_mm"
    write_table(folder / "rain.csv", ["time", column], rain, way["table"])
    times = [(stamp(way, t) if way["inflow"] == "time" else t, q) for t, q in INFLOW]
    write_table(folder / "q.csv", [way["inflow"], "discharge_m3_s"], times, way["table"])
    order = shuffled.permutation(2).tolist()
    exposed, obstacles = write_houses(folder, way, order)
    inlets = [("J1", "grate", 2), ("J2", "manhole", 1)]
    inlets = [(n.lower() if way["case"] else n, k, c) for n, k, c in inlets]
    inlets = [inlets[k] for k in shuffled.permutation(2)]
    write_table(folder / "inlets.csv", ["node", "kind", "count"], inlets, way["table"])
    places = (
        f"J1 {WEST + 15} {NORTH - 15}\nJ2 {WEST + 75} {NORTH - 55}\nO1 {WEST + 115} {NORTH - 55}"
    )
    (folder / "net.inp").write_text(net(COORDINATES=places))
    more = "interval_s = 300.0\n"
    (folder / "s.toml").write_text(
        f'schema = 1\nname = "same"\n[time]\nstart = {stamp(way, 0.0)}\nstop = {stamp(way, 1200.0)}\n'
        f"{grid}[terrain]\nbed_elevation = {ground}\nbuildings = {obstacles}\n"
        f'[rainfall]\nkind = "series"\nfile = "rain.csv"\nlabel = "{way["label"]}"\n{more}'
        '[drainage]\nkind = "swmm"\nnetwork = "net.inp"\ninlets = "inlets.csv"\n'
        "coupling_step_s = 4\nrouting_step_s = 1\n"
        '[[boundaries]]\nkind = "point_inflow"\n'
        f"location_m = [{WEST + 5}, {NORTH - 115}]\n"
        'file = "q.csv"\n'
        f"[exposure]\nbuildings = {exposed}\n[output]\ninterval_s = 600\n"
    )
    return folder / "s.toml"


def answer(folder, way):
    """Maximum depth, ledger and people by house of a run."""
    inputs = build_inputs(load_scenario(write(folder, way)))
    simulation = Simulation(inputs, folder)
    try:
        assert simulation.run(Silent()) == "complete"
        ledger = simulation.ledger.as_dict()
        people = sorted(zip(inputs.exposure.people, inputs.exposure.floors, strict=True))
        return simulation.surface.maxima.depth.copy(), ledger, people
    finally:
        simulation.close()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return answer(tmp_path_factory.mktemp("plain"), PLAIN)


@settings(max_examples=12)
@given(way=WAYS)
@example(way=PLAIN | {"ground": "packed", "system": "EPSG:4326", "houses": "shp", "case": True})
@example(way=PLAIN | {"label": "right", "quantity": "rate_mm_h", "zone_h": -5, "inflow": "time_s"})
def test_another_way_to_write_it_changes_no_answer(plain, tmp_path_factory, way):
    depth, ledger, people = answer(tmp_path_factory.mktemp("way"), way)
    assert np.abs(depth - plain[0]).max() <= 1e-6, way
    assert people == plain[2], way
    for name in ("rain", "inflow", "surface_stored_end", "network_stored_end"):
        assert ledger[name] == pytest.approx(plain[1][name], rel=1e-6, abs=1e-6), (name, way)


def test_the_plain_way_is_right(plain):
    """Rain of 38.75 mm on open ground; an inflow of 0 to 0.5 to 0.1 m3/s over ten minutes each."""
    _, ledger, people = plain
    assert ledger["inflow"] == pytest.approx(150.0 + 180.0, rel=1e-9)
    assert ledger["rain"] == pytest.approx(0.03875 * 1e4 * 1.44, rel=1e-6)
    assert people == [(12.0, 2.0), (30.0, 5.0)]
