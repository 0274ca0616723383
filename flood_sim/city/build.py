"""The reference city as one object: plan, ground, sewers, sites; what was asked and what was
built.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flood_sim.city.design import Design, design_sewers
from flood_sim.city.ground import LAKE_FREEBOARD_M, Ground, ditch_axis, make_ground
from flood_sim.city.land_use import LAKE, LAND_COVER, RIVER
from flood_sim.city.network_file import NetworkText, write_network
from flood_sim.city.parameters import ORIGIN_M, STREET_LEVEL_M, CityParameters
from flood_sim.city.sewers import SewerTree, make_sewers
from flood_sim.city.sites import Site, make_sites
from flood_sim.city.streets import Plan, make_plan
from flood_sim.city.underground import Table, site_tables
from flood_sim.core.units import mm_h_to_m_s, mm_to_m
from flood_sim.ground.terrain import Terrain
from flood_sim.surface.boundaries import transect_along
from flood_sim.surface.structures import BRIDGE_ORIFICE, FaceStructure

Axis = tuple[tuple[float, float], tuple[float, float]]
BRIDGE_REACH_M = 18.0  # from the river's axis to the foot of its dykes
DECK_M, SOFFIT_BELOW_M, OPEN_WIDTH = (
    0.3,
    1.0,
    0.5,
)  # of the old bridges, m against the riverside street; share of the width (assumed)


@dataclass(frozen=True)
class City:
    """Everything a scenario takes from the city."""

    parameters: CityParameters
    plan: Plan
    ground: Ground
    tree: SewerTree
    design: Design
    network: NetworkText
    sites: tuple[Site, ...]

    def soil(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Conductivity m/s, suction m, deficit (Green-Ampt), each (rows, columns)."""
        fields = [np.zeros(self.ground.grid.shape) for _ in range(3)]
        for code, (_, conductivity, suction, deficit) in LAND_COVER.items():
            cells = self.ground.land_use == code
            for field, value in zip(
                fields, (mm_h_to_m_s(conductivity), mm_to_m(suction), deficit), strict=True
            ):
                field[cells] = value
        return fields[0], fields[1], fields[2]

    def initial_depth(self) -> np.ndarray:
        """(rows, columns) m: river at its first stage, lake half a metre below its banks."""
        bed, use = self.ground.bed_elevation, self.ground.land_use
        depth = np.zeros(bed.shape)
        stage = STREET_LEVEL_M + self.parameters.river_stage_h_m[0][1]
        river = use == RIVER
        depth[river] = np.maximum(stage - bed[river], 0.0)
        lake = use == LAKE
        if lake.any():
            level = float(bed[lake].max()) - LAKE_FREEBOARD_M
            depth[lake] = np.maximum(level - bed[lake], 0.0)
        return depth

    def site_tables(self) -> dict[str, list[Table]]:
        """`sites` and `passages` as a scenario file has them."""
        return site_tables(self.parameters, self.ground, self.sites, self.network)

    def lines(self) -> dict[str, tuple[Axis, ...]]:
        """Axes of all streets, and each ditch (open or filled) by its name, as map points."""
        east, north = ORIGIN_M
        streets = tuple(
            (
                ((east + s.start, north + s.at), (east + s.stop, north + s.at))
                if s.axis == "x"
                else ((east + s.at, north + s.start), (east + s.at, north + s.stop))
            )
            for s in self.plan.streets
        )
        return {"streets": streets} | {
            ditch.name: (ditch_axis(ditch),) for ditch in self.plan.ditches
        }

    def bridge_axes(self) -> dict[str, Axis]:
        """Where the old bridges' flow passes: across the river, evenly along all reaches."""
        p, rivers = self.parameters, self.plan.rivers
        found = {}
        for k in range(p.river_bottlenecks):
            along = (
                p.side_m * (k // len(rivers) + 0.5) / math.ceil(p.river_bottlenecks / len(rivers))
            )
            x, y = ORIGIN_M[0] + along, ORIGIN_M[1] + rivers[k % len(rivers)]
            found[f"bottleneck_{k + 1}"] = ((x, y + BRIDGE_REACH_M), (x, y - BRIDGE_REACH_M))
        return found

    def bottlenecks(self, terrain: Terrain) -> tuple[FaceStructure, ...]:
        """Old bridges across the rivers: half the width open, soffit a metre under the riverside
        street.
        """
        found = []
        for name, axis in self.bridge_axes().items():
            line = transect_along(terrain, name, list(axis))
            other = line.cells - np.where(line.is_x[:, None], [0, 1], [1, 0])
            inside = (
                (other >= 0).all(axis=1)
                & terrain.active[tuple(line.cells.T)]
                & terrain.active[tuple(np.maximum(other, 0).T)]
            )
            cells, other = line.cells[inside], other[inside]
            ground = np.maximum(
                terrain.bed_elevation[tuple(cells.T)], terrain.bed_elevation[tuple(other.T)]
            )
            n = len(cells)
            if n:
                found.append(
                    FaceStructure(
                        line.name,
                        "bridge",
                        line.is_x[inside],
                        cells,
                        np.full(n, STREET_LEVEL_M + DECK_M),
                        line.sign[inside],
                        sill_m=ground,
                        soffit_m=np.full(n, STREET_LEVEL_M - SOFFIT_BELOW_M),
                        orifice_coefficient=BRIDGE_ORIFICE,
                        width=np.full(n, OPEN_WIDTH),
                    )
                )
        return tuple(found)

    def measured(self) -> dict[str, float]:
        """What was built, as against what was asked."""
        p, area = self.parameters, self.parameters.side_m**2 / 1e6
        roads = sum(p.side_m for _ in self.plan.arterials)  # north-south lines bridge the river
        deepest = max(
            node.rim - invert
            for node, invert in zip(self.tree.nodes, self.design.inverts, strict=True)
        )
        return {
            "area_km2": area,
            "road_density_km_km2": roads / 1000.0 / area,
            "drain_density_km_km2": self.network.length_m / 1000.0 / area,
            "sewer_nodes": float(self.network.nodes),
            "outfalls": float(len(self.tree.roots)),
            "deepest_sewer_m": deepest,
            "largest_pipe_m": max(pipe.diameter for pipe in self.design.pipes if pipe is not None),
            "pipe_volume_m3": self.network.volume_m3,
            "buildings_share": self.ground.shares()["building"],
        }

    def __repr__(self) -> str:
        lines = [f"  {name:<24}{value:>12.3f}" for name, value in self.measured().items()]
        return (
            f"Reference city (synthetic), {self.parameters.vintage}, seed {self.parameters.seed}\n"
            + "\n".join(lines)
        )


def reference_city(parameters: CityParameters = CityParameters()) -> City:
    """Build the city; deterministic: the same parameters give the same bytes everywhere."""
    plan = make_plan(parameters)
    ground = make_ground(parameters, plan)
    tree = make_sewers(parameters, plan, ground)
    design = design_sewers(parameters, tree)
    network = write_network(parameters, plan, ground, tree, design)
    return City(
        parameters, plan, ground, tree, design, network, make_sites(parameters, plan, ground)
    )
