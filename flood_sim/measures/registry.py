"""All kinds of measures, in the order of the six projects, then those of plugins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Union

from pydantic import Field

from flood_sim.core.plugins import brought, unique
from flood_sim.measures.base import Measure
from flood_sim.measures.projects import (
    basins,
    branches,
    conveyance,
    critical_infrastructure,
    critical_supply,
    flood_walls,
    pipe_network,
    pump_operation,
    pump_stations,
    regional,
    sewer_condition,
    source_and_storage,
    tunnels,
    underground_equipment,
    underground_operation,
    underground_space,
)


def _by_kind(kinds: Iterable[type[Measure]]) -> dict[str, type[Measure]]:
    return {str(kind.model_fields["kind"].annotation.__args__[0]): kind for kind in kinds}  # type: ignore[union-attr]


OWN = (
    conveyance,
    regional,
    pipe_network,
    sewer_condition,
    tunnels,
    branches,
    pump_stations,
    pump_operation,
    critical_infrastructure,
    critical_supply,
    flood_walls,
    underground_space,
    underground_equipment,
    underground_operation,
    source_and_storage,
    basins,
)
KINDS = unique(
    "MEASURES",
    _by_kind(kind for module in OWN for kind in module.KINDS),
    _by_kind(brought("MEASURES")),
)
AnyMeasure: Any = Annotated[Union[tuple(KINDS.values())], Field(discriminator="kind")]  # noqa: UP007
