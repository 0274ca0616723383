"""No direction of the flow is better than another: friction takes the size of the discharge
vector.
"""

import numpy as np
import pytest

from benchmarks.cases.channel import Setting
from benchmarks.cases.directions import plane_at, plane_fed_at_an_edge


@pytest.mark.parametrize("degrees", [0, 15, 30, 45])
def test_a_plane_is_as_deep_at_any_angle(degrees):
    """Within 1 % of the normal depth. Measured 0.4, 0.3, 0.3, 0.1; by components 0.4, -2.8, -6.9,
    -9.6 %.
    """
    error = plane_at(Setting("local_inertial", "float32", 1), degrees)
    assert error.size > 1000
    assert abs(error.mean()) < 0.01


def test_double_precision_takes_the_vector_too():
    """Measured 1e-6 apart: the float32 rounding of a depth of some centimetres."""
    single, double = (plane_at(Setting("local_inertial", p, 1), 30) for p in ("float32", "float64"))
    assert abs(single.mean() - double.mean()) < 1e-4
    assert abs(double.mean()) < 0.01


def test_between_buildings_the_vector_counts_too():
    """The same discharge through half the width: normal depth of twice the unit discharge."""
    error = plane_at(Setting("local_inertial", "float32", 1), 45, porosity=0.5)
    assert abs(error.mean()) < 0.01


def test_water_spreads_over_a_plane_in_circles():
    """CASES C5. By components the peaks were 4 to 6 % low, the front 385 m along the axes and 424
    between them.
    """
    found = {
        f.name: f for f in plane_fed_at_an_edge(Setting("local_inertial", "float32", 1)).findings
    }
    assert found["fed_plane_peaks"].holds, found["fed_plane_peaks"].note
    assert found["fed_plane_front_by_angle"].holds, found["fed_plane_front_by_angle"].note
    assert np.isfinite(found["fed_plane_peaks"].value)
