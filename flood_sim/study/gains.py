"""Parts of a study's page by outcome: who brings how much, what to buy, what failures do."""

from __future__ import annotations

from typing import Any

from flood_sim.analysis.html import charts
from flood_sim.analysis.html.names import portfolio_words
from flood_sim.analysis.html.words import Words, both, figure, joined, unit_words, with_unit
from flood_sim.analysis.outcomes.outcome import OutcomeKind, kind_of
from flood_sim.study.sentences import set_words
from flood_sim.study.store import ENVELOPE, read_document
from flood_sim.study.tables import StudyTables

CRITICAL_SHOWN = 10


def gain_entries(tables: StudyTables) -> list[dict[str, Any]]:
    """One part an outcome and storm, in the table's order of outcomes; storms as the study has
    them. Outcomes that are nothing when nothing is built are left out.
    """
    order = list(tables.kinds)
    entries = [e for e in tables.document["outcomes"] if e["name"] in tables.kinds]
    mine = [e for e in entries if tables.kinds[e["name"]].shown and abs(e["loss_none"]) > 0.0]
    mine.sort(key=lambda e: order.index(e["name"]))
    return [_entry(e, tables.names, tables.kinds[e["name"]]) for e in mine]


def _entry(entry: dict[str, Any], names: list[Words], kind: OutcomeKind) -> dict[str, Any]:
    label, total = storm_label(kind, entry["storm"]), entry["total_effect"]
    rows, unit = _project_rows(entry, names), unit_words(kind.unit)
    best, table = both(rows[0]["name"]), entry["interactions"]
    gain, whole = figure(rows[0]["value"]), figure(total)
    together = Words(f"interactions of projects, {label.en}", f"工程间的相互影响，{label.zh}")
    sentence = Words(
        f"{best.en} brings most: {gain.en}; all together: {whole.en} {unit.en}".rstrip() + ".",
        f"贡献最大：{best.zh}，{gain.zh}；合计 {whole.zh} {unit.zh}".rstrip() + "。",
    )
    return {
        "name": entry["name"],
        "storm": entry["storm"],
        "label": label,
        "unit": unit,
        "total": total,
        "bars": charts.bars([_bar(row, unit) for row in rows], label),
        "circles": charts.circles(names, table, together) if table is not None else None,
        "sentence": sentence,
        "rows": rows,
    }


def storm_label(kind: OutcomeKind, storm: str) -> Words:
    """An outcome under a storm."""
    return Words(f"{kind.english}, {storm}", f"{kind.chinese_label}，{storm}")


def _project_rows(entry: dict[str, Any], names: list[Words]) -> list[dict[str, Any]]:
    """A row a project, the one that brings most first."""
    total = entry["total_effect"]
    low, high = entry["interval"]["spread"] if entry["interval"] else ([None] * len(names),) * 2
    rows = []
    for k, (project, value) in enumerate(entry["shapley"].items()):
        rows.append(
            {
                "name": names[k],
                "project": project,
                "value": value,
                "first": entry["first_in"][project],
                "last": entry["last_in"][project],
                "share": f"{value / total:.0%}" if abs(total) > 1e-12 else "–",
                "low": low[k],
                "high": high[k],
            }
        )
    return sorted(rows, key=lambda row: -row["value"])


def _bar(row: dict[str, Any], unit: Words) -> charts.Bar:
    value = figure(row["value"])
    shown = Words(
        *(f"{value[k]} {unit[k]}".rstrip() + f" ({row['share']})" for k in range(len(unit)))
    )
    ends = (row["first"], row["last"], shown, row["low"], row["high"])
    return charts.Bar(row["name"], row["value"], *ends)


def purchases(tables: StudyTables) -> list[dict[str, Any]]:
    """What to buy against damage, by storm and failure set."""
    return [_bought(b, tables) for b in tables.document["buying"] if b["name"] == "damage"]


def _bought(bought: dict[str, Any], tables: StudyTables) -> dict[str, Any]:
    document, names = tables.document, tables.names
    money = unit_words(document["currency"])
    keys = ("name", "storm", "failure_set")
    entry = next(e for e in document["outcomes"] if all(e[key] == bought[key] for key in keys))
    portfolios = []
    for s, loss in enumerate(entry["losses"]):
        cost = document["costs"][str(s)]["middle"]
        which, price, lost = set_words(s, names), figure(cost), figure(loss)
        said = Words(
            f"{which.en}: {price.en} {money.en}, loss {lost.en}",
            f"{which.zh}：投资 {price.zh} {money.zh}，损失 {lost.zh}",
        )
        portfolios.append(charts.Dot(cost, loss, said))
    order = bought.get("order")
    if order is not None:
        years = {key: _built(order[key], names) for key in ("years", "greedy_years")}
        order = {**order, **years}
    steps = [
        set_words(b & ~a, names)
        for a, b in zip(bought["hull"][:-1], bought["hull"][1:], strict=True)
    ]
    kind = tables.kinds.get("damage") or kind_of("damage")
    titles = (
        with_unit(Words("capital", "投资"), document["currency"]),
        with_unit(Words("loss", "损失"), kind.unit),
    )
    picture = charts.dots(
        portfolios,
        bought["frontier"],
        bought["hull"],
        titles,
        _alternative(len(portfolios)),
    )
    return {
        "label": storm_label(kind, bought["storm"]),
        "order": order,
        "unit": unit_words(kind.unit),
        "hull": joined(steps, " → ", " → ") if steps else Words("none", "无"),
        "dots": picture,
    }


def _alternative(count: int) -> Words:
    return Words(f"cost and loss of {count} portfolios", f"{count} 个方案组合的投资与损失")


def _built(years: list[int], names: list[Words]) -> list[Words]:
    """What is new in each year."""
    before, found = 0, []
    for now in years:
        found.append(both("–") if now == before else set_words(now & ~before, names))
        before = now
    return found


def envelope_pictures(tables: StudyTables) -> list[dict[str, Any]]:
    """Bands of a global resilience analysis, each storm a picture, each portfolio a band, and what
    is critical.
    """
    path = tables.store.folder / ENVELOPE
    if not path.is_file():
        return []
    document = read_document(path)
    kind = tables.kinds.get(document["outcome"]) or kind_of(document["outcome"])
    found = []
    for storm in dict.fromkeys(e["storm"] for e in document["envelopes"]):
        mine = [e for e in document["envelopes"] if e["storm"] == storm]
        label = storm_label(kind, storm)
        groups = [(portfolio_words(e["portfolio"]), _band(e)) for e in mine]
        across = Words("share of the components that failed", "失效构件的比例")
        up = with_unit(Words(kind.english, kind.chinese_label), kind.unit)
        critical = [_critical(e) for e in mine]
        picture = charts.bands(groups, across, up, label)
        found.append({"label": label, "svg": picture, "critical": critical})
    return found


def _critical(envelope: dict[str, Any]) -> Words:
    """The components whose failure adds most."""
    names = joined(c["component"] for c in envelope["critical"][:CRITICAL_SHOWN])
    who = portfolio_words(envelope["portfolio"])
    return Words(f"{who.en}: {names.en}", f"{who.zh}：{names.zh}")


def _band(envelope: dict[str, Any]) -> list[tuple[float, float, float, float, float, float]]:
    """Share failed, lowest, low, mean, high, highest; first where nothing has failed."""
    calm = envelope["calm"] or 0.0
    keys = ("share", "lowest", "low", "mean", "high", "highest")
    levels = [tuple(level[key] for key in keys) for level in envelope["levels"]]
    return [(0.0, calm, calm, calm, calm, calm), *levels]
