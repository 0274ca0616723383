"""The second sum beside the ledger's, on models of a few numbers: which sums are taken, how far
they may lie apart, what is said.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from flood_sim.core.errors import VolumeLedgerError
from flood_sim.core.ledger import Ledger
from flood_sim.simulation import volume_check
from flood_sim.simulation.volume_check import (
    Models,
    least_contents,
    refuse_wrong_stores,
    second_sums,
)

NAMES = (
    "surface, depths of the frames with what is on its way into or out of them",
    "surface, its cells",
    "soil layers, roofs and facilities",
    "sewers, nodes and links",
    "site `a`, its water by its level",
    "site `a`, what came in less what left",
    "sites",
    "all stores",
)


class Sums:
    """The street's own sums: 100 m3 shown, 3 coming, 1 owed, 104 held, 2 between."""

    between, waiting = 2.0, np.array([0.0, 1.0])

    def shown_volume(self):
        return 100.0

    def held_volume(self):
        return 102.0

    def coming_volume(self):
        return 3.0

    def owed_volume(self):
        return 1.0

    def lowest(self):
        return 1, 2, 0.0


def models(**changes):
    """Sound models: ground 102 + 5 on the way, layers 10, sewers 60, a space of 30 m3 and 1 m3 to
    come out of it, 4 m3 between street and sewer: 212 in all.
    """
    volumes = [np.array([20.0, 10.0]), np.array([30.0])]
    losses = SimpleNamespace(summed_volume=lambda: 10.0, stores=lambda: (("leaves", np.ones(2)),))
    terrain = SimpleNamespace(active=np.ones((2, 3), bool))
    surface = SimpleNamespace(
        sums=Sums(),
        undelivered_inflow=lambda: 3.0,
        losses=losses,
        outlet_pending=1.0,
        terrain=terrain,
        grid=SimpleNamespace(cell_area_m2=100.0),
    )
    ledger = Ledger(
        rain=212.0,
        surface_stored_end=117.0,  # ground 107 and layers 10
        layers_stored_end=10.0,
        escrow_end=4.0,
        network_stored_end=60.0,
        sites_stored_end=31.0,
    )
    exchange = SimpleNamespace(stored=lambda surface: 4.0, escrow=np.ones(2), spilled=np.ones(2))
    network = SimpleNamespace(
        volumes=lambda: tuple(volumes),
        balance=lambda: {"inflow": 5.0, "losses": 0.0, "half_volumes": -9.0},
        node_ids=["M", "O"],
        link_ids=["C"],
    )
    spaces = SimpleNamespace(
        volume_by_level=lambda: np.array([30.0]),
        booked_volume=lambda: np.array([30.0]),
        volume=np.array([30.0]),
        inputs=SimpleNamespace(spaces=[SimpleNamespace(name="a")]),
        book=SimpleNamespace(largest=40.0),
    )
    parts = {"ledger": ledger, "surface": surface, "exchange": exchange, "network": network}
    made = Models(**parts, spaces=spaces)
    for path, value in changes.items():
        *way, last = path.split("__")
        thing = made
        for name in way:
            thing = getattr(thing, name)
        setattr(thing, last, value)
    return made


@pytest.fixture(autouse=True)
def calm(monkeypatch):
    """The surface's own checks are other tests'."""
    kept = SimpleNamespace(
        refuse_beyond_physics=lambda surface, most_m3: None,
        suspect=lambda surface: ("look at cell 1", "a way out", None),
    )
    monkeypatch.setattr(volume_check, "stability", kept)


def test_sound_models_have_each_store_twice():
    found = list(second_sums(models()))
    assert tuple(s.place for s in found) == NAMES
    for sums in found:
        assert sums.held == pytest.approx(sums.ledger, abs=1e-9), sums.place
    by = {s.place: s for s in found}
    assert by["surface, its cells"].held == 107.0
    assert by[NAMES[0]].held == 102.0
    assert by["all stores"].held == 212.0
    # a litre, and a share of what is held or took part
    assert by[NAMES[0]].allowed == pytest.approx(1e-3 + 1e-3)
    assert by["surface, its cells"].allowed == pytest.approx(1e-3 + 1e-7)
    assert by["soil layers, roofs and facilities"].allowed == pytest.approx(1e-3 + 1e-8)
    assert by["sewers, nodes and links"].allowed == pytest.approx(1e-3 + 6e-5)
    assert by[NAMES[4]].allowed == by[NAMES[5]].allowed == pytest.approx(1e-3 + 3e-8, abs=1e-12)
    assert by["sites"].allowed == pytest.approx(2e-3 + 3.1e-8)
    assert by["all stores"].allowed == pytest.approx(2e-3 + 0.0212)
    refuse_wrong_stores(models(), 60.0)


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ({"surface__losses__summed_volume": lambda: 11.0}, {NAMES[2], NAMES[7]}),
        ({"surface__outlet_pending": 2.0}, {NAMES[6], NAMES[7]}),
        ({"surface__undelivered_inflow": lambda: 4.0}, {NAMES[0], NAMES[1], NAMES[7]}),
        ({"exchange__stored": lambda surface: 5.0}, {NAMES[7]}),
        ({"network__volumes": lambda: (np.ones(2), np.ones(1))}, {NAMES[3], NAMES[7]}),
        ({"spaces__booked_volume": lambda: np.array([31.0])}, {NAMES[5]}),
        ({"spaces__volume_by_level": lambda: np.array([31.0])}, {NAMES[4], NAMES[6], NAMES[7]}),
        ({"ledger__sites_stored_end": 32.0}, {NAMES[6]}),
        ({"ledger__network_stored_end": float("nan")}, {NAMES[3], NAMES[7]}),
    ],
)
def test_what_one_side_says_alone_is_found(change, places):
    made = models(**change)
    assert {s.place for s in second_sums(made) if s.apart} == places
    with pytest.raises(VolumeLedgerError) as told:
        refuse_wrong_stores(made, 60.0)
    assert {f.code for f in told.value.findings} == {"E505"}
    assert len(told.value.findings) == len(places)
    assert all("60.0 s" in f.place for f in told.value.findings)


def test_a_difference_is_told_with_both_numbers_and_a_way_out():
    (found,) = [
        volume_check._differing(s, models(), 60.0)
        for s in second_sums(models(ledger__sites_stored_end=32.5))
        if s.apart
    ]
    assert "differ by -1.5 m3" in found.problem
    assert found.given == "its fields hold 31 m3, the ledger says 32.5 m3"
    assert found.do.startswith("check the site's floor")


def test_the_least_of_each_store_and_what_rounding_explains():
    found = {least.place: least for least in least_contents(models())}
    assert {p: least.content for p, least in found.items()} == {
        "surface, row 1, column 2": 0.0,
        "surface, all cells that gave more than they held": -1.0,
        "leaves, number 1": 1.0,
        "water under way, street to sewer, number 1": 1.0,
        "water under way, sewer to street, number 1": 1.0,
        "water under way, inflows and returns, number 1": 0.0,
        "sewers, node `O`": 10.0,
        "sewers, link `C`": 30.0,
        "sewers, SWMM's total of `inflow`": 5.0,
        "sewers, SWMM's total of `losses`": 0.0,
        "site `a`": 30.0,
    }
    # 6 cells of 100 m2 under a film of 1e-5 m, and 0.5 % of 212 m3
    owed = found["surface, all cells that gave more than they held"]
    assert owed.allowed == pytest.approx(-(1e-3 + 6e-3 + 1.06))
    assert found["site `a`"].allowed == pytest.approx(-(1e-3 + 4e-8))
    assert found["sewers, SWMM's total of `losses`"].allowed == pytest.approx(-(1e-3 + 2.12e-7))
    assert found["surface, row 1, column 2"].allowed == 0.0
    assert found["leaves, number 1"].allowed == -1e-6
    assert not any(least.negative for least in found.values())


@pytest.mark.parametrize(
    ("values", "negative", "place"),
    [
        ((0.0, -0.0009), False, "two"),
        ((0.0, -0.0011), True, "two"),
        ((np.nan, -5.0), True, "one"),
        ((2.0, 1.0), False, "two"),
    ],
)
def test_the_lowest_is_named_and_no_number_before_it(values, negative, place):
    least = volume_check._least("site", np.array(values), "m3", 1e-3, ["one", "two"])
    assert (least.negative, least.place) == (negative, f"site `{place}`")
    assert volume_check._least("x", np.zeros(0), "m3", 1.0).content == 0.0


def test_a_store_below_zero_stops_the_run():
    low = {"sewers": {"network__volumes": lambda: (np.array([30.0, -1.0]), np.array([31.0]))}}
    low["site"] = {"spaces__volume": np.array([-1.0])}
    for family, change in low.items():
        with pytest.raises(VolumeLedgerError) as told:
            refuse_wrong_stores(models(**change), 60.0)
        found = next(f for f in told.value.findings if f.code == "E504")
        assert found.place.startswith(family) and found.given == "-1 m3"
