"""Hours without service and water underground, by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from flood_sim.analysis.outcomes.services import (
    lost_service,
    rapidity_h,
    service_losses,
    underground_entries,
)


def site(weight, out_h, repair_h, censored=False, drowned=False):
    keys = {"weight": weight, "out_h": out_h, "repair_h": repair_h}
    return keys | {"censored": censored, "drowned": drowned}


def of(kind, sites):
    return SimpleNamespace(sites=lambda wanted: sites if wanted == kind else {})


def test_repair_is_added_where_water_stands_at_the_end():
    """Weights 3, 2, 5. Still drowned at the end: the second (30 h) and the third (8 h); the first is
    out for lack of power and has no repair. (3*2 + 2*4 + 5*1) / 10 = 1.9; + (2*30 + 5*8) / 10 = 10.
    """
    sites = {
        "a": site(3.0, 2.0, 24.0, censored=True),
        "b": site(2.0, 4.0, 30.0, censored=True, drowned=True),
        "c": site(5.0, 1.0, 8.0, censored=True, drowned=True),
        "d": site(0.0, 9.0, 24.0),
    }
    within, after = service_losses(of("critical", sites))
    assert (within.name, after.name) == ("service_loss", "service_loss_with_repair")
    assert within.value == pytest.approx(1.9) and after.value == pytest.approx(11.9)
    assert "3 of 4 sites were still out" in within.note
    sites = {"b": site(2.0, 4.0, 30.0, drowned=True)}  # was drowned and is repaired within the run
    assert [o.value for o in service_losses(of("critical", sites))] == [4.0, 4.0]
    assert service_losses(of("critical", {"d": site(0.0, 1.0, 1.0)}))[0].value is None


def test_entries_add_up_by_type():
    sites = {
        n: {"type": t, "entered_m3": v}
        for n, t, v in (("a", "garage", 3.0), ("b", "metro", 5.0), ("c", "garage", 4.0))
    }
    found = underground_entries(of("underground", sites))
    assert {o.name: o.value for o in found} == {
        "underground_entry_garage": 7.0,
        "underground_entry_metro": 5.0,
    }


def test_the_curve_of_service_and_its_return():
    """1 to 0.4 within an hour, two hours at 0.4, back to 1 at 5 h: 0.3 + 1.2 + 0.6 h lost; 95 % is
    there again 55/60 of the way from 3 to 5 h.
    """
    time, share = np.array([0.0, 1.0, 3.0, 5.0, 6.0]), np.array([1.0, 0.4, 0.4, 1.0, 1.0])
    assert lost_service(time, share) == pytest.approx(2.1)
    assert rapidity_h(time, share) == pytest.approx(2.0 * 0.55 / 0.6)
    assert rapidity_h(time, share, level=1.0) == pytest.approx(2.0)
    assert rapidity_h(time[:3], share[:3]) is None
    assert rapidity_h(time[:1], np.array([0.96])) == 0.0
