"""The reference city as one object: plan, ground, sewers, sites; what was asked and what was built."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flood_sim.city.design import Design, design_sewers
from flood_sim.city.ground import LAKE, LAKE_FREEBOARD_M, LAND_COVER, RIVER, Ground, make_ground
from flood_sim.city.network_file import NetworkText, write_network
from flood_sim.city.parameters import STREET_LEVEL_M, CityParameters
from flood_sim.city.sewers import SewerTree, make_sewers
from flood_sim.city.sites import Site, make_sites
from flood_sim.city.streets import Plan, make_plan
from flood_sim.units import mm_h_to_m_s, mm_to_m


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
        """Conductivity m/s, suction m, deficit of every cell (Green-Ampt)."""
        fields = [np.zeros(self.ground.grid.shape) for _ in range(3)]
        for code, (_, conductivity, suction, deficit) in LAND_COVER.items():
            cells = self.ground.land_use == code
            for field, value in zip(fields, (mm_h_to_m_s(conductivity), mm_to_m(suction), deficit), strict=True):
                field[cells] = value
        return fields[0], fields[1], fields[2]

    def initial_depth(self) -> np.ndarray:
        """River at its first stage, lake half a metre below its banks."""
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

    def measured(self) -> dict[str, float]:
        """What was built, as against what was asked."""
        p, area = self.parameters, self.parameters.side_m**2 / 1e6
        roads = sum(p.side_m for _ in self.plan.arterials)  # north-south lines bridge the river
        deepest = max(node.rim - invert for node, invert in zip(self.tree.nodes, self.design.inverts, strict=True))
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
        return f"Reference city (synthetic), {self.parameters.vintage}, seed {self.parameters.seed}\n" + "\n".join(lines)


def reference_city(parameters: CityParameters = CityParameters()) -> City:
    """Build the city; deterministic: the same parameters give the same bytes everywhere."""
    plan = make_plan(parameters)
    ground = make_ground(parameters, plan)
    tree = make_sewers(parameters, plan, ground)
    design = design_sewers(parameters, tree)
    network = write_network(parameters, plan, ground, tree, design)
    return City(parameters, plan, ground, tree, design, network, make_sites(parameters, plan, ground))
