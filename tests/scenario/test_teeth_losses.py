"""[infiltration], [storage], [evaporation]: each key in SI, by hand."""

import numpy as np
import pytest

from flood_sim.scenario import build_inputs, load_scenario
from scenario.test_water_losses import BASE


def losses(folder, text):
    (folder / "s.toml").write_text(BASE.format(terrain="") + text, encoding="utf-8")
    return build_inputs(load_scenario(folder / "s.toml"))


def test_evaporation_in_metres_a_second(tmp_path):
    """8.64 mm/d are 1e-7 m/s; a file likewise, point for point."""
    rate = losses(tmp_path, "[evaporation]\nrate_mm_d = 8.64\n").storage.evaporation_m_s
    assert rate.at(0.0) == rate.at(9e9) == pytest.approx(1e-7, rel=1e-12)
    (tmp_path / "e.csv").write_text("time_s,rate_mm_d\n0,0\n1200,17.28\n", encoding="utf-8")
    rate = losses(tmp_path, '[evaporation]\nfile = "e.csv"\n').storage.evaporation_m_s
    assert rate.value == pytest.approx([0.0, 2e-7], rel=1e-12)
    assert rate.integral(0.0, 1200.0) == pytest.approx(1.2e-4, rel=1e-12)


def test_soils_in_metres_and_seconds(tmp_path):
    """36 mm/h are 1e-5 m/s, 3.6 1/h are 1e-3 1/s; a soil half wet has half of its deficit."""
    text = '[infiltration]\nkind = "green_ampt"\nconductivity_mm_h = 36\nsuction_mm = 200\n'
    soil = losses(tmp_path, text + "deficit = 0.4\nwetness = 0.25\n").infiltration
    assert soil.table[0] == pytest.approx([1e-5, 0.2, 0.3], rel=1e-12) and not soil.recovers
    text = '[infiltration]\nkind = "horton"\nfirst_mm_h = 72\nlast_mm_h = 36\ndecay_1_h = 3.6\n'
    soil = losses(tmp_path, text + "recovery_1_h = 0.036\n").infiltration
    assert soil.table[0] == pytest.approx([2e-5, 1e-5, 1e-3, 1e-5], rel=1e-12)
    soil = losses(tmp_path, '[infiltration]\nkind = "constant"\nrate_mm_h = 36\n').infiltration
    assert soil.table[0] == pytest.approx([1e-5], rel=1e-12)
    soil = losses(tmp_path, '[infiltration]\nkind = "curve_number"\ncurve_number = 80\n')
    # S = 25400 / 80 - 254 = 63.5 mm, Ia = 0.2 S (SCS 1972)
    assert soil.infiltration.table[0] == pytest.approx([0.0635, 0.0127], rel=1e-6)


def test_leaves_and_hollows_in_metres(tmp_path):
    storage = losses(tmp_path, "[storage]\ncanopy_mm = 1.5\ndepression_mm = 2.5\n").storage
    assert np.allclose(storage.canopy_m, 1.5e-3) and np.allclose(storage.depression_m, 2.5e-3)
    assert losses(tmp_path, "[storage]\ncanopy_mm = 0\n").storage.empty
