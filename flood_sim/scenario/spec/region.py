"""What may stand in [region]: the place's own rain law, limits, standards and language."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flood_sim.scenario.spec.water import FormulaSpec, Section


class RegionSpec(Section):
    """A pack, and what is given here in its place."""

    pack: str | None = Field(
        None,
        description="china-henan, germany, or a TOML file of the same keys beside the scenario",
    )
    rain_law: Literal["zhengzhou-measures", "zhengzhou-2002"] | FormulaSpec | None = Field(
        None,
        description=(
            "law of return periods and of sizes by them; absent: the pack's, else that of"
            " [rainfall], else zhengzhou-2002, which `check` says"
        ),
    )
    language: Literal["en", "zh"] | None = Field(
        None, description="in which a page opens; absent: the pack's"
    )
    limits: str | None = Field(
        None,
        description=(
            "limits and curves of consequences: china, germany, international, or a TOML file"
            " (docs/consequences.md); absent: the pack's"
        ),
    )
    standards: str | None = Field(
        None, description="of `audit`: china, germany, or a TOML file; absent: the pack's"
    )
