"""Underground spaces: sill law, garages, underpasses, chains, pumps, what comes back; volumes
close. Figures: hand calculations, FACTS 4.7.
"""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import Silent
from flood_sim.core.clock import Window
from flood_sim.core.errors import InputError
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.loop import Simulation
from flood_sim.sites.underground import Spaces, step_discharge
from flood_sim.sites.underground_inputs import Opening, Passage, Space, SpaceInputs, SumpPump
from flood_sim.surface.inlets import Handover

# Nine cells of 5 km: what a garage takes does not lower them. Ground at 10 m; rain of 300 mm/h
# raises the water by 0.3 m an hour.
LAKE = """
schema = 1
name = "lake"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T@STOP:00+08:00
[terrain]
bed_elevation = { columns = 3, rows = 3, cell_size_m = 5000.0, level_m = 10.0 }
[initial]
depth = @DEPTH
[surface]
precision = "float64"
scheme = "local_inertial"
window_s = 5
"""
GARAGE = """
[[sites]]
name = "garage"
kind = "underground"
location_m = [7500.0, 7500.0]
sill_height_m = 0.15
width_m = 6.0
floor_area_m2 = 2400.0
height_m = 3.0
"""


def lake(depth: float = 0.0, stop: str = "16:30", rate_mm_h: float = 0.0) -> str:
    text = LAKE.replace("@STOP", stop).replace("@DEPTH", str(depth))
    rain = (
        '[rainfall]\nkind = "series"\nfile = "rain.csv"\nlabel = "left"\ninterval_s = 86400\n#'
        f" rate {rate_mm_h}\n"
    )
    return text + (rain if rate_mm_h else "")


def run(folder: Path, text: str, probe=None, portfolio: str = "baseline"):
    folder.mkdir(exist_ok=True)
    rate = text.partition("# rate ")[2].partition("\n")[0]
    (folder / "rain.csv").write_text(f"time_s,rate_mm_h\n0,{rate or 0}\n")
    (folder / "s.toml").write_text(text)
    simulation = Simulation(build_inputs(load_scenario(folder / "s.toml"), portfolio), folder)
    recorder = Silent(probe or (lambda s: s.sites.spaces.volume.copy()))
    try:
        assert simulation.run(recorder) == "complete"
    finally:
        simulation.close()
    assert simulation.ledger.relative_error <= 1e-12
    book, spaces = simulation.sites.spaces.book, simulation.sites.spaces
    gained = (
        book.entered
        + book.drained_in
        + book.passed_in
        - book.returned
        - book.pumped
        - book.passed_out
    )
    started = np.array([s.initial_m3 for s in spaces.inputs.spaces])
    assert spaces.volume - started == pytest.approx(gained, rel=1e-9, abs=1e-9)
    return simulation, dict(recorder.seen)


def reached(seen: dict, volume: float, space: int = 0) -> float:
    """Seconds at which a space first held so much, linear between windows."""
    times = np.array(sorted(seen))
    values = np.array([seen[t][space] for t in times])
    k = int(np.argmax(values >= volume))
    return (
        float(np.interp(volume, values[k - 1 : k + 1], times[k - 1 : k + 1]))
        if k
        else float(times[0])
    )


def test_the_law_of_a_step():
    heads = np.array([0.05, 0.10, 0.15, 0.20, 0.30, 0.50, 0.80, 1.00])
    by_hand = [0.0190, 0.0538, 0.0988, 0.1521, 0.2793, 0.6010, 1.2164, 1.7000]
    assert step_discharge(heads, 0.0, 1.0) == pytest.approx(by_hand, abs=5e-5)
    assert step_discharge(1.0, 0.5, 1.0) == pytest.approx(
        1.7 * (1.0 - 0.5**1.5) ** 0.385
    )  # Villemonte
    assert step_discharge(np.array([0.3]), 0.3, 1.0) == 0.0
    assert step_discharge(np.array([-1.0]), -2.0, 1.0) == 0.0


def test_a_garage_fills_down_its_ramp(tmp_path):
    """2,400 m2, head 0.30 m over 6 m: 1.676 m3/s until the ceiling."""
    _, seen = run(tmp_path, lake(0.45) + GARAGE)
    for depth, seconds in (
        (0.1, 143),
        (0.3, 430),
        (0.5, 716),
        (0.83, 1189),
        (1.0, 1432),
        (2.0, 2864),
        (2.99, 4282),
    ):
        assert reached(seen, 2400.0 * depth) == pytest.approx(seconds, rel=0.01)
    assert seen[5400.0][0] == pytest.approx(
        7200.0, rel=0.002
    )  # the rest stands in the ramp's shaft


@pytest.mark.parametrize(
    ("sill", "volume"), [(0.15, 1609.0), (0.30, 284.4), (0.40, 18.2), (0.45, 0.0)]
)
def test_a_higher_hump_keeps_out_what_the_sill_law_says(tmp_path, sill, volume):
    """Street 0 to 0.45 m within 3,600 s (450 mm/h of rain): (2/5) 1.70 W (T/smax) (smax - z)^2.5,
    as much as a triangle up and down in that time.
    """
    text = lake(stop="16:00", rate_mm_h=450.0).replace(
        "window_s = 5", "window_s = 2"
    )  # a step lags by half of itself behind the street
    _, seen = run(
        tmp_path, text + GARAGE.replace("sill_height_m = 0.15", f"sill_height_m = {sill}")
    )
    assert seen[3600.0][0] == pytest.approx(volume, rel=0.01, abs=1e-9)


UNDERPASS = """
[[sites]]
name = "underpass"
kind = "underground"
type = "underpass"
catchment_ha = 2.0
runoff_coefficient = 0.95
stage_volume = @TABLE
"""


@pytest.mark.parametrize(
    ("rate", "pump", "minutes"),
    [
        (56.3, 0.30, (None, None, None, None)),
        (79.2, 0.0, (4.0, 7.9, 16.9, 127.6)),
        (79.2, 0.30, (14.3, 28.0, 60.0, 452.0)),
        (201.9, 0.0, (1.6, 3.1, 6.6, 50.1)),
        (201.9, 0.30, (2.2, 4.3, 9.3, 69.7)),
        (201.9, 0.60, (3.6, 7.1, 15.2, 114.6)),
    ],
)
def test_an_underpass_under_its_own_rain(tmp_path, rate, pump, minutes):
    """Bottom 30 m x 20 m, ramps of 4 %: V = 20 (30 z + z^2 / 0.04); closed catchment of 2 ha,
    coefficient 0.95.
    """
    depths = np.round(np.concatenate([np.arange(0.0, 1.0, 0.01), np.arange(1.0, 5.01, 0.05)]), 3)
    table = [[float(z), float(20.0 * (30.0 * z + z * z / 0.04))] for z in depths]
    hours = 8 if pump and rate < 200.0 else 2.5
    text = lake(stop="23:00" if hours == 8 else "17:30", rate_mm_h=rate).replace(
        "window_s = 5", "window_s = 20"
    ) + UNDERPASS.replace("@TABLE", str(table))
    if pump:
        text += f"pumps = [{{ capacity_m3_s = {pump}, start_depth_m = 0.0, stop_depth_m = 0.0 }}]\n"
    simulation, seen = run(tmp_path, text)
    for z, wanted in zip((0.15, 0.27, 0.50, 2.0), minutes, strict=True):
        volume = 20.0 * (30.0 * z + z * z / 0.04)
        if wanted is None:
            assert max(v[0] for v in seen.values()) < volume
        else:
            assert reached(seen, volume) / 60.0 == pytest.approx(
                wanted, rel=0.01, abs=0.05
            )  # the table prints tenths of a minute
    spaces = simulation.sites.spaces
    assert simulation.ledger.inflow == pytest.approx(1.9e4 * hours * 1e-3 * rate, rel=1e-12)
    assert simulation.ledger.boundary_out == pytest.approx(spaces.book.pumped.sum(), rel=1e-12)


CHAIN = """
[[sites]]
name = "station_1"
kind = "underground"
location_m = [7500.0, 7500.0]
sill_height_m = 0.0
floor_area_m2 = 1000.0
height_m = 5.0
floor_elevation_m = 0.0
[[sites]]
name = "station_2"
kind = "underground"
floor_area_m2 = 1000.0
height_m = 5.0
floor_elevation_m = 0.0
[[sites]]
name = "station_3"
kind = "underground"
floor_area_m2 = 1000.0
height_m = 5.0
floor_elevation_m = -1.0
[[passages]]
name = "tunnel_12"
from_site = "station_1"
to_site = "station_2"
sill_elevation_m = 1.0
width_m = 5.0
height_m = 4.0
[[passages]]
name = "tunnel_23"
from_site = "station_3"
to_site = "station_2"
sill_elevation_m = 1.0
width_m = 5.0
height_m = 4.0
"""


def test_water_runs_through_a_chain_of_spaces_and_a_shut_door_stops_it(tmp_path):
    _, seen = run(tmp_path / "open", lake(0.5) + CHAIN)
    first, second, third = (reached(seen, 1.0, k) for k in range(3))
    assert first < second < third
    # each passes on what stands over the tunnel's sill: 1,000 m3 stay in the first before the
    # second gets any (and 12 m3 come each window)
    assert seen[second // 5 * 5][0] == pytest.approx(1000.0, rel=0.05)
    levels = seen[5400.0] / 1000.0 + np.array([0.0, 0.0, -1.0])
    assert levels[0] >= levels[1] >= levels[2] > 1.0
    shut = CHAIN.replace('name = "tunnel_23"', 'name = "tunnel_23"\nclosed = true')
    _, seen = run(tmp_path / "shut", lake(0.5) + shut)
    assert seen[5400.0][2] <= 1e-6 and seen[5400.0][1] > 1000.0


def test_levels_meet_through_a_passage_without_swinging(tmp_path):
    """Two boxes of 1,000 and 500 m2, 4 m and 0 m of water, a tunnel at the floor: both end at 2.667
    m.
    """
    text = lake(0.0, stop="16:00") + CHAIN.replace(
        "location_m = [7500.0, 7500.0]\nsill_height_m = 0.0", "initial_depth_m = 4.0"
    )
    text = text.replace("sill_elevation_m = 1.0", "sill_elevation_m = 0.0").replace(
        "floor_area_m2 = 1000.0", "floor_area_m2 = 500.0"
    )
    text = text.replace("floor_area_m2 = 500.0", "floor_area_m2 = 1000.0", 1).replace(
        'name = "tunnel_23"', 'name = "tunnel_23"\nclosed = true'
    )
    _, seen = run(tmp_path, text)
    levels = np.array([seen[t][:2] / [1000.0, 500.0] for t in sorted(seen)])
    assert levels[-1] == pytest.approx([8.0 / 3.0, 8.0 / 3.0], rel=1e-4)
    assert (np.diff(levels[:, 0]) <= 1e-12).all() and (np.diff(levels[:, 1]) >= -1e-12).all()


def test_what_fills_a_space_comes_back_when_the_street_falls(tmp_path):
    """A full space under a street that falls dry: what stands above its sill returns, what lies
    below stays.
    """
    text = lake(0.0, stop="16:00") + GARAGE.replace(
        "sill_height_m = 0.15",
        "sill_height_m = 0.0\nfloor_elevation_m = 8.0\ninitial_depth_m = 3.0",
    )
    simulation, seen = run(tmp_path, text)
    left = (1.0 + 0.5 * 1.70 * 6.0 / 2400.0 * 3600.0) ** -2  # dh/dt = -1.70 B h^1.5 / A from 1 m
    assert simulation.sites.spaces.book.returned[0] == pytest.approx(
        2400.0 * (1.0 - left), rel=0.002
    )
    assert seen[3600.0][0] == pytest.approx(4800.0 + 2400.0 * left, rel=0.002)


def test_a_street_that_stands_as_high_as_the_water_inside_passes_nothing(tmp_path):
    text = lake(0.5, stop="15:30") + GARAGE.replace(
        "sill_height_m = 0.15",
        "sill_height_m = 0.0\nfloor_elevation_m = 8.0\ninitial_depth_m = 2.5",
    )
    simulation, seen = run(tmp_path, text)
    assert seen[1800.0][0] == pytest.approx(6000.0, abs=0.01)
    assert simulation.sites.spaces.book.entered[0] + simulation.sites.spaces.book.returned[0] < 0.01


def test_a_sump_pump_lifts_to_the_street_between_its_levels(tmp_path):
    pumps = (
        "pumps = [{ capacity_m3_s = 0.5, start_depth_m = 1.0, stop_depth_m = 0.5, to_m = [2500.0,"
        " 2500.0] }]\n"
    )
    text = (
        lake(0.0, stop="17:00")
        + GARAGE.replace("sill_height_m = 0.15", "sill_height_m = 0.5\ninitial_depth_m = 2.0")
        + pumps
    )
    simulation, seen = run(tmp_path, text)
    assert seen[600.0][0] == pytest.approx(4800.0 - 300.0, rel=1e-9)
    assert seen[7200.0][0] == pytest.approx(1200.0, rel=1e-9)  # stops at 0.5 m
    assert (
        simulation.ledger.surface_stored_end + simulation.surface.outlet_pending
        == pytest.approx(3600.0, rel=1e-9)
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            (
                "location_m = [7500.0, 7500.0]|openings = [{ name = 'a', location_m = [7500.0,"
                " 7500.0] }, { name = 'a', location_m = [2500.0, 2500.0] }]"
            ),
            "two openings have one name",
        ),
        ("location_m = [7500.0, 7500.0]", "needs its floor.s level"),
        ("floor_area_m2 = 2400.0", "it needs one of floor_area_m2 and stage_volume"),
        (
            "sill_height_m = 0.15|sill_height_m = 0.15\nsill_elevation_m = 10.0",
            "sill_elevation_m and sill_height_m do not go together",
        ),
        ("location_m = [7500.0, 7500.0]|location_m = [-1.0, 7500.0]", "not on an open cell"),
        (
            "floor_area_m2 = 2400.0|stage_volume = [[1.0, 5.0], [2.0, 10.0]]",
            "does not rise from an empty floor",
        ),
        (
            "height_m = 3.0|height_m = 3.0\npumps = [{ capacity_m3_s = 1.0, power = 'x' }]",
            "no such critical site",
        ),
        (
            "height_m = 3.0|height_m = 3.0\npumps = [{ capacity_m3_s = 1.0, to_node = 'x' }]",
            "no such node",
        ),
        (
            (
                "height_m = 3.0|height_m = 3.0\npumps = [{ capacity_m3_s = 1.0, start_depth_m ="
                " 0.1, stop_depth_m = 0.2 }]"
            ),
            "is above start_depth_m",
        ),
        (
            (
                "height_m = 3.0|height_m ="
                " 3.0\n[[passages]]\nname='p'\nfrom_site='garage'\nto_site='shop'\nsill_elevation_m=1.0\nwidth_m=1.0"
            ),
            "no such underground",
        ),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, change, words):
    old, _, new = change.partition("|")
    with pytest.raises(InputError, match=words):
        run(tmp_path, lake(0.1) + GARAGE.replace(old, new, 1))


class FakeStreet:
    """Levels that are told; openings take what their law and their acceptance allow."""

    def __init__(self, count: int, width: np.ndarray) -> None:
        self.level = np.full(count, -np.inf)
        self.at_openings = Handover(*np.zeros((4, count)))
        self._width, self.crest = width, np.zeros(count)
        self.leak = np.zeros(count)

    def levels_at(self, cells: np.ndarray) -> np.ndarray:
        return self.level

    def set_sills(self, crest_m: np.ndarray, leak_m3_s: np.ndarray) -> None:
        self.crest, self.leak = crest_m, leak_m3_s

    def take(self, seconds: float) -> None:
        law = step_discharge(
            self.level - self.crest, 0.0 * self.crest - np.inf, self._width
        ) + np.where(self.level > self.crest - 0.6, self.leak, 0.0)
        self.at_openings.captured[:] = np.minimum(law, self.at_openings.acceptance) * seconds


@settings(max_examples=60)
@given(st.integers(0, 10_000))
def test_any_set_of_spaces_keeps_its_water_and_its_head(seed):
    """Random spaces, boards, passages and streets: volumes close to 1e-9, none below zero, none
    above the highest street or its own start.
    """
    rng = np.random.default_rng(seed)
    spaces, names = [], [f"s{k}" for k in range(rng.integers(1, 6))]
    for name in names:
        floor = rng.uniform(-8.0, -3.0)
        stage = floor + np.concatenate(
            [[0.0], np.cumsum(rng.uniform(0.2, 3.0, rng.integers(1, 5)))]
        )
        volume = np.concatenate([[0.0], np.cumsum(rng.uniform(1.0, 5000.0, len(stage) - 1))])
        openings = tuple(
            Opening(
                f"{name}/{k}",
                0,
                0,
                rng.uniform(-0.5, 0.5),
                rng.uniform(0.5, 20.0),
                rng.choice([0.0, 0.6]),
                1e-4,
            )
            for k in range(rng.integers(0, 4))
        )
        pump = SumpPump("p", rng.uniform(0.001, 1.0), floor + 0.3, floor + 0.1)
        spaces.append(
            Space(
                name,
                stage,
                volume,
                openings,
                (pump,) if rng.random() < 0.5 else (),
                rng.uniform(0.5, 10.0),
                initial_m3=rng.uniform(0.0, volume[-1]),
            )
        )
    passages = tuple(
        Passage(
            f"p{k}",
            *map(str, rng.choice(names, 2, replace=False)),
            rng.uniform(-6.0, 0.5),
            rng.uniform(0.5, 10.0),
            rng.uniform(0.5, 5.0),
        )
        for k in range(rng.integers(0, 5))
        if len(names) > 1
    )
    model = Spaces(SpaceInputs(tuple(spaces), passages))
    street = FakeStreet(len(model.openings), np.array([o.width_m for o in model.openings]))
    before, highest, given = model.stored, float(model.levels.max()), 0.0
    for k in range(60):
        window = Window(5.0 * k, 5.0 * (k + 1))
        street.level = np.where(
            rng.random(len(street.level)) < 0.3, -np.inf, rng.uniform(-0.5, 1.5, len(street.level))
        )
        highest = max(highest, float(street.level.max(initial=-np.inf)))
        if rng.random() < 0.1 and model.openings:
            model.place_board(model.openings[rng.integers(len(model.openings))].name)
        model.open_window(street, window)
        street.take(5.0)
        hands = street.at_openings
        given += float(hands.captured.sum()) - float(hands.brought.sum())
        hands.brought[:] = 0.0
        model.close_window(street, window, rng.random(len(model.running)) < 0.8, np.zeros(0))
        assert (model.volume >= -1e-9).all()
        assert model.levels.max() <= highest + 1e-6
    assert model.stored == pytest.approx(before + given - model.left, rel=1e-9, abs=1e-6)


def test_a_sill_under_the_ground_is_doubted(tmp_path):
    text = lake(0.1) + GARAGE.replace("sill_height_m = 0.15", "sill_elevation_m = 1.5")
    text += (
        '[[sites]]\nname = "room"\nkind = "critical"\nlocation_m = [7500.0,'
        " 7500.0]\nfailure_elevation_m = 2.0\n"
    )
    (tmp_path / "s.toml").write_text(text)
    found = {f.code: f.problem for f in build_inputs(load_scenario(tmp_path / "s.toml")).findings}
    assert "8.50 m under the ground" in found["W450"] and "8.00 m under the ground" in found["W451"]


def test_a_breach_into_a_metro_is_of_the_reported_order(tmp_path):
    """CASES A4 (Line 5, Wulongkou): a gap of 10 to 15 m, 0.5 to 1.0 m of water over it: 10 to 30
    m3/s; two km of twin tube fill in 1 to 3 h.
    """
    tunnel = """
[[sites]]
name = "line"
kind = "underground"
type = "tunnel"
location_m = [7500.0, 7500.0]
sill_height_m = 0.0
width_m = 12.5
floor_area_m2 = 17272.7
height_m = 5.5
"""
    _, seen = run(tmp_path, lake(0.8, stop="18:00") + tunnel)
    assert 10.0 < seen[1800.0][0] / 1800.0 < 30.0
    assert 1.0 < reached(seen, 0.99 * 95_000.0) / 3600.0 < 3.0
