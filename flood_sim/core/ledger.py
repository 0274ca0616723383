"""The volume ledger: every cubic metre that enters, leaves or stays. float64; closed every coupling
window.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import chain

from flood_sim.core.errors import Finding, VolumeLedgerError

RELATIVE_ERROR_STOP = 0.05  # exit 3
RELATIVE_ERROR_EXCEEDED = 0.01  # exit 4
SEND = (
    "look at which line of the table is too large for its cause; then send the scenario with this"
    " message"
)
# of all water in the books: what float32 depths and long sums may leave below zero (measured: 1e-9)
ROUNDING_SHARE = 1.0e-6
ROUNDING_M3 = 1.0e-6
# of all water in the books: what cells of a second-order surface may owe (volume_check.py)
OWED_SHARE = 5.0e-3
NEVER_NEGATIVE = {
    "rain": "rain",
    "inflow": "inflow",
    "boundary_in": "inflow over open edges",
    "boundary_out": "outflow over open edges",
    "infiltration": "infiltration",
    "evaporation": "evaporation",
    "surface_stored_start": "water on the ground at the start",
    "network_stored_start": "water in the sewers at the start",
    "sites_stored_start": "water in underground sites at the start",
    "surface_stored_end": "water on the ground",
    "layers_stored_end": "water in leaves, hollows and layers",
    "escrow_end": "water between street and sewer",
    "network_stored_end": "water in the sewers",
    "sites_stored_end": "water in underground sites",
}


# What one model has to say: name of a line and its part of it (m3), added up in this order.
Lines = Iterable[tuple[str, float]]


@dataclass
class Ledger:
    """All volumes in m3, since the start. Positive lines are named for their direction; stored
    lines are states. spill_lost : what nodes without a street over them spill.

    network_residual is what SWMM lost (+) or made (-) inside itself, found by closing its own
    balance; it is reported apart and is never part of `error`.
    """

    rain: float = 0.0
    inflow: float = 0.0
    boundary_in: float = 0.0
    boundary_out: float = 0.0
    infiltration: float = 0.0
    evaporation: float = 0.0
    surface_stored_start: float = 0.0
    surface_stored_end: float = 0.0
    layers_stored_start: float = 0.0
    layers_stored_end: float = 0.0
    escrow_start: float = 0.0
    escrow_end: float = 0.0
    network_stored_start: float = 0.0
    network_stored_end: float = 0.0
    network_inflow: float = 0.0
    outfall_out: float = 0.0
    sewer_evaporation: float = 0.0
    sewer_seepage: float = 0.0
    spill_lost: float = 0.0
    outfall_half_volumes: float = 0.0
    network_residual: float = 0.0
    sites_stored_start: float = 0.0
    sites_stored_end: float = 0.0

    def begin(self, *models: Lines) -> None:
        """What each model holds at the start, by store: "surface_stored" and so on."""
        for name, value in chain(*models):
            setattr(self, f"{name}_start", value)
            setattr(self, f"{name}_end", value)

    def add_up(self, *models: Lines) -> None:
        """Set every line that the models name to the sum of their parts."""
        totals: dict[str, float] = {}
        for name, part in chain(*models):
            totals[name] = totals[name] + part if name in totals else part
        for name, value in totals.items():
            setattr(self, name, value)

    @property
    def supplied(self) -> float:
        """Everything that entered the model."""
        return self.rain + self.inflow + self.boundary_in + self.network_inflow

    @property
    def stored_start(self) -> float:
        return (
            self.surface_stored_start
            + self.escrow_start
            + self.network_stored_start
            + self.sites_stored_start
        )

    @property
    def stored_end(self) -> float:
        return (
            self.surface_stored_end
            + self.escrow_end
            + self.network_stored_end
            + self.sites_stored_end
        )

    @property
    def error(self) -> float:
        """Water that appeared (+) or vanished (-) in our own books (m3)."""
        explained = self.network_residual - self.outfall_half_volumes
        return self.stored_end - self.stored_start + self.left + explained - self.supplied

    @property
    def left(self) -> float:
        """Everything that left the model."""
        street = self.boundary_out + self.infiltration + self.evaporation
        return street + self.outfall_out + self.sewers_lost

    @property
    def sewers_lost(self) -> float:
        """What left the sewers otherwise than by outfalls."""
        return self.sewer_evaporation + self.sewer_seepage + self.spill_lost

    @property
    def took_part(self) -> float:
        """All water in the books (m3), each line by its size: lines below zero hide nothing."""
        lines = (
            self.rain,
            self.inflow,
            self.boundary_in,
            self.network_inflow,
            self.surface_stored_start,
            self.escrow_start,
        )
        return sum(map(abs, (*lines, self.network_stored_start, self.sites_stored_start)))

    def _scale(self) -> float:
        return self.supplied if self.supplied >= 1.0 else max(self.stored_start, self.supplied)

    @property
    def relative_error(self) -> float:
        """abs(error) over the water supplied; over the water stored at the start where less than 1
        m3 was supplied; never NaN by 0/0.

        Where there was no water at all: 0, or inf where water has appeared. NaN where a line is not
        a number: `close` looks at that first.
        """
        scale = self._scale()
        if scale > 0.0:
            return abs(self.error) / scale
        return 0.0 if abs(self.error) <= self._rounding() else math.inf

    def _rounding(self) -> float:
        """How far below zero a line of the books may be by rounding (m3)."""
        return ROUNDING_M3 + ROUNDING_SHARE * self.took_part

    @property
    def relative_residual(self) -> float:
        """SWMM's own residual over the water that took part: supplied, or drained from what stood
        on the ground at the start.
        """
        scale = self.supplied + max(self.surface_stored_start - self.surface_stored_end, 0.0)
        scale = scale if scale >= 1.0 else self.stored_start
        return abs(self.network_residual) / scale if scale > 0.0 else 0.0

    def close(self, time_s: float, stop_at: float = RELATIVE_ERROR_STOP) -> None:
        """Raise VolumeLedgerError with the table where our books are broken: not finite, a store
        below zero, or an error above `stop_at`.

        SWMM's residual is judged at the end: against the first cubic metres of a run its start-up
        would look large.
        """
        if not math.isfinite(self.error):
            raise self._broken(
                time_s,
                "the volume is not a number: a cell, SWMM or a site has lost its value",
                SEND,
            )
        self._refuse_negative(time_s)
        if not self.relative_error <= stop_at:
            raise self._broken(
                time_s,
                f"the volume error is {self.relative_error:.2%} at {time_s:.1f} s, allowed"
                f" {stop_at:.2%}",
                SEND,
            )

    def _broken(self, time_s: float, problem: str, do: str) -> VolumeLedgerError:
        found = Finding("E505", f"ledger at {time_s:.1f} s", problem, do=do)
        return VolumeLedgerError(f"{found}\n{self}", [found])

    def _refuse_negative(self, time_s: float) -> None:
        """Raise VolumeLedgerError (E504) for every line that cannot be below zero and is: one must
        not make up for another's excess.
        """
        least = -self._rounding()
        limits = {
            name: least - (OWED_SHARE * self.took_part if name == "surface_stored_end" else 0.0)
            for name in NEVER_NEGATIVE
        }
        low = [
            (said, getattr(self, name), limits[name])
            for name, said in NEVER_NEGATIVE.items()
            if not getattr(self, name) >= limits[name]
        ]
        if low:
            found = [
                Finding(
                    "E504",
                    f"ledger at {time_s:.1f} s",
                    f"{said}: a volume below zero, so water came from nothing elsewhere",
                    given=f"{value:.6g} m3",
                    allowed=f"{limit:.3g} m3 and more",
                    do="check levels and units of what gives or takes this water",
                )
                for said, value, limit in low
            ]
            raise VolumeLedgerError("\n".join([*map(str, found), str(self)]), found)

    def judge(
        self, exceeded_at: float = RELATIVE_ERROR_EXCEEDED, stop_at: float = RELATIVE_ERROR_STOP
    ) -> list[str]:
        """What was exceeded at the end of a run (exit 4), [] where nothing was; raises
        VolumeLedgerError above `stop_at` (exit 3).
        """
        together = self.relative_error + self.relative_residual
        said = (
            f"volume error {self.relative_error:.3%} and SWMM's own residual"
            f" {self.relative_residual:.3%} of the water that took part"
        )
        if together > stop_at:
            raise VolumeLedgerError(f"{said}: together above {stop_at:.2%}\n{self}")
        return [f"{said}: together above {exceeded_at:.2%}"] if together > exceeded_at else []

    def as_dict(self) -> dict[str, float]:
        """All lines and the two errors, as the summary holds them."""
        return {**asdict(self), "error": self.error, "relative_error": self.relative_error}

    def __str__(self) -> str:
        return (
            "\n".join(
                f"  {name:<24}{value:>18.6g} m3"
                for name, value in self.as_dict().items()
                if name != "relative_error"
            )
            + f"\n  {'relative_error':<24}{self.relative_error:>18.3g}"
        )

    def __repr__(self) -> str:
        ground, sewers = self.surface_stored_end, self.network_stored_end
        return (
            f"Ledger (m3): error {self.error:.3g}, relative {self.relative_error:.1e}\n"
            f"  supplied   {self.supplied:.1f}: rain {self.rain:.1f}, inflow {self.inflow:.1f},"
            f" open edges {self.boundary_in:.1f}, into sewers {self.network_inflow:.1f}\n"
            f"  left       {self.left:.1f}: open edges {self.boundary_out:.1f}, soil"
            f" {self.infiltration:.1f}, air {self.evaporation:.1f}, outfalls"
            f" {self.outfall_out:.1f}, else from sewers {self.sewers_lost:.1f}\n"
            f"  stored     {self.stored_end:.1f}: ground {ground:.1f}, sewers {sewers:.1f},"
            f" between {self.escrow_end:.1f}, underground {self.sites_stored_end:.1f}\n"
            f"  at start   {self.stored_start:.1f}\n"
            f"  SWMM       own residual {self.network_residual:.3g}"
        )


@dataclass
class ExchangeBook:
    """The exchange seen from both sides (m3 since the start): what each model counted by itself."""

    to_sewer_street: float = 0.0
    to_sewer_network: float = 0.0
    to_street_network: float = 0.0
    to_street_street: float = 0.0
    sign_flips: int = field(default=0)

    @property
    def relative_difference(self) -> float:
        """Largest difference of the two sides over the larger of the two volumes."""
        gap = max(
            abs(self.to_sewer_street - self.to_sewer_network),
            abs(self.to_street_network - self.to_street_street),
        )
        size = max(
            self.to_sewer_street,
            self.to_sewer_network,
            self.to_street_network,
            self.to_street_street,
        )
        return gap / size if size > 0.0 else 0.0

    def as_dict(self) -> dict[str, float]:
        return {
            "to_sewer_street": self.to_sewer_street,
            "to_sewer_network": self.to_sewer_network,
            "to_street_network": self.to_street_network,
            "to_street_street": self.to_street_street,
            "relative_difference": self.relative_difference,
        }
