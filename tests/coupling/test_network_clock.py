"""A network's dates, tides, patterns and rules on the scenario's clock, held against SWMM alone."""

import pytest

from flood_sim.core.errors import InputError
from sewer_cases import alone, codes, inputs_of, net, run

DATED = "TS 07/20/2021 16:00 0.05\nTS 07/20/2021 16:30 0.1\nTS 07/20/2021 17:00 0.1"
INFLOW = "J1 FLOW TS FLOW 1 1"
TIDE = "T TIDAL 0 7.0\nT 15 7.0\nT 16 11.0\nT 17 11.0\nT 23 7.0"
RAIN = '[rainfall]\nkind = "design_storm"\nreturn_period_y = 1\nduration_min = 30'


def inflow(simulation):
    return simulation.ledger.network_inflow


def test_a_dated_series_keeps_its_dates(tmp_path):
    """The run starts half an hour after the network's own: it gets the second half hour."""
    text = net(INFLOWS=INFLOW, TIMESERIES=DATED)
    _, seen = run(tmp_path, text, inflow, start="2021-07-20T16:30:00+08:00")
    later = net({"START_TIME": "16:30:00"}, INFLOWS=INFLOW, TIMESERIES=DATED)
    assert seen == pytest.approx(alone(tmp_path, later)["External Inflow"], rel=2e-3)
    assert seen == pytest.approx(180.0, rel=2e-3)


@pytest.mark.parametrize("month", ["07", "JUL"])
@pytest.mark.parametrize("beside", [False, True])
def test_a_series_of_another_year_is_refused(tmp_path, month, beside):
    """Written in the network, or in a file beside it with a space in its name."""
    rows = DATED.replace("07/20/2021", f"{month}/20/2007")
    (tmp_path / "my flow.dat").write_text(rows.replace("TS ", ""))
    series = 'TS FILE "my flow.dat"' if beside else rows
    text = net(INFLOWS=INFLOW, TIMESERIES=series)
    with pytest.raises(InputError, match="E420.*TS.*inflow, 2007-07-20 16:00 to 2007-07-20 17:00"):
        inputs_of(tmp_path, text)
    found = codes(inputs_of(tmp_path, text, more=RAIN))
    assert (
        "lie outside the run" in found["W310"].problem and "SWMM takes 0" in found["W310"].problem
    )


def test_rain_of_another_year_is_refused_for_its_subcatchments(tmp_path):
    text = net(
        RAINGAGES="G INTENSITY 1:00 1 TIMESERIES R", SUBCATCHMENTS="S1 G J1 1 50 100 0.5 0",
        SUBAREAS="S1 0.015 0.1 0 0 0 OUTLET", INFILTRATION="S1 3 0.5 4 7 0",
        TIMESERIES="R 07/20/2007 16:00 36\nR 07/20/2007 17:00 0",
    )  # fmt: skip
    with pytest.raises(InputError, match=r"E420.*R \(rain"):
        inputs_of(tmp_path, text)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("TS 07/20/2021 15:00 0.1\nTS 07/20/2021 16:45 0.1", "ends 15 min before the end"),
        ("TS 07/20/2021 16:20 0.1\nTS 07/20/2021 18:00 0.1", "begins 20 min after the start"),
        ("TS 0:00 0.1 0:30 0.1", "ends 30 min before the end"),
    ],
)
def test_a_series_that_covers_a_part_is_said(tmp_path, rows, told):
    found = codes(inputs_of(tmp_path, net(INFLOWS=INFLOW, TIMESERIES=rows)))
    assert told in found["W310"].problem


def test_rows_that_a_regular_series_lacks_are_said(tmp_path):
    """Every 5 min, 20 min are missing: SWMM draws a line from 0.1 to 0.3 m3/s, 240 m3 in 20 min."""
    rows = {0: 0.1, 5: 0.1, 10: 0.1, 15: 0.1, 20: 0.1, 25: 0.1, 45: 0.3, 50: 0.3, 55: 0.3, 60: 0.3}
    text = net(INFLOWS=INFLOW, TIMESERIES="\n".join(f"TS 0:{m:02d} {q}" for m, q in rows.items()))
    text = text.replace("TS 0:60", "TS 1:00")
    found = codes(inputs_of(tmp_path, text))
    assert "TS (inflow, 1 gaps, 0.333 h)" in found["W304"].problem
    assert "SWMM's own rule" in found["W304"].do
    seen = alone(tmp_path, text)["External Inflow"]
    assert seen == pytest.approx(0.1 * 1500 + 240 + 0.3 * 900, rel=2e-3)
    dated = "\n".join(f"TS 07/20/2021 {m // 60 + 16}:{m % 60:02d} {q}" for m, q in rows.items())
    found = codes(inputs_of(tmp_path, net(INFLOWS=INFLOW, TIMESERIES=dated)))
    assert "W304" in found
    later = inputs_of(
        tmp_path, net(INFLOWS=INFLOW, TIMESERIES=dated), start="2021-07-20T16:46:00+08:00"
    )
    assert "W304" not in codes(later)  # the gap lies before the run


def test_policies_of_series_are_no_keys_of_a_network(tmp_path):
    with pytest.raises(
        InputError, match=r"(?s)series in a network have no such key.*SWMM's own rule"
    ):
        inputs_of(tmp_path, net(INFLOWS=INFLOW, TIMESERIES=DATED), drainage='after = "hold"')


@pytest.mark.parametrize(
    "rows",
    [
        DATED,
        "TS 0:00 0.1\nTS 9:00 0.1",
        "TS 07/20/2021 16:10 0\nTS 07/20/2021 16:20 0.1\nTS 07/20/2021 16:30 0",
    ],
)
def test_a_series_that_covers_the_run_is_not(tmp_path, rows):
    assert "W310" not in codes(inputs_of(tmp_path, net(INFLOWS=INFLOW, TIMESERIES=rows)))


def test_a_stage_of_another_year_is_held_and_said(tmp_path):
    text = net(OUTFALLS="O1 7.8 TIMESERIES TS NO", TIMESERIES=DATED.replace("2021", "2007"))
    found = codes(inputs_of(tmp_path, text, more=RAIN))
    assert "SWMM holds an end value" in found["W310"].problem


def test_the_tide_follows_the_hour_of_the_day(tmp_path):
    """High water from 16 to 17 h. SWMM alone from midnight lets the same sea in as the coupled run
    that starts at 15:30; its own rule reads the curve by hours since the start.
    """
    own = {"START_TIME": "00:00:00", "END_TIME": "16:30:00"}
    text = net(
        own, OUTFALLS="O1 7.8 TIDAL T NO", CURVES=TIDE, JUNCTIONS="J1 8.0 9 0 0 0\nJ2 7.9 9 0 0 0"
    )
    when = {"start": "2021-07-20T15:30:00+08:00", "stop": "2021-07-20T16:30:00+08:00"}
    _, heads = run(
        tmp_path, text, lambda s: s.network.heads(), **when, drainage='default_inlet = "none"'
    )
    before = alone(tmp_path, text)["Final Stored Volume"]
    simulation, _ = run(tmp_path, text, **when, drainage='default_inlet = "none"')
    assert heads[0] == pytest.approx(11.0, abs=0.02) and heads[1] == pytest.approx(11.0, abs=0.02)
    assert simulation.ledger.network_stored_end == pytest.approx(before, abs=0.5)


@pytest.mark.parametrize("start", ["00:00", "06:30", "23:45"])
def test_a_turned_tide_has_the_same_stage_at_every_hour(tmp_path, start):
    """By hand: the curve read at the hour of the day, at 5 hours of the run."""
    from datetime import datetime

    import numpy as np

    from flood_sim.drainage.clock import with_tides_at
    from flood_sim.drainage.inp import read_inp

    (tmp_path / "n.inp").write_text(net(OUTFALLS="O1 7.8 TIDAL T NO", CURVES=TIDE))
    moment = datetime.fromisoformat(f"2021-07-20T{start}:00+08:00")
    turned = with_tides_at(read_inp(tmp_path / "n.inp"), moment)
    numbers = [float(t) for r in turned.rows("CURVES") for t in r.tokens[1:] if t != "TIDAL"]
    x, y = np.array(numbers[0::2]), np.array(numbers[1::2])
    hours = np.array([0.0, 0.3, 5.0, 9.75, 17.25, 23.9])
    day = (hours + moment.hour + moment.minute / 60.0) % 24.0
    right = np.interp(day, [0, 15, 16, 17, 23], [7, 7, 11, 11, 7])
    assert np.all(np.diff(x) > 0.0)
    assert np.interp(hours, x, y) == pytest.approx(right, abs=1e-5)


PATTERN = "P HOURLY " + " ".join("10" if h == 8 else "0" for h in range(24))


def test_a_pattern_runs_in_the_networks_zone(tmp_path):
    """All water comes between 8 and 9 h. One instant, written as Z or +08:00, gives the same."""
    text = net(
        {"START_TIME": "08:00:00", "END_TIME": "09:00:00"}, DWF='J1 FLOW 0.01 "P"', PATTERNS=PATTERN
    )
    right = alone(tmp_path, text)["Dry Weather Inflow"]
    local = {"start": "2021-07-20T08:00:00+08:00", "stop": "2021-07-20T09:00:00+08:00"}
    utc = {"start": "2021-07-20T00:00:00Z", "stop": "2021-07-20T01:00:00Z"}
    _, seen = run(tmp_path, text, inflow, **local)
    assert seen == pytest.approx(right, rel=1e-3) and right == pytest.approx(360.0, rel=2e-3)
    zone = 'routing_step_s = 1\nnetwork_utc_offset = "+08:00"'
    _, seen = run(tmp_path, text, inflow, **utc, drainage=zone)
    assert seen == pytest.approx(right, rel=1e-3)
    found = codes(inputs_of(tmp_path, text, **utc))
    assert "1 patterns" in found["W432"].problem
    assert "W432" not in codes(inputs_of(tmp_path, text, **local))


RULES = """RULE shut
IF SIMULATION CLOCKTIME >= 16:30:00
THEN PUMP P1 STATUS = OFF
ELSE PUMP P1 STATUS = ON"""


def test_a_rule_by_clock_time_holds(tmp_path):
    """A pump of 0.05 m3/s that stops at 16:30, in a run that starts at 16:15: 15 minutes, 45 m3."""
    text = net(
        {"START_TIME": "16:15:00"}, STORAGE="S 5 3 2.5 FUNCTIONAL 0 0 100 0 0",
        PUMPS="P1 S J1 K ON 0 0", CURVES="K PUMP2 10 0.05", CONTROLS=RULES,
    )  # fmt: skip
    stored = lambda s: float(s.network.volumes()[0][s.network.node_ids.index("S")])  # noqa: E731
    _, seen = run(tmp_path, text, stored, start="2021-07-20T16:15:00+08:00")
    own = text.replace("START_TIME 16:15:00", "START_TIME 16:00:00")
    _, moved = run(tmp_path, own, stored, start="2021-07-20T16:15:00+08:00")
    assert 250.0 - seen == pytest.approx(45.0, abs=0.5) and moved == seen


def test_hours_since_the_start_are_said_where_the_run_starts_within_the_networks_own(tmp_path):
    text = net({"START_TIME": "00:00:00"}, INFLOWS=INFLOW, TIMESERIES="TS 0:00 0.1\nTS 20:00 0.1")
    assert "1 series without a date" in codes(inputs_of(tmp_path, text))["W433"].problem
    other = net(
        {"START_DATE": "01/01/2000", "END_DATE": "01/02/2000"},
        INFLOWS=INFLOW,
        TIMESERIES="TS 0:00 0.1\nTS 20:00 0.1",
    )
    assert "W433" not in codes(inputs_of(tmp_path, other))


def test_a_hot_start_is_the_state_of_its_own_time(tmp_path):
    """SWMM alone saves it; the coupled run begins with the same volume, and says so where it starts
    at another time.
    """
    warm = net({"START_TIME": "15:00:00", "END_TIME": "16:00:00"}, INFLOWS="J1 FLOW TS FLOW 1 1",
        TIMESERIES="TS 0:00 0.1\nTS 9:00 0.1", FILES=f'SAVE HOTSTART "{tmp_path}/warm.hsf"')  # fmt: skip
    right = alone(tmp_path, warm)["Final Stored Volume"]
    text = net(FILES="USE HOTSTART warm.hsf")
    started = inputs_of(tmp_path, text)
    assert "W434" not in codes(started)
    _, seen = run(tmp_path, text, lambda s: s.ledger.network_stored_start)
    assert seen == pytest.approx(right, abs=1.0)
    assert "W434" in codes(inputs_of(tmp_path, text, start="2021-07-20T16:10:00+08:00"))


def test_replaced_options_are_said_with_both_values(tmp_path):
    assert "W409" not in codes(inputs_of(tmp_path, net()))
    text = net(
        {
            "ROUTING_STEP": "0:00:05",
            "ALLOW_PONDING": "YES",
            "START_DATE": "01/02/2000",
            "VARIABLE_STEP": "0.75",
        }
    )
    told = codes(inputs_of(tmp_path, text))["W409"].problem
    for words in (
        "START 2000-01-02 16:00 -> 2021-07-20 16:00",
        "ROUTING_STEP 0:00:05 -> 1 s",
        "ALLOW_PONDING YES -> NO",
        "VARIABLE_STEP 0.75 -> 0",
    ):
        assert words in told
    assert "SURCHARGE_METHOD" not in told


def test_events_do_not_stop_the_routing(tmp_path):
    """[EVENTS] of another year: SWMM would not route at all."""
    text = net(INFLOWS=INFLOW, TIMESERIES=DATED, EVENTS="01/01/2007 00:00 01/02/2007 00:00")
    simulation, _ = run(tmp_path, text)
    assert "[EVENTS] -> none" in codes(simulation.inputs)["W409"].problem
    right = alone(tmp_path, net(INFLOWS=INFLOW, TIMESERIES=DATED))["External Outflow"]
    assert simulation.ledger.outfall_out == pytest.approx(right, rel=0.01)


STORE = {
    "STORAGE": "S 5 3 2.5 FUNCTIONAL 0 0 100 0 1",
    "CONDUITS": "C1 J1 J2 50 0.013 0 0\nC2 J2 O1 50 0.013 0 0\nC3 S J1 50 0.013 2.9 0",
    "XSECTIONS": "\n".join(f"C{k} CIRCULAR 0.1 0 0 0" for k in (1, 2, 3)),
    "COORDINATES": "J1 15 25\nJ2 35 25\nO1 55 25\nS 15 35",
}


def test_a_dated_evaporation_keeps_its_dates(tmp_path):
    """4,800 mm/d from 16:45 on a pond of 100 m2. The run starts at 16:30: 15 m3 by hand, as SWMM
    alone; by hours since the start it would be 5.
    """
    rows = "E 07/20/2021 16:00 0\nE 07/20/2021 16:45 4800\nE 07/20/2021 20:00 4800"
    parts = {**STORE, "EVAPORATION": "TIMESERIES E", "TIMESERIES": rows}
    when = {"start": "2021-07-20T16:30:00+08:00", "stop": "2021-07-20T17:30:00+08:00"}
    _, seen = run(tmp_path, net(**parts), lambda s: s.ledger.sewer_evaporation, **when)
    own = {"START_TIME": "16:30:00", "END_TIME": "17:30:00"}
    assert seen == pytest.approx(alone(tmp_path, net(own, **parts))["Evaporation Loss"], abs=0.5)
    assert seen == pytest.approx(15.0, abs=0.3)


def test_rain_dependent_inflow_keeps_its_dates(tmp_path):
    """60 mm/h from 16:40 to 16:50 on 10 ha, a tenth of it within half an hour. The run starts at
    16:30 and gets what SWMM alone gets from there: all, 100 m3 by hand.
    """
    rows = "R 07/20/2021 16:30 0\nR 07/20/2021 16:40 60\nR 07/20/2021 16:50 0\nR 07/20/2021 18:00 0"
    parts = {
        "RAINGAGES": "G INTENSITY 0:10 1 TIMESERIES R",
        "HYDROGRAPHS": "U G\nU ALL SHORT 0.1 0.25 1 0 0 0", "RDII": "J1 U 10", "TIMESERIES": rows,
    }  # fmt: skip
    when = {"start": "2021-07-20T16:30:00+08:00", "stop": "2021-07-20T17:30:00+08:00"}
    _, seen = run(tmp_path, net(**parts), inflow, **when)
    own = {"START_TIME": "16:30:00", "END_TIME": "17:30:00"}
    right = alone(tmp_path, net(own, **parts))["RDII Inflow"]
    assert seen == pytest.approx(right, rel=2e-3)
    assert right == pytest.approx(100.0, rel=0.01)
