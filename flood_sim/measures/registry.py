"""All kinds of measures, in the order of the six projects, then those of plugins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Union

from pydantic import Field

from flood_sim.core.plugins import brought, unique
from flood_sim.measures.base import Measure
from flood_sim.measures.projects import (
    branches,
    conveyance,
    critical_infrastructure,
    pipe_network,
    pump_stations,
    regional,
    source_and_storage,
    underground_space,
)


def _by_kind(kinds: Iterable[type[Measure]]) -> dict[str, type[Measure]]:
    return {str(kind.model_fields["kind"].annotation.__args__[0]): kind for kind in kinds}  # type: ignore[union-attr]


OWN = (
    conveyance,
    regional,
    pipe_network,
    branches,
    pump_stations,
    critical_infrastructure,
    underground_space,
    source_and_storage,
)
KINDS = unique(
    "MEASURES",
    _by_kind(kind for module in OWN for kind in module.KINDS),
    _by_kind(brought("MEASURES")),
)
AnyMeasure: Any = Annotated[Union[tuple(KINDS.values())], Field(discriminator="kind")]  # noqa: UP007
