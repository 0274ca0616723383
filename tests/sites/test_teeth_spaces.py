"""Underground spaces window by window beside a street of numbers: drains, pumps, what openings may
take and give back, by hand.
"""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from flood_sim.core.clock import Window
from flood_sim.ground.rainfall import rainfall_from_intervals
from flood_sim.sites.underground import Spaces, step_discharge
from flood_sim.sites.underground_inputs import Opening, Space, SpaceInputs, SumpPump
from flood_sim.surface.inlets import Handover

RAIN = rainfall_from_intervals("r", np.array([0.0, 3600.0]), np.array([72.0]))  # 2e-5 m/s


class Street:
    """A street at one level; keeps what the spaces set."""

    def __init__(self, spaces, level_m=0.0):
        count, outlets = len(spaces.openings), len(spaces.outlet_cells)
        parts = np.zeros(count), np.zeros(outlets), np.zeros(count), np.zeros(count)
        self.at_openings, self.level_m = Handover(*parts), level_m

    def levels_at(self, cells):
        return np.full(len(cells), self.level_m)

    def set_sills(self, crest_m, leak_m3_s):
        self.crest_m, self.leak_m3_s = crest_m, leak_m3_s


def box(name="a", area_m2=100.0, **keys):
    """A space of 3 m height with its floor at 0 m."""
    return Space(name, np.array([0.0, 3.0]), np.array([0.0, 3.0 * area_m2]), **keys)


def closed(spaces, windows, powered=True, nodes=1):
    """Close so many windows of 10 s; m3 lifted or drained to each node in all."""
    street, total = Street(spaces), np.zeros(nodes)
    for k in range(windows):
        to = np.zeros(nodes)
        power = np.full(len(spaces.running), powered)
        spaces.close_window(street, Window(10.0 * k, 10.0 * (k + 1)), power, to)
        total += to
    return street, total


@pytest.mark.parametrize(
    ("drain", "taken"), [(0.0, 0.0), (0.5e-3, 5e-3), (1.6e-3, 16e-3), (9.0, 16e-3)]
)
@pytest.mark.parametrize("node", [None, "N"])
def test_a_ramps_drain_takes_its_rain_up_to_what_it_can(drain, taken, node):
    """80 m2 under 2e-5 m/s: 1.6 L/s, 16 L in 10 s; the drain takes at most its rate of it."""
    keys = {"catchment_m2": 80.0, "rainfall": RAIN, "ramp_drain_m3_s": drain}
    spaces = Spaces(SpaceInputs((box(drain_to_node=node, **keys),)), ["N"])
    _, to = closed(spaces, 1)
    assert spaces.caught == pytest.approx(16e-3)
    assert spaces.volume[0] == pytest.approx(16e-3 - taken, abs=1e-12)
    assert spaces.book.drained_in[0] == spaces.volume[0]
    assert spaces.left == pytest.approx(taken if node is None else 0.0)
    assert to[0] == pytest.approx(taken if node else 0.0)
    assert dict(spaces.ledger_lines)["inflow"] == spaces.caught


def pumped(level_m, running, **keys):
    """A space of 100 m2 with a pump of 1 m3/s that runs from 1.0 m down to 0.4 m."""
    pump = SumpPump("p", 1.0, 1.0, 0.4, **keys)
    spaces = Spaces(SpaceInputs((box(pumps=(pump,), initial_m3=100.0 * level_m),)), ["N"])
    spaces.running[:] = running
    return spaces


@pytest.mark.parametrize(
    ("level_m", "running", "runs"),
    [
        (1.01, False, True),  # over its start
        (1.0, False, False),  # at its start it waits
        (0.7, False, False),  # between both it stays as it is
        (0.7, True, True),
        (0.4, True, False),  # at its stop it stops
    ],
)
def test_a_pump_stays_as_it_is_between_its_levels(level_m, running, runs):
    spaces = pumped(level_m, running)
    closed(spaces, 1)
    assert spaces.running.tolist() == [runs]
    assert spaces.book.pumped[0] == (10.0 if runs else 0.0)
    assert spaces.left == spaces.book.pumped[0]
    assert spaces.volume[0] == pytest.approx(100.0 * level_m - spaces.book.pumped[0])


def test_a_pump_leaves_what_lies_under_its_stop():
    """61 m3 over the stop of 0.4 m: seven windows of 10 m3, the last takes one; 40 m3 stay."""
    spaces = pumped(1.01, False, to_node="N")
    _, to = closed(spaces, 9)
    assert spaces.volume[0] == pytest.approx(40.0) and to[0] == pytest.approx(61.0)
    assert spaces.left == 0.0 and not spaces.running[0]
    spaces = pumped(1.01, False, to_cell=(3, 4))
    street, _ = closed(spaces, 9)
    assert street.at_openings.brought.tolist() == pytest.approx([61.0])
    assert spaces.outlet_cells.tolist() == [[3, 4]]
    dark = pumped(2.0, True)
    closed(dark, 3, powered=False)
    assert dark.volume[0] == 200.0 and not dark.running[0]


def test_two_pumps_of_a_space_share_its_water():
    """15 m3 over the stop, 10 m3 a window each: 10 and 5."""
    pumps = tuple(SumpPump(n, 1.0, 0.1, 0.0, to_node=n) for n in ("M", "N"))
    spaces = Spaces(SpaceInputs((box(pumps=pumps, initial_m3=15.0),)), ["M", "N"])
    _, to = closed(spaces, 1, nodes=2)
    assert to.tolist() == [10.0, 5.0] and spaces.volume[0] == 0.0


def opened(level_m, *openings, initial_m3=0.0, length_s=10.0):
    spaces = Spaces(SpaceInputs((box(openings=openings, initial_m3=initial_m3),)))
    street = Street(spaces, level_m)
    spaces.open_window(street, Window(20.0, 20.0 + length_s))
    return spaces, street


DOOR = Opening("a/door", 0, 0, 2.0, 4.0, board_m=0.6, leak_m2_s=1e-3)


def test_an_opening_takes_half_of_the_room_below_the_street():
    """Street at 2.5 m: 250 m3 fit below it; half in 10 s by two openings: 6.25 m3/s each."""
    spaces, street = opened(2.5, DOOR, Opening("a/back", 0, 1, 2.4, 1.0))
    assert street.at_openings.acceptance == pytest.approx([6.25, 6.25])
    assert street.crest_m.tolist() == [2.0, 2.4] and street.leak_m3_s.tolist() == [0.0, 0.0]
    assert spaces.reached_s.tolist() == [20.0, 20.0]
    assert spaces.opening_heads(street) == pytest.approx([0.5, 0.1])
    spaces, street = opened(2.2, DOOR, Opening("a/back", 0, 1, 2.4, 1.0))
    assert np.isnan(spaces.reached_s[1]) and spaces.reached_s[0] == 20.0


def test_a_drowned_opening_takes_what_the_law_of_the_step_gives():
    """Inside at 2.2 m, street at 2.3 m, sill 2.0 m: 1.70 B h1^1.5 [1 - (h2/h1)^1.5]^0.385 of 4 m."""
    _, street = opened(2.3, DOOR, initial_m3=220.0)
    ratio = (1.0 - (0.2 / 0.3) ** 1.5) ** 0.385
    law = 1.70 * 4.0 * 0.3**1.5 * ratio
    assert street.at_openings.acceptance[0] == pytest.approx(min(law, 0.5 * 10.0 / 10.0))
    assert step_discharge(0.3, 0.2, 4.0) == pytest.approx(law)
    _, street = opened(2.3, DOOR, initial_m3=220.0, length_s=1.0)
    assert street.at_openings.acceptance[0] == pytest.approx(law)
    _, street = opened(2.2, DOOR, initial_m3=220.0)
    assert street.at_openings.acceptance[0] == pytest.approx(0.0, abs=1e-12)


def test_a_board_raises_the_crest_and_leaks():
    spaces, street = opened(2.3, DOOR)
    spaces.place_board("a/door")
    spaces.open_window(street, Window(0.0, 10.0))
    assert street.crest_m == pytest.approx([2.6]) and street.leak_m3_s == pytest.approx([4e-3])
    assert spaces.opening_heads(street).tolist() == [0.0]


def test_water_that_stands_higher_inside_comes_back():
    """Inside 2.3 m, street 2.1 m: 10 of the 30 m3 over the sill at most (half of 0.2 m x 100 m2);
    by the law in 1 s less. Nothing where the street is as high.
    """
    spaces, street = opened(2.1, DOOR, initial_m3=230.0)
    law = 1.70 * 4.0 * 0.3**1.5 * (1.0 - (0.1 / 0.3) ** 1.5) ** 0.385
    given = min(law * 10.0, 0.5 * 0.2 * 100.0)
    assert street.at_openings.brought[0] == pytest.approx(given)
    assert spaces.volume[0] == pytest.approx(230.0 - given)
    assert spaces.book.returned[0] == street.at_openings.brought[0]
    spaces, street = opened(2.1, DOOR, initial_m3=230.0, length_s=1.0)
    assert street.at_openings.brought[0] == pytest.approx(law)
    _, street = opened(2.3, DOOR, initial_m3=230.0)
    assert street.at_openings.brought[0] == pytest.approx(0.0, abs=1e-12)
    # a metre of street less: what lies below the sill stays
    spaces, street = opened(0.0, DOOR, initial_m3=200.5)
    assert street.at_openings.brought[0] <= 0.5 and spaces.volume[0] >= 200.0


def test_what_came_in_is_booked():
    spaces, street = opened(2.5, DOOR)
    street.at_openings.captured[:] = 5.0
    spaces.close_window(street, Window(20.0, 30.0), np.zeros(0, bool), np.zeros(0))
    assert spaces.volume[0] == spaces.book.entered[0] == spaces.stored == 5.0
    assert spaces.inflow[0] == 0.5 and spaces.book.first_entry_s[0] == 20.0
    assert spaces.book.max_volume[0] == spaces.book.largest == 5.0
    street.at_openings.captured[:] = 1.0
    spaces.close_window(street, Window(30.0, 40.0), np.zeros(0, bool), np.zeros(0))
    assert spaces.book.first_entry_s[0] == 20.0 and spaces.booked_volume()[0] == 6.0
    assert spaces.volume_by_level()[0] == pytest.approx(6.0)


def test_levels_by_the_table_and_up_the_shaft():
    """100 m2 for 1 m, then 300 m2 to 3 m (700 m3); 2 m2 of shaft above."""
    table = SimpleNamespace(z=np.array([0.0, 1.0, 3.0]), v=np.array([0.0, 100.0, 700.0]))
    wide = Space("w", table.z, table.v, shaft_m2=2.0)
    for volume, level in (
        (0.0, 0.0),
        (50.0, 0.5),
        (100.0, 1.0),
        (400.0, 2.0),
        (701.0, 3.5),
        (999.0, 103.0),
    ):
        spaces = Spaces(SpaceInputs((wide,)))
        spaces.volume[0] = volume
        assert spaces.levels[0] == pytest.approx(level)
        assert spaces.volume_by_level()[0] == pytest.approx(min(volume, 900.0))  # the shaft's end
        area = 100.0 if volume <= 100.0 else 300.0 if volume <= 700.0 else 2.0
        assert spaces._areas()[0] == pytest.approx(area)
    assert math.isfinite(spaces.levels[0])
