"""What a flood does, from a result folder alone: every outcome is a loss (lower is better), never
NaN; None with a reason where it cannot be had.

Definitions: documentation, "consequences". Limits and curves with their sources:
`analysis/limits/international.toml`.
"""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.analysis.limits.files import read_limits
from flood_sim.analysis.outcomes.access import STARTS, access_loss
from flood_sim.analysis.outcomes.buildings import BUILDING_OUTCOMES, building_depth
from flood_sim.analysis.outcomes.evacuation import evacuation_rows
from flood_sim.analysis.outcomes.guarded import or_reason, outcomes_or_reason
from flood_sim.analysis.outcomes.hazard import hazard_outcomes
from flood_sim.analysis.outcomes.outcome import (
    NO_ROADS,
    SQUARE_METRES_A_HECTARE,
    Outcome,
    our_outcome,
)
from flood_sim.analysis.outcomes.services import service_losses, underground_entries
from flood_sim.analysis.outcomes.streets import DriestWays
from flood_sim.core.files.durable import write_json
from flood_sim.core.files.netcdf import check_netcdf, hdf5_held
from flood_sim.core.files.writing import writing
from flood_sim.core.plugins import brought
from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.results import Results, told_damage


class Consequences:
    """The outcomes of one result folder."""

    def __init__(self, results: Results, limits: dict[str, Any] | None = None) -> None:
        region = results.summary.get("region", {})
        limits = limits or region.get("limit_tables")
        self.results, self.limits = results, limits or read_limits(region.get("limits") or None)

    @cached_property
    def exposure(self) -> dict[str, np.ndarray] | None:
        """exposure.nc as arrays by name: maps (rows, columns), lists by building or street; None
        where the run has none.
        """
        import netCDF4

        path = self.results.folder / "exposure.nc"
        if not path.is_file():
            return None
        with (
            told_damage(path),
            hdf5_held(),
            netCDF4.Dataset(check_netcdf(path, str(path))) as f,
        ):
            f.set_auto_mask(False)
            return {name: np.array(f[name][:]) for name in f.variables}

    @cached_property
    def streets(self) -> DriestWays | None:
        """The carriageway by segments; None where the run has none."""
        there = (
            self.exposure is not None
            and "street_start" in self.exposure
            and len(self.exposure["street_length_m"]) > 0
        )
        return DriestWays(self) if there else None

    @cached_property
    def cell_area_m2(self) -> float:
        x = self.results.fields["x"].values
        return (
            float(abs(x[1] - x[0])) ** 2
            if x.size > 1
            else float(np.diff(self.results.fields["x_bnds"].values[0])[0]) ** 2
        )

    @cached_property
    def ring_depth(self) -> np.ndarray:
        """(buildings,) m: highest of the maximum depths beside each building, over the ground as it
        was before measures dug there (ground floors did not sink with it); 0 where no open cell
        touches it, or it lies outside the grid."""
        if self.exposure is None:
            return np.zeros(0)
        return building_depth(
            self.results.over_ground(self.results.max_depth.values), self.exposure
        )

    @cached_property
    def people(self) -> np.ndarray | None:
        """(buildings,) persons; None where the run does not know them (why: `NO_PEOPLE`)."""
        people = None if self.exposure is None else self.exposure["people"]
        return None if people is None or not people.size or np.isnan(people).all() else people

    def sites(self, kind: str) -> dict[str, dict[str, Any]]:
        """Sites of a kind ("critical", "underground") by name, as summary.json has them."""
        sites = self.results.summary.get("sites", {})
        return {name: s for name, s in sites.items() if s["kind"] == kind}

    def outcomes(self) -> list[Outcome]:
        """All of them, in one order; computed once."""
        return list(self._outcomes)

    @cached_property
    def _outcomes(self) -> list[Outcome]:
        """One after the other: each may fail alone."""
        vehicles = [f"road_area_hours_{vehicle}" for vehicle in self.limits.get("vehicles", {})]
        access = [f"access_loss_{vehicle}" for vehicle in STARTS]
        services, fields = ["service_loss", "service_loss_with_repair"], "fields.nc"
        parts: list[tuple[list[str], str, Any]] = [
            (["road_area_hours"], fields, self._road_area_hours),
            ([], "summary.json flood", self._area_hours),
            *((n, "exposure.nc", partial(make, self)) for n, make in BUILDING_OUTCOMES),
            (services, "summary.json sites", partial(service_losses, self)),
            (["underground_entry"], "summary.json sites", partial(underground_entries, self)),
            (["evacuation_shortfall"], "openings.csv", self._evacuation),
            (access, fields, partial(access_loss, self)),
            ([*vehicles, "danger_for_most_area"], fields, partial(hazard_outcomes, self)),
            (["volume_out_of_sewer"], "summary.json exchange", self._out_of_sewer),
            *(([_name(make)], "plugin", partial(make, self)) for make in brought("OUTCOMES")),
        ]
        return [o for names, source, make in parts for o in outcomes_or_reason(names, source, make)]

    def _road_area_hours(self) -> Outcome:
        """Road share x cell area x hours above the limit; the run keeps hours above 0.15 m."""
        if self.exposure is None or not self.exposure["road_share"].any():
            return our_outcome("road_area_hours", None, NO_ROADS, "exposure.nc")
        hours = np.nan_to_num(self.results.fields["duration_0p15"].values) / SECONDS_PER_HOUR
        value = (
            float((self.exposure["road_share"] * hours).sum())
            * self.cell_area_m2
            / SQUARE_METRES_A_HECTARE
        )
        note = "carriageway deeper than 0.15 m times its hours"
        return our_outcome("road_area_hours", value, note, "fields.nc duration_0p15")

    def _area_hours(self) -> list[Outcome]:
        hours = self.results.summary["flood"]["area_hours_m2_h"]
        return [
            our_outcome(
                f"flooded_area_hours_{limit}",
                float(value) / SQUARE_METRES_A_HECTARE,
                f"ground deeper than {limit} m",
                "summary.json flood",
            )
            for limit, value in hours.items()
        ]

    def _evacuation(self) -> Outcome:
        name, source = "evacuation_shortfall", "openings.csv"
        rows = evacuation_rows(self.results, self.limits["evacuation"])
        if not rows:
            why = "the scenario has no underground spaces with people"
            return our_outcome(name, None, why, source)
        late = sum(r["shortfall_person_min"] for r in rows)
        reached = sum(not r["censored"] for r in rows)
        note = (
            f"{reached} of {len(rows)} spaces lose an exit in the run; the rest have until its end"
        )
        return our_outcome(name, late, note, source)

    def _out_of_sewer(self) -> Outcome:
        value = float(self.results.summary["exchange"]["to_street_network"])
        note = "gross: what ran back down is not taken off"
        return our_outcome("volume_out_of_sewer", value, note, "summary.json exchange")

    def write(self, not_drawn: dict[str, str] | None = None) -> Path:
        """consequences.json in the result folder: outcomes, evacuation by space. not_drawn :
        pictures that failed, and why.
        """
        path = self.results.folder / "consequences.json"
        rows, why = or_reason(lambda: evacuation_rows(self.results, self.limits["evacuation"]))
        document = {
            "outcomes": [o.row() for o in self.outcomes()],
            "evacuation": rows or [],
            "limits": {
                key: table.get("source")
                for key, table in self.limits.items()
                if isinstance(table, dict)
            },
        }
        document |= {"evacuation_missing": why} if why else {}
        document |= {"not_drawn": not_drawn} if not_drawn else {}
        with writing(path, f"flood-sim report {self.results.folder}"):
            return write_json(path, document)


def _name(make: Any) -> str:
    """Of a plugin's outcome that failed before it gave its name."""
    return str(getattr(make, "__name__", "plugin"))
