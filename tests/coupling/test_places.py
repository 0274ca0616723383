"""Places in degrees, and times on the scenario's clock: what GIS and people read."""

from datetime import datetime
from types import SimpleNamespace

import numpy as np
import pytest
import xarray

from flood_sim.analysis.network import Network
from flood_sim.output.places import feature_collection


def test_features_are_in_degrees():
    """EPSG:32650 (UTM 50 N): x 500 km on the middle meridian, 117 E; the equator at 0 m; 110,530 m
    north of it 0.99998 degrees (k = 0.9996).
    """
    point = {"type": "Point", "coordinates": [500_000.0, 110_530.0]}
    feature = {"type": "Feature", "properties": {"name": "a"}, "geometry": point}
    empty = {"type": "Feature", "properties": {}, "geometry": None}
    document = feature_collection([empty, feature], "EPSG:32650")
    assert "crs" not in document and document["features"][0] == empty
    moved = document["features"][1]
    assert moved["properties"] == {"name": "a"}
    assert moved["geometry"]["coordinates"] == pytest.approx([117.0, 1.0], abs=2e-4)
    local = feature_collection([feature], "local")
    assert local["features"] == [feature] and "not georeferenced" in local["note"]
    assert feature_collection([], "EPSG:32650")["features"] == []


def test_times_are_those_of_the_scenarios_clock():
    start = datetime.fromisoformat("2021-07-20T15:00:00+08:00")
    time = np.array(["2021-07-20T07:00:00", "2021-07-20T17:30:00"], "datetime64[ns]")
    network = Network(SimpleNamespace(start=start), xarray.Dataset({"time": ("time", time)}))
    assert network.time_text(0) == "2021-07-20 15:00 +08:00"
    assert network.time_text(1) == "2021-07-21 01:30 +08:00"
