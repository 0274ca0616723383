"""All kinds of measures, in the order of the six projects."""

from __future__ import annotations

from typing import Annotated, Any, Union

from pydantic import Field

from flood_sim.measures import (
    branches,
    conveyance,
    critical_infrastructure,
    pipe_network,
    pump_stations,
    regional,
    source_and_storage,
    underground_space,
)
from flood_sim.measures.base import Measure

KINDS: dict[str, type[Measure]] = {
    str(kind.model_fields["kind"].annotation.__args__[0]): kind
    for module in (conveyance, regional, pipe_network, branches, pump_stations, critical_infrastructure, underground_space, source_and_storage)
    for kind in module.KINDS
}
AnyMeasure: Any = Annotated[Union[tuple(KINDS.values())], Field(discriminator="kind")]  # noqa: UP007
