"""The water against which SWMM's own residual is held: by hand, at each of its bounds."""

import pytest

from flood_sim.core.ledger import ExchangeBook, Ledger


@pytest.mark.parametrize(
    ("lines", "water_m3"),
    [
        ({"rain": 40.0, "inflow": 30.0, "boundary_in": 20.0, "network_inflow": 10.0}, 100.0),
        # 60 of the 80 m3 that stood on the ground have gone: they took part
        ({"rain": 40.0, "surface_stored_start": 80.0, "surface_stored_end": 20.0}, 100.0),
        # the ground has filled: what stands there now came with the supply
        ({"rain": 40.0, "surface_stored_start": 20.0, "surface_stored_end": 50.0}, 40.0),
        # one cubic metre is enough to be held against
        ({"rain": 1.0, "network_stored_start": 50.0}, 1.0),
        # less is not: all that stood anywhere at the start
        (
            {
                "rain": 0.5,
                "network_stored_start": 50.0,
                "escrow_start": 2.0,
                "sites_stored_start": 3.0,
                "surface_stored_start": 5.0,
                "surface_stored_end": 5.0,
            },
            60.0,
        ),
    ],
)
def test_the_residual_is_held_against_the_water_that_took_part(lines, water_m3):
    for lost in (2.0, -2.0):  # SWMM loses water or makes it
        ledger = Ledger(**lines, network_residual=lost)
        assert ledger.relative_residual == pytest.approx(2.0 / water_m3, rel=1e-12)


def test_a_residual_without_any_water_is_none():
    assert Ledger(network_residual=2.0).relative_residual == 0.0


def test_both_errors_are_judged_together():
    """0.6 % in our books and 0.6 % in SWMM's: 1.2 %, over the 1 % of exit 4, named with both."""
    ledger = Ledger(rain=1000.0, surface_stored_end=1000.0, network_residual=6.0)
    assert ledger.relative_error == pytest.approx(0.006)
    (said,) = ledger.judge()
    assert "volume error 0.600% and SWMM's own residual 0.600%" in said
    assert ledger.judge(exceeded_at=0.012 + 1e-9) == []


def test_the_error_counts_each_line_once():
    """By hand: 1 more than came (99 left or stand, 100 came, 2 stood at the start): -3 m3."""
    ledger = Ledger(
        rain=60.0,
        inflow=20.0,
        boundary_in=15.0,
        network_inflow=5.0,
        surface_stored_start=2.0,
        boundary_out=10.0,
        infiltration=11.0,
        evaporation=12.0,
        outfall_out=13.0,
        surface_stored_end=20.0,
        escrow_end=14.0,
        network_stored_end=15.0,
        sites_stored_end=7.0,
        network_residual=-4.0,
        outfall_half_volumes=-1.0,
    )
    assert ledger.error == pytest.approx(102.0 - 2.0 - 4.0 + 1.0 - 100.0)


def test_the_book_of_the_exchange_says_its_largest_difference():
    """3 m3 apart on the way up, 1 on the way down, the largest line 50 m3."""
    book = ExchangeBook(50.0, 49.0, 20.0, 23.0)
    assert book.relative_difference == pytest.approx(3.0 / 50.0)
    assert ExchangeBook().relative_difference == 0.0
