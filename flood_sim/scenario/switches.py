"""[[failures]] and [[rules]] to operations: names are looked up, draws are drawn, a mobile pump
becomes an opening of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import numpy as np

from flood_sim.core.errors import Finding, input_error, nearest
from flood_sim.core.files.map_keys import VectorFile, named
from flood_sim.drainage.inp import InpFile
from flood_sim.ground.terrain import Terrain
from flood_sim.operations.switches import MobilePump as PumpAtWork
from flood_sim.operations.switches import Operation, Watch
from flood_sim.scenario.doors.series import cover_of
from flood_sim.scenario.doors.tables import read_timed
from flood_sim.scenario.doors.vectors import AREA, read_geometries
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.network_failures import collapsed, unflapped
from flood_sim.scenario.places import open_cell, refuse_unknown, those_there
from flood_sim.scenario.spec.rows import list_row
from flood_sim.scenario.spec.switches import (
    AnyFailure,
    BlockedConduit,
    BlockedOutfall,
    CloggedInlets,
    CloggingSeries,
    CollapsedConduit,
    Happening,
    MissingBoard,
    MobilePump,
    PumpTrip,
    SetLinks,
    StuckFlap,
    StuckGate,
    WatchSpec,
)
from flood_sim.scenario.spec.tables import CloggingRow
from flood_sim.simulation.inputs import DrainageInputs, Gauge, NodeInlet
from flood_sim.surface.boundaries import EdgeBoundary

TANK_DEPTH_M = 5.0


class SwitchBuilder:
    """Builds the operations of a scenario against its resolved places."""

    def __init__(
        self,
        scenario: Scenario,
        terrain: Terrain,
        drainage: DrainageInputs | None,
        edges: Iterable[EdgeBoundary],
        gauges: Iterable[Gauge],
        openings: Iterable[str],
        findings: list[Finding],
    ) -> None:
        self._openings, self.missing_boards = set(openings), set[str]()
        self.scenario, self.terrain, self.drainage, self.findings = (
            scenario,
            terrain,
            drainage,
            findings,
        )
        self._gauges = {g.name: (g.row, g.column) for g in gauges}
        self._edges = {e.name for e in edges if e.stage is not None}
        inp = drainage.network if drainage is not None else None
        self._nodes = set(inp.node_ids()) if inp is not None else set()
        self.links = {
            name: kind
            for kind in ("CONDUITS", "PUMPS", "ORIFICES", "WEIRS", "OUTLETS")
            for name in (_names(inp, kind) if inp else ())
        }

    def build(
        self, of_measures: Iterable[Operation], pumps: Iterable[PumpAtWork]
    ) -> tuple[tuple[Operation, ...], DrainageInputs | None]:
        """The operations of measures and of the scenario, and the drainage with what they need
        (openings of mobile pumps, collapsed pipes).
        """
        spec, operations = self.scenario.spec, list(of_measures)
        operations += [self._at_work(pump) for pump in pumps]
        for number, failure in enumerate(spec.failures, start=1):
            place = f"{self.scenario.path.name}, {list_row('failures', number, failure.name)}"
            operations += self._failed(failure, place)
        for number, rule in enumerate(spec.rules, start=1):
            place = f"{self.scenario.path.name}, {list_row('rules', number, rule.name)}"
            self._need_network(place)
            operations.append(self._operation(rule, place))
        names = [o.name for o in operations]
        double = [name for name in names if names.count(name) > 1]
        if double:
            raise input_error(
                "E104",
                f"{self.scenario.path.name}, [[failures]] and [[rules]]",
                "two have one name",
                given=double[0],
                do="rename one of them",
            )
        return tuple(operations), self.drainage

    def _at_work(self, pump: PumpAtWork) -> Operation:
        """A mobile pump of a measure."""
        inlet = self._pump_opening(
            pump.cell, pump.node, pump.discharge_m3_s, f"measure.{pump.name}.to_node"
        )
        return Operation(
            pump.name,
            "mobile_pump",
            begins=pump.begins,
            ends=pump.ends,
            inlets=(inlet,),
            off_share=0.0,
        )

    def _failed(self, failure: AnyFailure, place: str) -> list[Operation]:
        """What a failure does in time; what it changes for the whole run is changed here."""
        if not isinstance(failure, MissingBoard):
            self._need_network(place)
        if np.random.default_rng(failure.seed).random() >= failure.probability:
            text = (
                f"`{failure.name}` does not happen: drawn with probability"
                f" {failure.probability:g}, seed {failure.seed}"
            )
            self.findings.append(Finding("W441", place, text))
        elif isinstance(failure, CollapsedConduit):
            self._collapse(failure, place)
        elif isinstance(failure, StuckFlap):
            self._stick(failure, place)
        elif isinstance(failure, MissingBoard):
            for name in failure.openings:
                refuse_unknown(name, self._openings, "opening", f"{place}, openings")
            self.missing_boards |= set(failure.openings)
        elif isinstance(failure, CloggingSeries):
            return self._clogging_in_time(failure, place)
        else:
            return [self._operation(failure, place)]
        return []

    def _need_network(self, place: str) -> None:
        if self.drainage is None:
            raise input_error(
                "E104",
                place,
                "there is no sewer network in this scenario",
                do='add [drainage] kind = "swmm", network = "FILE.inp"; or remove this table',
            )

    def _operation(self, spec: Happening, place: str) -> Operation:
        operation = self._action(spec, place)
        start, stop = self.scenario.spec.time.start, self.scenario.spec.time.stop
        for key, moment in (("at", spec.at), ("until", spec.until)):
            if isinstance(moment, datetime) and not start <= moment <= stop:
                raise input_error(
                    "E104",
                    f"{place}, {key}",
                    "outside the run",
                    given=moment.isoformat(),
                    allowed=f"{start} to {stop}",
                )
        at_s = 0.0 if spec.at is None else (spec.at - start).total_seconds()
        begins = None if spec.when is None else self.watch(spec.when, f"{place}, when")
        if isinstance(spec.until, datetime):
            return replace(
                operation, at_s=at_s, begins=begins, until_s=(spec.until - start).total_seconds()
            )
        ends = operation.ends if spec.until is None else self.watch(spec.until, f"{place}, until")
        return replace(operation, at_s=at_s, begins=begins, ends=ends)

    def _action(self, spec: Happening, place: str) -> Operation:
        kind = str(getattr(spec, "kind", ""))
        if isinstance(spec, PumpTrip):
            return Operation(
                spec.name, kind, links=self._linked(spec.pumps, ("PUMPS",), place), setting=0.0
            )
        if isinstance(spec, StuckGate):
            return Operation(
                spec.name,
                kind,
                links=self._linked(spec.links, ("ORIFICES", "WEIRS"), place),
                setting=spec.setting,
            )
        if isinstance(spec, BlockedConduit):
            return Operation(
                spec.name,
                kind,
                links=self._linked(spec.conduits, ("CONDUITS",), place),
                setting=0.0,
            )
        if isinstance(spec, SetLinks):
            kinds = ("PUMPS", "ORIFICES", "WEIRS", "CONDUITS")
            return Operation(
                spec.name, kind, links=self._linked(spec.links, kinds, place), setting=spec.setting
            )
        if isinstance(spec, BlockedOutfall):
            return Operation(spec.name, kind, links=self._into(spec.outfalls, place), setting=0.0)
        if isinstance(spec, CloggedInlets):
            return Operation(
                spec.name, kind, inlets=self._clogged(spec, place), on_share=1.0 - spec.clogging
            )
        assert isinstance(spec, MobilePump)
        node, full = (spec.to_node, None) if spec.to_node is not None else self._tank(spec)
        inlet = self._pump_opening(
            open_cell(self.terrain, spec.from_m, place), node, spec.discharge_m3_s, place
        )
        return Operation(spec.name, kind, inlets=(inlet,), on_share=1.0, off_share=0.0, ends=full)

    def _linked(
        self, names: tuple[str, ...], kinds: tuple[str, ...], place: str
    ) -> tuple[str, ...]:
        known = [name for name, kind in self.links.items() if kind in kinds]
        for name in names:
            if name not in known:
                raise input_error(
                    "E104",
                    place,
                    f"no such link among {', '.join(kinds).lower()}{nearest(name, known)}",
                    given=name,
                    allowed=those_there(known, "such link"),
                )
        return names

    def _into(self, outfalls: tuple[str, ...], place: str) -> tuple[str, ...]:
        assert self.drainage is not None
        known = _names(self.drainage.network, "OUTFALLS")
        for name in outfalls:
            if name not in known:
                raise input_error(
                    "E104",
                    place,
                    f"no such outfall{nearest(name, known)}",
                    given=name,
                    allowed=those_there(known, "outfall"),
                )
        return tuple(
            link
            for link, ends in self.drainage.network.links().items()
            if set(ends) & set(outfalls)
        )

    def _clogged(self, spec: CloggedInlets, place: str) -> tuple[int, ...]:
        if not spec.nodes:
            return self._inside(spec.inside, place)
        assert self.drainage is not None
        for name in spec.nodes:
            refuse_unknown(name, self._nodes, "node", f"{place}, nodes")
        found = tuple(
            k
            for k, inlet in enumerate(self.drainage.inlets)
            if inlet.node in spec.nodes and inlet.kind == "inlet"
        )
        if not found:
            raise input_error(
                "E104",
                f"{place}, nodes",
                "no inlet leads to these nodes",
                given=", ".join(spec.nodes)[:80],
                do="name nodes with inlets, or remove the failure",
            )
        return found

    def _inside(self, file: str | VectorFile | None, place: str) -> tuple[int, ...]:
        assert self.drainage is not None
        inlets = self.drainage.inlets
        if file is None:
            return tuple(k for k, inlet in enumerate(inlets) if inlet.kind == "inlet")
        mask = np.zeros(self.terrain.grid.shape, bool)
        for shape in read_geometries(self.scenario.map(file, place), self.terrain.grid, (AREA,)):
            mask |= self.terrain.grid.cells_in(shape)
        found = tuple(
            k
            for k, inlet in enumerate(inlets)
            if mask[inlet.row, inlet.column] and inlet.kind == "inlet"
        )
        if not found:
            raise input_error("E204", place, "no inlet lies in this area", given=named(file))
        return found

    def _clogging_in_time(self, spec: CloggingSeries, place: str) -> list[Operation]:
        """One operation for each value that clogs anything: it holds until the next one's time."""
        path = self.scenario.file(spec.file, f"{place}, file")
        table = read_timed(self.scenario, path, CloggingRow, self.findings)
        time_s, value = table.columns["time_s"], table.columns["clogging"]
        if len(table) > 1:  # one value before the start holds: it is meant so
            cover_of(spec, path.name, time_s, self.scenario.spec.duration_s).refuse_apart()
        inlets = self._inside(spec.inside, place)
        ends = [*time_s[1:].tolist(), np.inf]
        return [
            Operation(
                f"{spec.name} {number}",
                spec.kind,
                at_s=begin,
                until_s=end,
                inlets=inlets,
                on_share=1.0 - lost,
            )
            for number, (begin, end, lost) in enumerate(
                zip(time_s.tolist(), ends, value.tolist(), strict=True), start=1
            )
            if lost > 0.0
        ]

    def _tank(self, spec: MobilePump) -> tuple[str, Watch]:
        """A storage node of its own that nothing leaves, TANK_DEPTH_M deep under a freeboard; and
        the level at which it is full.
        """
        assert self.drainage is not None and spec.to_tank_m3 is not None
        inp, node = self.drainage.network, "tank_" + "_".join(spec.name.split())
        area, metre = spec.to_tank_m3 / TANK_DEPTH_M, inp.metres_per_unit
        line = (
            f"{node} 0 {2.0 * TANK_DEPTH_M / metre:.6g} 0 FUNCTIONAL 0 0 {area / metre**2:.9g} 0 0"
        )
        self.drainage = replace(
            self.drainage, network=inp.with_lines([*inp.lines, "", "[STORAGE]", line])
        )
        self._nodes.add(node)
        return node, Watch("node_depth", node, above=TANK_DEPTH_M)

    def _pump_opening(
        self, cell: tuple[int, int], node: str, discharge_m3_s: float, place: str
    ) -> int:
        """A pump is an opening without a head: wide enough to give its discharge under a film,
        never a way back.
        """
        assert self.drainage is not None
        known = self._nodes - set(_names(self.drainage.network, "OUTFALLS"))
        if node not in known:
            raise input_error(
                "E104",
                place,
                f"no such node{nearest(node, known)}",
                given=node,
                allowed=f"{those_there(known, 'node')} (a node, no outfall)",
            )
        inlet = NodeInlet(node, *cell, capacity_m3_s=discharge_m3_s, kind="pump")
        self.drainage = replace(self.drainage, inlets=(*self.drainage.inlets, inlet))
        return len(self.drainage.inlets) - 1

    def _collapse(self, spec: CollapsedConduit, place: str) -> None:
        assert self.drainage is not None
        names = set(self._linked(spec.conduits, ("CONDUITS",), place))
        self.drainage = replace(
            self.drainage, network=collapsed(self.drainage.network, names, spec.remaining)
        )

    def _stick(self, spec: StuckFlap, place: str) -> None:
        assert self.drainage is not None
        inp = self.drainage.network
        for name in spec.outfalls:
            refuse_unknown(name, _names(inp, "OUTFALLS"), "outfall", f"{place}, outfalls")
        self.drainage = replace(self.drainage, network=unflapped(inp, set(spec.outfalls)))

    def watch(self, spec: WatchSpec, place: str) -> Watch:
        """The place looked up. Raises InputError where it is not there."""
        if spec.action is not None:
            refuse_unknown(
                spec.action, [a.name for a in self.scenario.spec.actions], "action", place
            )
            return Watch("action", spec.action, above=0.5)
        above = spec.depth_above_m if spec.depth_above_m is not None else spec.level_above_m
        below = spec.depth_below_m if spec.depth_below_m is not None else spec.level_below_m
        by_depth = spec.depth_above_m is not None or spec.depth_below_m is not None
        if spec.edge is not None:
            refuse_unknown(spec.edge, self._edges, "stage edge", place)
            return Watch("edge_level", spec.edge, above, below)
        if spec.node is not None:
            refuse_unknown(spec.node, self._nodes, "node", place)
            return Watch("node_depth" if by_depth else "node_level", spec.node, above, below)
        if spec.gauge is not None:
            refuse_unknown(spec.gauge, self._gauges, "gauge", place)
            return Watch("depth" if by_depth else "level", self._gauges[spec.gauge], above, below)
        assert spec.at_m is not None
        return Watch(
            "depth" if by_depth else "level",
            open_cell(self.terrain, spec.at_m, place),
            above,
            below,
        )


def _names(inp: InpFile, section: str) -> list[str]:
    return [row.tokens[0] for row in inp.rows(section)]
