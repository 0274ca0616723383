"""A town of 20 x 10 cells that measures are tried on, as files: sewers, sites, a lake, a house."""

from pathlib import Path

from cli.test_bad_input import geojson

NETWORK = """[OPTIONS]
FLOW_UNITS CMS
FLOW_ROUTING DYNWAVE
[REPORT]
INPUT NO
[JUNCTIONS]
J1 6 4 0 0 0
J2 5.9 4.1 0 0 0
J3 5.9 4.1 0 0 0
far 5.8 4.2 0 0 0
[OUTFALLS]
O 5 FREE NO
O2 8 FREE NO
[STORAGE]
well 5 5 0 FUNCTIONAL 0 0 20 0 0
[CONDUITS]
C1 J1 J2 20 0.013 0 0 0 0
box J2 O 50 0.013 0 0 0 0
silted J3 J2 20 0.013 0 0 0 0
C4 J2 far 20 0.013 0 0 0 0
[PUMPS]
P well O2 PC ON 2.0 0.5
ideal well J1 * ON 2.0 0.5
lift well J2 PC ON 2.0 0.5
[CURVES]
PC PUMP4 0 0.5
PC 5 0.5
[XSECTIONS]
C1 CIRCULAR 0.5 0 0 0
box RECT_CLOSED 1 1 0 0
silted FILLED_CIRCULAR 0.5 0.1 0 0
C4 CIRCULAR 0.25 0 0 0
[DWF]
J1 FLOW 0.001
[COORDINATES]
J1 22 22
J2 42 22
J3 42 42
well 62 22
O 92 22
O2 72 22
"""
TOWN = """
schema = 1
name = "town"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T16:00:00+08:00
[terrain]
bed_elevation = { columns = 20, rows = 10, cell_size_m = 5.0, level_m = 10.0 }
buildings = "houses.geojson"
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
[region]
rain_law = "zhengzhou-measures"
[[initial.stage]]
level_m = 10.3
inside = "lake.geojson"
[drainage]
kind = "swmm"
network = "n.inp"
coupling_step_s = 2
routing_step_s = 1
[output]
gauges = { quay = [2.5, 27.5] }
[[boundaries]]
kind = "point_inflow"
name = "river"
location_m = [2.5, 2.5]
file = "q.csv"
[[structures]]
kind = "culvert"
name = "old"
from_m = [52.5, 32.5]
to_m = [62.5, 32.5]
height_m = 0.5
[[sites]]
name = "a"
kind = "underground"
location_m = [12.0, 32.0]
sill_height_m = 0.1
floor_area_m2 = 300
catchment_ha = 0.008
[[sites]]
name = "b"
kind = "underground"
location_m = [32.0, 32.0]
sill_height_m = 0.1
floor_area_m2 = 300
[[sites]]
name = "closed"
kind = "underground"
floor_elevation_m = 5.0
floor_area_m2 = 300
[[passages]]
name = "ab"
from_site = "a"
to_site = "b"
sill_elevation_m = 7.0
width_m = 2.0
[[passages]]
name = "bc"
from_site = "b"
to_site = "closed"
sill_elevation_m = 7.0
width_m = 2.0
[[sites]]
name = "s1"
kind = "critical"
type = "substation"
location_m = [72.0, 42.0]
failure_depth_m = 0.5
[[sites]]
name = "s2"
kind = "critical"
type = "substation"
location_m = [77.0, 42.0]
failure_depth_m = 0.5
[[sites]]
name = "s3"
kind = "critical"
type = "substation"
location_m = [82.0, 42.0]
failure_depth_m = 0.5
needs = [{ any_of = ["s1"] }]
[[sites]]
name = "station"
kind = "critical"
type = "pump_station"
location_m = [87.0, 42.0]
failure_depth_m = 0.5
needs = [{ any_of = ["s1"] }]
[[sites]]
name = "room"
kind = "critical"
type = "distribution_room"
inside = "a"
failure_depth_m = 0.1
"""


def corners(west: float, south: float, east: float, north: float) -> list:
    """A rectangle as a ring of map points."""
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def town(folder: Path, more: str = "", text: str = TOWN) -> None:
    """The town's files, and `more` at the end of its scenario."""
    (folder / "n.inp").write_text(NETWORK)
    (folder / "q.csv").write_text("time_s,discharge_m3_s\n0,0\n1800,0\n2700,2\n3600,0\n")
    geojson(folder / "houses.geojson", ("Polygon", [corners(70, 30, 80, 40)], {}))
    geojson(folder / "lake.geojson", ("Polygon", [corners(0, 0, 20, 10)], {}))
    (folder / "s.toml").write_text(text + more)
