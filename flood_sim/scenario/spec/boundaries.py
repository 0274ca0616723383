"""[[boundaries]]: what enters and leaves at edges and inside the model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from flood_sim.core.files.map_keys import VectorFile
from flood_sim.core.files.table_rows import HIGHEST_M, LOWEST_M
from flood_sim.core.schema_texts import UnfitError
from flood_sim.scenario.spec.cover import FlowCover, StageCover, said_without_file
from flood_sim.scenario.spec.names import Name
from flood_sim.scenario.spec.water import LARGEST_DISCHARGE_M3_S, Section


class EdgeSpec(Section):
    line_m: tuple[tuple[float, float], ...] = Field(
        min_length=2, description="map coordinates of a line along the edge"
    )


EdgeName = str | EdgeSpec | VectorFile


class ClosedBoundary(Section):
    kind: Literal["closed"]
    edge: EdgeName = Field("all", description="as in free_outflow")


class FreeOutflow(Section):
    kind: Literal["free_outflow"]
    edge: EdgeName = Field(
        "all",
        description=(
            '"north", "south", "west", "east", "all", a polygon or line file, or { line_m = [...] }'
        ),
    )
    slope: float | None = Field(
        None, gt=0.0, le=1.0, description="normal depth at this slope; absent: the bed's own"
    )
    critical: bool = Field(False, description="free overfall: critical depth")


class StageSeries(Section, StageCover):
    kind: Literal["stage_series"]
    edge: EdgeName = Field(description="where the level holds, as in free_outflow")
    file: str | None = Field(None, description="CSV: time or time_s, level_m")
    level_m: float | None = Field(
        None,
        ge=LOWEST_M,
        le=HIGHEST_M,
        description="a level that stays, on the datum of the ground",
    )

    @model_validator(mode="after")
    def _one(self) -> StageSeries:
        if (self.file is None) == (self.level_m is None):
            raise UnfitError("it needs one of file and level_m, not both", do="give one of the two")
        said_without_file(self, "file")
        return self


class DischargeSeries(Section, FlowCover):
    kind: Literal["discharge_series"]
    edge: EdgeName | None = Field(
        None, description="where the water enters, as in free_outflow; this or polygon"
    )
    polygon: str | VectorFile | None = Field(
        None, description="polygon file; every active cell inside shares the discharge"
    )
    file: str | None = Field(None, description="CSV: time or time_s, discharge_m3_s")
    discharge_m3_s: float | None = Field(
        None, ge=0.0, le=LARGEST_DISCHARGE_M3_S, description="a discharge that stays"
    )
    level_m: float | None = Field(
        None,
        ge=LOWEST_M,
        le=HIGHEST_M,
        description=(
            "edge: level of the water that enters, where its flow is supercritical; absent: found"
            " by the flow"
        ),
    )

    @model_validator(mode="after")
    def _one(self) -> DischargeSeries:
        if (self.edge is None) == (self.polygon is None):
            raise UnfitError("it needs one of edge and polygon, not both", do="give one of the two")
        if self.level_m is not None and self.edge is None:
            raise UnfitError(
                "level_m goes with edge, not with polygon",
                do="leave level_m out, or give edge instead of polygon",
            )
        if (self.file is None) == (self.discharge_m3_s is None):
            raise UnfitError(
                "it needs one of file and discharge_m3_s, not both", do="give one of the two"
            )
        said_without_file(self, "file")
        return self


class PointInflow(Section, FlowCover):
    kind: Literal["point_inflow"]
    name: Name = Field("inflow", description="a name for it")
    location_m: tuple[float, float] = Field(description="x, y in map coordinates")
    file: str | None = Field(None, description="CSV: time or time_s, discharge_m3_s")
    discharge_m3_s: float | None = Field(
        None, ge=0.0, le=LARGEST_DISCHARGE_M3_S, description="a discharge that stays"
    )

    @model_validator(mode="after")
    def _one(self) -> PointInflow:
        if (self.file is None) == (self.discharge_m3_s is None):
            raise UnfitError(
                "it needs one of file and discharge_m3_s, not both", do="give one of the two"
            )
        said_without_file(self, "file")
        return self


Boundary = Annotated[
    ClosedBoundary | FreeOutflow | StageSeries | DischargeSeries | PointInflow,
    Field(discriminator="kind"),
]
