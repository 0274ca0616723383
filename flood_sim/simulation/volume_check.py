"""A second sum beside the ledger's: what fields, pipes and spaces hold now, place by place, against
what the ledger says that they hold.

Called at each output. No running counter is read here except to be compared. A run fails where a
store is negative (E504) and where two sums of one store differ (E505). Beside each tolerance stand
its reason and the largest difference that was measured in sound runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from flood_sim.core.errors import Finding, VolumeLedgerError
from flood_sim.core.ledger import OWED_SHARE, Ledger
from flood_sim.drainage.protocol import DrainageNetwork
from flood_sim.simulation.exchange import Exchange
from flood_sim.sites.underground import Spaces
from flood_sim.surface import stability
from flood_sim.surface.flow import SurfaceFlow

LEAST_M3 = 1.0e-3  # a litre: less is no finding
FLOAT_SHARE = 1.0e-5  # float32 depths and their carries: measured 6e-7
# of the water that took part, all stores against what came in less what left: measured 6e-6
BOOK_SHARE = 1.0e-4
SEWER_SHARE = 1.0e-6  # SWMM adds the same volumes up in double precision: measured 1e-15
EXACT_SHARE = 1.0e-9  # double precision on both sides: measured 3e-11
# What second-order cells owe at wet fronts on steps: up to 0.0023 of the water or 7e-6 m of film,
# on mountains and on blocks of 100 m. 3 m of water that begin on a needle of 20 m: 0.01 and 0.03 m.
OWED_FILM_M = 1.0e-5


class Models(NamedTuple):
    """What holds water, and the ledger that has been closed over it."""

    ledger: Ledger
    surface: SurfaceFlow
    exchange: Exchange
    network: DrainageNetwork
    spaces: Spaces


class Sums(NamedTuple):
    """One store summed twice (m3), and how far the two sums may lie apart (m3)."""

    place: str
    held: float  # by its fields
    ledger: float
    allowed: float

    @property
    def apart(self) -> bool:
        """True too where a sum is not a number."""
        return not abs(self.held - self.ledger) <= self.allowed


class Least(NamedTuple):
    """The lowest content of a kind of store (m3, or m over its cell), where it is, and the lowest
    that rounding explains.
    """

    place: str
    content: float
    unit: str
    allowed: float

    @property
    def negative(self) -> bool:
        return not self.content >= self.allowed


def refuse_wrong_stores(models: Models, time_s: float) -> None:
    """Raises VolumeLedgerError with place, time, both numbers and a way out for every store that is
    negative or has two sums, and InstabilityError where the water on the ground is deeper or faster
    than any can be."""
    found = [_negative(least, models, time_s) for least in least_contents(models) if least.negative]
    found += [_differing(sums, models, time_s) for sums in second_sums(models) if sums.apart]
    if found:
        raise VolumeLedgerError("\n".join([*map(str, found), str(models.ledger)]), found)
    stability.refuse_beyond_physics(
        models.surface, (1.0 + BOOK_SHARE) * models.ledger.took_part + LEAST_M3
    )


def second_sums(models: Models) -> Iterator[Sums]:
    """Every store that is summed twice: frames, fields, layers, sewers, spaces."""
    ledger, surface = models.ledger, models.surface
    field = surface.sums
    shown, held = field.shown_volume(), field.held_volume()
    beside = surface.undelivered_inflow() + field.between
    yield from _ground_sums(models, shown, held, beside)
    layers = surface.losses.summed_volume()
    yield Sums(
        "soil layers, roofs and facilities",
        layers,
        ledger.layers_stored_end,
        LEAST_M3 + EXACT_SHARE * abs(layers),
    )
    nodes, links = models.network.volumes()
    sewers = float(nodes.sum() + links.sum())
    yield Sums(
        "sewers, nodes and links",
        sewers,
        ledger.network_stored_end,
        LEAST_M3 + SEWER_SHARE * abs(sewers),
    )
    inside = models.spaces.volume_by_level()
    sites = float(inside.sum()) + surface.outlet_pending
    yield from _site_sums(models, inside, sites)
    every = held + beside + layers + models.exchange.stored(surface) + sewers + sites
    yield Sums(
        "all stores",
        every,
        ledger.stored_end - ledger.error,
        LEAST_M3 * (1 + len(inside)) + BOOK_SHARE * ledger.took_part,
    )


def _ground_sums(models: Models, shown: float, held: float, beside: float) -> Iterator[Sums]:
    """Frames and cells; beside : m3 on their way into or out of them."""
    ground = models.ledger.surface_stored_end - models.ledger.layers_stored_end
    field = models.surface.sums
    on_the_way = field.coming_volume() - field.owed_volume()
    yield Sums(
        "surface, depths of the frames with what is on its way into or out of them",
        shown + on_the_way,
        ground - beside,
        LEAST_M3 + FLOAT_SHARE * shown,
    )
    yield Sums("surface, its cells", held + beside, ground, LEAST_M3 + EXACT_SHARE * shown)


def _site_sums(models: Models, inside: np.ndarray, sites: float) -> Iterator[Sums]:
    """Each space by its level and by its book, then all; inside : (spaces,) m3 by the levels."""
    spaces = models.spaces
    booked = spaces.booked_volume()
    for space, by_level, by_book, volume in zip(
        spaces.inputs.spaces, inside.tolist(), booked.tolist(), spaces.volume.tolist(), strict=True
    ):
        allowed = LEAST_M3 + EXACT_SHARE * abs(volume)
        yield Sums(f"site `{space.name}`, its water by its level", by_level, volume, allowed)
        yield Sums(f"site `{space.name}`, what came in less what left", by_book, volume, allowed)
    yield Sums(
        "sites",
        sites,
        models.ledger.sites_stored_end,
        LEAST_M3 * (1 + len(inside)) + EXACT_SHARE * abs(sites),
    )


def least_contents(models: Models) -> Iterator[Least]:
    """The lowest content of every kind of store."""
    yield from _least_of_ground(models)
    waiting = {
        "street to sewer": models.exchange.escrow,
        "sewer to street": models.exchange.spilled,
        "inflows and returns": models.surface.sums.waiting,
    }
    for name, values in waiting.items():
        yield _least(f"water under way, {name}", values, "m3", LEAST_M3)
    yield from _least_of_sewers(models)
    spaces = models.spaces
    yield _least(
        "site",
        spaces.volume,
        "m3",
        LEAST_M3 + EXACT_SHARE * spaces.book.largest,
        [s.name for s in spaces.inputs.spaces],
    )


def _least_of_ground(models: Models) -> Iterator[Least]:
    surface = models.surface
    field = surface.sums
    row, column, lowest = field.lowest()
    yield Least(f"surface, row {row}, column {column}", lowest, "m", 0.0)
    film = OWED_FILM_M * float(np.count_nonzero(surface.terrain.active)) * surface.grid.cell_area_m2
    allowed = LEAST_M3 + film + OWED_SHARE * models.ledger.took_part
    yield Least(
        "surface, all cells that gave more than they held", -field.owed_volume(), "m3", -allowed
    )
    for name, values in surface.losses.stores():
        yield _least(name, values, "m", 1.0e-6)  # float32 stores of some metres at most


def _least_of_sewers(models: Models) -> Iterator[Least]:
    network = models.network
    for kind, names, values in zip(
        ("node", "link"), (network.node_ids, network.link_ids), network.volumes(), strict=True
    ):
        yield _least(f"sewers, {kind}", values, "m3", LEAST_M3, names)
    # totals since the start: a negative one is water that SWMM made
    allowed = -LEAST_M3 - EXACT_SHARE * models.ledger.took_part
    for name, value in network.balance().items():
        if name != "half_volumes":
            yield Least(f"sewers, SWMM's total of `{name}`", value, "m3", allowed)


def _least(
    kind: str, values: np.ndarray, unit: str, rounding: float, names: list[str] | None = None
) -> Least:
    """The lowest of a store's values, NaN before all; `rounding`: how far below zero it may be."""
    if not values.size:
        return Least(kind, 0.0, unit, 0.0)
    at = int(np.argmin(values)) if not np.isnan(values).any() else int(np.argmax(np.isnan(values)))
    place = f"{kind} `{names[at]}`" if names else f"{kind}, number {at + 1}"
    return Least(place, float(values.ravel()[at]), unit, -rounding)


def _negative(least: Least, models: Models, time_s: float) -> Finding:
    where, do, at = _where(least.place, models)
    return Finding(
        "E504",
        f"{least.place}, at {time_s:.1f} s",
        f"this volume is negative: water was taken that was not there, or came from nothing{where}",
        given=f"{least.content:.6g} {least.unit}",
        allowed=f"{least.allowed:.3g} {least.unit} and more",
        do=do,
        at=at,
    )


def _differing(sums: Sums, models: Models, time_s: float) -> Finding:
    where, do, at = _where(sums.place, models)
    return Finding(
        "E505",
        f"{sums.place}, at {time_s:.1f} s",
        f"two sums of one store differ by {sums.held - sums.ledger:.6g} m3{where}",
        given=f"its fields hold {sums.held:.6g} m3, the ledger says {sums.ledger:.6g} m3",
        allowed=f"a difference of {sums.allowed:.3g} m3",
        do=do,
        at=at,
    )


def _where(place: str, models: Models) -> tuple[str, str, tuple[tuple[float, float], ...]]:
    """Of a store: ". " and the cell that it may be ("" off the ground), the way out, its points."""
    if place.startswith("surface"):
        where, way, at = stability.suspect(models.surface)
        return f". {where}", way, at
    return "", WAYS[_family(place)], ()


WAYS = {
    "site": "check the site's floor, sill, ceiling and stage_volume, then its passages and pumps",
    "sewers": (
        "check the network for negative inflows, curves and lengths; run it alone in SWMM and read"
        " its report"
    ),
    "other": "this is a fault of the program: send the scenario with this message",
}


def _family(place: str) -> str:
    return next((name for name in ("site", "sewers") if place.startswith(name)), "other")
