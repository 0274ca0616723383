"""What a flood does, from a result folder alone: every outcome is a loss (lower is better), never
NaN; None with a reason where it cannot be had.

Definitions: documentation, "consequences". Limits and curves with their sources:
`limits/international.toml`.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.analysis.limits import unlike
from flood_sim.analysis.outcomes.access import access_loss
from flood_sim.analysis.outcomes.evacuation import evacuation_rows
from flood_sim.analysis.outcomes.hazard import hazard_outcomes
from flood_sim.analysis.outcomes.streets import DriestWays
from flood_sim.core.errors import InputError, input_error, nearest
from flood_sim.core.files.durable import write_json
from flood_sim.core.files.netcdf import check_netcdf
from flood_sim.core.files.toml_files import read_toml
from flood_sim.core.files.writing import writing
from flood_sim.core.plugins import brought
from flood_sim.core.units import SECONDS_PER_HOUR
from flood_sim.results import Results, told_damage

LIMITS = Path(__file__).parent / "limits" / "international.toml"
SQUARE_METRES_A_HECTARE = 1e4
USES = ("residential", "commercial", "industrial")


@dataclass(frozen=True)
class Outcome:
    """value in unit, None where it cannot be computed; note: what it counts, or why it is missing;
    source: file and variable.
    """

    name: str
    value: float | None
    unit: str
    note: str
    source: str


def read_limits(wanted: str | None = None) -> dict[str, Any]:
    """Limits and curves; a named set ("china") or a user's file replaces the tables that it has.
    Raises InputError where there is neither.
    """
    own = tomllib.loads(LIMITS.read_text(encoding="utf-8"))
    if wanted is None:
        return own
    named = {p.stem: p for p in LIMITS.parent.glob("*.toml")}
    path = named.get(wanted, Path(wanted))
    if not path.is_file():
        raise input_error(
            "E102",
            "--limits",
            f"no such limits{nearest(wanted, named)}",
            given=wanted,
            allowed=f"{', '.join(sorted(named))}, or a TOML file",
        )
    tables = read_toml(path, f"--limits {path}")
    unknown = sorted(tables.keys() - own.keys())
    if unknown:
        raise input_error(
            "E104",
            str(path),
            f"unknown table{nearest(unknown[0], own)}",
            given=unknown[0],
            allowed=", ".join(own),
        )
    wrong = [
        f
        for name, table in tables.items()
        for f in unlike(table, own[name], f"{path.name}, [{name}]")
    ]
    if wrong:
        raise InputError(wrong)
    return {**own, **tables}


class Consequences:
    """The outcomes of one result folder."""

    def __init__(self, results: Results, limits: dict[str, Any] | None = None) -> None:
        self.results, self.limits = results, limits or read_limits()

    @cached_property
    def exposure(self) -> dict[str, np.ndarray] | None:
        """exposure.nc as arrays, None where the run has none."""
        import netCDF4

        path = self.results.folder / "exposure.nc"
        if not path.is_file():
            return None
        with told_damage(path), netCDF4.Dataset(check_netcdf(path, str(path))) as f:
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
        touches it."""
        if self.exposure is None:
            return np.zeros(0)
        depth = self.results.over_ground(self.results.max_depth.values)
        return ring_maximum(np.nan_to_num(depth), self.exposure["building"], np.isfinite(depth))

    def outcomes(self) -> list[Outcome]:
        """All of them, in one order; computed once."""
        return list(self._outcomes)

    @cached_property
    def _outcomes(self) -> list[Outcome]:
        return [
            self._road_area_hours(),
            *self._area_hours(),
            *self._ground_floors(),
            self._damage(),
            *self._services(),
            *self._underground(),
            self._evacuation(),
            *access_loss(self),
            *hazard_outcomes(self),
            self._out_of_sewer(),
            *(outcome(self) for outcome in brought("OUTCOMES")),
        ]

    def _without(self, name: str, unit: str) -> Outcome:
        return Outcome(
            name, None, unit, "no exposure in this run: [exposure] in the scenario", "exposure.nc"
        )

    def _road_area_hours(self) -> Outcome:
        """Road share x cell area x hours above the limit; the run keeps hours above 0.15 m."""
        if self.exposure is None:
            return self._without("road_area_hours", "ha h")
        hours = np.nan_to_num(self.results.fields["duration_0p15"].values) / SECONDS_PER_HOUR
        value = (
            float((self.exposure["road_share"] * hours).sum())
            * self.cell_area_m2
            / SQUARE_METRES_A_HECTARE
        )
        return Outcome(
            "road_area_hours",
            value,
            "ha h",
            "carriageway deeper than 0.15 m times its hours",
            "fields.nc duration_0p15",
        )

    def _area_hours(self) -> list[Outcome]:
        hours = self.results.summary["flood"]["area_hours_m2_h"]
        return [
            Outcome(
                f"flooded_area_hours_{limit}",
                float(value) / SQUARE_METRES_A_HECTARE,
                "ha h",
                f"ground deeper than {limit} m",
                "summary.json flood",
            )
            for limit, value in hours.items()
        ]

    def _ground_floors(self) -> list[Outcome]:
        names = (
            ("ground_floors_wet", "1"),
            ("ground_floor_area_wet", "m2"),
            ("people_exposed", "persons"),
            ("people_outdoors", "persons"),
        )
        if self.exposure is None:
            return [self._without(*pair) for pair in names]
        e, wet = self.exposure, self.ring_depth > self.exposure["ground_floor_m"]
        residents = float((e["people"] / np.maximum(e["floors"], 1.0))[wet].sum())
        source = "fields.nc max_depth, exposure.nc"
        return [
            Outcome(
                "ground_floors_wet",
                float(wet.sum()),
                "1",
                "buildings with deeper water beside them than their ground floor is high",
                source,
            ),
            Outcome(
                "ground_floor_area_wet",
                float(e["area_m2"][wet].sum()),
                "m2",
                "of those buildings",
                source,
            ),
            Outcome(
                "people_exposed",
                residents,
                "persons",
                "residents of wet ground floors; people outdoors are apart",
                source,
            ),
            self._outdoors(e),
        ]

    def _outdoors(self, e: dict[str, np.ndarray]) -> Outcome:
        """A share of the people is spread evenly over the carriageways; those where the hazard
        reaches a class are counted.
        """
        limits, name, source = (
            self.limits["outdoors"],
            "people_outdoors",
            "fields.nc max_hazard, exposure.nc",
        )
        if "max_hazard" not in self.results.fields:
            return Outcome(name, None, "persons", "this run kept no hazard", source)
        roads, dangerous = (
            e["road_share"],
            np.nan_to_num(self.results.fields["max_hazard"].values) >= limits["hazard_class"],
        )
        share = float((roads * dangerous).sum()) / max(float(roads.sum()), 1e-9)
        note = (
            f"{limits['share']:.0%} of the people taken to be on carriageways, those where the"
            f" hazard reaches H{limits['hazard_class']:.0f} at some time"
        )
        return Outcome(
            name, limits["share"] * float(e["people"].sum()) * share, "persons", note, source
        )

    def _damage(self) -> Outcome:
        if self.exposure is None:
            return self._without("damage", "CNY")
        e, damage = self.exposure, self.limits["damage"]
        value = damage["value_cny_m2"]
        over_floor = np.maximum(self.ring_depth - e["ground_floor_m"], 0.0)
        loss = 0.0
        for k, use in enumerate(USES):
            mine = e["use"] == k
            loss += float(
                (
                    e["area_m2"][mine]
                    * value[use]
                    * np.interp(over_floor[mine], damage["depth_m"], damage[use])
                ).sum()
            )
        roads = (
            e["road_share"]
            * self.cell_area_m2
            * np.interp(
                np.nan_to_num(self.results.max_depth.values), damage["depth_m"], damage["roads"]
            )
        )
        loss += float(roads.sum()) * value["roads"]
        note = (
            f"buildings and roads, construction cost of {value['price_year']}: {damage['source']}"
        )
        return Outcome("damage", loss, "CNY", note, "fields.nc max_depth, exposure.nc")

    def _sites(self, kind: str) -> dict[str, dict[str, Any]]:
        return {
            name: s
            for name, s in self.results.summary.get("sites", {}).items()
            if s["kind"] == kind
        }

    def _services(self) -> list[Outcome]:
        sites = self._sites("critical")
        total = sum(s["weight"] for s in sites.values())
        if total <= 0.0:
            return [
                Outcome(
                    "service_loss",
                    None,
                    "h",
                    "the scenario has no critical sites",
                    "summary.json sites",
                )
            ]
        within = sum(s["weight"] * s["out_h"] for s in sites.values()) / total
        after = (
            sum(
                s["weight"] * s["repair_h"]
                for s in sites.values()
                if s["censored"] and s["drowned"]
            )
            / total
        )
        censored = sum(s["censored"] for s in sites.values())
        note = (
            f"weighted hours without service, the same window for all runs; {censored} of"
            f" {len(sites)} sites were still out at its end"
        )
        more = (
            "the same, and the repair of what was drowned at the end (water taken to be gone by"
            " then: a lower bound)"
        )
        return [
            Outcome("service_loss", within, "h", note, "summary.json sites"),
            Outcome("service_loss_with_repair", within + after, "h", more, "summary.json sites"),
        ]

    def _underground(self) -> list[Outcome]:
        spaces = self._sites("underground")
        types = sorted({s["type"] for s in spaces.values()})
        note = "gross inflow over sills and through boards, whatever was pumped out"
        found = [
            Outcome(
                f"underground_entry_{t}",
                sum(s["entered_m3"] for s in spaces.values() if s["type"] == t),
                "m3",
                note,
                "summary.json sites",
            )
            for t in types
        ]
        return found or [
            Outcome(
                "underground_entry",
                None,
                "m3",
                "the scenario has no underground spaces",
                "summary.json sites",
            )
        ]

    def _evacuation(self) -> Outcome:
        rows = evacuation_rows(self.results, self.limits["evacuation"])
        if not rows:
            return Outcome(
                "evacuation_shortfall",
                None,
                "person min",
                "the scenario has no underground spaces with people",
                "openings.csv",
            )
        late = sum(r["shortfall_person_min"] for r in rows)
        reached = sum(not r["censored"] for r in rows)
        return Outcome(
            "evacuation_shortfall",
            late,
            "person min",
            f"{reached} of {len(rows)} spaces lose an exit in the run; the rest have until its end",
            "openings.csv",
        )

    def _out_of_sewer(self) -> Outcome:
        value = float(self.results.summary["exchange"]["to_street_network"])
        return Outcome(
            "volume_out_of_sewer",
            value,
            "m3",
            "gross: what ran back down is not taken off",
            "summary.json exchange",
        )

    def service_curve(self) -> tuple[list[datetime], np.ndarray]:
        """Times and F(t): weighted share of the critical sites that give their service, from
        sites.csv.
        """
        sites = self._sites("critical")
        times: dict[datetime, float] = {}
        total = sum(s["weight"] for s in sites.values())
        for name, series in self.results.sites.items():
            if name in sites and total > 0.0:
                for moment, state in zip(series["time"], series["state"], strict=True):
                    times[moment] = (
                        times.get(moment, 0.0) + sites[name]["weight"] * (state != "out") / total
                    )
        ordered = sorted(times)
        return ordered, np.array([times[t] for t in ordered])

    def write(self) -> Path:
        """consequences.json in the result folder: outcomes, evacuation by space."""
        path = self.results.folder / "consequences.json"
        document = {
            "outcomes": [asdict(o) for o in self.outcomes()],
            "evacuation": evacuation_rows(self.results, self.limits["evacuation"]),
            "limits": {
                key: table.get("source")
                for key, table in self.limits.items()
                if isinstance(table, dict)
            },
        }
        with writing(path, f"flood-sim report {self.results.folder}"):
            return write_json(path, document)


def ring_maximum(depth: np.ndarray, building: np.ndarray, open_cell: np.ndarray) -> np.ndarray:
    """(buildings,) highest value of depth (rows, columns) in the open cells that touch each
    building (8 neighbours); 0 where none does.
    """
    count = int(building.max(initial=0))
    highest = np.zeros(count + 1)
    usable = open_cell & (building == 0)
    rows, columns = depth.shape
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            here = (
                slice(max(down, 0), rows + min(down, 0)),
                slice(max(right, 0), columns + min(right, 0)),
            )
            there = (
                slice(max(-down, 0), rows + min(-down, 0)),
                slice(max(-right, 0), columns + min(-right, 0)),
            )
            beside = usable[here] & (building[there] > 0)
            np.maximum.at(highest, building[there][beside], depth[here][beside])
    return highest[1:]


def lost_service(time_h: np.ndarray, share: np.ndarray) -> float:
    """Integral of 1 - F over time (h), F linear between points."""
    return float(np.trapezoid(1.0 - np.asarray(share, float), np.asarray(time_h, float)))


def rapidity_h(time_h: np.ndarray, share: np.ndarray, level: float = 0.95) -> float | None:
    """Hours from the end of the minimum to `level` again; None where the record ends before."""
    time_h, share = np.asarray(time_h, float), np.asarray(share, float)
    low = int(np.flatnonzero(share == share.min())[-1])
    for k in range(low, len(share) - 1):
        if share[k] < level <= share[k + 1]:
            return float(np.interp(level, share[k : k + 2], time_h[k : k + 2]) - time_h[low])
    return 0.0 if share[low] >= level else None
