"""EPA SWMM 5.2 behind the DrainageNetwork protocol. Opened, started and closed through pyswmm; what
happens every window goes through the calls of drainage/engine.py. No other module knows SWMM. SI at
this door.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.core.errors import DrainageError, Finding, FloodSimError, InputError
from flood_sim.core.units import CUBIC_FOOT_M3, FOOT_M, SWMM_FLOW_UNITS, SWMM_US_UNITS
from flood_sim.drainage.engine import (
    SurchargeField,
    check_version,
    engine_calls,
    trial_counts,
    unsettled_counts,
)
from flood_sim.drainage.inp import InpFile
from flood_sim.drainage.inp_files import close_files
from flood_sim.drainage.run_options import prepared
from flood_sim.drainage.storages import closed_tanks

# m3: so SWMM turns the volume of one node or link into m3; its totals it leaves in cubic feet
SWMM_CUBIC_FOOT = 0.02832
MOST_ALIKE = 3  # lines of SWMM's report that a message shows of one kind
LEAST_START_M3 = 1.0e-3  # a litre
SMALLEST_INFLOW_CFS = 1.0e-5  # SWMM drops smaller external flows


class SwmmNetwork:
    """A running SWMM model. One a process (SWMM has one state)."""

    kind = "swmm"

    def __init__(
        self,
        inp: InpFile,
        folder: Path,
        start: datetime,
        duration_s: float,
        routing_step_s: float,
        threads: int = 1,
    ) -> None:
        """Write the edited copy `swmm.inp` into folder, open and start it. Raises InputError with
        SWMM's own error lines.
        """
        from pyswmm import Simulation

        check_version()
        self.routing_step_s, self.folder = routing_step_s, folder
        self.flow_unit = SWMM_FLOW_UNITS[inp.flow_units]
        feet = inp.flow_units in SWMM_US_UNITS
        self.metre, self.cubic_metre = (FOOT_M, CUBIC_FOOT_M3) if feet else (1.0, 1.0)
        self._inp, self.report = inp, folder / "swmm.rpt"
        path = folder / "swmm.inp"
        close_files(prepared(inp, start, duration_s, routing_step_s, threads), folder).write(path)
        try:
            self._simulation = Simulation(str(path), str(self.report), str(folder / "swmm.out"))
            self._simulation.__enter__()  # pyswmm warns otherwise; `close` is the exit
        except Exception as error:
            raise refused(inp, self.report, error) from error
        self._read_tables()
        self.surcharge = SurchargeField(len(self.node_ids), 1.0 / self.metre)
        try:
            self._simulation.start()
        except Exception as error:
            self._simulation.close()
            raise refused(inp, self.report, error) from error
        self._open, self._elapsed = True, 0.0
        self.calls = engine_calls()
        self._outfall_volumes = np.zeros(self.outfalls.size)
        self._stored_start = stored_m3(self._totals()) + float(self._over_lids().sum())
        self._refuse_negative_start()
        self._start_stage = self.heads()[self.outfalls]

    def _refuse_negative_start(self) -> None:
        """Raises InputError with every node and link that SWMM takes to hold less than nothing at
        the start.
        """
        kinds = zip(("node", "link"), (self.node_ids, self.link_ids), self.volumes(), strict=True)
        found = [
            Finding(
                "E508",
                f"{self._inp.path.name}, {kind} `{names[k]}`",
                "it holds less than nothing at the start",
                given=f"{volumes[k]:.6g} m3",
                allowed="0 m3 and more",
                do="check its initial depth (or flow) and its storage curve",
            )
            for kind, names, volumes in kinds
            for k in np.flatnonzero(~(volumes >= -LEAST_START_M3)).tolist()
        ]
        if found:
            self._simulation.close()
            raise InputError(found)

    def _read_tables(self) -> None:
        """Names, levels and types by index: a pyswmm object a node costs a search through all nodes
        for each of its properties.
        """
        from swmm.toolkit import shared_enum, solver

        node, link = shared_enum.ObjectType.NODE, shared_enum.ObjectType.LINK
        self.node_ids, self.link_ids = (
            [solver.project_get_id(t, k) for k in range(solver.project_get_count(t))]
            for t in (node, link)
        )
        numbers, prop = range(len(self.node_ids)), shared_enum.NodeProperty
        self.invert_m, self.full_depth_m, self.own_surcharge_m = (
            np.array([solver.node_get_parameter(k, which) for k in numbers]) * self.metre
            for which in (prop.INVERT_ELEVATION, prop.FULL_DEPTH, prop.SURCHARGE_DEPTH)
        )
        self.rim_m = self.invert_m + self.full_depth_m
        kinds = [solver.node_get_type(k) for k in numbers]
        self.outfalls = np.array(
            [k for k in numbers if kinds[k] == shared_enum.NodeType.OUTFALL], np.int64
        )
        self._stores = np.array([kind == shared_enum.NodeType.STORAGE for kind in kinds])
        self._staged_pipes = self._pipes_under_stage()
        areas = closed_tanks(self._inp)
        self._tank_area = np.array([areas.get(name, 0.0) for name in self.node_ids])

    def _pipes_under_stage(self) -> list[tuple[int, float, np.ndarray]]:
        """Numbers of the outfalls whose level SWMM sets, each with its invert (m) and its circular
        pipes (n, 2).
        """
        pipes = self._inp.outfall_pipes()
        staged = {
            r.tokens[0]
            for r in self._inp.rows("OUTFALLS")
            if len(r.tokens) > 2 and r.tokens[2].upper() in ("FIXED", "TIDAL", "TIMESERIES")
        }
        return [
            (k, *pipes[self.node_ids[node]])
            for k, node in enumerate(self.outfalls)
            if self.node_ids[node] in staged & set(pipes)
        ]

    # --------------------------------------------------------------------------------- every window

    def set_inflow(self, flow_m3_s: np.ndarray) -> None:
        """Inflow from the street (nodes,) m3/s >= 0, held from now on; blended in over one routing
        step.
        """
        self._check(self.calls.set_inflows(flow_m3_s / self.flow_unit), "set the inflow")

    def set_surcharge_depth(self, depth_m: np.ndarray) -> None:
        """Depth over the rim (nodes,) m at which nodes spill; ignored where the field cannot be
        reached (`surcharge.works`).

        Storage nodes spill at their rim, or where the file says (a closed tank), never at the
        street's level: a surcharged storage node that pumps empty made 0.6 % of the run's water
        inside SWMM.
        """
        self.surcharge.write(np.where(self._stores, self.own_surcharge_m, depth_m))

    def set_links(self, links: Sequence[int], setting: float) -> None:
        """Setting of links: 0 stops a pump or closes a conduit, orifice or weir, 1 is its normal
        state; held until set anew.
        """
        for link in links:
            self._check(
                self.calls.set_link(int(link), setting), f"set the link {self.link_ids[link]}"
            )

    def set_outfall_stages(self, stage_m: np.ndarray) -> None:
        """Water level (outfalls,) m outside each outfall."""
        for node, level in zip(self.outfalls, stage_m, strict=True):
            self._check(
                self.calls.set_stage(int(node), float(level) / self.metre),
                f"set the stage of {self.node_ids[node]}",
            )

    def advance(self, stop_s: float) -> None:
        """Route to stop_s (whole seconds since the start); releases the GIL."""
        self._check(self.calls.stride(round(stop_s - self._elapsed)), "route")
        self._elapsed = stop_s

    def flooded_volume(self) -> np.ndarray:
        """(nodes,) m3 that left the nodes over their rims since the start."""
        volumes = np.zeros(len(self.node_ids))
        self._check(self.calls.read_flooded(volumes), "read the flooding")
        return volumes * self.cubic_metre

    def heads(self) -> np.ndarray:
        """(nodes,) hydraulic head, m."""
        heads = np.zeros(len(self.node_ids))
        self._check(self.calls.read_heads(heads), "read the heads")
        return heads * self.metre

    def discharges(self) -> np.ndarray:
        """(links,) discharge, m3/s."""
        flows = np.zeros(len(self.link_ids))
        self._check(self.calls.read_links(flows), "read the pipes")
        return flows * self.flow_unit

    def volumes(self) -> tuple[np.ndarray, np.ndarray]:
        """(nodes,) and (links,) m3 that stand in each now, read one by one: a second sum beside
        SWMM's routing totals. Called at outputs.
        """
        from swmm.toolkit import shared_enum, solver

        nodes = [
            solver.node_get_result(k, shared_enum.NodeResult.VOLUME)
            for k in range(len(self.node_ids))
        ]
        links = [
            solver.link_get_result(k, shared_enum.LinkResult.VOLUME)
            for k in range(len(self.link_ids))
        ]
        cubic_metre = (
            self.cubic_metre if self.cubic_metre != 1.0 else CUBIC_FOOT_M3 / SWMM_CUBIC_FOOT
        )
        over = self._over_lids()
        return np.array(nodes, float) * cubic_metre + over, np.array(links, float) * cubic_metre

    def _over_lids(self) -> np.ndarray:
        """(nodes,) m3 that stand over the rims of closed tanks: SWMM keeps the level, and counts
        no more than the full volume.
        """
        if not self._tank_area.any():
            return np.zeros(len(self.node_ids))
        return self._tank_area * np.maximum(self.heads() - self.rim_m, 0.0)

    def outfall_volume(self) -> np.ndarray:
        """(outfalls,) m3: the system's outflow, exact in sum; each window is split by the outfalls'
        present flows.
        """
        from swmm.toolkit import solver

        total = float(solver.system_get_routing_totals().outflow) * self.cubic_metre
        flows = np.zeros(self.outfalls.size)
        for k, node in enumerate(self.outfalls):
            code, flow = self.calls.read_inflow(int(node))
            self._check(code, "read an outfall")
            flows[k] = max(flow, 0.0)
        share = (
            flows / flows.sum()
            if flows.sum() > 0.0
            else np.full(flows.size, 1.0 / max(flows.size, 1))
        )
        self._outfall_volumes = self._outfall_volumes + share * (
            total - self._outfall_volumes.sum()
        )
        return self._outfall_volumes.copy()

    @property
    def smallest_inflow(self) -> float:
        """m3/s below which SWMM ignores an inflow."""
        return SMALLEST_INFLOW_CFS * CUBIC_FOOT_M3

    # ----------------------------------------------------------------------------------- accounting

    def balance(self) -> dict[str, float]:
        """SWMM's own totals (m3): inflow of every kind, flooding, outflow, losses by kind, storage
        now and at the start.
        """
        t = self._totals()
        m3 = self.cubic_metre
        return {
            "inflow": (t.dwInflow + t.wwInflow + t.gwInflow + t.iiInflow + t.exInflow) * m3,
            "flooding": t.flooding * m3,
            "outflow": t.outflow * m3,
            "evaporation": t.evapLoss * m3,
            "seepage": (t.seepLoss + t.reacted) * m3,
            "stored_start": self._stored_start,
            "stored": stored_m3(t) + float(self._over_lids().sum()),
            "half_volumes": self.half_volumes(),
        }

    def _totals(self) -> Any:
        from swmm.toolkit import solver

        return solver.system_get_routing_totals()

    def half_volumes(self) -> float:
        """Water SWMM has made (+) in the last pipes of outfalls whose stage rose since the start
        (m3): half their wetted volume.
        """
        if not self._staged_pipes:
            return 0.0
        made, now = 0.0, self.heads()[self.outfalls]
        for k, invert, pipes in self._staged_pipes:
            for length, diameter in pipes:
                made += (
                    0.5
                    * length
                    * (
                        circular_area(now[k] - invert, diameter)
                        - circular_area(self._start_stage[k] - invert, diameter)
                    )
                )
        return float(made)

    def continuity(self) -> dict[str, Any]:
        """SWMM's own continuity error of flow routing, %; after `close`."""
        return dict(self._errors)

    def unsettled_steps(self) -> tuple[int, int]:
        """Routing steps, and those in which SWMM's heads did not settle: since the start."""
        if self._open:
            self._steps = trial_counts() or (0, 0)
        return self._steps

    def unsettled_nodes(self) -> np.ndarray:
        """(nodes,) routing steps that ended with this node's head on the move, since the start; 0
        at outfalls, and throughout where this engine does not show them.
        """
        if self._open:
            found = unsettled_counts(len(self.node_ids), self.outfalls)
            self._moving = np.zeros(len(self.node_ids), np.int64) if found is None else found
        return self._moving

    def close(self) -> None:
        """End the run and write SWMM's report; safe to call twice."""
        if self._open:
            from swmm.toolkit import solver

            self.unsettled_steps()
            self.unsettled_nodes()
            self._open = False
            solver.swmm_end()  # SWMM has its continuity error only after it: 0 before
            self._errors = {"routing_percent": float(self._simulation.flow_routing_error)}
            self._simulation.report()
            self._simulation.close()

    def _check(self, code: int, task: str) -> None:
        if code != 0:
            lines = report_errors(self.report)
            raise DrainageError(
                f"SWMM could not {task} at {self._elapsed:.0f} s (code {code})"
                + "".join(f"\n  {line}" for line in lines)
            )


def stored_m3(totals: Any) -> float:
    """Water in the network by SWMM's routing totals: cubic feet in every unit system."""
    return float(totals.finalStorage) * CUBIC_FOOT_M3


def circular_area(depth_m: float, diameter_m: float) -> float:
    """Wetted area (m2) of a circular pipe."""
    ratio = min(max(depth_m / diameter_m, 0.0), 1.0)
    angle = 2.0 * math.acos(1.0 - 2.0 * ratio)
    return diameter_m**2 / 8.0 * (angle - math.sin(angle))


def report_errors(report: Path) -> list[str]:
    """SWMM's error lines: only its report names section and line."""
    if not report.exists():
        return []
    text = report.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line.strip() for line in text if line.strip().startswith("ERROR")]


def refused(inp: InpFile, report: Path, error: Exception) -> FloodSimError:
    """The error for a network that SWMM does not take: InputError, or DrainageError where the
    network is not the reason.
    """
    from pyswmm.errors import MultiSimulationError

    if isinstance(error, MultiSimulationError):
        return DrainageError(
            f"{inp.path}: SWMM runs one model in a process, and one is open here\n  do        give"
            " each model a process of its own: flood_sim.run(...), flood_sim.bmi.BmiFloodSim or"
            " `flood-sim run`; or close the first: Simulation.close()"
        )
    lines = [line for line in report_errors(report) if "%s" not in line] or [str(error).strip()]
    return InputError(
        [
            Finding(
                "E401",
                str(inp.path),
                f"SWMM refuses the network, {len(alike)} times for this"
                if alike[1:]
                else "SWMM refuses the network",
                given="; ".join(alike[:MOST_ALIKE]) + ("; ..." if alike[MOST_ALIKE:] else ""),
                do="mend this line of the network, then `flood-sim check`",
            )
            for alike in _by_number(lines)
        ]
    )


def _by_number(lines: list[str]) -> list[list[str]]:
    """Lines of SWMM's report with one number of error together: hundreds may have one reason."""
    found: dict[str, list[str]] = {}
    for line in lines:
        found.setdefault(line.split(":")[0], []).append(line)
    return list(found.values())
