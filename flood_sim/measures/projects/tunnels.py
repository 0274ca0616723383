"""Project 2, deep tunnels 深层隧道."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from pydantic import Field

from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M
from flood_sim.measures.base import (
    MAKE,
    InputsView,
)
from flood_sim.measures.edits import Plan
from flood_sim.measures.network_parts import (
    STORE_BEHIND_A_WEIR,
    add_pump,
    add_store,
    add_weir,
)
from flood_sim.measures.projects.pipe_network import PipeNetwork
from flood_sim.measures.targets import items_of


class DeepTunnel(PipeNetwork):
    """A level tunnel as one store; shafts let water in over weirs, a pump empties it. Flow along
    the tunnel is not resolved.
    """

    STAGE: ClassVar[int] = MAKE
    WRITES: ClassVar[frozenset[str]] = STORE_BEHIND_A_WEIR
    SUMMARY: ClassVar[str] = "deep tunnel with shafts behind weirs and a pump"
    CHINESE: ClassVar[str] = "深层隧道"

    kind: Literal["deep_tunnel"]
    diameter_m: float = Field(8.0, ge=3.0, le=12.0)
    length_m: float = Field(gt=0.0, le=100_000.0)
    crest_m: float | None = Field(
        None,
        ge=LOWEST_M,
        le=HIGHEST_M,
        description="level of the weirs; absent: 0.5 m under each shaft's rim",
    )
    weir_m: float = Field(5.0, gt=0.0, le=50.0, description="length of the weir at each shaft")
    dewater_m3_s: float = Field(
        1.0, ge=0.0, le=50.0, description="pump back to the first shaft, on while it has room"
    )
    depth_m: float = Field(
        30.0, ge=10.0, le=80.0, description="of the tunnel's invert under the lowest rim"
    )

    def plan(self, name: str, view: InputsView) -> Plan:
        plan, rims = Plan(), view.inp.rims()
        plan.targets = items_of(name, self.targets, view, "nodes")
        if not plan.targets:
            return plan
        if self.dewater_m3_s == 0.0:
            plan.refuse(
                name,
                "dewater_m3_s",
                "a tunnel without a pump is full after the first storm",
                allowed="above 0",
            )
        volume = math.pi / 4.0 * self.diameter_m**2 * self.length_m
        invert = min(rims[n] for n in plan.targets) - self.depth_m
        lowest = min(rims[n] for n in plan.targets)
        add_store(
            plan,
            view,
            name,
            invert,
            lowest,
            volume / self.diameter_m,
            plan.targets[0],
            invert + self.diameter_m,
        )
        for k, node in enumerate(plan.targets, start=1):
            crest = self.crest_m if self.crest_m is not None else rims[node] - 0.5
            add_weir(plan, view, name, f"{name}_w{k}", node, name, crest, self.weir_m)
        add_pump(
            plan,
            view,
            f"{name}_p",
            name,
            plan.targets[0],
            self.dewater_m3_s,
            start_m=0.5,
            stop_m=0.1,
        )
        plan.count("tunnel", volume)
        return plan


KINDS = (DeepTunnel,)
