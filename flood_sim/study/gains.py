"""Parts of a study's page by outcome: who brings how much, what to buy, what failures do."""

from __future__ import annotations

from typing import Any

from flood_sim.analysis.html import svg
from flood_sim.analysis.outcomes.outcome import OutcomeKind, kind_of
from flood_sim.study.expand import label_of
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


def _entry(entry: dict[str, Any], names: list[str], kind: OutcomeKind) -> dict[str, Any]:
    label, total, unit = f"{kind.label}, {entry['storm']}", entry["total_effect"], kind.unit
    rows = _project_rows(entry, names)
    best, table = rows[0], entry["interactions"]
    return {
        "name": entry["name"],
        "storm": entry["storm"],
        "label": label,
        "unit": unit,
        "total": total,
        "bars": svg.bars([_bar(row) for row in rows], label),
        "circles": (
            svg.circles(names, table, f"interactions, {label}") if table is not None else None
        ),
        "sentence": {
            "en": (
                f"{best['name']} brings most: {svg.short(best['value'])} of {svg.short(total)}"
                f" {unit}."
            ),
            "zh": f"贡献最大：{best['name']}。",
        },
        "rows": rows,
    }


def _project_rows(entry: dict[str, Any], names: list[str]) -> list[dict[str, Any]]:
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


def _bar(row: dict[str, Any]) -> svg.Bar:
    shown = f"{svg.short(row['value'])} ({row['share']})"
    ends = (row["first"], row["last"], shown, row["low"], row["high"])
    return svg.Bar(row["name"], row["value"], *ends)


def purchases(tables: StudyTables) -> list[dict[str, Any]]:
    """What to buy against damage, by storm and failure set."""
    return [_bought(b, tables) for b in tables.document["buying"] if b["name"] == "damage"]


def _bought(bought: dict[str, Any], tables: StudyTables) -> dict[str, Any]:
    document, names, money = tables.document, tables.names, tables.document["currency"]
    keys = ("name", "storm", "failure_set")
    entry = next(e for e in document["outcomes"] if all(e[key] == bought[key] for key in keys))
    portfolios = []
    for s, loss in enumerate(entry["losses"]):
        cost = document["costs"][str(s)]["middle"]
        said = f"{label_of(s, names)}: {svg.short(cost)} {money}, {svg.short(loss)}"
        portfolios.append(svg.Dot(cost, loss, said))
    order = bought.get("order")
    if order is not None:
        years = {key: _built(order[key], names) for key in ("years", "greedy_years")}
        order = {**order, **years}
    steps = [
        label_of(b & ~a, names)
        for a, b in zip(bought["hull"][:-1], bought["hull"][1:], strict=True)
    ]
    kind = tables.kinds.get("damage") or kind_of("damage")
    picture = svg.dots(
        portfolios,
        bought["frontier"],
        bought["hull"],
        f"capital 投资 ({money})",
        f"loss 损失 ({kind.unit})",
        f"cost and loss of {len(portfolios)} portfolios",
    )
    return {
        "label": f"{kind.label}, {bought['storm']}",
        "order": order,
        "hull": " → ".join(steps) or "none",
        "dots": picture,
    }


def _built(years: list[int], names: list[str]) -> list[str]:
    """What is new in each year."""
    before, found = 0, []
    for now in years:
        found.append("–" if now == before else label_of(now & ~before, names))
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
        label = f"{kind.label}, {storm}"
        groups = [(e["portfolio"], _band(e)) for e in mine]
        across = "of the components failed 构件失效比例"
        critical = [
            f"{e['portfolio']}: "
            + ", ".join(c["component"] for c in e["critical"][:CRITICAL_SHOWN])
            for e in mine
        ]
        picture = svg.bands(groups, across, kind.english, label)
        found.append({"label": label, "svg": picture, "critical": critical})
    return found


def _band(envelope: dict[str, Any]) -> list[tuple[float, float, float, float, float, float]]:
    """Share failed, lowest, low, mean, high, highest; first where nothing has failed."""
    calm = envelope["calm"] or 0.0
    keys = ("share", "lowest", "low", "mean", "high", "highest")
    levels = [tuple(level[key] for key in keys) for level in envelope["levels"]]
    return [(0.0, calm, calm, calm, calm, calm), *levels]
