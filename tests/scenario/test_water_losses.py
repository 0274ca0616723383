"""[infiltration], [storage], [evaporation] and [[facilities]] of a scenario: each kind reaches the
model, each key changes the answer.
"""

import json

import numpy as np
import pytest

from cases import Silent
from flood_sim.core.errors import InputError
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.loop import Simulation

BASE = """
schema = 1
name = "losses"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:20:00+08:00
[grid]
crs = "local"
[terrain]
bed_elevation = {{ columns = 12, rows = 12, cell_size_m = 5.0 }}
{terrain}
[rainfall]
kind = "design_storm"
return_period_y = 10
duration_min = 20
"""
GARDEN = '[[facilities]]\nname = "garden"\npolygon = "area.geojson"\nkind = "bioretention"\n'
KINDS = {
    "horton": (
        '[infiltration]\nkind = "horton"\nfirst_mm_h = 76.2\nlast_mm_h = 12.7\ndecay_1_h = 4.14\n'
    ),
    "curve_number": '[infiltration]\nkind = "curve_number"\ncurve_number = 85\n',
    "recovery": (
        '[infiltration]\nkind = "green_ampt"\nconductivity_mm_h = 6.5\nsuction_mm = 167\ndeficit ='
        " 0.3\nrecovery = true\n"
    ),
    "storage": "[storage]\ncanopy_mm = 1.0\ndepression_mm = 2.0\n",
    "evaporation": "[evaporation]\nrate_mm_d = 8.0\n",
    "bioretention": GARDEN,
    "permeable_paving": GARDEN.replace("bioretention", "permeable_paving") + "share = 0.5\n",
    "green_roof": GARDEN.replace("bioretention", "green_roof"),
}


def run(folder, text, terrain=""):
    square = [[[10, 10], [30, 10], [30, 30], [10, 30], [10, 10]]]
    shape = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": square},
    }
    (folder / "area.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [shape]}), encoding="utf-8"
    )
    (folder / "s.toml").write_text(BASE.format(terrain=terrain) + text, encoding="utf-8")
    simulation = Simulation(build_inputs(load_scenario(folder / "s.toml")), folder)
    simulation.run(Silent())
    return simulation


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_keeps_water_back_and_the_ledger_closes(tmp_path, kind):
    roofs = 'buildings = "area.geojson"' if kind == "green_roof" else ""
    plain, kept = run(tmp_path, "", roofs), run(tmp_path, KINDS[kind], roofs)
    assert plain.ledger.rain == kept.ledger.rain
    left = kept.ledger.surface_stored_end - kept.ledger.layers_stored_end
    assert left < plain.ledger.surface_stored_end - 0.05
    assert kept.ledger.relative_error < 1e-6
    if kind in ("bioretention", "permeable_paving", "green_roof"):
        line = kept.surface.losses.facility_lines()["garden"]
        assert line["area_m2"] == pytest.approx(
            400.0 * (0.5 if kind == "permeable_paving" else 1.0)
        )


def test_green_roofs_hold_the_water_of_hole_and_block_alike(tmp_path):
    left = []
    for treatment in ("hole", "block"):
        terrain = f'buildings = "area.geojson"\nbuilding_treatment = "{treatment}"'
        kept = run(tmp_path, KINDS["green_roof"], terrain)
        left.append(kept.ledger.layers_stored_end - kept.ledger.layers_stored_start)
    assert left[0] == pytest.approx(left[1], rel=0.05)
    assert left[0] > 0.5 * 0.02 * 400.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[infiltration]\nkind = "horton"\nfirst_mm_h = 5\nlast_mm_h = 9\ndecay_1_h = 4\n',
            "first_mm_h must not be below",
        ),
        ('[infiltration]\nkind = "curve_number"\n', "curve_number needs"),
        (GARDEN + GARDEN.replace('"garden"', '"other"'), "sum to more than 1"),
        (GARDEN + GARDEN, "this name"),
        (KINDS["green_roof"], "no building lies"),
        ("[evaporation]\nrate_mm_d = 99\n", "rate_mm_d"),
    ],
)
def test_wrong_losses_are_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        run(tmp_path, text)


def test_fields_of_a_land_cover_table(tmp_path):
    from flood_sim.ground.infiltration import CurveNumber

    loss = CurveNumber(np.array([[85.0, 98.0, 0.0]]))
    assert loss.table[loss.soil, 0][0] == pytest.approx(
        [25.4e-3 * (1000 / 85 - 10), 25.4e-3 * (1000 / 98 - 10), 0.0]
    )
