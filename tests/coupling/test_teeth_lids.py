"""Lids and openings of the exchange beside a network of numbers: what is open, what lifts a lid,
what each ledger line takes, by hand.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from flood_sim.output.state import collect, restore
from flood_sim.simulation.exchange import CouplingLayout, Exchange
from flood_sim.surface.inlets import Inlet


class Network:
    """Two nodes with rims at 10 m, the second an outfall."""

    node_ids = ("M", "O")
    rim_m, invert_m = np.array([10.0, 10.0]), np.array([7.0, 6.0])
    outfalls = np.array([1])
    own_surcharge_m = np.zeros(2)

    def __init__(self):
        self.head, self.flooded, self.out = np.full(2, 9.0), np.zeros(2), np.zeros(1)

    def heads(self):
        return self.head

    def flooded_volume(self):
        return self.flooded.copy()

    def outfall_volume(self):
        return self.out.copy()


class Street:
    """Keeps the shares that are set."""

    def __init__(self):
        self.open = []

    def set_openings(self, share):
        self.open.append(share.tolist())


def lid(area_m2=0.4, lid_m=0.15, **keys):
    return Inlet(0, 0, 0, 10.0, 2.0, area_m2, lid_m=lid_m, shut_share=0.01, **keys)


def exchanged(*inlets, returns=(0,), **keys):
    """The exchange of a few inlets; which nodes have return cells."""
    nodes = np.array(returns, np.int64)
    cells, share = np.zeros((len(nodes), 2), np.int64), np.ones(len(nodes))
    return Exchange(Network(), CouplingLayout(inlets, nodes, cells, share, **keys))


def after_a_window(exchange, head_m, spilled=0.0):
    """The street after a window that ends with a head at the first node and a spill from it."""
    network, street = Network(), Street()
    network.head[0] = head_m
    network.flooded[0] = exchange._flooded[0] + spilled
    exchange._spilled[:] = exchange._read_spilled(network)
    exchange._lift_lids(street, network)
    return street


@pytest.mark.parametrize(
    ("head_m", "spilled", "lifted"),
    [
        (10.10, 0.0, 0),
        (10.146, 0.0, 1),  # within 5 mm of the lid's 0.15 m: SWMM holds a node at its limit
        (10.144, 0.0, 0),
        (10.10, 0.02, 1),  # water has come out under it: it is off, whatever the head says now
        (9.00, 0.02, 1),
    ],
)
def test_a_lid_goes_off_by_the_head_or_after_a_spill(head_m, spilled, lifted):
    exchange = exchanged(lid())
    street = after_a_window(exchange, head_m, spilled)
    assert exchange.lids_lifted == lifted and street.open == [[1.0]] * lifted
    after_a_window(exchange, 9.0)
    assert exchange.lids_lifted == lifted  # for good


def test_what_is_open_by_lid_and_by_what_happens():
    """A lid leaves 1 % of its 0.4 m2, a grate of 0.1 m2 half clogged 0.05; a drain lets nothing
    out. The node has a grate, so nothing holds its water back.
    """
    grate, drain = Inlet(0, 0, 0, 10.0, 2.0, 0.1), Inlet(0, 0, 0, 10.0, 2.0, 0.3, kind="drain")
    exchange, street = exchanged(lid(), grate, drain), Street()
    exchange.set_openings(street, np.array([1.0, 0.5, 0.8]))
    assert street.open == [[0.01, 0.5, 0.8]]
    assert exchange._area.tolist() == pytest.approx([0.01 * 0.4 + 0.5 * 0.1, 0.0])
    assert exchange._lift.tolist() == [0.0, 0.0]
    street = after_a_window(exchange, 11.0)
    assert street.open == [[1.0, 0.5, 0.8]]  # what clogs the others stays
    assert exchange._area[0] == pytest.approx(0.4 + 0.05)


def test_the_lightest_lid_of_a_node_holds_its_water():
    exchange, street = exchanged(lid(lid_m=0.3), lid(lid_m=0.2)), Street()
    exchange.set_openings(street, np.ones(2))
    assert exchange._lift.tolist() == [0.2, 0.0]
    after_a_window(exchange, 10.25)
    assert exchange.lids_lifted == 1 and exchange._lift[0] == 0.0


def test_what_a_network_spills_goes_where_it_has_a_street():
    """3 m3 more at a node with a cell, 2 at one without: those leave the model. What an outfall
    lets out comes onto the grid where it is said.
    """
    exchange, network = exchanged(), Network()
    network.flooded[:] = (3.0, 2.0)
    assert exchange._read_spilled(network).tolist() == [3.0, 0.0]
    network.flooded[:] = (4.0, 2.5)
    assert exchange._read_spilled(network).tolist() == [1.0, 0.0]
    assert exchange.uncoupled_flooding == 2.5
    exchange = exchanged(returns=(0, 1), outfalls_to_surface=True)
    network.out[:] = 7.0
    assert exchange._read_spilled(network).tolist() == [4.0, 9.5]
    network.out[:] = 8.0
    assert exchange._read_spilled(network).tolist() == [0.0, 1.0]
    assert exchange.outfall_returned == 8.0 and exchange.uncoupled_flooding == 0.0


def test_the_residual_is_what_the_networks_own_balance_lacks():
    """10 m3 delivered and 4 of its own came in; 6 left by outfalls, 1 by losses, 2 onto the street;
    it holds 5 more than at the start: 14 - 2 - 7 - 5 = 0. Each line moved by 1 shows.
    """
    exchange = exchanged()
    exchange.volume_delivered, exchange.book.to_street_network = 10.0, 2.0
    balance = {"inflow": 14.0, "outflow": 6.0, "stored": 25.0, "stored_start": 20.0}
    balance |= {"evaporation": 0.75, "seepage": 0.25, "half_volumes": 0.5}

    def residual(**more):
        return dict(exchange.ledger_lines(balance | more))["network_residual"]

    assert residual() == pytest.approx(0.5)
    assert residual(inflow=15.0) == residual(stored_start=21.0) == pytest.approx(1.5)
    for key in ("outflow", "evaporation", "seepage", "stored"):
        assert residual(**{key: balance[key] + 1.0}) == pytest.approx(-0.5)
    exchange.uncoupled_flooding, exchange.outfall_returned = 3.0, 4.0
    assert residual() == pytest.approx(1.5)
    exchange.escrow[:], exchange._spilled[:] = (1.0, 2.0), (0.0, 4.0)
    lines = exchange.ledger_lines(balance)
    assert ("escrow_end", 7.0) in lines and ("network_inflow", -10.0) in lines
    assert ("spill_lost", 3.0) in lines and ("outfall_out", -4.0) in lines
    assert exchange.stored(SimpleNamespace(pending_volume=0.25)) == 7.25


def test_water_from_others_waits_for_the_network():
    exchange = exchanged()
    exchange.receive(np.array([1.5, 0.5]))
    exchange.receive(np.array([0.0, 0.5]))
    assert exchange.escrow.tolist() == [1.5, 1.0]
    assert exchange.book.to_sewer_street == exchange.book.to_sewer_network == 2.5


def test_a_checkpoint_keeps_what_is_open():
    """Half clogged and its lid off: a resumed exchange spills through as much, and what lifts next
    leaves the clogging as it is.
    """
    heavy = lid(area_m2=0.2, lid_m=0.3)
    killed, street = exchanged(lid(), heavy), Street()
    killed.set_openings(street, np.array([0.5, 0.8]))
    after_a_window(killed, 10.2)
    resumed = exchanged(lid(), heavy)
    restore(resumed, {k: np.copy(v) for k, v in collect(killed, "e").items()}, "e")
    assert resumed._area.tolist() == killed._area.tolist() == pytest.approx([0.2016, 0.0])
    assert resumed.lids_lifted == 1 and resumed._lift.tolist() == killed._lift.tolist()
    assert after_a_window(resumed, 10.4).open == [[0.5, 0.8]]
