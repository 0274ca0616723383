"""Project 2, new branches 管网加密: sewers in streets that have none, down to the asked density,
sized by the rational method.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from flood_sim.drainage.conduits import node_inverts
from flood_sim.drainage.inlets import INLET_KINDS
from flood_sim.drainage.sections import DIAMETERS_M, PIPE_MANNING_N, cleaning_slope, full_flow
from flood_sim.ground.rainfall import FORMULAS
from flood_sim.measures.base import MAKE, RUNOFF_COEFFICIENT, InputsView, Measure, Project, Targets
from flood_sim.measures.edits import Plan
from flood_sim.measures.network_parts import add_pipe
from flood_sim.measures.resources import Resource
from flood_sim.simulation.inputs import NodeInlet

ENTRY_MIN, COVER_M, LEAST_DIAMETER_M = 10.0, 0.7, 0.4


class NewBranch(Measure):
    """Sewers along street axes that have none yet; each falls to the nearest node at one of its
    ends. Streets that cannot are left out and said.
    """

    PROJECT: ClassVar[Project] = "pipe_network"
    STAGE: ClassVar[int] = MAKE
    READS: ClassVar[frozenset[str]] = frozenset(
        {
            Resource.INP,
            Resource.INLETS,
            Resource.BED_ELEVATION,
            Resource.LINES,
            Resource.INITIAL_DEPTH,
        }
    )
    WRITES: ClassVar[frozenset[str]] = frozenset(
        {
            Resource.INP_JUNCTIONS,
            Resource.INP_CONDUITS,
            Resource.INP_XSECTIONS,
            Resource.INP_COORDINATES,
            Resource.INLETS,
            Resource.RETURN_CELLS,
        }
    )
    SUMMARY: ClassVar[str] = "sewers in streets that have none, to an asked density"
    CHINESE: ClassVar[str] = "管网加密"

    kind: Literal["new_branch"]
    targets: Targets = Field(
        Targets(layer="streets"),
        description="street axes: vector, line_m, or layer = streets of the city",
    )
    target_density_km_km2: float = Field(
        11.11, gt=0.0, le=30.0, description="of the land: Henan 2020 8.86, nation 11.11"
    )
    return_period_y: float = Field(3.0, ge=1.0, le=100.0)
    spacing_m: float = Field(
        30.0, ge=10.0, le=100.0, description="of manholes with inlets; 25 to 50 in practice"
    )
    catchment_width_m: float = Field(
        60.0, gt=0.0, le=300.0, description="of the ground that drains to the street"
    )
    inlet: Literal[tuple(INLET_KINDS)] = "double_gutter_grate"  # type: ignore[valid-type]
    open_share: float = Field(0.6, gt=0.0, le=1.0)
    reach_m: float = Field(
        40.0, gt=0.0, le=200.0, description="from a street's end to the node it joins"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan = Plan()
        drainage = view.drainage
        if drainage is None:
            plan.refuse(name, "", "there is no network to join")
            return plan
        land = view.land_km2
        present = sum(c.length_m for c in view.conduits.values()) / 1000.0
        wanted = self.target_density_km_km2 * land - present
        if wanted <= 0.0:
            given = f"{present / land:.2f} km/km2"
            plan.refuse(
                name,
                "target_density_km_km2",
                "the network is that dense already",
                given=given,
                allowed=f"above {present / land:.2f}",
            )
            return plan
        left_out, built = 0, 0.0
        for number, line in enumerate(self._lines(name, view), start=1):
            if built >= wanted:
                break
            length = self._branch(f"{name}_{number}", plan, view, line)
            built += length / 1000.0
            left_out += length == 0.0
        plan.targets = [
            f"{built:.2f} km of {wanted:.2f} km asked, {built / land + present / land:.2f} km/km2"
        ]
        if built < 0.99 * wanted:
            plan.doubt(
                name,
                f"only {built:.2f} of {wanted:.2f} km could be built: {left_out} streets have a"
                " sewer, no node to join, or no fall",
            )
        return plan

    def _lines(self, name: str, view: InputsView) -> list[Any]:
        """Street axes, longest first."""
        import shapely

        if self.targets.vector is not None:
            lines = list(
                shapely.get_parts(view.shapes(self.targets.vector, f"measure.{name}.targets"))
            )
        elif self.targets.line_m:
            lines = [shapely.LineString(self.targets.line_m)]
        else:
            lines = [
                shapely.LineString(points)
                for points in view.lines.get(self.targets.layer or "", ())
            ]
        return sorted(lines, key=lambda line: (-round(line.length, 3), line.coords[0]))

    def _branch(self, name: str, plan: Plan, view: InputsView, line: Any) -> float:
        """Rows of one branch; returns its length, 0 where it cannot be."""
        where = view.junction_places
        points = [np.array(line.interpolate(s).coords[0]) for s in self._stations(line)]
        rows, columns = view.grid.cell_at([p[0] for p in points], [p[1] for p in points])
        cells = list(zip(rows.tolist(), columns.tolist(), strict=True))
        if len(points) < 2 or not all(
            bool(view.grid.contains(*c)) and view.active[c] for c in cells
        ):
            return 0.0
        distance, nearest = where.tree.query(np.array(points))
        if (distance < 0.5 * self.spacing_m).mean() > 0.5:  # it runs along a sewer
            return 0.0
        if distance[0] < distance[-1]:  # build towards the node that is nearer
            points, cells, distance, nearest = (
                points[::-1],
                cells[::-1],
                distance[::-1],
                nearest[::-1],
            )
        if distance[-1] > self.reach_m:
            return 0.0
        join = where.names[int(nearest[-1])]
        if distance[-1] < 0.5 * self.spacing_m:  # the last manhole is the node itself
            points, cells = points[:-1], cells[:-1]
        return self._rows(name, plan, view, points, cells, join)

    def _stations(self, line: Any) -> np.ndarray:
        count = max(1, round(line.length / self.spacing_m))
        return (np.arange(count) + 0.5) * line.length / count

    def _rows(
        self,
        name: str,
        plan: Plan,
        view: InputsView,
        points: list[np.ndarray],
        cells: list[tuple[int, int]],
        join: str,
    ) -> float:
        """Manholes at the points, each with a pipe to the next, the last to `join`."""
        metre, by_level = view.inp.metres_per_unit, view.inp.option("LINK_OFFSETS") == "ELEVATION"
        ends = [*points, np.array(view.inp.coordinates()[join])]
        lengths = [float(np.hypot(*(b - a))) for a, b in zip(ends[:-1], ends[1:], strict=True)]
        rims = [float(view.bed_elevation[c]) for c in cells]
        bottom = node_inverts(view.inp)[join]
        diameters, inverts = self._sized(view, lengths, rims)
        if inverts[-1][1] < bottom - 1e-6:
            return 0.0  # no fall to the node
        for k, (point, cell, rim) in enumerate(zip(points, cells, rims, strict=True)):
            node, lower = f"{name}_{k + 1}", f"{name}_{k + 2}" if k + 1 < len(points) else join
            own, foot = inverts[k][0], inverts[k + 1][0] if k + 1 < len(points) else bottom
            bed = min(own, inverts[k - 1][1]) if k else own
            plan.row("JUNCTIONS", node, bed / metre, (rim - bed) / metre, 0, 0, 0)
            plan.row("COORDINATES", node, float(point[0]), float(point[1]))
            end = inverts[k][1]
            offsets = (own, end) if by_level else (own - bed, max(end - min(foot, end), 0.0))
            at = offsets[0] / metre, offsets[1] / metre
            pipe = lengths[k], diameters[k], *at, PIPE_MANNING_N
            add_pipe(plan, view, f"{node}_pipe", node, lower, *pipe)
            plan.item(Resource.INLETS, (name, node, 0), "insert", self._inlets(node, cell))
            plan.item(Resource.RETURN_CELLS, node, "insert", (cell,))
            plan.count("inlet", 2)
        return sum(lengths)

    def _sized(
        self, view: InputsView, lengths: list[float], rims: list[float]
    ) -> tuple[list[float], list[tuple[float, float]]]:
        """Diameters (m) by the rational method, never smaller downstream; inverts (m) at both ends
        of each pipe.
        """
        own = view.design_law
        law = own.law if own.own else FORMULAS["zhengzhou-measures"]
        rain = law.intensity_l_s_ha(ENTRY_MIN, self.return_period_y)
        crown, area = rims[0] - COVER_M, 0.0
        diameters: list[float] = []
        inverts: list[tuple[float, float]] = []
        for length, rim in zip(lengths, rims, strict=True):
            area += self.catchment_width_m * length
            flow = RUNOFF_COEFFICIENT * rain / 1e7 * area
            crown = min(crown, rim - COVER_M)
            least = diameters[-1] if diameters else LEAST_DIAMETER_M
            wide = (d for d in DIAMETERS_M if d >= least and full_flow(d, _slope(d)) >= flow)
            diameter = next(wide, DIAMETERS_M[-1])
            diameters.append(diameter)
            inverts.append((crown - diameter, crown - diameter - _slope(diameter) * length))
            crown -= _slope(diameter) * length
        return diameters, inverts

    def _inlets(self, node: str, cell: tuple[int, int]) -> NodeInlet:
        """The two inlets of a manhole as one."""
        shape, part = INLET_KINDS[self.inlet], 2.0 * self.open_share
        return NodeInlet(
            node,
            *cell,
            part * shape.perimeter_m,
            part * shape.area_m2,
            part * shape.capacity_m3_s,
            open_share=self.open_share,
        )


def _slope(diameter_m: float) -> float:
    """What gives 0.75 m/s full, at least 0.1 %."""
    return max(cleaning_slope(diameter_m), 0.001)


KINDS = (NewBranch,)
