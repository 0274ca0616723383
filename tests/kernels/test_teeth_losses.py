"""Losses as the surface asks for them: parts of a long window, evaporation in time and by store."""

import numpy as np
import pytest

from flood_sim.ground.infiltration import GreenAmpt
from flood_sim.surface.boundaries import Series
from flood_sim.surface.losses import Losses, StorageInputs
from kernels.test_losses import DTHETA, MM, PSI, K, column, one


@pytest.mark.parametrize("recovers", [False, True])
@pytest.mark.parametrize(("window_s", "parts"), [(60.0, 6), (25.0, 3), (10.0, 1), (4.0, 1)])
def test_a_long_window_is_taken_in_steps_of_ten_seconds(window_s, parts, recovers):
    """One window gives what so many windows of equal parts, none over 10 s, give."""
    taken = []
    for count in (1, parts):
        soil = GreenAmpt(one(K), one(PSI), one(DTHETA), recovers)
        depth, losses = column(soil)
        depth[1, 1] = 0.5
        for k in range(count):
            dt = window_s / count
            losses.take(depth, np.zeros((1, 1), np.float32), 1, 1, k * dt, dt)
        assert losses.infiltrated_volume == pytest.approx(100.0 * (0.5 - depth[1, 1]), rel=1e-9)
        taken.append(losses.infiltrated_volume)
    assert taken[0] == taken[1] > 0.0


def test_evaporation_follows_its_series_from_store_to_store():
    """From 4 to 8 mm/h over two hours: 5 mm in the first hour, 7 in the second. The leaves' 1 mm
    and the hollows' 2 mm go first, then what stands on the ground.
    """
    series = Series(np.array([0.0, 7200.0]), np.array([4.0, 8.0]) * MM / 3600.0)
    storage = StorageInputs(one(1.0 * MM), one(2.0 * MM), series)
    depth, losses = column(storage=storage)
    depth[1, 1] = 20.0 * MM
    losses.take(depth, np.full((1, 1), 1.0 * MM, np.float32), 1, 1, 0.0, 3600.0)
    # 3 mm go into the stores and evaporate there, 2 mm leave the ground: 15 of 20 mm are left
    assert losses.evaporated_volume == pytest.approx(100.0 * 5.0 * MM, rel=1e-6)
    assert losses.stored_volume == pytest.approx(0.0, abs=1e-9)
    assert depth[1, 1] == pytest.approx(15.0 * MM, rel=1e-6)
    dry = Losses(losses.infiltration, StorageInputs(evaporation_m_s=series), (1, 1), 100.0)
    dry.take(depth, np.zeros((1, 1), np.float32), 1, 1, 3600.0, 3600.0)
    assert dry.evaporated_volume == pytest.approx(100.0 * 7.0 * MM, rel=1e-6)
    dry.take(depth, np.zeros((1, 1), np.float32), 1, 1, 7200.0, 36000.0)  # no more than there is
    assert depth[1, 1] == 0.0
    assert dry.evaporated_volume == pytest.approx(100.0 * 15.0 * MM, rel=1e-6)


def test_leaves_hold_no_more_than_what_fell_on_them():
    """1 mm of room and 0.4 mm of rain on ground that stands 20 mm deep: 0.4 mm."""
    depth, losses = column(storage=StorageInputs(one(1.0 * MM), None, None))
    depth[1, 1] = 20.0 * MM
    losses.take(depth, np.full((1, 1), 0.4 * MM, np.float32), 1, 1, 0.0, 60.0)
    assert losses.stored_volume == pytest.approx(100.0 * 0.4 * MM, rel=1e-6)
    assert losses.summed_volume() == losses.stored_volume
