"""Measures on small ground and on a city of 500 m: what their tests share."""

import hashlib
import pickle

import numpy as np
from pydantic import TypeAdapter

from cases import DOUBLE, START, Silent, grid_of
from flood_sim.core.clock import Clock
from flood_sim.ground.infiltration import NoInfiltration
from flood_sim.ground.rainfall import NO_RAIN
from flood_sim.ground.terrain import terrain_of
from flood_sim.measures import apply_measures
from flood_sim.measures.registry import AnyMeasure
from flood_sim.simulation.inputs import ModelInputs
from flood_sim.simulation.loop import Simulation
from flood_sim.surface.boundaries import EdgeBoundary, EdgeInflow, constant, edge_faces

ADAPTER = TypeAdapter(AnyMeasure)


def measure(**keys):
    return ADAPTER.validate_python(keys)


def build(inputs, **measures):
    return apply_measures(
        inputs, {name: measure(**keys) for name, keys in measures.items()}, lambda file, place: []
    )


def surface_inputs(terrain, duration_s, *, rain=NO_RAIN, depth=0.0, window_s=10.0, **rest):
    clock = Clock(START, duration_s, window_s, duration_s)
    return ModelInputs("case", clock, terrain, rain, NoInfiltration(), DOUBLE, depth, **rest)


def run(inputs, folder, probe=None):
    simulation, recorder = Simulation(inputs, folder), Silent(probe)
    try:
        assert simulation.run(recorder) == "complete"
    finally:
        simulation.close()
    assert simulation.ledger.relative_error <= 1e-12
    return simulation, dict(recorder.seen)


def channel(rows, columns, cell_m, slope, n, discharge, open_rows, *, deep_m=4.0):
    """A channel that falls to the east, open at its lower end with normal flow; rows outside
    `open_rows` lie deep_m higher.
    """
    grid = grid_of(rows, columns, cell_m)
    bed = np.tile(-slope * grid.x_m, (rows, 1)) + 10.0
    bank = np.ones(rows, bool)
    bank[list(open_rows)] = False
    bed[bank] += deep_m
    terrain = terrain_of(grid, bed, n)
    cells = np.array([(r, 0) for r in open_rows])
    inflow = EdgeInflow("q", cells, np.tile([0, -1], (len(cells), 1)), constant(discharge))
    out, sides = edge_faces(terrain, np.ones(grid.shape, bool), "east")
    return terrain, {
        "edge_inflows": (inflow,),
        "edges": (EdgeBoundary("out", out, sides, None, slope),),
    }


def middle_depth(simulation, row):
    return float(simulation.surface.depth[row, simulation.surface.grid.columns // 2])


SCENARIO = """
schema = 1
name = "small"
[time]
start = 2021-07-20T15:30:00+08:00
stop = 2021-07-20T16:10:00+08:00
[city]
kind = "reference_city"
side_m = 500.0
flapless_share = 1.0
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
label = "right"
[[structures]]
kind = "culvert"
name = "old culvert"
from_m = [472124, 3846150]
to_m = [472124, 3846190]
height_m = 0.5
[[sites]]
name = "mall"
kind = "underground"
location_m = [472206, 3846094]
sill_height_m = 0.1
floor_area_m2 = 300
[[sites]]
name = "garage"
kind = "underground"
location_m = [472270, 3846090]
sill_height_m = 0.1
floor_area_m2 = 300
catchment_ha = 0.008
[[passages]]
name = "corridor"
from_site = "mall"
to_site = "garage"
sill_elevation_m = 97.0
width_m = 2.0
[[sites]]
name = "substation_1"
kind = "critical"
type = "substation"
location_m = [472206, 3846094]
failure_depth_m = 0.25
repair_h = 24
[[sites]]
name = "substation_2"
kind = "critical"
type = "substation"
location_m = [472270, 3846090]
failure_depth_m = 0.25
[[sites]]
name = "room"
kind = "critical"
type = "distribution_room"
inside = "garage"
failure_depth_m = 0.1
repair_h = 24
[[sites]]
name = "station"
kind = "critical"
type = "pump_station"
location_m = [472270, 3846090]
failure_depth_m = 0.25
needs = [{ any_of = ["substation_1"] }]
"""
PIPES = {
    "layer": "pipes",
    "where": ["diameter_m < 0.9", "sediment_m == 0"],
    "order_by": "length_m",
    "limit": {"count": 5},
}
NODES = {"layer": "nodes", "where": ["inlets > 0"]}
SQUARE = {"layer": "courts"}
RAIN = {"rain_mm": 20.0, "within_h": 1.0}
BLOCK = [[472180.0, 3846070.0], [472240.0, 3846070.0], [472240.0, 3846120.0], [472180.0, 3846120.0]]
LINE = {"line_m": [[472244.0, 3846190.0], [472244.0, 3846150.0]]}

# Each kind as it may stand in this city, and the same at zero (None: what makes something has no
# zero but its absence).
EXAMPLES = {
    "channel_clearance": (
        {"targets": {"layer": "rivers"}, "manning_n": 0.03, "lower_bed_m": 0.3},
        {"targets": {"layer": "rivers"}},
    ),
    "channel_widening": (
        {"targets": {"line_m": [[472002, 3846062], [472498, 3846062]]}, "width_m": 30.0},
        None,
    ),
    "obstruction_removal": ({"targets": ["old culvert"]}, None),
    "new_channel": ({"targets": LINE, "bottom_m": 8.0, "depth_m": 1.0, "slope": 0.001}, None),
    "culvert_enlargement": (
        {"targets": ["old culvert"], "barrels": 2},
        {"targets": ["old culvert"], "barrels": 1},
    ),
    "road_flood_way": ({"targets": LINE, "width_m": 8.0, "kerb_m": 0.1}, None),
    "outfall_flap_gate": ({"targets": {"layer": "outfalls"}}, None),
    "levee_raising": ({"targets": LINE, "raise_m": 1.0}, {"targets": LINE, "raise_m": 0.0}),
    "trunk_upsizing": (
        {"targets": PIPES, "size_for_return_period_y": 5},
        {"targets": {**PIPES, "where": ["return_period_y > 1.001"]}, "size_for_return_period_y": 1},
    ),
    "relief_sewer": ({"from_node": "N00040", "to_node": "N00001", "diameter_m": 0.3}, None),
    "inlet_addition": ({"targets": NODES, "count": 2}, {"targets": NODES, "count": 0}),
    "inlet_cleaning": (
        {"targets": NODES, "open_share": 0.6},
        {"targets": NODES, "open_share": 0.3},
    ),
    "sewer_cleaning": (
        {"targets": {"layer": "pipes", "where": ["sediment_m > 0"]}},
        {"targets": {"layer": "pipes", "where": ["sediment_m > 0"]}, "sediment_m": 2.0},
    ),
    "trunk_rehabilitation": (
        {"targets": PIPES},
        {"targets": PIPES, "lining_mm": 0, "manning_n": 0.013},
    ),
    "new_branch": (
        None,
        None,
    ),  # every street of the small city has a sewer or no fall: tried on a larger one
    "cross_connection_removal": (None, None),
    "reservoir_prerelease": (None, None),
    "deep_tunnel": ({"targets": ["N00001"], "length_m": 1000.0, "diameter_m": 4.0}, None),
    "new_pump_station": (
        {"from_node": "N00001", "capacity_m3_s": 0.5, "start_m": 0.8},
        {"from_node": "N00001", "capacity_m3_s": 0.0, "start_m": 0.8},
    ),
    "pump_capacity": (None, None),
    "mobile_pumps": (
        {"from_m": [472206.0, 3846094.0], "to_node": "N00001", "order": RAIN},
        {"from_m": [472206.0, 3846094.0], "to_node": "N00001", "trucks": 0, "order": RAIN},
    ),
    "smart_control": ({"links": ["C00005"], "gauge": "lake"}, {}),
    "ramp_drain": ({"targets": ["garage"]}, {"targets": ["garage"], "capacity_m3_s": 0.0}),
    "closure_rule": (
        {"targets": ["mall"], "at_m": [472206.0, 3846094.0], "warn_m": 0.03, "close_m": 0.05},
        None,
    ),
    "flood_warning": (
        {"targets": ["mall"], "order": RAIN},
        {"targets": ["mall"], "order": RAIN, "compliance": 0.0},
    ),
    "flood_wall_gate": (
        {"targets": {"polygon_m": BLOCK}, "raise_m": 1.0, "gates_m": [[472206.0, 3846094.0]]},
        {"targets": {"polygon_m": BLOCK}, "raise_m": 0.0},
    ),
    "permeable_paving": (
        {"targets": {"layer": "yards"}, "share": 0.3},
        {"targets": {"layer": "yards"}, "share": 0.0},
    ),
    "bioretention": ({"targets": SQUARE, "share": 0.1}, {"targets": SQUARE, "share": 0.0}),
    "sunken_green": ({"targets": SQUARE, "share": 0.4}, {"targets": SQUARE, "depth_m": 0.0}),
    "green_roof": ({"share": 0.2}, {"share": 0.0}),
    "entrance_step": ({"targets": ["mall"], "raise_m": 0.3}, {"targets": ["mall"], "raise_m": 0.0}),
    "vent_raising": (
        {"targets": ["garage/entrance"], "sill_height_m": 1.0},
        {"targets": ["garage/entrance"], "sill_height_m": 0.1},
    ),
    "flood_barrier": ({"targets": ["mall", "garage"]}, {"targets": ["mall"], "height_m": 0.0}),
    "automatic_gate": (
        {"targets": {"layer": "openings"}, "height_m": 0.8},
        {"targets": ["mall"], "height_m": 0.0},
    ),
    "watertight_door": ({"targets": ["corridor"]}, None),
    "sump_pumps": (
        {"targets": ["mall"], "power": "substation_1"},
        {"targets": ["mall"], "capacity_m3_s": 0.0},
    ),
    "raised_plinth": (
        {"targets": {"layer": "critical", "where": ["type == substation"]}, "failure_depth_m": 0.8},
        {"targets": ["substation_1"], "raise_m": 0.0},
    ),
    "raised_control_room": (
        {"targets": ["station"], "raise_m": 0.5},
        {"targets": ["station"], "raise_m": 0.0},
    ),
    "relocation": ({"targets": ["room"]}, None),
    "dry_proofing": ({"targets": ["substation_2"]}, {"targets": ["substation_2"], "height_m": 0.0}),
    "wet_proofing": (
        {"targets": ["substation_1", "room"]},
        {"targets": ["room"], "repair_share": 1.0},
    ),
    "backup_power": ({"targets": ["station"]}, {"targets": ["station"], "autonomy_h": 0.0}),
    "supply_tie": ({"targets": ["station"], "from_site": "substation_2"}, None),
    "standby_power": ({"targets": ["station"], "from_site": "substation_2"}, None),
    "rain_tank": ({"share": 0.5}, {"volume_mm": 0.0}),
    "surface_detention": (
        {
            "targets": {
                **SQUARE,
                "within_m": [
                    [472136, 3846096],
                    [472240, 3846096],
                    [472240, 3846274],
                    [472136, 3846274],
                ],
            },
            "outlet_node": "N00001",
        },
        {"targets": SQUARE, "depth_m": 0.0},
    ),
    "underground_tank": (
        {"node": "N00010", "volume_m3": 500.0},
        {"node": "N00010", "volume_m3": 0.0},
    ),
    "pond_restoration": (
        {
            "targets": {
                **SQUARE,
                "within_m": [
                    [472394, 3846314],
                    [472500, 3846314],
                    [472500, 3846500],
                    [472394, 3846500],
                ],
            },
            "depth_m": 1.0,
        },
        {"targets": SQUARE, "depth_m": 0.0},
    ),
    "park_retention": (
        {
            "targets": {
                **SQUARE,
                "within_m": [
                    [472000, 3846314],
                    [472112, 3846314],
                    [472112, 3846500],
                    [472000, 3846500],
                ],
            }
        },
        {"targets": SQUARE, "depth_m": 0.0},
    ),
    "lake_drawdown": (
        {"targets": {"layer": "rivers"}, "outflow_m3_s": 50.0},
        {"targets": {"layer": "rivers"}, "draw_m": 0.0, "outflow_m3_s": 50.0},
    ),
}
BUILT = [kind for kind, (example, _) in EXAMPLES.items() if example is not None]


def example(kind):
    return ADAPTER.validate_python({"kind": kind, **(EXAMPLES[kind][0] or {"targets": ["N00003"]})})


def built(inputs, measures):
    return apply_measures(inputs, measures, lambda file, place: [])


def digest(inputs):
    """A hash of everything that measures may change."""
    parts = [
        inputs.terrain.bed_elevation.tobytes(),
        inputs.terrain.manning_n.tobytes(),
        np.asarray(inputs.initial_depth, float).tobytes(),
    ]
    parts += [
        "\n".join(inputs.drainage.network.lines).encode(),
        repr(inputs.drainage.inlets).encode(),
        repr(inputs.drainage.return_cells).encode(),
    ]
    parts += [
        pickle.dumps(thing)
        for thing in (
            inputs.storage.facilities,
            inputs.structures,
            inputs.culverts,
            inputs.pumps,
            inputs.sites,
        )
    ]
    parts += [
        repr((inputs.actions, inputs.operations, inputs.mobile_pumps, inputs.trucks)).encode()
    ]
    return hashlib.sha256(b"".join(parts)).hexdigest()
