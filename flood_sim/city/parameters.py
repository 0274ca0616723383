"""What can be chosen about the reference city, and a hash that draws from names instead of a stream
of random numbers.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flood_sim.core.schema_texts import UnfitError

ORIGIN_M = (472000.0, 3846000.0)  # EPSG:4547, near Zhengzhou; the place means nothing
CRS = "EPSG:4547"
STREET_LEVEL_M = 100.0  # riverside street; river stages are given against it


class CityParameters(BaseModel):
    """Defaults are Henan's averages of 2020 and a city built to the rules before 2014 ("old")."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["reference_city"] = "reference_city"
    side_m: float = Field(1000.0, ge=500.0, le=10000.0)
    cell_size_m: float = Field(4.0, ge=1.0, le=10.0)
    road_density_km_km2: float = Field(
        5.11, ge=3.0, le=10.0, description="arterial streets; Henan 2020 5.11, target 8"
    )
    drain_density_km_km2: float = Field(
        8.86, ge=4.0, le=14.0, description="storm sewers; Henan 2020 8.86, nation 11.11"
    )
    ground_slope: float = Field(0.0015, ge=0.0003, le=0.003, description="towards the river")
    vintage: Literal["old", "new"] = "old"
    return_period_y: float = Field(
        0.0, ge=0.0, le=50.0, description="design of the sewers; 0: 1 y for old, 3 y for new"
    )
    inlet_open_share: float = Field(
        0.3, gt=0.0, le=1.0, description="what clogging leaves open; 1 is clean"
    )
    silted_share: float = Field(0.20, ge=0.0, le=1.0, description="pipes with silt 0.15 D deep")
    half_full_share: float = Field(
        0.03, ge=0.0, le=1.0, description="pipes silted to half their depth"
    )
    flapless_share: float = Field(0.0, ge=0.0, le=1.0, description="outfalls without a flap gate")
    cross_connections_per_km2: float = Field(
        0.0, ge=0.0, le=200.0, description="foul sewers tied to storm nodes; Henan's history: 12"
    )
    cross_connection_l_s: float = Field(0.5, gt=0.0, le=10.0)
    river_bottlenecks: int = Field(
        0, ge=0, le=50, description="old bridges that choke the rivers, named bottleneck_1, ..."
    )
    ditches: int = Field(
        0,
        ge=0,
        le=20,
        description=(
            "beside primary streets to the nearest river, named ditch_1, ...; culverts under"
            " streets and dyke"
        ),
    )
    filled_ditches: int = Field(
        0, ge=0, le=20, description="of them, the first so many: earth to the pavement, no culverts"
    )
    pump_stations: bool = Field(True, description="false: the city without its pump stations")
    river_manning_n: float = Field(0.060, ge=0.02, le=0.15, description="choked; 0.030 is clear")
    river_stage_h_m: tuple[tuple[float, float], ...] = Field(
        ((0.0, -2.0), (1.0, -1.5), (2.0, -0.7), (3.0, -0.3)),
        description="hours after the start, m against the riverside street",
    )
    sites: Literal["gauges", "full"] = Field(
        "gauges",
        description=(
            "full: metro, garages, rooms, substations and pump stations take water, fail and drag"
            " others with them"
        ),
    )
    low_entrance_share: float = Field(
        0.2, ge=0.0, le=1.0, description="metro entrances with one step of 0.15 m instead of 0.45 m"
    )
    basement_room_share: float = Field(
        0.6, ge=0.0, le=1.0, description="distribution rooms in the basement of the nearest garage"
    )
    motor_height_m: float = Field(
        0.25, ge=0.0, le=3.0, description="motors of storm pump stations over the ground"
    )
    seed: int = Field(720, description="of the random layout; the same number gives the same city")

    @model_validator(mode="after")
    def _filled(self) -> CityParameters:
        hours, stages = (
            zip(*self.river_stage_h_m, strict=True) if self.river_stage_h_m else ((), ())
        )
        if list(hours) != sorted(set(hours)) or not hours:
            raise UnfitError("river_stage_h_m: at least one row, and hours that rise")
        if not all(-1000.0 <= h <= 10_000.0 for h in hours) or not all(
            -20.0 <= m <= 20.0 for m in stages
        ):
            raise UnfitError(
                "river_stage_h_m: hours from -1000 to 10000, stages from -20 to 20 m against the"
                " riverside street"
            )
        if self.filled_ditches > self.ditches:
            raise UnfitError("filled_ditches must not be above ditches: what is filled was a ditch")
        return self

    @property
    def design_return_period_y(self) -> float:
        return self.return_period_y or (1.0 if self.vintage == "old" else 3.0)

    @property
    def runoff_coefficient(self) -> float:
        """Of the sewers' design: what the old rules took, and today's composite of this city's own
        surfaces.
        """
        return 0.50 if self.vintage == "old" else 0.65

    @property
    def delay_factor(self) -> float:
        """m of t = t1 + m t2: 2 for buried pipes in the Chinese code until 2014, 1 since."""
        return 2.0 if self.vintage == "old" else 1.0


def draw(seed: int, *names: object) -> float:
    """A number in [0, 1) that depends on the seed and the names alone: the same everywhere,
    whatever was drawn before.
    """
    text = "/".join([str(seed), *map(str, names)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big") / 2**56
