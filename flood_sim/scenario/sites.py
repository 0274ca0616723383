"""[[sites]] and [[passages]] to SiteInputs: openings find their cells, tables are read, names are
looked up.
"""

from __future__ import annotations

import math

import numpy as np
from pydantic import TypeAdapter

from flood_sim.city import City
from flood_sim.core.errors import Faults, Finding, InputError, input_error
from flood_sim.core.files.checked_tables import check_columns
from flood_sim.core.units import SQUARE_METRES_A_HECTARE, hours_to_s
from flood_sim.drainage.inp import InpFile
from flood_sim.ground.rain_fields import RainField
from flood_sim.ground.rainfall import Rainfall
from flood_sim.ground.terrain import Terrain
from flood_sim.scenario.doors.tables import read_curve
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.places import open_cell, refuse_unknown
from flood_sim.scenario.spec.rows import named_row
from flood_sim.scenario.spec.sites import (
    AnySite,
    CriticalSiteSpec,
    OpeningSpec,
    PassageSpec,
    SumpPumpSpec,
    UndergroundSite,
)
from flood_sim.scenario.spec.tables import StageVolumeRow
from flood_sim.simulation.inputs import ModelInputs
from flood_sim.sites.checks import rises, space_faults
from flood_sim.sites.critical import CriticalSite, Need
from flood_sim.sites.sites import SiteInputs
from flood_sim.sites.underground_inputs import Opening, Passage, Space, SpaceInputs, SumpPump

LITRES_A_CUBIC_METRE = 1000.0
LOW_SILL_M = 0.05  # under the ground: likely a mistake
SHAFT_LENGTH_M = 1.0  # of each opening above the ceiling


def build_sites(
    scenario: Scenario,
    terrain: Terrain,
    rainfall: Rainfall | RainField,
    inp: InpFile | None,
    city: City | None,
    findings: list[Finding],
) -> SiteInputs:
    """Everything below the street and everything that must not fail, the city's own first. Raises
    InputError with file, key, value and way out.
    """
    own = city.site_tables() if city is not None else {"sites": [], "passages": []}
    sites = (*TypeAdapter(tuple[AnySite, ...]).validate_python(own["sites"]), *scenario.spec.sites)
    passages = (
        *TypeAdapter(tuple[PassageSpec, ...]).validate_python(own["passages"]),
        *scenario.spec.passages,
    )
    return SiteBuilder(scenario, terrain, rainfall, inp, sites, passages, findings).build()


class SiteBuilder:
    """Builds the sites of a scenario against its resolved places."""

    def __init__(
        self,
        scenario: Scenario,
        terrain: Terrain,
        rainfall: Rainfall | RainField,
        inp: InpFile | None,
        sites: tuple[UndergroundSite | CriticalSiteSpec, ...],
        passages: tuple[PassageSpec, ...],
        findings: list[Finding],
    ) -> None:
        self.findings = findings
        self.scenario, self.terrain, self.rainfall = scenario, terrain, rainfall
        self._nodes = inp.node_ids() if inp is not None else []
        self._links = set(inp.links()) if inp is not None else set()
        self._specs, self._passage_specs = sites, passages
        self._critical = [s.name for s in self._specs if s.kind == "critical"]

    def build(self) -> SiteInputs:
        file = self.scenario.path.name
        self._refuse_double([s.name for s in self._specs], f"{file}, [[sites]]", "sites")
        passage_names = [p.name for p in self._passage_specs]
        self._refuse_double(passage_names, f"{file}, [[passages]]", "passages")
        faults = Faults()
        made = [faults.of(self._space, s) for s in self._specs if isinstance(s, UndergroundSite)]
        spaces = tuple(s for s in made if s is not None)
        faults.findings += space_faults(SpaceInputs(spaces), self._told)
        faults.refuse()
        floors = {s.name: float(s.stage_m[0]) for s in spaces}
        passages = self._passages(spaces)
        reached = {end for p in passages for end in (p.first, p.second)}
        for space in spaces:
            if not space.openings and not space.catchment_m2 and space.name not in reached:
                raise input_error(
                    "E104",
                    self._told("sites", space.name),
                    "no water can reach it",
                    do="give location_m, openings, catchment_ha, or a passage to it",
                )
        critical = tuple(
            self._critical_site(s, floors) for s in self._specs if isinstance(s, CriticalSiteSpec)
        )
        below = SpaceInputs(spaces, passages)
        faults.findings += space_faults(below, self._told)
        faults.refuse()
        return SiteInputs(below, critical)

    def _told(self, kind: str, name: str) -> str:
        rows = self.scenario.spec.sites if kind == "sites" else self.scenario.spec.passages
        return f"{self.scenario.path.name}, {named_row(kind, rows, name)}"

    def _refuse_double(self, names: list[str], place: str, what: str) -> None:
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise input_error(
                "E104", place, f"two {what} have one name", given=double[0], do="rename one of them"
            )

    def _space(self, spec: UndergroundSite) -> Space:
        place = self._told("sites", spec.name)
        openings = tuple(
            self._opening(spec.name, o, k, place) for k, o in enumerate(spec.all_openings, start=1)
        )
        self._refuse_double([o.name for o in openings], place, "openings")
        stage, volume = self._table(spec, openings, place)
        rainfall = None
        if spec.catchment_ha > 0.0:
            if isinstance(self.rainfall, RainField):
                raise input_error(
                    "E104",
                    f"{place}, catchment_ha",
                    "under rain that differs from place to place: not implemented",
                    do="remove catchment_ha, or give one rain for the whole grid",
                )
            rainfall = self.rainfall
        over = max(
            spec.initial_depth_m - float(stage[-1] - stage[0]), 0.0
        )  # over the ceiling: `space_faults` says so
        initial = float(np.interp(stage[0] + spec.initial_depth_m, stage, volume)) + (
            math.inf if over > 1e-9 else 0.0
        )
        shaft = SHAFT_LENGTH_M * sum(o.width_m for o in openings) or SHAFT_LENGTH_M
        catchment = spec.catchment_ha * SQUARE_METRES_A_HECTARE * spec.runoff_coefficient
        pumps = tuple(
            self._pump(p, k, float(stage[0]), place) for k, p in enumerate(spec.pumps, start=1)
        )
        return Space(
            spec.name,
            stage,
            volume,
            openings,
            pumps,
            shaft,
            catchment,
            rainfall,
            initial,
            spec.type,
            spec.people,
        )

    def _opening(self, site: str, spec: OpeningSpec, number: int, place: str) -> Opening:
        row, column = open_cell(self.terrain, spec.location_m, f"{place}, location_m")
        ground = float(self.terrain.bed_elevation[row, column])
        sill = (
            spec.sill_elevation_m
            if spec.sill_elevation_m is not None
            else ground + (spec.sill_height_m or 0.0)
        )
        if sill < ground - LOW_SILL_M:
            text = (
                f"the sill lies {ground - sill:.2f} m under the ground in front of it: all water"
                " that reaches the cell runs in"
            )
            do = "give its elevation on the datum of the ground, or sill_height_m over it"
            self.findings.append(
                Finding("W450", place, text, given=f"{sill:.2f} m", do=do, at=(spec.location_m,))
            )
        leak = spec.board_leak_l_s_m / LITRES_A_CUBIC_METRE
        name = f"{site}/{spec.name or number}"
        return Opening(
            name,
            row,
            column,
            sill,
            spec.width_m,
            spec.board_height_m,
            leak,
            spec.board_placed and spec.board_height_m > 0.0,
        )

    def _table(
        self, spec: UndergroundSite, openings: tuple[Opening, ...], place: str
    ) -> tuple[np.ndarray, np.ndarray]:
        if spec.stage_volume is not None:
            return self._given_table(spec, place)
        floor = spec.floor_elevation_m
        if floor is None:
            if not openings:
                raise input_error(
                    "E104",
                    f"{place}, floor_elevation_m",
                    "a space without an opening needs its floor's level",
                    do="add floor_elevation_m, or an opening",
                )
            floor = min(o.sill_m for o in openings) - spec.cover_m - spec.height_m
        return np.array([floor, floor + spec.height_m]), np.array(
            [0.0, (spec.floor_area_m2 or 0.0) * spec.height_m]
        )

    def _given_table(self, spec: UndergroundSite, place: str) -> tuple[np.ndarray, np.ndarray]:
        if isinstance(spec.stage_volume, str):
            table = read_curve(
                self.scenario.file(spec.stage_volume, f"{place}, stage_volume"),
                StageVolumeRow,
                self.findings,
            )
        else:
            table = np.array(spec.stage_volume or (), float).reshape(-1, 2)
            columns = dict(zip(StageVolumeRow.model_fields, table.T, strict=True))
            faults = check_columns(
                StageVolumeRow,
                columns,
                lambda k, name: f"{place}, stage_volume {k + 1}, `{name}`",
                self.findings,
            )
            if faults:
                raise InputError(faults)
        stage, volume = table.T
        if len(stage) < 2 or volume[0] != 0.0 or not (rises(stage) and rises(volume)):
            raise input_error(
                "E104",
                f"{place}, stage_volume",
                "the table does not rise from an empty floor",
                given=(
                    f"{len(stage)} rows, first volume {volume[0]:g} m3" if len(stage) else "no rows"
                ),
                allowed="at least two rows; the first with volume 0; stage and volume rising",
            )
        return stage, volume

    def _pump(self, spec: SumpPumpSpec, number: int, floor_m: float, place: str) -> SumpPump:
        cell = (
            None
            if spec.to_m is None
            else open_cell(self.terrain, spec.to_m, f"{place}, pumps to_m")
        )
        if spec.to_node is not None:
            refuse_unknown(spec.to_node, self._nodes, "node", f"{place}, pumps to_node")
        if spec.power is not None:
            refuse_unknown(spec.power, self._critical, "critical site", f"{place}, pumps power")
        start, stop = floor_m + spec.start_depth_m, floor_m + spec.stop_depth_m
        return SumpPump(
            spec.name or f"pump {number}",
            spec.capacity_m3_s,
            start,
            stop,
            cell,
            spec.to_node,
            spec.power,
        )

    def _critical_site(self, spec: CriticalSiteSpec, floors: dict[str, float]) -> CriticalSite:
        place = self._told("sites", spec.name)
        where, ground = self._stands(spec, floors, place)
        level = ground + (spec.failure_depth_m or 0.0)
        if spec.failure_elevation_m is not None:
            level = spec.failure_elevation_m
        self._doubt_low(spec, level, ground, place)
        for need in spec.needs:
            for name in (*need.any_of, *([need.reserve] if need.reserve else [])):
                refuse_unknown(name, self._critical, "critical site", f"{place}, needs")
        for link in spec.stops:
            refuse_unknown(link, self._links, "link of the network", f"{place}, stops")
        needs = tuple(Need(n.any_of, hours_to_s(n.autonomy_h), n.reserve) for n in spec.needs)
        return CriticalSite(
            spec.name,
            spec.type,
            where,
            level,
            hours_to_s(spec.repair_h),
            needs,
            spec.stops,
            spec.weight,
        )

    def _stands(
        self, spec: CriticalSiteSpec, floors: dict[str, float], place: str
    ) -> tuple[str | tuple[int, int], float]:
        """The space or cell that a critical site stands in, and the floor or ground there, m."""
        if spec.inside is not None:
            refuse_unknown(spec.inside, floors, "underground site", f"{place}, inside")
            return spec.inside, floors[spec.inside]
        assert spec.location_m is not None
        cell = open_cell(self.terrain, spec.location_m, f"{place}, location_m")
        return cell, float(self.terrain.bed_elevation[cell])

    def _doubt_low(
        self, spec: CriticalSiteSpec, level_m: float, ground_m: float, place: str
    ) -> None:
        if level_m >= ground_m - LOW_SILL_M:
            return
        text = (
            f"its failure level lies {ground_m - level_m:.2f} m under the ground (or floor) that it"
            " stands on: the first water drowns it"
        )
        self.findings.append(
            Finding(
                "W451",
                place,
                text,
                given=f"{level_m:.2f} m",
                do="give its elevation on the datum of the ground, or failure_depth_m over it",
                at=() if spec.location_m is None else (spec.location_m,),
            )
        )

    def _passages(self, spaces: tuple[Space, ...]) -> tuple[Passage, ...]:
        names = {s.name for s in spaces}
        passages = []
        for spec in self._passage_specs:
            place = self._told("passages", spec.name)
            for name in (spec.from_site, spec.to_site):
                refuse_unknown(name, names, "underground site", place)
            if spec.from_site == spec.to_site:
                raise input_error(
                    "E104",
                    place,
                    "it leads back to where it begins",
                    given=spec.from_site,
                    do="give another site in to_site, or remove the passage",
                )
            passages.append(
                Passage(
                    spec.name,
                    spec.from_site,
                    spec.to_site,
                    spec.sill_elevation_m,
                    spec.width_m,
                    spec.height_m,
                    spec.door,
                    spec.closed,
                )
            )
        return tuple(passages)


def site_lines(inputs: ModelInputs) -> list[str]:
    """What `check` prints of sites and actions; [] where there are none."""
    spaces, critical, lines = inputs.sites.spaces, inputs.sites.critical, []
    if spaces.spaces or critical:
        openings = sum(len(s.openings) for s in spaces.spaces)
        room = sum(float(s.volume_m3[-1]) for s in spaces.spaces)
        stops = sum(len(c.stops) for c in critical)
        lines.append(
            f"sites: {len(spaces.spaces)} underground spaces of {room:,.0f} m3 with {openings}"
            f" openings, {len(spaces.passages)} passages; {len(critical)} critical sites with"
            f" {sum(len(c.needs) for c in critical)} needs, {stops} links stop with them"
        )
    if inputs.actions:
        lines.append(
            f"actions: {len(inputs.actions)}, {sum(len(a.tasks) for a in inputs.actions)} tasks,"
            f" {inputs.crews} crews"
        )
    return lines
