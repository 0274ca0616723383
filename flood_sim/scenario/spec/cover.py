"""Keys of a section that takes a series: what counts where the file has no rows."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer

from flood_sim.core.schema_texts import UnfitError

Outside = Literal["refuse", "hold", "zero"]
Between = Literal["linear", "hold", "zero", "refuse"]
_BEFORE = "while the file has no row yet"
_AFTER = "when the file has no more rows"
_STEP = (
    "; refuse: the run does not start. If this key is absent, one step of a series of four rows or"
    " more may be missing (W310)"
)
_GAPS = "where rows of a regular series are missing; linear, if this key is absent, is told (W304)"


class Cover(BaseModel):
    """Keys that were not given stay away from what is written: that they are absent counts."""

    @model_serializer(mode="wrap")
    def _as_given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        unsaid = {"before", "after", "gaps"} - self.model_fields_set
        return {key: value for key, value in handler(self).items() if key not in unsaid}


class FlowCover(Cover):
    """Of a discharge."""

    before: Outside = Field("refuse", description=_BEFORE + _STEP)
    after: Outside = Field("refuse", description=_AFTER + _STEP)
    gaps: Between = Field("linear", description=_GAPS)


class StageCover(Cover):
    """Of a level: there is no level zero to fall to."""

    before: Literal["refuse", "hold"] = Field("refuse", description=_BEFORE + _STEP)
    after: Literal["refuse", "hold"] = Field("refuse", description=_AFTER + _STEP)
    gaps: Literal["linear", "hold", "refuse"] = Field("linear", description=_GAPS)


class SlowCover(Cover):
    """Of what changes slowly, or stays where it was set."""

    before: Outside = Field("hold", description=_BEFORE + "; hold is told (W310)")
    after: Outside = Field("hold", description=_AFTER + "; hold is told (W310)")
    gaps: Between = Field("linear", description=_GAPS)


class RainCover(Cover):
    """Of rain that is the same everywhere, or a stack of grids."""

    before: Outside = Field("zero", description=_BEFORE + "; zero is told (W305)")
    after: Outside = Field("zero", description=_AFTER + "; zero is told (W305)")
    gaps: Outside = Field(
        "zero", description="where intervals are missing; zero is told (W304), hold: the rate stays"
    )


class GaugesCover(Cover):
    """Of rain at gauges, each with its own rows."""

    before: Literal["others", "refuse", "hold", "zero"] = Field(
        "others", description="while a gauge has no row yet; others: they stand in for it (W323)"
    )
    after: Literal["others", "refuse", "hold", "zero"] = Field(
        "others", description="when a gauge has no more rows; others: they stand in for it (W323)"
    )
    gaps: Literal["others", "refuse", "hold", "zero"] = Field(
        "others", description="where a gauge lacks intervals; others: they stand in for it (W323)"
    )


def said_without_file(spec: BaseModel, file: str) -> None:
    """Raises UnfitError where keys of the cover stand beside a value that stays. file : the key of
    the series' file.
    """
    if getattr(spec, file) is None:
        idle = [key for key in ("before", "after", "gaps") if key in spec.model_fields_set]
        if idle:
            raise UnfitError(
                f"{', '.join(idle)} goes with {file}: a value that stays has no gaps",
                do=f"leave {', '.join(idle)} out",
            )
