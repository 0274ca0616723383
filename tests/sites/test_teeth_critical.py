"""Critical sites window by window: reserves, repair, what stops, by hand."""

import numpy as np
import pytest

from flood_sim.sites.critical import DEGRADED, OUT, WORKS, CriticalSite, CriticalSites, Need

DRY, WET = -np.inf, 11.0


def site(name, *needs, repair_s=0.0, **keys):
    return CriticalSite(name, "x", (0, 0), 10.0, repair_s, needs, **keys)


def course(sites, levels, step_s=10.0):
    """(s, name, state, cause) of every change under levels (windows, sites)."""
    critical = CriticalSites(sites)
    links = [
        critical.update(np.array(level, float), step_s * k, step_s)
        for k, level in enumerate(levels)
    ]
    return critical, [(c.time_s, c.name, c.state, c.cause) for c in critical.record], links


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_site_lasts_on_its_reserve_while_that_works(place):
    """20 s without the grid; at 20 s the generator drowns and the site falls at once. Wherever the
    generator stands in the list.
    """
    order = ["grid", "site"]
    order.insert(place, "generator")
    made = {n: site(n) for n in ("grid", "generator")}
    made["site"] = site("site", Need(("grid",), 100.0, "generator"))
    wet = [{"grid"}, {"grid"}, {"grid", "generator"}, set()]
    levels = [[WET if n in now else DRY for n in order] for now in wet]
    critical, record, _ = course([made[n] for n in order], levels)
    mine = [(t, state, cause) for t, n, state, cause in record if n == "site"]
    assert mine == [
        (0.0, DEGRADED, "without grid"),
        (20.0, OUT, "without grid"),
        (30.0, WORKS, ""),
    ]
    assert critical.lost_s[order.index("site")] == 10.0
    assert critical.first_out_s[order.index("site")] == 20.0


def test_what_lasts_so_long_falls_then():
    """20 s without: it works for two windows of 10 s and is out in the third; a feed that comes
    back in between sets it to the start.
    """
    pair = [site("grid"), site("site", Need(("grid",), 20.0))]
    levels = [[w, DRY] for w in (WET, WET, WET, DRY, WET, WET, DRY)]
    critical, record, _ = course(pair, levels)
    mine = [(t, state) for t, n, state, _ in record if n == "site"]
    assert mine == [(0.0, DEGRADED), (20.0, OUT), (30.0, WORKS), (40.0, DEGRADED), (60.0, WORKS)]
    assert critical.lost_s.tolist() == [50.0, 10.0]


def test_repair_follows_the_water_and_links_stop_and_start():
    """Drowned for 10 s at over its level, 25 s of repair: back at 40 s (at the windows of 10 s).
    At its level it is not drowned. Its links stand still so long; one of another site longer.
    """
    pair = [site("a", repair_s=25.0, stops=("P", "Q")), site("b", stops=("Q",))]
    levels = [[10.0, DRY], [10.01, WET], [DRY, WET], [DRY, WET], [DRY, WET], [DRY, DRY]]
    critical, record, links = course(pair, levels)
    assert [(t, n, state, cause) for t, n, state, cause in record if n == "a"] == [
        (10.0, "a", OUT, "water over its level of 10.00 m"),
        (50.0, "a", WORKS, ""),
    ]
    assert critical._cause(0, []) == "" and critical.max_level.tolist() == [10.01, WET]
    assert links[0] == ([], []) and sorted(links[1][0]) == ["P", "Q", "Q"]
    assert links[5] == ([], ["P", "Q", "Q"])
    assert critical.lost_s.tolist() == [40.0, 40.0]


def test_one_of_any_is_enough_and_all_needs_count():
    """Needs one of two grids, and water: out where both grids are, or the water is."""
    four = [site("g1"), site("g2"), site("w"), site("s", Need(("g1", "g2")), Need(("w",)))]
    levels = [
        [WET, DRY, DRY, DRY],
        [WET, WET, DRY, DRY],
        [DRY, WET, DRY, DRY],
        [DRY, DRY, WET, DRY],
    ]
    _, record, _ = course(four, levels)
    assert [(t, state, cause) for t, n, state, cause in record if n == "s"] == [
        (10.0, OUT, "without g1 or g2"),
        (20.0, WORKS, ""),
        (30.0, OUT, "without w"),
    ]
    assert CriticalSites(four).number_of(None) == -1 and CriticalSites(four).number_of("w") == 2
    assert CriticalSites([]).update(np.zeros(0), 0.0, 1.0) == ([], [])
