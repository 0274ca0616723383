"""What every part of a study file is: frozen, no unknown keys, no infinities."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

Changes = dict[str, Any]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
