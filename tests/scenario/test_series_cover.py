"""Series and the run: what their rows cover, and what counts elsewhere. Volumes by hand, from the
ledger of the run or the series that the run reads.
"""

import numpy as np
import pytest

from cases import Silent
from console import flood_sim
from flood_sim.core.errors import InputError
from flood_sim.core.grid import Grid
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.scenario.rain_series import gauge_rain
from flood_sim.scenario.spec.schema import ScenarioSpec
from flood_sim.simulation.loop import Simulation
from scenario.test_loader import GOOD

# one hour on 6 x 6 cells of 10 m with walls around: 3,600 m2
BASE = """
schema = 1
name = "cover"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T17:00:00+08:00
[grid]
crs = "local"
[terrain]
bed_elevation = { columns = 6, rows = 6, cell_size_m = 10.0 }
"""
AREA_M2, HOUR_S = 3600.0, 3600.0
RIVER = '[[boundaries]]\nkind = "point_inflow"\nlocation_m = [25.0, 25.0]\nfile = "t.csv"\n'
STAGE = '[[boundaries]]\nkind = "stage_series"\nedge = "west"\nfile = "t.csv"\n'
RAIN = '[rainfall]\nkind = "series"\nfile = "t.csv"\nlabel = "left"\ninterval_s = 900\n'
GAUGES = (
    '[rainfall]\nkind = "gauges"\ngauges = "g.csv"\nlabel = "left"\ninterval_s = 900\nmethod ='
    ' "{}"\n'
)


def inputs_of(folder, text, rows, head="time_s,discharge_m3_s", name="t.csv"):
    """rows : {seconds: value}."""
    lines = [head, *(f"{time},{value}" for time, value in rows.items())]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "s.toml").write_text(BASE + text, encoding="utf-8")
    return build_inputs(load_scenario(folder / "s.toml"))


def ledger_of(inputs, folder):
    simulation = Simulation(inputs, folder)
    simulation.run(Silent())
    return simulation.ledger


def codes(inputs):
    return [f.code for f in inputs.findings]


def refused(folder, *words, **more):
    with pytest.raises(InputError) as caught:
        inputs_of(folder, *words, **more)
    return caught.value.findings


HALF = {0: 0.5, 600: 0.5, 1200: 0.5, 1800: 0.5}


def test_a_hydrograph_that_ends_early_is_refused_held_or_zero(tmp_path):
    (fault,) = refused(tmp_path, RIVER, HALF)
    assert fault.code == "E321" and "0.5 to 1 h" in fault.problem
    assert 'after = "hold"' in fault.do and 'after = "zero"' in fault.do
    held = inputs_of(tmp_path, RIVER + 'after = "hold"\n', HALF)
    assert ledger_of(held, tmp_path).inflow == pytest.approx(1800.0, rel=1e-6)
    zero = inputs_of(tmp_path, RIVER + 'after = "zero"\n', HALF)
    assert ledger_of(zero, tmp_path).inflow == pytest.approx(900.0, rel=1e-6)
    assert codes(held) == codes(zero) == []  # the scenario says it


def test_a_hydrograph_that_begins_late(tmp_path):
    late = {t + 1800: v for t, v in HALF.items()}
    (fault,) = refused(tmp_path, RIVER, late)
    assert fault.code == "E321" and "0 to 0.5 h" in fault.problem
    zero = inputs_of(tmp_path, RIVER + 'before = "zero"\n', late)
    assert ledger_of(zero, tmp_path).inflow == pytest.approx(900.0, rel=1e-6)
    both = refused(tmp_path, RIVER, {t + 900: v for t, v in HALF.items()})
    assert [f.code for f in both] == ["E321", "E321"]  # both ends in one pass


def test_one_step_of_a_series_may_be_missing_and_is_told(tmp_path):
    rows = {600 * k: 0.5 for k in range(6)}  # to 3,000 s: the last row stands for its 600 s
    inputs = inputs_of(tmp_path, RIVER, rows)
    (told,) = inputs.findings
    assert told.code == "W310" and "0.833333 to 1 h" in told.problem and "0.5 m3/s" in told.given
    assert inputs.inflows[0].discharge.integral(0.0, HOUR_S) == pytest.approx(1800.0)
    (fault,) = refused(tmp_path, RIVER + 'after = "refuse"\n', rows)
    assert fault.code == "E321"  # said is said: no step may be missing


@pytest.mark.parametrize("shift_h", [-8760, -2, 1, 24])
def test_a_series_apart_from_the_run_is_refused_whatever_is_said(tmp_path, shift_h):
    rows = {t + 3600 * shift_h: v for t, v in HALF.items()}
    for said in ("", 'before = "hold"\nafter = "hold"\n'):
        (fault,) = refused(tmp_path, RIVER + said, rows)
        assert fault.code == "E313"
    (fault,) = refused(tmp_path, RIVER, {-3600: 1.0})
    assert fault.code == "E313"  # one row of an hour before


# every 300 s but for 600 to 2,400 s: 0.2 m3/s rises to 0.8
HOLE = {0: 0.2, 300: 0.2, 600: 0.2, 2400: 0.8, 2700: 0.8, 3000: 0.8, 3300: 0.8, 3600: 0.8}


@pytest.mark.parametrize(
    ("way", "volume"),
    [("linear", 1980.0), ("hold", 1440.0), ("zero", 1080.0)],
)  # 0.2 * 600 + gap + 0.8 * 1200: the gap 0.5, 0.2 or 0 * 1,800
def test_a_gap_in_a_regular_series(tmp_path, way, volume):
    inputs = inputs_of(tmp_path, RIVER + f'gaps = "{way}"\n', HOLE)
    assert ledger_of(inputs, tmp_path).inflow == pytest.approx(volume, rel=1e-6)
    assert codes(inputs) == []


def test_a_gap_is_told_or_refused(tmp_path):
    inputs = inputs_of(tmp_path, RIVER, HOLE)
    (told,) = inputs.findings
    assert told.code == "W304" and "0.5 h in all" in told.problem
    assert inputs.inflows[0].discharge.integral(0.0, HOUR_S) == pytest.approx(1980.0)
    (fault,) = refused(tmp_path, RIVER + 'gaps = "refuse"\n', HOLE)
    assert fault.code == "E321" and "0.166667 to 0.666667 h" in fault.problem
    bends = {0: 0.2, 100: 0.4, 900: 0.1, 3600: 0.8, 4000: 0.1, 9000: 0.0}
    assert codes(inputs_of(tmp_path, RIVER, bends)) == []  # points of a line, no regular series
    year = {-7200: 1, -6900: 1, -6600: 1, -6300: 1, -6000: 1, 8000: 1, 8300: 1, 8600: 1, 8900: 1}
    (fault,) = refused(tmp_path, RIVER, year)
    assert fault.code == "E313" and "lies in a gap" in fault.problem


def test_a_stage_holds_or_is_refused(tmp_path):
    rows, head = {0: 0.1, 600: 0.2, 1200: 0.3, 1800: 0.4}, "time_s,level_m"
    (fault,) = refused(tmp_path, STAGE, rows, head)
    assert fault.code == "E321" and "zero" not in fault.do
    (fault,) = refused(tmp_path, STAGE + 'after = "zero"\n', rows, head)
    assert fault.code == "E104" and "hold" in fault.allowed
    stage = inputs_of(tmp_path, STAGE + 'after = "hold"\n', rows, head).edges[0].stage
    assert stage.at(HOUR_S) == 0.4 and stage.at(1500.0) == pytest.approx(0.35)
    text = STAGE.replace('file = "t.csv"', "level_m = 0.4") + 'after = "hold"\n'
    (fault,) = refused(tmp_path, text, rows, head)
    assert fault.code == "E104" and "goes with" in fault.problem


@pytest.mark.parametrize(("way", "share"), [("", 1.0), ('after = "zero"\n', 0.5)])
def test_evaporation_holds_with_a_word(tmp_path, way, share):
    text = '[evaporation]\nfile = "t.csv"\n' + way
    rows = {0: 12.0, 600: 12.0, 1200: 12.0, 1800: 12.0}
    inputs = inputs_of(tmp_path, text, rows, "time_s,rate_mm_d")
    assert codes(inputs) == ([] if way else ["W310"])
    taken = inputs.storage.evaporation_m_s.integral(0.0, HOUR_S)
    assert taken == pytest.approx(12e-3 / 24.0 * share)


@pytest.mark.parametrize(
    ("said", "mm"), [("", 30.0), ('gaps = "hold"\n', 40.0), ('after = "hold"\n', 40.0)]
)
def test_rain_that_is_missing_is_dry_unless_it_is_held(tmp_path, said, mm):
    """10 mm a quarter of an hour at 0, 900 and 2,700 s; or at 0, 900 and 1,800 s."""
    rows = {0: 10, 900: 10, 1800: 10} if "after" in said else {0: 10, 900: 10, 2700: 10}
    inputs = inputs_of(tmp_path, RAIN + said, rows, "time_s,depth_mm")
    rain = ledger_of(inputs, tmp_path).rain
    assert rain == pytest.approx(mm * 1e-3 * AREA_M2, rel=1e-6)
    assert codes(inputs) == ([] if said else ["W304"])
    if not said:
        assert "0.5 to 0.75 h" in inputs.findings[0].given


def test_rain_that_must_not_miss_anything(tmp_path):
    text = RAIN + 'before = "refuse"\nafter = "refuse"\ngaps = "refuse"\n'
    faults = refused(tmp_path, text, {900: 1, 2700: 2}, "time_s,depth_mm")
    assert [f.code for f in faults] == ["E321", "E321"]
    early = inputs_of(tmp_path, RAIN, {900: 1, 1800: 2}, "time_s,depth_mm")
    assert codes(early) == ["W305", "W305"]
    (fault,) = refused(tmp_path, RAIN, {-900: 1}, "time_s,depth_mm")
    assert fault.code == "E313"


def test_rows_that_stand_farther_apart_than_interval_s_are_asked(tmp_path):
    """Hourly mm/h under interval_s = 900: a quarter of the rain."""
    rows = {3600 * k: 20 for k in range(-3, 1)}
    (fault,) = refused(tmp_path, RAIN, rows, "time_s,rate_mm_h")
    assert fault.code == "E322" and "3600" in fault.do
    right = inputs_of(tmp_path, RAIN.replace("900", "3600"), rows, "time_s,rate_mm_h")
    assert right.rainfall.depth_between(0.0, HOUR_S) == pytest.approx(0.020)
    wet = inputs_of(tmp_path, RAIN + 'gaps = "zero"\n', rows, "time_s,rate_mm_h")
    assert wet.rainfall.depth_between(0.0, HOUR_S) == pytest.approx(0.005)


@pytest.mark.parametrize("method", ["thiessen", "inverse_distance"])
def test_the_others_stand_in_for_a_gauge_that_stops(tmp_path, method):
    """20 mm a quarter at both; the second has no row after half an hour: 80 mm, not 60."""
    (tmp_path / "g.csv").write_text("gauge,x_m,y_m,file\na,5,30,a.csv\nb,55,30,t.csv\n")
    (tmp_path / "a.csv").write_text("time_s,depth_mm\n0,20\n900,20\n1800,20\n2700,20\n")
    text, rows, head = GAUGES.format(method), {0: 20, 900: 20}, "time_s,depth_mm"
    inputs = inputs_of(tmp_path, text, rows, head)
    assert codes(inputs) == ["W323"] and "b 0.5 h" in inputs.findings[0].given
    assert ledger_of(inputs, tmp_path).rain == pytest.approx(0.080 * AREA_M2, rel=1e-5)
    zero = inputs_of(tmp_path, text + 'after = "zero"\n', rows, head)
    total = sum(zero.rainfall.depth_m(k) for k in range(zero.rainfall.intervals))
    assert total.mean() == pytest.approx(0.060, rel=1e-5) and codes(zero) == []
    (fault,) = refused(tmp_path, text + 'after = "refuse"\n', rows, head)
    assert fault.code == "E321" and "t.csv" in fault.place


def test_time_without_any_gauge_is_told(tmp_path):
    (tmp_path / "g.csv").write_text("gauge,x_m,y_m,file\na,5,30,t.csv\nb,55,30,t.csv\n")
    rows = {0: 20, 900: 20, 2700: 20}
    inputs = inputs_of(tmp_path, GAUGES.format("thiessen"), rows, "time_s,depth_mm")
    (told,) = inputs.findings
    assert told.code == "W305" and "0.25 h" in told.problem
    total = sum(inputs.rainfall.depth_m(k) for k in range(inputs.rainfall.intervals))
    assert np.allclose(total, 0.060)


SUMS = {0: 10, 900: 60, 1800: 80, 2700: 85}


@pytest.mark.parametrize(("said", "mm"), [("true", 85.0), ("false", 235.0)])
def test_sums_are_asked_for_and_taken_as_said(tmp_path, said, mm):
    (fault,) = refused(tmp_path, RAIN, SUMS, "time_s,depth_mm")
    assert fault.code == "E320" and "235 mm" in fault.allowed and "85 mm" in fault.allowed
    inputs = inputs_of(tmp_path, RAIN + f"cumulative = {said}\n", SUMS, "time_s,depth_mm")
    assert ledger_of(inputs, tmp_path).rain == pytest.approx(mm * 1e-3 * AREA_M2, rel=1e-6)


def test_counters_that_begin_anew_or_do_not_begin_at_zero(tmp_path):
    text = RAIN + "cumulative = true\n"
    reset = inputs_of(tmp_path, text, {0: 10, 900: 60, 1800: 5, 2700: 25}, "time_s,depth_mm")
    assert reset.rainfall.depth_until(HOUR_S) == pytest.approx(0.085)  # 10, 50, 5, 20
    assert codes(reset) == ["W322"] and "1 times" in reset.findings[0].problem
    year = inputs_of(tmp_path, text, {0: 812, 900: 820, 1800: 850, 2700: 851}, "time_s,depth_mm")
    assert year.rainfall.depth_until(HOUR_S) == pytest.approx(0.039)  # 0, 8, 30, 1
    assert codes(year) == ["W322"] and "812 mm" in year.findings[0].problem
    once = {0: 10, 900: 60, 1800: 80, 2700: 5}
    (told,) = [
        f for f in inputs_of(tmp_path, RAIN, once, "time_s,depth_mm").findings if f.code != "W220"
    ]
    assert told.code == "W306" and "155 mm as amounts, 85 mm as a sum" in told.allowed
    gap = inputs_of(tmp_path, text, {0: 10, 2700: 85}, "time_s,depth_mm")
    assert gap.rainfall.depth_until(HOUR_S) == pytest.approx(0.085)  # spread over its own hour
    assert gap.rainfall.depth_between(900.0, 1800.0) == pytest.approx(0.025)
    saw = {300 * k: (1 + k % 5) * 3 for k in range(12)}
    nine = RAIN.replace("900", "300")
    (fault,) = refused(tmp_path, nine, saw, "time_s,depth_mm")
    assert fault.code == "E320" and "begin anew" in fault.problem
    storm = {300 * k: v for k, v in enumerate((0, 2, 8, 20, 30, 12, 9, 9, 2, 1, 0, 0))}
    assert codes(inputs_of(tmp_path, nine, storm, "time_s,depth_mm")) in ([], ["W220"])
    block = {300 * k: v for k, v in enumerate((0, 2, 8, 20, 0, 0, 0, 0, 0, 0, 0, 0))}
    assert codes(inputs_of(tmp_path, nine, block, "time_s,depth_mm")) == []


LAW = (
    '[rainfall]\nkind = "design_storm"\nreturn_period_y = 10\nduration_min = 60\nformula = {{ a ='
    " {}, c = 0.892, b = 15.1, n = 0.824 }}\n"
)


def test_a_rain_law_is_held_to_rain_that_can_be(tmp_path):
    """q = 3073 (1 + 0.892) / 135.1^0.824 = 102.1 L/(s ha) of two hours: 0.006 q 120 = 73.5 mm."""
    inputs = inputs_of(tmp_path, LAW.format(3073.0), {})
    assert codes(inputs) == []
    assert "2 h of 10 years: 73.5 mm" in inputs.rainfall.source
    (fault,) = refused(tmp_path, LAW.format(10.0), {})  # of mm/min: 0.24 mm
    assert fault.code == "E326" and "0.239 mm" in fault.problem and "167" in fault.do
    (fault,) = refused(tmp_path, LAW.format(30000.0), {})
    assert fault.code == "E326"
    assert codes(inputs_of(tmp_path, LAW.format(300.0), {})) == ["W324"]  # 7.2 mm


def test_check_tells_how_series_were_read(tmp_path):
    inputs_of(tmp_path, RIVER + 'after = "zero"\n', HALF)
    told = flood_sim("check", tmp_path / "s.toml")
    assert told.returncode == 0
    assert "read as: inflow, t.csv: discharge_m3_s, 4 rows, 0 to 0.5 h" in told.stdout
    assert "after zero" in told.stdout and "900 m3 in the run" in told.stdout


GATE = (
    '[[structures]]\nkind = "gate"\nname = "g"\nline_m = [[30.0, 0.0], [30.0, 60.0]]\nsill_m ='
    ' 0.1\nopening_file = "t.csv"\n'
)


def test_a_gate_stays_where_it_was_set_unless_said(tmp_path):
    rows, head = {0: 0.2, 600: 0.4, 1200: 0.4, 1800: 0.4}, "time_s,opening_m"
    inputs = inputs_of(tmp_path, GATE, rows, head)
    assert codes(inputs) == ["W310"] and inputs.structures[0].gate_opening.at(HOUR_S) == 0.4
    shut = inputs_of(tmp_path, GATE + 'after = "zero"\n', rows, head)
    opening = shut.structures[0].gate_opening
    assert (opening.at(1800.0), opening.at(1801.0), opening.at(HOUR_S)) == (0.4, 0.0, 0.0)
    (fault,) = refused(tmp_path, GATE + 'after = "refuse"\n', rows, head)
    assert fault.code == "E321"


def test_gauges_in_degrees_are_refused(tmp_path):
    (tmp_path / "g.csv").write_text("gauge,x_m,y_m,file\na,113.6,34.7,t.csv\n")
    rows, head = {0: 20, 900: 20}, "time_s,depth_mm"
    inputs_of(tmp_path, GAUGES.format("thiessen"), rows, head)  # near the origin it may be metres
    scenario, grid = load_scenario(tmp_path / "s.toml"), Grid(6, 6, 10.0, 5e5, 3.8e6, "EPSG:32649")
    with pytest.raises(InputError, match=r"E204.*degrees"):
        gauge_rain(scenario, scenario.spec.rainfall, grid, [])


def test_a_scenario_as_run_is_read_again(tmp_path):
    """Keys of the cover that were not given stay absent in what a run writes: a resume reads it."""
    text = GOOD + '[evaporation]\nrate_mm_d = 8.0\n[[boundaries]]\nkind = "point_inflow"\n'
    (tmp_path / "s.toml").write_text(text + "location_m = [12.0, 12.0]\ndischarge_m3_s = 0.1\n")
    spec = load_scenario(tmp_path / "s.toml").spec
    written = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert ScenarioSpec.model_validate(written) == spec
    assert not {"before", "after", "gaps"} & {*written["evaporation"], *written["boundaries"][0]}
