"""The page: what a study, an audit and runs say, gathered for the template. Every number carries
its run or table.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from flood_sim.analysis.html.maps import viewer
from flood_sim.analysis.html.names import PORTFOLIOS, portfolio_words, reason_words
from flood_sim.analysis.html.page import render
from flood_sim.analysis.html.runs import headline_row, runs_context, scheme_lines, service_curves
from flood_sim.analysis.html.standards import standards_context
from flood_sim.analysis.html.words import Words, both, money_words
from flood_sim.analysis.outcomes.consequences import Consequences
from flood_sim.analysis.outcomes.guarded import or_reason
from flood_sim.analysis.outcomes.outcome import kind_of
from flood_sim.core.errors import input_error
from flood_sim.results import open_results, told_broken_netcdf
from flood_sim.study.expand import label_of
from flood_sim.study.gains import envelope_pictures, gain_entries, purchases
from flood_sim.study.sentences import about, caveats, set_words, sure_sentence
from flood_sim.study.store import AUDIT, STUDY, Store, read_document
from flood_sim.study.tables import StudyTables, read_tables


def write_report(*folders: Path) -> Path:
    """One page of a study, an audit, one or several runs, or of all these together, into the first
    folder. Raises InputError where one holds nothing to show.
    """
    with told_broken_netcdf(folders[0]):
        return _write_report(folders)


def _write_report(folders: tuple[Path, ...]) -> Path:
    studies, audits = ([f for f in folders if (f / file).is_file()] for file in (STUDY, AUDIT))
    runs = [f for f in folders if is_run(f)]
    if len(studies) > 1 or len(audits) > 1:
        raise input_error(
            "E104",
            "report",
            "one page holds one study and one audit",
            given=", ".join(map(str, [*studies, *audits])),
            do="name fewer folders",
        )
    parts = [study_context(f) for f in studies[:1]]
    parts += [standards_context(read_document(f / AUDIT), Store(f).runs) for f in audits[:1]]
    parts += [runs_context([open_results(f) for f in runs])] if runs else []
    context: dict[str, Any] = {}
    for part in reversed(
        parts
    ):  # where two parts fill one place, the study's comes before the runs'
        both = {
            k: [*v, *context[k]] for k, v in part.items() if isinstance(v, list) and k in context
        }
        context = context | part | both
    return render(context, folders[0] / ("report" if folders[0] in runs else "") / "report.html")


def is_run(folder: Path) -> bool:
    """Neither a study nor an audit (whether results are in it, the reader of results says)."""
    return not any((folder / file).is_file() for file in (STUDY, AUDIT))


def study_context(folder: Path) -> dict[str, Any]:
    """What a study's tables and runs say. Raises InputError where no run is complete."""
    tables = read_tables(folder)
    spec, document = tables.study.spec, tables.document
    maps = _maps(tables)
    pairs = [s for s in spec.storms if {(s, 0), (s, tables.full)} <= tables.found.keys()]
    return {
        "title": spec.title or spec.name,
        "about": about(tables.study, tables.rows),
        "sure": sure_sentence(document),
        "headline": [{"name": both(storm), "rows": _headline(storm, tables)} for storm in pairs],
        "viewer": viewer(maps),
        "entries": gain_entries(tables),
        "buying": purchases(tables),
        "envelopes": envelope_pictures(tables),
        "curves": or_reason(partial(_curves, tables))[0] or [],
        "caveats": [*_scheme_lines(tables, maps), *caveats(tables.rows)],
        "missing": _missing(document),
        "runs": [_run_row(r, tables) for r in _by_storm(tables)],
    }


def _scheme_lines(tables: StudyTables, maps: list[tuple[Words, Any]]) -> list[Words]:
    """Where the scenario says auto the study chose once, and gave each run what it chose."""
    lines = scheme_lines(maps)
    if tables.study.scenario.spec.surface.scheme != "auto":
        return lines
    named, chosen = (
        ("named in the scenario", "由情景指定"),
        ("chosen once for all runs of the study", "对全部运行统一选定"),
    )
    return [Words(*(t.replace(named[k], chosen[k]) for k, t in enumerate(w))) for w in lines]


def _missing(document: dict[str, Any]) -> list[dict[str, Words]]:
    """Outcomes without an attribution, and why; each once."""
    reasons = {}
    for missing in document["missing"]:
        kind, why = kind_of(missing["name"]), missing["why"].rsplit(": ", 1)[-1]
        words = reason_words(why)
        told = Words(missing["why"], words.zh)
        reasons[missing["name"]] = {"name": Words(kind.english, kind.chinese_label), "why": told}
    return [reasons[name] for name in sorted(reasons)]


def _by_storm(tables: StudyTables) -> list[dict[str, Any]]:
    """The runs in the study's order of storms, smaller sets of projects first."""
    place = {storm: k for k, storm in enumerate(tables.study.spec.storms)}
    return sorted(tables.shown, key=lambda r: (place[r["storm"]], r["bits"].bit_count(), r["bits"]))


def _maps(tables: StudyTables) -> list[tuple[Words, Any]]:
    """Nothing, each project alone, and all, under the first storm."""
    storm = next(iter(tables.study.spec.storms))
    singles = [1 << k for k in range(len(tables.names))]
    maps = [
        (set_words(bits, tables.names), tables.run(storm, bits))
        for bits in [0, *singles, tables.full]
        if (storm, bits) in tables.found
    ]
    if not maps:
        folder = tables.store.folder
        raise input_error(
            "E101",
            str(folder),
            "the first storm has no complete run yet",
            do=f"flood-sim study resume {folder}",
        )
    return maps


def _run_row(row: dict[str, Any], tables: StudyTables) -> dict[str, Any]:
    ours = label_of(row["bits"], list(tables.study.projects)) == row["portfolio"]
    words = set_words(row["bits"], tables.names) if ours else portfolio_words(row["portfolio"])
    return {
        "portfolio": words,
        "storm": row["storm"],
        "key": row["key"],
        "error": f"{row['volume_error_rel']:.0e}",
        "residual": f"{row['network_residual_m3']:.0f}",
        "cost": money_words(row["cost_middle"] or 0.0, tables.document["currency"]),
    }


def _headline(storm: str, tables: StudyTables) -> list[dict[str, Any]]:
    """First figures: nothing built, and all."""
    pair, rows = [tables.found[storm, bits] for bits in (0, tables.full)], []
    for name, kind in tables.kinds.items():
        column = f"outcome_{name}"
        if not kind.headline or any(r.get(column) is None for r in pair):
            continue
        values = [
            {"value": float(r[column]), "src": f"{r['key']}:catalogue.parquet:{column}"}
            for r in pair
        ]
        rows.append(headline_row(kind, values))
    return rows


def _curves(tables: StudyTables) -> list[dict[str, Any]]:
    """F(t) of services and access under the first storm, nothing built and all."""
    storm = next(iter(tables.study.spec.storms))
    runs = [
        (name, Consequences(tables.run(storm, bits)), dash)
        for bits, name, dash in (
            (0, PORTFOLIOS["none"], "6 4"),
            (tables.full, PORTFOLIOS["all"], ""),
        )
        if (storm, bits) in tables.found
    ]
    return service_curves(runs, storm)
