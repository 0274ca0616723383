"""Names that a user gives to what later stands in tables and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from flood_sim.core.files.table_rows import LONGEST_NAME
from flood_sim.core.schema_texts import UnfitError

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]+$")]
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes cells that begin so for formulas


def refuse_formulas(names: Mapping[str, Iterable[str]]) -> None:
    """names : by place. Raises UnfitError where a spreadsheet would take one for a formula."""
    for place, called in names.items():
        if formulas := [name for name in called if name.startswith(FORMULA)]:
            raise UnfitError(
                f"{place}: a spreadsheet would take the name {formulas[0]!r} for a formula",
                do="begin the name with a letter or a digit",
            )
