"""Teeth for pictures and small buildings: what a drawn line stands for, which cells count."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from flood_sim.analysis import compare
from flood_sim.analysis.html import charts
from flood_sim.analysis.outcomes.buildings import building_depth
from flood_sim.analysis.pictures.plots import ledger_bar
from flood_sim.analysis.pictures.site_plots import _highest_heads


def test_lines_of_an_envelope_stand_over_their_shares():
    """Failed shares of 0.1 and 0.5: lowest, 5 %, mean, 95 % and highest, each at the x of its share
    and in this order from below.
    """
    rows = [(0.1, 1.0, 2.0, 3.0, 4.0, 5.0), (0.5, 2.0, 4.0, 6.0, 8.0, 10.0)]
    drawn = charts.bands([("a", rows)], "x", "y", "l")
    band = re.search(r'<polygon points="([^"]+)"', drawn).group(1).split()
    lines = [points.split() for points in re.findall(r'<polyline points="([^"]+)"', drawn)]
    at = [[tuple(map(float, point.split(","))) for point in points] for points in [band, *lines]]
    across = [x for x, _ in at[0][:2]]
    assert across[0] < across[1]
    for points in at[1:4]:  # behind them the sign of the key
        assert [x for x, _ in points] == across
    lowest, mean, highest = (points[1][1] for points in at[1:4])
    assert lowest > at[0][1][1] > mean > at[0][2][1] > highest  # pixels count down


@pytest.mark.parametrize("deep", [(0, 0), (0, 2), (1, 1), (2, 0), (2, 2), (1, 2)])
def test_a_house_smaller_than_a_cell_takes_the_deepest_of_the_nine_around_it(deep):
    depth = np.full((5, 5), 0.1)
    depth[1 + deep[0], 1 + deep[1]] = 0.7
    depth[0, 0] = depth[4, 4] = depth[2, 4] = depth[2, 0] = 3.0  # outside of them
    e = {
        "use": np.zeros(1),
        "building": np.zeros((5, 5), int),
        "cell": np.array([2 * 5 + 2]),
    }
    assert building_depth(depth, e).tolist() == [0.7]


def test_the_head_of_a_space_is_that_of_its_highest_opening():
    moments = [datetime(2021, 7, 20, 15, minute, tzinfo=UTC) for minute in (0, 1)]
    rows = [
        {"site": site, "time": moment, "head_m": head}
        for site, moment, head in (
            ("metro", moments[0], 0.1),
            ("metro", moments[0], 0.4),
            ("garage", moments[0], 2.0),
            ("metro", moments[0], 0.2),
            ("metro", moments[1], 0.3),
        )
    ]
    found = _highest_heads(SimpleNamespace(openings=rows), "metro")
    assert found == (moments, [0.4, 0.3])


def test_the_bar_of_what_went_has_what_spaces_gained():
    """Not what they held at both ends."""
    lines = (
        *("rain", "inflow", "boundary_in", "network_inflow", "infiltration", "boundary_out"),
        *("outfall_out", "surface_stored_end", "surface_stored_start", "network_stored_end"),
        *("network_stored_start", "escrow_end", "escrow_start"),
        *("relative_error", "network_residual"),
    )
    ledger = dict.fromkeys(lines, 0.0) | {"rain": 900.0, "surface_stored_end": 600.0}
    ledger |= {"sites_stored_start": 200.0, "sites_stored_end": 500.0}
    figure = ledger_bar(SimpleNamespace(ledger=ledger))
    (axes,) = figure.axes
    assert sorted(text.get_text().split()[-2] for text in axes.get_legend().get_texts()) == [
        *("300", "600", "900")
    ]
    widths = {round(bar.get_width()) for bar in axes.patches}
    assert widths == {900, 600, 300}


@pytest.mark.parametrize(("deeper", "end"), [(0.15, 0.2), (4.0, 5.0), (8.0, 5.0)])
def test_colours_of_a_difference_end_above_it_or_at_the_widest_scale(monkeypatch, deeper, end):
    drawn = "flood_sim.analysis.pictures.plots.draw_ground"
    monkeypatch.setattr(drawn, lambda results, axes: (0.0, 1.0, 0.0, 1.0))
    run = SimpleNamespace(summary={"portfolio": "p"})
    pair = SimpleNamespace(before=run, after=run, depth_difference=np.full((3, 3), deeper))
    figure = compare.Comparison.picture(pair)
    image = figure.axes[0].images[-1]
    assert (image.norm.vmin, image.norm.vmax) == (-end, end)
