"""Layers of facilities as a user gives them, for measures and for [[facilities]]: depths in mm,
rates in mm/h; `layers` makes them SI.

Ranges and defaults: SWMM reference manual III (LID), recalled. An underdrain's rate
is that at 1 m of head.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from flood_sim.core.units import mm_h_to_m_s, mm_to_m


class GroundStore(BaseModel):
    """A store in the ground, with seepage and an underdrain."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    store_mm: float = Field(300.0, ge=0.0, le=2000.0)
    seepage_mm_h: float = Field(0.0, ge=0.0, le=500.0, description="into the native ground")
    drain_mm_h: float = Field(
        0.0, ge=0.0, le=1000.0, description="underdrain at 1 m of head; it empties into the cell"
    )
    drain_offset_mm: float = Field(0.0, ge=0.0, le=2000.0)

    def store_layers(self, entry_mm_h: float, voids: float) -> dict[str, float]:
        """Depths in m and rates in m/s of store, entry and drain."""
        return {
            "entry": mm_h_to_m_s(entry_mm_h),
            "voids": voids,
            "drain": mm_h_to_m_s(self.drain_mm_h),
            "store_depth": mm_to_m(self.store_mm),
            "seepage": mm_h_to_m_s(self.seepage_mm_h),
            "drain_offset": mm_to_m(self.drain_offset_mm),
        }


class PavingLayers(GroundStore):
    """Permeable paving over a gravel store."""

    entry_mm_h: float = Field(250.0, gt=0.0, le=5000.0, description="new 250 to 2500, clogged 25")
    voids: float = Field(0.4, gt=0.0, le=0.9)

    def layers(self) -> dict[str, float]:
        return self.store_layers(self.entry_mm_h, self.voids)


class SoilLayers(GroundStore):
    """Soil over a gravel store: rain gardens."""

    entry_mm_h: float = Field(100.0, gt=0.0, le=5000.0)
    soil_mm: float = Field(600.0, gt=0.0, le=3000.0)
    porosity: float = Field(0.52, gt=0.0, le=0.9)
    field_capacity: float = Field(0.15, ge=0.0, le=0.9)
    percolation_mm_h: float = Field(50.0, gt=0.0, le=5000.0)
    voids: float = Field(0.45, gt=0.0, le=0.9)
    soil_start: float | None = Field(
        None, ge=0.0, le=0.9, description="water content at the start; absent: field capacity"
    )

    def layers(self) -> dict[str, float]:
        start = self.field_capacity if self.soil_start is None else self.soil_start
        return self.store_layers(self.entry_mm_h, self.voids) | soil_layers(self, start)


class RoofLayers(BaseModel):
    """Soil on a roof over a mat that drains."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    soil_mm: float = Field(100.0, gt=0.0, le=1000.0)
    porosity: float = Field(0.5, gt=0.0, le=0.9)
    field_capacity: float = Field(0.35, ge=0.0, le=0.9)
    entry_mm_h: float = Field(1000.0, gt=0.0, le=5000.0)
    percolation_mm_h: float = Field(1000.0, gt=0.0, le=5000.0)
    mat_mm: float = Field(25.0, ge=0.0, le=500.0)
    voids: float = Field(0.5, gt=0.0, le=0.9)
    drain_mm_h: float = Field(
        1000.0,
        gt=0.0,
        le=5000.0,
        description="of the mat at 1 m of head; it runs off to where the roof's water goes",
    )
    soil_start: float = Field(
        0.15,
        ge=0.0,
        le=0.9,
        description="water content at the start: field capacity after antecedent rain, 0.15 dry",
    )

    def layers(self) -> dict[str, float]:
        drained = {
            "voids": self.voids,
            "drain": mm_h_to_m_s(self.drain_mm_h),
            "store_depth": mm_to_m(self.mat_mm),
        }
        return (
            {"entry": mm_h_to_m_s(self.entry_mm_h)} | drained | soil_layers(self, self.soil_start)
        )


def soil_layers(spec: SoilLayers | RoofLayers, start: float) -> dict[str, float]:
    """The soil's part."""
    depth = mm_to_m(spec.soil_mm)
    return {
        "soil_depth": depth,
        "porosity": spec.porosity,
        "field_capacity": spec.field_capacity,
        "percolation": mm_h_to_m_s(spec.percolation_mm_h),
        "soil_start": min(start, spec.porosity) * depth,
    }
