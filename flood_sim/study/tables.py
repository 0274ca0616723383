"""A study's tables, read for its page: complete runs, attribution, and the kinds of outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from flood_sim.analysis.html.words import Words
from flood_sim.analysis.outcomes.outcome import OutcomeKind, kinds_of, written
from flood_sim.core.errors import input_error
from flood_sim.core.files.plain_folder import plain_name
from flood_sim.results import Results, open_results
from flood_sim.study.queue import open_study
from flood_sim.study.sentences import project_words
from flood_sim.study.spec.study import Study
from flood_sim.study.store import (
    ATTRIBUTION,
    CATALOGUE,
    OUTCOMES,
    Store,
    read_document,
    read_table,
)


@dataclass(frozen=True)
class StudyTables:
    """rows : of the catalogue, complete runs;  document : attribution.json"""

    study: Study
    store: Store
    rows: list[dict[str, Any]]
    document: dict[str, Any]

    @cached_property
    def shown(self) -> list[dict[str, Any]]:
        """Runs of the study's own model, in its first draw and first failure set."""
        first = next(iter(self.study.spec.failure_sets))
        return [
            r
            for r in self.rows
            if not r["twin"] and r["draw"] in (-1, 0) and r["failure_set"] == first
        ]

    @cached_property
    def found(self) -> dict[tuple[str, int], dict[str, Any]]:
        """The same by storm and set of projects."""
        return {(r["storm"], r["bits"]): r for r in self.shown}

    @cached_property
    def names(self) -> list[Words]:
        """Labels of the projects."""
        return [project_words(p) for p in self.study.projects]

    @property
    def full(self) -> int:
        """The set of all projects."""
        return int(2 ** len(self.study.projects) - 1)

    @cached_property
    def kinds(self) -> dict[str, OutcomeKind]:
        """Every outcome of the runs by name, with its unit, and with the label that a plugin gave
        it.
        """
        table = read_table(self.store.folder / OUTCOMES).to_dict("records")
        rows = {r["outcome"]: {"name": r["outcome"], "unit": r["unit"]} for r in table}
        for row in self.shown[:1]:
            labelled = written(self.run(row["storm"], row["bits"]))
            rows |= {name: o for name, o in labelled.items() if name in rows}
        return kinds_of(rows.values())

    def run(self, storm: str, bits: int) -> Results:
        """Results of a set of projects under a storm."""
        return open_results(self.store.runs / plain_name(self.found[storm, bits]["key"]))


def read_tables(folder: Path) -> StudyTables:
    """Raises InputError where no run is complete."""
    study = open_study(folder)
    if not (folder / CATALOGUE).is_file():
        raise input_error(
            "E101",
            str(folder),
            "this study has no complete run yet",
            do=f"flood-sim study resume {folder}",
        )
    table = read_table(folder / CATALOGUE)
    table = table.astype(object).where(table.notna(), None)
    rows = [r for r in table.to_dict("records") if r["status"] == "complete"]
    return StudyTables(study, Store(folder), rows, read_document(folder / ATTRIBUTION))
